"""Clinical content: load, validate, freeze and hash a release. The content itself is data in `upperback_content`."""

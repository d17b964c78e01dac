"""Pages for a person with upper back pain."""

"""The pages: settings, the front door, templates, and views by audience."""

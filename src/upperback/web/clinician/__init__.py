"""Pages for a clinician who has opened the archive of a person: to read, and to propose a change of the plan."""

"""FHIR R4 over HTTP, to read: for programs with a token that a person made."""

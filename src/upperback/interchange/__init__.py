"""Data in and out: strict JSON now; FHIR, letters, calendars and archives grow here."""

"""Use cases: the only room that writes. Each asks who may, asks what the state allows, lets the pure part decide, saves
and writes the audit row, in one transaction."""

"""Pure decisions about a person's care. No clock, no database, no network, no randomness."""

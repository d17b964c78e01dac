"""The clinical content of Upperback, as data. No code lives here."""

"""Commands: Pairing and its metrics."""

"""Commands: Configuration checks."""

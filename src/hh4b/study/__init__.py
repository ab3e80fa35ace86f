"""The typed, closed configuration of a study."""

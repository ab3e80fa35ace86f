"""Commands: Shower and detector."""

"""Shower and detector: from partons to events, and their comparison with Delphes."""

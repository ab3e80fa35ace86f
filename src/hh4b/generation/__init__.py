"""Parton-level events: amplitudes, phase space, unweighting, Les Houches files."""

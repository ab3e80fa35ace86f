"""The sections of the results page."""

"""The result page: one HTML file with everything that a run found."""

"""Templates in kappa_lambda, HistFactory workspaces, scans and intervals."""

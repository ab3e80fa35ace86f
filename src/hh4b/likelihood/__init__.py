"""The likelihood in kappa_lambda: categories, systematics, intervals, pseudo-experiments."""

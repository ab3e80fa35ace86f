"""Features, classifiers and working points."""

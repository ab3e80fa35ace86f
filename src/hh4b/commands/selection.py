"""Commands: Features, classifiers, working points."""

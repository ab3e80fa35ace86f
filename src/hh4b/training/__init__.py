"""What trainings of any network share: trials, searches, repeats, the kappa input, metrics."""

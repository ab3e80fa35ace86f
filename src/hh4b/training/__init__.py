"""What trainings of any network share: trials, searches, repeats, metrics."""

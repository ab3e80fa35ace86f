"""From generator particles to jets, leptons and missing ET in the Delphes schema."""

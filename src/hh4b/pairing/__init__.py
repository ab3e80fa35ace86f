"""Jets to Higgs candidates, and how often that is right."""

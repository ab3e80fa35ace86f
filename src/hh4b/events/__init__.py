"""Delphes trees to four-tag datasets with truth matching, in the SPANet layout."""

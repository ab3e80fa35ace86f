"""Tables and figures, numbered as in the note."""

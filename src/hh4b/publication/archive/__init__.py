"""What of a run is kept beside the code: text and figures, small, made by a command from files."""

"""Tables and figures: files of the run in, CSV, Markdown, LaTeX, PDF and PNG out."""

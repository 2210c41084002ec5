"""Reports: results as people read them, on the terminal, in documents and as a page."""

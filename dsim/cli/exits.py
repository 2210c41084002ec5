"""Exit codes of the command line."""

OK = 0
NOTHING_FITS = 3  # 1 and 2 are click's own: an error, and wrong usage
INTERRUPTED = 130

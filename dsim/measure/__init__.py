"""Time operators and networks on real runtimes, and make device profiles of what was found."""

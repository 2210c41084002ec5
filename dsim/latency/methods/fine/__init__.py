"""A finer account of costs, for profiles with hundreds of measured networks: more kinds of work, and a learned correction."""

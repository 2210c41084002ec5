"""A device of one's own: a profile made of a few measurements, and what those are worth."""

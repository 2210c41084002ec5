"""What was claimed, held against figures: the paper's statements, the fronts of a search, an earlier time, other devices."""

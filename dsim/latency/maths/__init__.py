"""The numerical methods that ways of learning share."""

"""A bound over all designs of a space where accuracy is a Gaussian process: branch and bound over boxes of options."""

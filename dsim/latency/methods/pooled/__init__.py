"""Learning all profiles of a pool together, with or without another device to start from: methods roofline and adapted."""

"""Few-shot profiles: what every other device says of a network, combined by a handful of measurements."""

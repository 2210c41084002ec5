"""What `dsim advise` can write, timed on this processor: contrasts for its evidence, and predicted beside measured."""

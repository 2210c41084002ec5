"""Ways of learning latency: one folder for each, named in `dsim.latency.learners`."""

"""Reports: what people read of results, on the terminal and in documents."""

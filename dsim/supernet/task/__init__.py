"""The task's own accuracy model: from evaluated sub-networks of a supernet to what a search asks about designs."""

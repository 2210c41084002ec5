"""How far predicted memory is from what runtimes take, and from what others published."""

"""How far dsim's answers can be trusted, measured."""

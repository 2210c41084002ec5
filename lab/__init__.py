"""The laboratory: what feeds dsim with figures and proves what it says. It imports dsim, and dsim never imports it."""

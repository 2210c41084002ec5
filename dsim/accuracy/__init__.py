"""ImageNet top-1 of a design for one named recipe, learned from published results, with its error.

Import what you need from the submodules; this file stays empty so that `import dsim` loads nothing heavy.
"""

"""What dsim survives: kills in the middle of work, broken files, full disks and the like; the rows are in studies/survival.

The cases are small ones of the tests, taken in great number: so this needs the packages of ``pip install 'dsim[test]'``.
"""

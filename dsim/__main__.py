"""``python -m dsim``, and so ``torchrun -m dsim``."""

from dsim.cli.main import main

if __name__ == "__main__":
    main()

"""Lets `python -m lossbench` do what `lossbench` does."""

from lossbench.cli import main

if __name__ == "__main__":
    main()

"""Real tables for lossbench; what is known about each stands beside it, in `tables/NAME.toml`."""

__version__ = "0.1.0"

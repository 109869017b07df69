"""A long run of the node: ``python -m soak`` or ``make soak``."""

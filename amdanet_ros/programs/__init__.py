"""What all programs of the package share: exit statuses, signals, errors as one line.

Nothing here imports more than the standard library: a program's handlers are in place before the
imports that take seconds.
"""

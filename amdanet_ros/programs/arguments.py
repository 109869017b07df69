"""Arguments of the command line, whose mistakes are one line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from . import exit_status


class OneLineParser(argparse.ArgumentParser):
    """Says a mistake in one line instead of the whole use."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with status 2."""
        words = " ".join(message.split())
        self.exit(exit_status.MISTAKE, f"{self.prog}: {words}; {self.prog} --help shows the use\n")

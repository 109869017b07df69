"""`amdanet fuse` for one bag of many, within a worker."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..fleet.unit import Unit
from .errors import CommandError
from .fleet_outputs import MOST_NOTES, inputs_of, is_stale, known_values, mistakes_as_unit_errors
from .fuse_options import Loaded, file_fingerprints, files_of, load_predictor, result_options
from .fuse_work import FuseWork, given_inputs, kind_for, settings_for

if TYPE_CHECKING:
    from ..inference import Predictor
    from ..settings import Settings


class FuseProcessor:
    """Fuses a unit as `amdanet fuse` does; the network is loaded once.

    Args:
        arguments: of `amdanet fuse`, without input and output.
        out: the fleet's folder.

    Attributes:
        options: all that the results of bags depend on beside the input.

    Raises:
        CommandError: an option is wrong.
        CheckpointError: the checkpoint cannot be read.
    """

    def __init__(self, arguments: argparse.Namespace, out: Path) -> None:
        from ..fuse.made_of import options_fingerprint

        self._out = Path(os.path.abspath(out))
        self._arguments = argparse.Namespace(**{**vars(arguments), "run": None})
        if arguments.params_file is not None:
            self._arguments.params_file = Path(os.path.abspath(arguments.params_file))
        self._settings: dict[bool, Settings] = {}
        self._fingerprints: dict[tuple[bool, str], str] = {}
        self._files = file_fingerprints(self._settings_of(True))
        for kind in ("bag", "images", "video"):
            for in_sequence in (True, False):
                named = self._named(in_sequence, kind)
                settings = self._settings_of(in_sequence)
                options = result_options(self._arguments, settings, kind, self._files)
                self._fingerprints[in_sequence, kind] = options_fingerprint(options)
                if named:
                    self.options = options
        self._predictor: Predictor | None = None

    @property
    def checkpoint(self) -> str:
        """Path or name of the weights."""
        return self._settings_of(True).network.checkpoint

    @property
    def device(self) -> str:
        """Where the network runs."""
        return self._settings_of(True).network.device

    def _named(self, in_sequence: bool, kind: str) -> bool:
        """Whether these are the kinds of input and output by which the folder is known."""
        return in_sequence and kind == (self._arguments.format or "bag")

    def _settings_of(self, in_sequence: bool) -> Settings:
        from ..parameters import build, flat

        if in_sequence not in self._settings:
            settings = settings_for(self._arguments, in_sequence)
            # Workers on other machines have another working folder.
            files = {name: os.path.abspath(each) for name, each in files_of(settings).items()}
            settings = build(type(settings), {**flat(settings), **files})
            self._settings[in_sequence] = settings
        return self._settings[in_sequence]

    def _for(self, unit: Unit) -> argparse.Namespace:
        """Return the arguments of `amdanet fuse` for a unit."""
        thermal = unit.thermal and Path(unit.thermal)
        given = {"input": Path(unit.input), "thermal": thermal, "output": self._out / unit.name}
        return argparse.Namespace(**{**vars(self._arguments), **given})

    def finished(self, unit: Unit, thorough: bool) -> dict[str, Any] | None:
        """Return the values of a whole output of this very input and these options, or None."""
        arguments = self._for(unit)
        inputs = inputs_of(unit)
        if not all(each.exists() for each in inputs):
            return None
        in_sequence, kind = self._kinds(arguments)
        fingerprint = self._fingerprints[in_sequence, kind]
        return known_values(arguments.output, kind, fingerprint, inputs, thorough)

    def _kinds(self, arguments: argparse.Namespace) -> tuple[bool, str]:
        from .source_arguments import in_sequence

        return in_sequence(arguments), kind_for(arguments)

    def process(self, unit: Unit) -> dict[str, Any]:
        """Fuse.

        Raises:
            UnitError: the input cannot be fused, or something else has the output's name.
            InferenceError, OSError, MemoryError: of the machine; another try may succeed.
        """
        with mistakes_as_unit_errors():
            return self._fused(self._for(unit))

    def _loaded(self, in_sequence: bool, fingerprint: str) -> Loaded:
        settings = self._settings_of(in_sequence)
        self._predictor = self._predictor or load_predictor(settings, self._files)
        return Loaded(self._predictor, settings, fingerprint)

    def _fused(self, arguments: argparse.Namespace) -> dict[str, Any]:
        loaded = None
        if all(each.exists() for each in given_inputs(arguments)):
            in_sequence, kind = self._kinds(arguments)
            fingerprint = self._fingerprints[in_sequence, kind]
            arguments.overwrite |= is_stale(arguments.output, kind, fingerprint)
            loaded = self._loaded(in_sequence, fingerprint)
        notes: list[str] = []
        with FuseWork.of(arguments, loaded) as work:
            for said in work.steps():
                notes += said
            notes += work.last_words()
            try:
                values = work.finish().values()
            except CommandError as error:
                why = notes[0] if notes and "said above" in str(error) else ""
                raise CommandError(f"{error}".replace("why is said above", why)) from error
        if notes:
            values["notes"] = notes[:MOST_NOTES]
        return values

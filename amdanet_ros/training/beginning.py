"""What a training read from files when it began, and a resumed one must have again.

A configuration only names these files. Others may lie there by the time of a resume: a later
version of the package has other built-in weights, a list is written anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..inference.built_in_weights import checkpoint_file
from ..network import AMDANetConfig
from ..network.checkpoint import CheckpointError, load_checkpoint
from .config import TrainingConfig
from .experiment import build_classes, network_settings
from .image_folder import ImageFolder
from .labelled_pair import LabelledPairs
from .mixed_pairs import MixedPairs
from .saved_state import SavedStateError

KEY = "began"
"""Of a saved state: ``Beginning.as_dict``; states of before it existed have none."""
INHERITED = "thermal_standardisation"
"""The setting of the network that a configuration may leave to the initial weights."""
_PIECE = 1 << 20


@dataclass(frozen=True)
class Beginning:
    """What decides a training's result beside its configuration.

    Attributes:
        network: all attributes of its ``AMDANetConfig``.
        classes: names of its classes, in their order.
        initial: digest of the initial weights where the end of the training needs them again
            (`initial_share`), else "".
        pairs: digest of the names of the pairs that it is trained on and validated with.
    """

    network: dict[str, Any]
    classes: list[str]
    initial: str
    pairs: str

    @classmethod
    def of(
        cls,
        config: TrainingConfig,
        network: AMDANetConfig,
        train: LabelledPairs,
        validation: LabelledPairs,
    ) -> Beginning:
        """Return what a training begins with now.

        Raises:
            OSError: the initial weights cannot be read.
        """
        initial = _digest_of_file(config.initial) if config.initial_share else ""
        names = list(build_classes(config).names)
        pairs = json.dumps([_names(train), _names(validation)])
        return cls(asdict(network), names, initial, hashlib.sha256(pairs.encode()).hexdigest())

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def check_resumes(self, path: Path, state: Mapping[str, Any], config: TrainingConfig) -> None:
        """Refuse to resume a state of other classes, initial weights or pairs.

        Args:
            path: of the saved state.
            state: that was saved.
            config: of the resumed training.

        Raises:
            SavedStateError: says what is another one.
        """
        fix = "have again what lay there then, or start in a new folder"
        began = state.get(KEY)
        if began is None:
            if config.initial_share:
                raise SavedStateError(
                    f"{path} was saved by an earlier version, which did not note the initial "
                    f"weights ({config.initial}) that initial_share mixes in at the end: start in "
                    "a new folder"
                )
            return
        if began["classes"] != self.classes:
            raise SavedStateError(
                f"{path} began with other classes ({', '.join(began['classes'])[:100]}) than "
                f"data.classes {config.data.classes} now names: {fix}"
            )
        if config.initial_share and began["initial"] != self.initial:
            raise SavedStateError(
                f"{path} began with other initial weights than {config.initial} now holds, which "
                f"initial_share mixes in at the end: {fix}"
            )
        if began["pairs"] != self.pairs:
            raise SavedStateError(
                f"{path} began with other pairs than the lists in {config.data.root} now name: "
                f"{fix}"
            )


def network_of(
    path: Path, state: Mapping[str, Any], config: TrainingConfig, best: Path
) -> dict[str, Any]:
    """Return the settings of the network that a saved training began with.

    A state of before they were noted has those of its configuration; what that left to the initial
    weights, the run's own best weights tell.

    Args:
        path: of the saved state.
        state: that was saved.
        config: of the resumed training.
        best: the run's best weights; they need not exist.

    Raises:
        SavedStateError: it cannot be known.
    """
    if KEY in state:
        return dict(state[KEY]["network"])
    settings = network_settings(config, {})
    if config.initial and INHERITED not in settings:
        try:
            settings[INHERITED] = getattr(load_checkpoint(best).config, INHERITED)
        except (CheckpointError, OSError) as error:
            raise SavedStateError(
                f"{path} was saved by an earlier version, which did not note "
                f"network.{INHERITED}, and the initial weights ({config.initial}) may be others "
                f"now: give --set network.{INHERITED}=true or =false, as it was, or start in a new "
                "folder"
            ) from error
    return settings


def _names(pairs: LabelledPairs) -> list[list[str]]:
    """Return the names of pairs that lists name; those of others follow from the configuration."""
    folders = pairs.folders if isinstance(pairs, MixedPairs) else [pairs]
    return [each.names for each in folders if isinstance(each, ImageFolder)]


def _digest_of_file(path: str) -> str:
    digest = hashlib.sha256()
    with checkpoint_file(path) as file, file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()

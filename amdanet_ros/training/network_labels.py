"""Labels by a network where people's say less than a class: a round of self-training.

What people or several labellers said stays. Where they said only what a pixel is not (254), the
network chooses among the classes that are left; images without any label get the network's own.
Only what it is surest of is taken, of each class by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from ..classes import NONE_OF, UNLABELED
from ..network.amdanet import SMALLEST_SIDE
from .image_folder import ImageFolder
from .labelled_pair import LabelledPair, thermal_values
from .labels_folder import new_labels


@dataclass(frozen=True)
class Proposal:
    """What a network says of the pixels of an image that people left open.

    Attributes:
        classes: H x W uint8, the likeliest class among those that are possible; 255 elsewhere.
        confidence: H x W uint8, its probability among these, in 1/255.
    """

    classes: np.ndarray
    confidence: np.ndarray


def proposal(probabilities: np.ndarray, labels: np.ndarray, absent: Sequence[int]) -> Proposal:
    """Return a network's proposal for the open pixels of an image.

    Open are pixels of label 254, of which the classes `absent` are not possible; and all pixels of
    an image without any label.

    Args:
        probabilities: K x H x W, of the classes.
        labels: H x W uint8: class index, 254 = none of `absent`, 255 = not known.
        absent: class indices that label 254 excludes.
    """
    possible = probabilities
    open_pixels = np.ones(labels.shape, bool)
    if not (labels == UNLABELED).all():
        possible = probabilities.copy()
        possible[list(absent)] = 0.0
        open_pixels = labels == NONE_OF
    share = possible.max(axis=0) / np.maximum(possible.sum(axis=0), 1e-12)
    classes = np.where(open_pixels, possible.argmax(axis=0), UNLABELED)
    return Proposal(classes.astype(np.uint8), np.floor(255 * share).astype(np.uint8))


def class_thresholds(
    proposals: Iterable[Proposal], least: float, share: float, classes: int
) -> np.ndarray:
    """Return the confidence from which on each class is taken, K values in 1/255.

    Of each class only its most confident `share` is taken: else the most frequent classes of a
    round swallow the others in the next one (Zou et al., class-balanced self-training, ECCV 2018).

    Args:
        proposals: of all images of the round.
        least: probability that is needed anyway.
        share: of the pixels proposed for a class, 0 to 1.
        classes: K.
    """
    counts = np.zeros((classes, 256), np.int64)
    for proposed in proposals:
        known = proposed.classes != UNLABELED
        cells = proposed.classes[known].astype(np.int64) * 256 + proposed.confidence[known]
        counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
    taken = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]  # pixels of this confidence or more
    wanted = share * counts.sum(axis=1, keepdims=True)
    lowest = 255 - (taken[:, ::-1] >= wanted).argmax(axis=1)
    return np.maximum(lowest, np.ceil(255 * least))


def completed_labels(labels: np.ndarray, proposed: Proposal, thresholds: np.ndarray) -> np.ndarray:
    """Return H x W uint8 labels: the proposal where it is confident enough, else as they are."""
    known = proposed.classes != UNLABELED
    wanted = thresholds[np.where(known, proposed.classes, 0)]
    return np.where(known & (proposed.confidence >= wanted), proposed.classes, labels)


@dataclass(frozen=True)
class Teacher:
    """A network that proposes labels.

    Attributes:
        network: an AMDANet.
        device: of the network.
        scales: of the images, that it looks at; its opinion is the mean over them.
    """

    network: nn.Module
    device: torch.device
    scales: Sequence[float] = (1.0,)

    @torch.inference_mode()
    def probabilities(self, pair: LabelledPair) -> np.ndarray:
        """Return K x H x W float32 of a pair: the mean over all scales and their mirror images."""
        self.network.eval()
        rgb = torch.from_numpy(pair.rgb).to(self.device).permute(2, 0, 1)[None].float() / 255
        thermal = torch.from_numpy(thermal_values(pair.thermal)).to(self.device)[None, None]
        found = [self._at(scale, rgb, thermal.expand(-1, 3, -1, -1)) for scale in self.scales]
        return torch.stack(found).mean(dim=0).cpu().numpy()

    def _at(self, scale: float, rgb: Tensor, thermal: Tensor) -> Tensor:
        sides = rgb.shape[2:]
        if scale != 1.0:
            smaller = [max(SMALLEST_SIDE, round(side * scale)) for side in sides]
            rgb, thermal = (_resized(image, smaller) for image in (rgb, thermal))
        ahead = self.network(rgb, thermal, want_fused=False).logits.softmax(dim=1)
        mirrored = self.network(rgb.flip(-1), thermal.flip(-1), want_fused=False).logits
        both = (ahead + mirrored.softmax(dim=1).flip(-1)) / 2
        return _resized(both, sides)[0].float()


def _resized(image: Tensor, sides: Sequence[int]) -> Tensor:
    if tuple(image.shape[2:]) == tuple(sides):
        return image
    return F.interpolate(image, tuple(sides), mode="bilinear", antialias=True)


def write_labels(
    teacher: Teacher,
    pairs: ImageFolder,
    folder: str,
    absent: Sequence[int],
    confidence: float,
    share: float,
    not_shown: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> dict[int, int]:
    """Write completed labels of all pairs beside those that are there, all or none.

    Args:
        teacher: its network is put into evaluation mode.
        pairs: whose labels are completed.
        folder: to write in the data set's folder, such as "Label_1".
        absent: class indices that label 254 excludes.
        confidence, share: see `class_thresholds`.
        not_shown: by a pair's name, class indices among `absent` that its images do not show. Where
            the network is sure of one of these, the pixel becomes 254 instead.

    Returns:
        Number of pixels of each label written.

    Raises:
        DataError: the folder is no new one, nor one that this has written; see `new_labels`.
    """
    counts = np.zeros(256, np.int64)
    with new_labels(pairs, folder) as written:
        proposals: dict[int, Proposal] = {}
        for index in tqdm(range(len(pairs)), "labelling", unit="pair"):
            labels = pairs.labels(index)
            if (labels == NONE_OF).any() or (labels == UNLABELED).all():
                probabilities = teacher.probabilities(pairs[index])
                proposals[index] = proposal(probabilities, labels, absent)
        classes = teacher.network.config.num_classes
        thresholds = class_thresholds(proposals.values(), confidence, share, classes)
        for index, name in enumerate(pairs.names):
            labels = pairs.labels(index)
            if index in proposals:
                labels = completed_labels(labels, proposals[index], thresholds)
                wrong = not_shown.get(name, ())
                labels = np.where(np.isin(labels, wrong), np.uint8(NONE_OF), labels)
            written.put(name, labels)
            counts += np.bincount(labels.reshape(-1), minlength=256)
    return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}

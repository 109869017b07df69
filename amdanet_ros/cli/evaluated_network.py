"""The network that `amdanet evaluate` scores: at the images' size, or at an inference size."""

from __future__ import annotations

import argparse


def evaluated_network(arguments: argparse.Namespace, checkpoint):
    """Return the network of a checkpoint, at the inference size that is asked for.

    Raises:
        ValueError: a size that cannot be used.
    """
    network = checkpoint.build()
    if arguments.inference_size is None:
        return network
    if arguments.protocol == "released":
        raise ValueError("--inference-size: the released protocol has its own: leave out one")
    from ..evaluation.at_size import AtSize
    from ..inference.checkpoint_file import recommended_size_of
    from ..inference.input_images import check_size

    size = tuple(arguments.inference_size)
    if any(size):
        check_size(size, "--inference-size")
    return AtSize(network, size if any(size) else None, recommended_size_of(checkpoint))

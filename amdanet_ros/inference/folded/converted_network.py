"""The folded network in the form that OpenVINO computes fastest."""

from __future__ import annotations

from torch import nn

from .converted_fusion_decoder import ConvertedFusionDecoder
from .converted_segmentation_decoder import ConvertedSegmentationDecoder
from .folded_network import FoldedAMDANet

STEPS = (4, 8, 16, 32)
"""Of the stages, in pixels: their sizes are the image's divided by them and rounded up."""


class ConvertedAMDANet(FoldedAMDANet):
    """A folded network for one sample, to be traced at one size and converted.

    It shares the given network's weights.

    Args:
        network: the folded network, in float32.
    """

    def __init__(self, network: FoldedAMDANet) -> None:
        nn.Module.__init__(self)
        self.encoder_dtype = network.encoder_dtype
        self.thermal_standardisation = network.thermal_standardisation
        self.stages = network.stages
        self.global_alignment = network.global_alignment
        self.segmentation = ConvertedSegmentationDecoder(network.segmentation)
        self.fusion = ConvertedFusionDecoder(network.fusion)
        self.eval()

    def prepare(self, size: tuple[int, int]) -> None:
        """Compute what depends on the size (height, width) of images, before a trace."""
        sizes = [tuple(-(-side // step) for side in size) for step in STEPS]
        self.segmentation.prepare(sizes, size)
        self.fusion.prepare(sizes, size)

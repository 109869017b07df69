"""Windows and padding of protocols; they must not change the result of a per-pixel network."""

import pytest
import torch

from amdanet_ros.evaluation.protocols import plain, released, window_starts
from amdanet_ros.network.amdanet import AMDANetOutput


class PixelNetwork:
    """Computes class scores and fused image pixel by pixel; records the input sizes."""

    def __init__(self):
        self.sizes = []

    def __call__(self, rgb, thermal):
        self.sizes.append(tuple(rgb.shape[2:]))
        logits = torch.cat([rgb[:, :1], thermal[:, :1], rgb[:, 1:2] * 200], dim=1)
        return AMDANetOutput(logits, (rgb + thermal) / 2)


@pytest.fixture
def images():
    random = torch.Generator().manual_seed(0)
    return tuple(torch.rand(1, 3, 50, 70, generator=random) for _ in range(2))


@pytest.mark.parametrize(
    ("window", "sizes"),
    [
        ((50, 70), [(50, 70)]),  # fits
        ((60, 80), [(60, 80)]),  # padded in both directions
        ((61, 48), [(61, 70)]),  # FMB's case: higher than the image, narrower than it
        ((40, 48), [(40, 48)] * 4),
        ((30, 30), [(30, 30)] * 6),
    ],
)
def test_the_protocol_does_not_move_or_lose_pixels(images, window, sizes):
    network = PixelNetwork()
    labels, fused = released(network, *images, window)
    assert network.sizes == sizes
    expected_labels, expected_fused = plain(PixelNetwork(), *images)
    assert torch.equal(labels, expected_labels)
    assert torch.allclose(fused, expected_fused, atol=1e-6)


def test_padding_lies_half_on_each_side_the_odd_pixel_last(images):
    seen = {}

    def network(rgb, thermal):
        seen["rows"] = rgb[0].sum(dim=(0, 2)).nonzero().flatten()
        return AMDANetOutput(rgb, rgb)

    released(network, *images, (53, 70))
    assert (seen["rows"][0], seen["rows"][-1]) == (1, 50)


def test_windows_cover_everything_at_two_thirds_of_their_length():
    assert window_starts(480, 480) == [0]
    assert window_starts(720, 480) == [0, 240]
    assert window_starts(1000, 300) == [0, 200, 400, 600, 700]


def test_exponentials_are_added_and_do_not_overflow():
    """Where two windows disagree the larger score wins, also if its exp overflows float32."""

    def network(rgb, thermal):
        surer = rgb[0, 0, 0, 0] > 0.5
        scores = torch.tensor([500.0, 0.0] if surer else [0.0, 90.0])
        logits = scores[None, :, None, None].expand(1, 2, *rgb.shape[2:])
        return AMDANetOutput(logits, rgb)

    rgb = torch.zeros(1, 3, 10, 16)
    rgb[..., :1, :1] = 1.0
    labels, _ = released(network, rgb, rgb, (9, 12))
    assert (labels[0, :9, :12] == 0).all()
    assert (labels[0, :, 12:] == 1).all()

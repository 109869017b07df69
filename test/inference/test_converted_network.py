"""The form of the folded network that is converted computes the same as the folded network."""

import pytest
import torch

from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.folded.converted_network import ConvertedAMDANet
from amdanet_ros.inference.folded.tiled_upsampling import tile_length, tiles
from amdanet_ros.inference.folded.upsampling_matrices import bilinear_matrix, three_taps


@pytest.fixture(scope="module")
def folded(shallow_network, randomized):
    torch.manual_seed(5)
    return FoldedAMDANet(randomized(shallow_network()))


def relative(got, expected):
    return ((got - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("size", [(32, 32), (33, 45), (64, 96), (71, 130), (101, 36), (135, 33)])
def test_any_size_gives_the_folded_networks_outputs(folded, size):
    generator = torch.Generator().manual_seed(size[0])
    rgb = torch.rand(1, 3, *size, generator=generator)
    thermal = torch.rand(1, 1, *size, generator=generator)
    with torch.inference_mode():
        expected = folded(rgb, thermal)
        logits, fused = ConvertedAMDANet(folded)(rgb, thermal)
    assert logits.shape == expected.logits.shape
    assert relative(logits, expected.logits) < 1e-5
    assert relative(fused, expected.fused) < 1e-6


def test_it_shares_the_folded_networks_weights(folded):
    taken = {value.data_ptr() for value in folded.state_dict().values()}
    own = [
        name
        for name, value in ConvertedAMDANet(folded).state_dict().items()
        if value.data_ptr() not in taken
    ]
    assert own == [f"fusion.taps_{stage}" for stage in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "source, target, rows", [(15, 480, 32), (8, 240, 32), (9, 71, 71), (3, 70, 9)]
)
@pytest.mark.parametrize("group", [1, 3])
def test_tiles_make_up_the_matrix(source, target, rows, group):
    plain = bilinear_matrix(source, target)
    matrix = three_taps(plain) if group == 3 else plain
    cut = tiles(matrix, rows, group)
    whole = torch.zeros(len(cut.weights) * rows, matrix.shape[1])
    for number, (weights, columns) in enumerate(zip(cut.weights, cut.columns, strict=True)):
        assert columns[0] % group == 0
        whole[number * rows : (number + 1) * rows, columns] = weights
    assert torch.equal(whole[:target], matrix.float())
    assert not whole[target:].any()
    assert cut.columns.shape[1] % group == 0


@pytest.mark.parametrize("length, expected", [(640, 64), (480, 60), (240, 60), (71, 32), (33, 33)])
def test_tiles_divide_the_length_where_they_can(length, expected):
    assert tile_length(length, 32, 64) == expected

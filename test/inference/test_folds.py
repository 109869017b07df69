"""Each fold is an identity: the merged map gives the same as the maps that it replaces."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from amdanet_ros.inference.folded import affine, fusion_decoder, segmentation_decoder
from amdanet_ros.inference.folded.alignment import FoldedConsistency, FoldedLocalAlignment
from amdanet_ros.inference.folded.encoder_block import FoldedBlock, FoldedPatchEmbedding
from amdanet_ros.inference.folded.global_alignment import FoldedGlobalAlignment
from amdanet_ros.inference.folded.layers import TokenReduction, as_map
from amdanet_ros.inference.folded.size_cache import SizeCache
from amdanet_ros.inference.folded.upsampling_matrices import (
    bilinear_matrix,
    blocks,
    shifted,
    three_taps,
)
from amdanet_ros.network.config import AMDANetConfig
from amdanet_ros.network.fusion_decoder import FusionDecoder
from amdanet_ros.network.global_alignment import GlobalAlignment
from amdanet_ros.network.local_alignment import LocalAlignment
from amdanet_ros.network.mix_transformer import (
    EfficientSelfAttention,
    OverlapPatchEmbedding,
    TransformerBlock,
)
from amdanet_ros.network.sci import SemanticConsistencyInference
from amdanet_ros.network.segmentation_decoder import SegmentationDecoder

CLOSE = {"rtol": 1e-9, "atol": 1e-9}
SINGLE = {"rtol": 1e-4, "atol": 2e-5}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(11)
    with torch.inference_mode():
        yield


def stirred(module):
    """Random numbers in every parameter and statistic, so that no term is zero or one."""
    for parameter in module.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
        parameter.data = torch.randn_like(parameter) / fan_in**0.5
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.5, 2)
            part.weight.data.uniform_(0.5, 2)
    return module.eval()


def apply(fold, x):
    return F.linear(x, fold.weight, fold.bias)


def double(module):
    return copy.deepcopy(module).double()


def test_two_maps_in_a_row_are_one():
    first, second = nn.Linear(5, 7), nn.Linear(7, 3)
    fold = affine.chain(affine.affine_of(first), affine.affine_of(second))
    x = torch.randn(4, 5, dtype=torch.float64)
    torch.testing.assert_close(apply(fold, x), double(second)(double(first)(x)), **CLOSE)


def test_a_map_goes_into_the_unpadded_convolution_after_it():
    first, second = nn.Conv2d(5, 6, 1), nn.Conv2d(6, 4, 2, stride=2)
    fold = affine.chain_into_convolution(affine.affine_of(first), affine.affine_of(second))
    x = torch.randn(2, 5, 8, 6, dtype=torch.float64)
    result = F.conv2d(x, fold.weight, fold.bias, stride=2)
    torch.testing.assert_close(result, double(second)(double(first)(x)), **CLOSE)


@pytest.mark.parametrize("kernel", [1, 3])
def test_batch_norm_goes_into_the_layer_before_it(kernel):
    layers = stirred(
        nn.Sequential(nn.Conv2d(5, 6, kernel, padding=kernel // 2), nn.BatchNorm2d(6, eps=0.01))
    )
    fold = affine.with_batch_norm(affine.affine_of(layers[0]), layers[1])
    x = torch.randn(2, 5, 7, 8, dtype=torch.float64)
    weight = fold.weight[:, :, None, None] if kernel == 1 else fold.weight
    result = F.conv2d(x, weight, fold.bias, padding=kernel // 2)
    torch.testing.assert_close(result, double(layers)(x), **CLOSE)


def test_one_channel_stands_for_three_equal_ones():
    convolution = nn.Conv2d(5, 4, 3, padding=1)
    fold = affine.one_channel_for_three(affine.affine_of(convolution), first=1)
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    five = torch.cat([x[:, :1], x[:, 1:2].expand(-1, 3, -1, -1), x[:, 2:]], dim=1)
    result = F.conv2d(x, fold.weight, fold.bias, padding=1)
    torch.testing.assert_close(result, double(convolution)(five), **CLOSE)


def test_maps_of_one_input_are_stacked():
    first, second = nn.Linear(5, 2), nn.Linear(5, 3)
    fold = affine.stack(affine.affine_of(first), affine.affine_of(second))
    x = torch.randn(4, 5, dtype=torch.float64)
    expected = torch.cat([double(first)(x), double(second)(x)], dim=1)
    torch.testing.assert_close(apply(fold, x), expected, **CLOSE)


def test_with_one_head_the_queries_map_goes_into_the_keys():
    query, key = nn.Linear(6, 6), nn.Linear(6, 6)
    turned, offset = affine.query_into_key(affine.affine_of(query), affine.affine_of(key))
    x, y = torch.randn(9, 6, dtype=torch.float64), torch.randn(4, 6, dtype=torch.float64)
    expected = double(query)(x) @ double(key)(y).T
    torch.testing.assert_close(x @ apply(turned, y).T + apply(offset, y).T, expected, **CLOSE)


def test_with_one_head_the_projection_goes_into_the_values():
    value, projection = nn.Linear(6, 6), nn.Linear(6, 6)
    fold = affine.chain(affine.affine_of(value), affine.affine_of(projection))
    y = torch.randn(4, 6, dtype=torch.float64)
    weights = torch.randn(9, 4, dtype=torch.float64).softmax(1)
    expected = double(projection)(weights @ double(value)(y))
    torch.testing.assert_close(weights @ apply(fold, y), expected, **CLOSE)


@pytest.mark.parametrize(("height", "width"), [(8, 12), (9, 15), (4, 4), (7, 5)])
def test_the_strided_convolution_of_patches_is_one_product(height, width):
    attention = stirred(EfficientSelfAttention(6, 1, 4))
    reduce = TokenReduction(affine.affine_of(attention.sr), attention.norm)
    tokens = torch.randn(2, height * width, 6)
    expected = attention.reduce(tokens, height, width)
    torch.testing.assert_close(reduce(tokens, height, width), expected, **SINGLE)


@pytest.mark.parametrize(("heads", "reduction"), [(1, 4), (1, 1), (2, 2), (4, 1)])
def test_an_encoder_block_keeps_its_values(heads, reduction):
    block = stirred(TransformerBlock(16, heads, reduction, 0.0))
    tokens = torch.randn(2, 9 * 10, 16)
    expected = block(tokens, 9, 10)
    result = FoldedBlock(block)(tokens.clone(), 9, 10)
    torch.testing.assert_close(result, expected, **SINGLE)


@pytest.mark.parametrize("grey", [False, True])
def test_patch_embedding_keeps_its_values(grey):
    embedding = stirred(OverlapPatchEmbedding(3, 8, 7, 4))
    image = torch.randn(2, 1 if grey else 3, 33, 41)
    expected, height, width = embedding(image.expand(-1, 3, -1, -1))
    result, *size = FoldedPatchEmbedding(embedding, grey)(image)
    assert size == [height, width]
    torch.testing.assert_close(result, expected, **SINGLE)


def test_consistency_keeps_its_values_and_changes_places():
    sci = stirred(SemanticConsistencyInference(8))
    rgb, thermal = torch.randn(2, 70, 8), torch.randn(2, 70, 8)
    expected = sci(rgb, thermal)
    result = FoldedConsistency(sci)(rgb.clone(), thermal.clone())
    for got, wanted in zip(result, expected, strict=True):
        torch.testing.assert_close(got, wanted, **SINGLE)


@pytest.mark.parametrize("piece", [64, 1 << 17])
def test_local_alignment_keeps_its_values_in_pieces_or_whole(piece, monkeypatch):
    monkeypatch.setattr("amdanet_ros.inference.folded.alignment._PIECE", piece)
    alignment = stirred(LocalAlignment(8))
    rgb, thermal = torch.randn(2, 56, 8), torch.randn(2, 56, 8)
    expected = alignment(as_map(rgb, 7, 8), as_map(thermal, 7, 8))
    result = FoldedLocalAlignment(alignment)(rgb.clone(), thermal.clone())
    for got, wanted in zip(result, expected, strict=True):
        torch.testing.assert_close(as_map(got, 7, 8), wanted, **SINGLE)


@pytest.mark.parametrize(("heads", "reduction"), [(1, 4), (1, 1), (2, 2), (4, 1)])
def test_global_alignment_keeps_its_values(heads, reduction):
    alignment = stirred(GlobalAlignment(16, heads, reduction))
    rgb, thermal = torch.randn(2, 63, 16), torch.randn(2, 63, 16)
    before = rgb.clone(), thermal.clone()
    expected = alignment(as_map(rgb, 9, 7), as_map(thermal, 9, 7))
    folded = FoldedGlobalAlignment(alignment)
    remaining = folded.remaining
    result = F.linear(folded(rgb, thermal, 9, 7).double(), remaining.weight, remaining.bias)
    torch.testing.assert_close(as_map(result.float(), 9, 7), expected, **SINGLE)
    torch.testing.assert_close((rgb, thermal), before, rtol=0, atol=0)


@pytest.mark.parametrize(("source", "target"), [(5, 20), (7, 30), (4, 4), (1, 9), (9, 4), (13, 17)])
def test_bilinear_upsampling_is_a_product_with_a_banded_matrix(source, target):
    x = torch.randn(1, 1, source, 3, dtype=torch.float64)
    expected = F.interpolate(x, size=(target, 3), mode="bilinear", align_corners=False)
    matrix = bilinear_matrix(source, target)
    torch.testing.assert_close(matrix @ x[0, 0], expected[0, 0], **CLOSE)
    torch.testing.assert_close(matrix.sum(1), torch.ones(target, dtype=torch.float64), **CLOSE)


def test_a_shifted_matrix_is_the_tap_of_a_zero_padded_convolution():
    matrix = bilinear_matrix(4, 16)
    x = torch.randn(4, dtype=torch.float64)
    padded = F.pad(matrix @ x, (1, 1))
    for offset in (-1, 0, 1):
        expected = padded[1 + offset : 17 + offset]
        torch.testing.assert_close(shifted(matrix, offset) @ x, expected, **CLOSE)


def test_three_taps_are_summed_by_one_product():
    matrix = bilinear_matrix(5, 15)
    x = torch.randn(5, 3, dtype=torch.float64)
    expected = sum(shifted(matrix, d - 1) @ x[:, d] for d in range(3))
    torch.testing.assert_close(three_taps(matrix) @ x.flatten(), expected, **CLOSE)


@pytest.mark.parametrize("rows", [1, 4, 7, 100])
def test_blocks_cover_all_that_is_not_zero(rows):
    matrix = three_taps(bilinear_matrix(6, 22))
    left = matrix.clone()
    for first, end, low, high in blocks(matrix, rows):
        left[first:end, low:high] = 0
    assert not left.any()
    assert [first for first, *_ in blocks(matrix, rows)] == list(range(0, 22, rows))


def test_the_segmentation_decoder_is_projected_at_each_stages_own_size():
    decoder = stirred(
        SegmentationDecoder((4, 6, 8, 10), AMDANetConfig(num_classes=5, embed_dim=12))
    )
    sizes = [(11, 9), (6, 5), (3, 3), (2, 2)]
    remaining = [affine.affine_of(nn.Linear(c, c)) for c in (4, 6, 8, 10)]
    maps = [torch.randn(2, c, *s) for c, s in zip((4, 6, 8, 10), sizes, strict=True)]
    semantic = [
        F.conv2d(m.double(), r.weight[:, :, None, None], r.bias)
        for m, r in zip(maps, remaining, strict=True)
    ]
    expected = double(decoder)(semantic, (43, 35)).float()
    folded = segmentation_decoder.FoldedSegmentationDecoder(decoder, remaining)
    tokens = [m.flatten(2).transpose(1, 2).contiguous() for m in maps]
    torch.testing.assert_close(folded(tokens, sizes, (43, 35)), expected, **SINGLE)


@pytest.mark.parametrize("size", [(43, 35), (64, 64), (33, 131)])
def test_the_fusion_decoder_mixes_at_low_size(size):
    decoder = stirred(FusionDecoder((4, 6, 8, 10), 1e-5, 0.1, False))
    sizes = [(-(-size[0] // s), -(-size[1] // s)) for s in (4, 8, 16, 32)]
    pairs = [
        (torch.randn(2, c, *s), torch.randn(2, c, *s))
        for c, s in zip((4, 6, 8, 10), sizes, strict=True)
    ]
    rgb, thermal = torch.rand(2, 3, *size), torch.rand(2, 1, *size)
    expected = decoder(pairs, rgb, thermal.expand(-1, 3, -1, -1))
    folded = fusion_decoder.FoldedFusionDecoder(decoder)
    tokens = [tuple(m.flatten(2).transpose(1, 2).contiguous() for m in pair) for pair in pairs]
    torch.testing.assert_close(folded(tokens, sizes, rgb, thermal), expected, **SINGLE)


def test_the_taps_of_a_stage_are_its_share_of_the_mixing():
    decoder = stirred(FusionDecoder((4, 6, 8, 10), 1e-5, 0.1, False))
    mixing = fusion_decoder.mixing_with_batch_norm(decoder)
    x = torch.randn(1, 32, 6, 7, dtype=torch.float64)
    expected = F.conv2d(x, mixing.weight[:, 32:64], padding=1)
    taps = torch.einsum("oi,bihw->bohw", fusion_decoder.tap_weights(mixing, 2), x)
    taps = F.pad(taps.unflatten(1, (3, 3, 16)), (1, 1, 1, 1))
    result = sum(taps[:, dx, dy, :, dy : dy + 6, dx : dx + 7] for dx in range(3) for dy in range(3))
    torch.testing.assert_close(result, expected, **CLOSE)


def test_the_size_cache_computes_once_and_stays_bounded():
    calls = []
    cache = SizeCache(lambda n: calls.append(n) or n * n, kept=2)
    assert [cache(3), cache(3), cache(4), cache(3), cache(5), cache(3), cache(4)] == [
        9, 9, 16, 9, 25, 9, 16,
    ]  # fmt: skip
    assert calls == [3, 4, 5, 4]
    assert len(cache) == 2

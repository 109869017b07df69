"""fp32 on a GPU is fp32; what the process had set stays."""

from types import SimpleNamespace

import pytest
import torch

from amdanet_ros.inference.exact_convolutions import exact_convolutions

ON_GPU = SimpleNamespace(is_cuda=True)


def setting():
    return torch.backends.cudnn.allow_tf32


@pytest.fixture(params=[True, False])
def before(request):
    kept = setting()
    torch.backends.cudnn.allow_tf32 = request.param
    yield request.param
    torch.backends.cudnn.allow_tf32 = kept


def test_the_setting_of_the_process_comes_back_after_an_error(before):
    with pytest.raises(KeyError), exact_convolutions(ON_GPU, torch.float32):
        raise KeyError
    assert setting() == before


def test_convolutions_are_computed_in_fp32_within(before):
    with exact_convolutions(ON_GPU, torch.float32):
        if hasattr(torch.backends.cudnn, "conv"):
            assert torch.backends.cudnn.conv.fp32_precision == "ieee"
        else:
            assert not setting()


@pytest.mark.parametrize(
    ("image", "dtype"), [(torch.zeros(1), torch.float32), (ON_GPU, torch.float16)]
)
def test_a_cpu_and_half_precision_are_left_alone(before, image, dtype):
    with exact_convolutions(image, dtype):
        assert setting() == before

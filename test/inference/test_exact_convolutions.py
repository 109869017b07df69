"""fp32 on a GPU is fp32; what the process had set stays."""

import pytest
import torch

from amdanet_ros.inference.exact_convolutions import exact_convolutions


def setting():
    return torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("before", [True, False])
def test_the_setting_of_the_process_comes_back_after_an_error(before):
    kept = setting()
    torch.backends.cudnn.allow_tf32 = before
    try:
        with pytest.raises(KeyError), exact_convolutions():
            raise KeyError
        assert setting() == before
    finally:
        torch.backends.cudnn.allow_tf32 = kept


def test_convolutions_are_computed_in_fp32_within():
    with exact_convolutions():
        if hasattr(torch.backends.cudnn, "conv"):
            assert torch.backends.cudnn.conv.fp32_precision == "ieee"
        else:
            assert not setting()

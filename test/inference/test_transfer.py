"""Transfers: equal numbers after a copy, and arrays that later calls do not change."""

import warnings

import numpy as np
import pytest
import torch

from amdanet_ros.inference.transfer import Transfer


@pytest.mark.parametrize("staged", [False, True])
def test_numbers_arrive(staged):
    transfer = Transfer(torch.device("cpu"), pinned=staged)
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    tensor = transfer.upload("image", array)
    np.testing.assert_array_equal(tensor.numpy(), array)
    first, second = transfer.download([tensor, tensor.float() * 2])
    np.testing.assert_array_equal(first, array)
    np.testing.assert_array_equal(second, array * 2.0)


def test_downloaded_arrays_survive_the_next_frame():
    transfer = Transfer(torch.device("cpu"), pinned=True)
    first = transfer.download([torch.ones(3)])[0]
    second = transfer.download([torch.zeros(3)])[0]
    np.testing.assert_array_equal(first, 1)
    np.testing.assert_array_equal(second, 0)


def test_two_results_of_one_shape_do_not_share_a_buffer():
    transfer = Transfer(torch.device("cpu"), pinned=True)
    first, second = transfer.download([torch.ones(3), torch.zeros(3)])
    assert first.sum() == 3
    assert second.sum() == 0


def test_the_kept_buffers_stay_bounded():
    transfer = Transfer(torch.device("cpu"), pinned=True)
    for length in range(1, 40):
        transfer.upload("image", np.zeros(length, np.float32))
    assert len(transfer._buffers) <= 8


@pytest.mark.parametrize("pinned", [False, True])
def test_an_array_that_cannot_be_written_to_is_uploaded_without_a_warning(pinned):
    array = np.frombuffer(bytes(range(12)), np.uint8).reshape(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sent = Transfer(torch.device("cpu"), pinned=pinned).upload("image", array)
    sent += 1  # a copy: the message keeps its bytes
    np.testing.assert_array_equal(sent.numpy(), array + 1)

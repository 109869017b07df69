"""Batches: each pair once an epoch, the same after a resume and among processes."""

import pytest

from amdanet_ros.training.batches import StepSampler


def test_an_epoch_holds_each_pair_once():
    sampler = StepSampler(10, 4, 5, seed=1)
    indices = [index for batch in sampler for _, index in batch]
    assert sorted(indices[:10]) == list(range(10))
    assert sorted(indices[10:]) == list(range(10))
    assert indices[:10] != indices[10:]


def test_a_resumed_sampler_goes_on_with_the_same_batches():
    whole = list(StepSampler(7, 4, 6, seed=2))
    assert list(StepSampler(7, 4, 4, seed=2, first_position=8)) == whole[2:]


def test_processes_share_each_batch():
    whole = list(StepSampler(9, 4, 5, seed=3))
    shares = [list(StepSampler(9, 4, 5, seed=3, rank=rank, world=2)) for rank in range(2)]
    for batch, first, second in zip(whole, *shares, strict=True):
        assert sorted(first + second) == batch
        assert len(first) == len(second) == 2


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(ValueError, match="shared by 2 processes"):
        StepSampler(9, 3, 5, seed=0, world=2)

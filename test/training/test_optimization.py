"""Parameter groups, the learning rate schedule, the moving average."""

import pytest
import torch
from torch import nn

from amdanet_ros.training.optimization import MovingAverage, adamw, learning_rate_factor


def test_only_matrices_and_kernels_decay():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    network.register_parameter("lambda_param", nn.Parameter(torch.tensor(0.5)))
    decayed, plain = adamw(network, 1e-3, 0.01).param_groups
    assert {id(p) for p in decayed["params"]} == {id(network[0].weight), id(network[2].weight)}
    assert plain["weight_decay"] == 0
    assert any(p is network.lambda_param for p in plain["params"])


def test_the_rate_rises_linearly_and_falls_by_the_power():
    factors = [learning_rate_factor(step, 100, 10) for step in range(100)]
    assert factors[:10] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert factors[10] == pytest.approx(0.9**0.9)
    assert factors[99] == pytest.approx(0.01**0.9)
    assert all(a > b for a, b in zip(factors[10:], factors[11:], strict=False))


def test_the_moving_average_follows_slower_and_slower():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = MovingAverage(network, 0.5)
    nn.init.ones_(network.weight)
    average.update(network)
    first = average.state["weight"].item()
    assert first == pytest.approx(1 - 2 / 11)
    for _ in range(20):
        average.update(network)
    assert average.state["weight"].item() == pytest.approx(1, abs=1e-4)

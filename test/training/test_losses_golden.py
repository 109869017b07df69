"""Terms and gradients of the released loss compared with the authors' numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from amdanet_ros.training.config import LossConfig
from amdanet_ros.training.losses import AMDANetLoss
from amdanet_ros.training.losses.fusion_loss import FusionTarget, chroma

INPUTS = {"logits": "sem", "masked_logits": "sem_r", "fused": "fus", "masked_fused": "fus_r"}


@pytest.fixture
def golden(shared):
    return np.load(shared / "golden" / "loss_open.npz")


@pytest.fixture
def batch(golden):
    valid = torch.from_numpy(golden["mask"]).float()
    rgb = torch.from_numpy(golden["rgb_u8"]).float() / 255 * valid.unsqueeze(1)
    thermal = torch.from_numpy(golden["ir_u8"]).float().expand(-1, 3, -1, -1) / 255
    return SimpleNamespace(
        rgb=rgb,
        thermal=thermal * valid.unsqueeze(1),
        labels=torch.from_numpy(golden["label"]),
        valid=valid,
        output=SimpleNamespace(
            **{k: torch.from_numpy(golden[v]).requires_grad_() for k, v in INPUTS.items()}
        ),
    )


def near(value, expected):
    np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-5)


def test_every_term_is_the_released_one(golden, batch):
    loss = AMDANetLoss(LossConfig(dice_rule="released"))
    terms = loss(batch.output, batch.rgb, batch.thermal, batch.labels, batch.valid)
    for name, key in {
        "total": "total",
        "cross_entropy": "ce",
        "dice": "dice",
        "fusion": "fusion_total",
        "fusion_gradient": "gradient_loss",
        "fusion_color": "color_loss",
        "masked_cross_entropy": "ce_r",
        "masked_dice": "dice_r",
        "masked_fusion": "fusion_total_r",
    }.items():
        near(terms[name].detach(), golden[f"loss/{key}"])


def test_every_fusion_term_is_the_released_one(golden, batch):
    for suffix, fused in (("", batch.output.fused), ("_r", batch.output.masked_fused)):
        terms = FusionTarget(batch.rgb, batch.thermal, batch.valid).terms(fused)
        for name, key in {
            "content": "fusion_content",
            "gradient_x": "fusion_grad_x",
            "gradient_y": "fusion_grad_y",
            "cb": "fusion_cb",
            "cr": "fusion_cr",
        }.items():
            near(getattr(terms, name).detach(), golden[f"loss/{key}{suffix}"])


def test_every_gradient_is_the_released_one(golden, batch):
    loss = AMDANetLoss(LossConfig(dice_rule="released"))
    loss(batch.output, batch.rgb, batch.thermal, batch.labels, batch.valid)["total"].backward()
    for name, key in INPUTS.items():
        gradient = getattr(batch.output, name).grad
        near(gradient.norm(), golden[f"loss/grad_norm_{key}"])
        expected = golden[f"grad_{key}_s4"]
        error = np.linalg.norm(gradient[..., 1::4, 2::4].numpy() - expected)
        assert error < 1e-5 * np.linalg.norm(expected)


def test_chroma_is_the_released_one(golden, batch):
    cb, cr = chroma(batch.rgb)
    found = torch.stack([cr, cb], dim=1)[..., ::4, ::4]
    near(found, golden["ycrcb_rgb"][:, 1:])

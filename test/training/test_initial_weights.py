"""A network begins with what a checkpoint of other classes knows of its own."""

import pytest
import torch

from amdanet_ros.classes import DEMO, MFNET, STREET
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.resources import share_directory
from amdanet_ros.training.config import ConfigError, load_config
from amdanet_ros.training.experiment import build_network
from amdanet_ros.training.initial_weights import load_initial

WEIGHT = "decode_head.linear_pred.weight"


@pytest.fixture
def demo_checkpoint(tmp_path):
    path = tmp_path / "demo.safetensors"
    network = AMDANet(backbone="mit_micro", num_classes=len(DEMO), embed_dim=16)
    save_checkpoint(path, network, classes=DEMO.names, palette=DEMO.palette)
    return path


def test_rows_of_the_last_layer_go_by_name(demo_checkpoint):
    network = AMDANet(backbone="mit_micro", num_classes=len(STREET), embed_dim=16)
    drawn = network.state_dict()[WEIGHT].clone()
    saved = load_checkpoint(demo_checkpoint).state
    load_initial(network, str(demo_checkpoint), STREET.names)
    state = network.state_dict()
    for row, name in enumerate(STREET.names):
        known = name in DEMO.names
        expected = saved[WEIGHT][DEMO.names.index(name)] if known else drawn[row]
        assert torch.equal(state[WEIGHT][row], expected), name
    assert torch.equal(
        state["backbone.extra_patch_embed1.proj.weight"],
        saved["backbone.extra_patch_embed1.proj.weight"],
    )


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("named", [None, False, True])
def test_thermal_is_seen_as_the_initial_weights_saw_it_unless_named(tmp_path, learned, named):
    first = tmp_path / "first.safetensors"
    network = AMDANet(
        backbone="mit_micro", num_classes=1, embed_dim=8, thermal_standardisation=learned
    )
    save_checkpoint(first, network, classes=["person"])
    (tmp_path / "mine.yaml").write_text("names: [person]")
    (tmp_path / "train.yaml").write_text("network: {backbone: mit_micro, embed_dim: 8}")
    changes = [f"initial={first}", f"data.classes={tmp_path / 'mine.yaml'}"]
    if named is not None:
        changes.append(f"network.thermal_standardisation={str(named).lower()}")
    built = build_network(load_config(tmp_path / "train.yaml", tuple(changes)))
    assert built.config.thermal_standardisation is (learned if named is None else named)
    assert torch.equal(built.state_dict()[WEIGHT], network.state_dict()[WEIGHT])


def test_the_number_of_classes_may_differ(demo_checkpoint):
    network = AMDANet(backbone="mit_micro", num_classes=2, embed_dim=16)
    load_initial(network, str(demo_checkpoint), ("cat", "person"))
    saved = load_checkpoint(demo_checkpoint).state[WEIGHT]
    assert torch.equal(network.state_dict()[WEIGHT][1], saved[DEMO.names.index("person")])


def test_weights_without_names_have_the_published_classes_of_their_number(tmp_path):
    published = AMDANet(backbone="mit_micro", num_classes=len(MFNET), embed_dim=16)
    torch.save(published.state_dict(), tmp_path / "authors.pth")
    saved = published.state_dict()[WEIGHT]
    for names in (("robot", "person"), ("a", "b", "person", "d", "e", "f", "g", "h", "i")):
        network = AMDANet(backbone="mit_micro", num_classes=len(names), embed_dim=16)
        drawn = network.state_dict()[WEIGHT].clone()
        load_initial(network, str(tmp_path / "authors.pth"), names)
        found, person = network.state_dict()[WEIGHT], names.index("person")
        assert torch.equal(found[person], saved[MFNET.names.index("person")])
        assert torch.equal(found[0], drawn[0])


def test_another_architecture_is_refused(demo_checkpoint):
    network = AMDANet(backbone="mit_micro", num_classes=len(STREET), embed_dim=32)
    with pytest.raises(ConfigError, match="does not fit network"):
        load_initial(network, str(demo_checkpoint), STREET.names)


def test_built_in_weights_go_by_their_name():
    network = AMDANet(backbone="mit_b0", num_classes=2, embed_dim=128)
    load_initial(network, "street", ("person", "robot"))
    state, own = read_checkpoint("street")[0].state, network.state_dict()
    assert torch.equal(own[WEIGHT][0], state[WEIGHT][STREET.names.index("person")])
    first = "backbone.patch_embed1.proj.weight"
    assert torch.equal(own[first], state[first])


def test_the_recipe_for_own_classes_starts_from_the_street_weights(tmp_path):
    (tmp_path / "farm.yaml").write_text("names: [ground, person]")
    recipe = share_directory() / "config" / "training" / "finetune.yaml"
    config = load_config(recipe, (f"data.classes={tmp_path / 'farm.yaml'}",))
    own, state = build_network(config).state_dict(), read_checkpoint("street")[0].state
    assert torch.equal(own[WEIGHT][1], state[WEIGHT][STREET.names.index("person")])
    assert own.keys() == state.keys()

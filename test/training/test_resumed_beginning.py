"""A resumed training has the network, classes and pairs that it began with, or says why not."""

import shutil

import pytest

from amdanet_ros.inference.built_in_weights import BUILT_IN
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint
from amdanet_ros.training.beginning import KEY
from amdanet_ros.training.experiment import build_classes, build_pairs
from amdanet_ros.training.saved_state import SavedStateError, load_state, save_state
from amdanet_ros.training.trainer import BEST, LAST, Trainer

STANDARDISED = "network.thermal_standardisation"


def write_weights(path, standardised, count=5):
    network = AMDANet(
        backbone="mit_micro", num_classes=count, embed_dim=16, thermal_standardisation=standardised
    )
    save_checkpoint(path, network)


@pytest.fixture
def initial(tmp_path):
    """Weights that see thermal standardised; others that do not can be put in their place."""
    write_weights(tmp_path / "initial.safetensors", True)
    return tmp_path / "initial.safetensors"


@pytest.fixture(scope="module")
def saved(tmp_path_factory, micro, blobs, here):
    """The state of a training after a step."""
    folder = tmp_path_factory.mktemp("saved")
    Trainer(micro(), folder, blobs(6), blobs(2, first=100), here).run(1)
    return load_state(folder / LAST)


@pytest.fixture
def begin(tmp_path, saved, blobs, here):
    """A function that leaves a training as it is when it was killed after a step."""

    def make(config, pairs=None):
        trainer = Trainer(config, tmp_path / "run", *(pairs or (blobs(6), blobs(2))), here)
        state = {**saved, "config": config.as_dict(), KEY: trainer.began.as_dict()}
        save_state(tmp_path / "run" / LAST, state)
        return trainer

    return make


@pytest.fixture
def resume(tmp_path, blobs, here):
    """A function that makes the trainer of a resumed training."""

    def make(config, pairs=None):
        pairs = pairs or (blobs(6), blobs(2))
        return Trainer(config, tmp_path / "run", *pairs, here, resume=True)

    return make


def forget_beginning(folder):
    """Make a state as an earlier version saved it."""
    state = load_state(folder / LAST)
    del state[KEY]
    save_state(folder / LAST, state)


@pytest.mark.parametrize(
    ("built_in", "then"), [(True, "others"), (False, "none"), (False, "damaged")]
)
def test_the_network_is_that_of_the_beginning_whatever_lies_there_now(
    begin, resume, micro, initial, then, built_in, monkeypatch
):
    monkeypatch.setitem(BUILT_IN, "street", str(initial))
    config = micro(initial="street" if built_in else str(initial))
    assert begin(config).network.config.thermal_standardisation
    if then == "others":
        write_weights(initial, False)
    elif then == "none":
        initial.unlink()
    else:
        initial.write_bytes(b"half of it")
    resumed = resume(config)
    assert resumed.network.config.thermal_standardisation and resumed.step == 1


def test_of_an_earlier_versions_state_the_best_weights_tell_the_network(
    begin, resume, micro, initial, tmp_path
):
    config = micro(initial=str(initial))
    save_checkpoint(tmp_path / "run" / BEST, begin(config).network)
    forget_beginning(tmp_path / "run")
    write_weights(initial, False)
    assert resume(config).network.config.thermal_standardisation


def test_what_cannot_be_known_is_asked_for(begin, resume, micro, initial, tmp_path):
    config = micro(initial=str(initial))
    begin(config)
    forget_beginning(tmp_path / "run")
    (tmp_path / "run" / BEST).write_bytes(b"half of it")
    with pytest.raises(SavedStateError, match=f"give --set {STANDARDISED}=true or =false"):
        resume(config)
    told = micro(initial=str(initial), network__thermal_standardisation=True)
    assert resume(told).network.config.thermal_standardisation
    # The run's own file says the same from now on.
    assert "thermal_standardisation: true" in (tmp_path / "run" / "config.yaml").read_text()


@pytest.mark.parametrize("named", [False, True])
def test_an_earlier_versions_state_that_left_nothing_open_goes_on(
    begin, resume, micro, initial, tmp_path, named
):
    changes = {"initial": str(initial), "network__thermal_standardisation": False} if named else {}
    config = micro(**changes)
    begin(config)
    forget_beginning(tmp_path / "run")
    assert resume(config).step == 1


def test_initial_weights_that_are_mixed_in_at_the_end_must_be_the_same(
    begin, resume, micro, initial, tmp_path
):
    named = {"network__thermal_standardisation": True}
    config = micro(initial=str(initial), initial_share=0.5, **named)
    begin(config)
    shutil.copy(initial, tmp_path / "kept")
    write_weights(initial, True)
    with pytest.raises(SavedStateError, match=r"other initial weights than .*initial\.safe"):
        resume(config)
    shutil.copy(tmp_path / "kept", initial)
    forget_beginning(tmp_path / "run")
    with pytest.raises(SavedStateError, match="did not note the initial weights"):
        resume(config)


@pytest.mark.parametrize("now", [["b", "a", "c", "d", "e"], ["a", "b", "c", "d", "e", "f"]])
def test_classes_that_are_others_now_are_refused(begin, resume, micro, tmp_path, now):
    table = tmp_path / "mine.yaml"
    table.write_text("names: [a, b, c, d, e]")
    config = micro(data__classes=str(table))
    begin(config)
    table.write_text(f"names: [{', '.join(now)}]")
    with pytest.raises(SavedStateError, match=r"other classes \(a, b, c, d, e\) than .*mine\.yaml"):
        resume(config)
    colours = ", ".join(f"[{each}, 0, 0]" for each in range(5))
    table.write_text(f"names: [a, b, c, d, e]\ncolors: [{colours}]")
    assert resume(config).step == 1


def test_lists_that_name_other_pairs_now_are_refused(begin, resume, micro, data_set, tmp_path):
    root = data_set(count=6)
    config = micro(data__source="folder", data__root=str(root), data__validation_share=0.2)
    assert len(build_classes(config)) == 5
    begin(config, build_pairs(config))
    kept = (root / "train.txt").read_text()
    (root / "train.txt").write_text(kept.replace("003\n", ""))
    with pytest.raises(SavedStateError, match="other pairs than the lists in"):
        resume(config, build_pairs(config))
    (root / "train.txt").write_text(kept)
    moved = root.rename(tmp_path / "moved")
    config.data.root = str(moved)
    assert resume(config, build_pairs(config)).step == 1

"""Generated scenes: drawn once, reproducible, complete files."""

import multiprocessing
import signal

import numpy as np
import pytest

from amdanet_ros.synthetic import sample
from amdanet_ros.training import synthetic_scenes
from amdanet_ros.training.synthetic_scenes import SyntheticScenes


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(synthetic_scenes, "SHARD", 2)


def test_scenes_are_those_of_their_seeds(tmp_path):
    scenes = SyntheticScenes(3, 2, (48, 64), tmp_path)
    for index, seed in enumerate((3, 4)):
        expected, pair = sample(seed, (48, 64)), scenes[index]
        assert np.array_equal(pair.rgb, expected.rgb)
        assert np.array_equal(pair.thermal, expected.thermal)
        assert np.array_equal(pair.labels, expected.labels)
        assert pair.condition == expected.condition
    with pytest.raises(IndexError):
        scenes[2]


def test_what_was_drawn_is_not_drawn_again(tmp_path, monkeypatch):
    SyntheticScenes(0, 2, (48, 64), tmp_path)
    drawn = []
    monkeypatch.setattr(
        synthetic_scenes.synthetic, "sample", lambda *a: drawn.append(a[0]) or sample(*a)
    )
    SyntheticScenes(0, 4, (48, 64), tmp_path)
    assert drawn == [2, 3]


def test_an_interrupted_file_is_drawn_again(tmp_path):
    scenes = SyntheticScenes(0, 2, (48, 64), tmp_path)
    (scenes.folder / "000000.json").unlink()  # the mark comes last
    (scenes.folder / "000000_rgb.npy").write_bytes(b"half")
    again = SyntheticScenes(0, 2, (48, 64), tmp_path)
    assert np.array_equal(again[0].rgb, scenes[0].rgb)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("000000.json", b"["),
        ("000000.json", b"\xff\xfe"),
        ("000000.json", b'{"day": 1}'),
        ("000000.json", b'["day"]'),
        ("000000_rgb.npy", b""),
        ("000000_labels.npy", b"half"),
        ("000000_thermal.npy", None),
    ],
)
def test_a_damaged_file_is_drawn_again(tmp_path, name, content):
    scenes = SyntheticScenes(0, 2, (48, 64), tmp_path)
    expected = scenes[1]
    file = scenes.folder / name
    file.write_bytes(file.read_bytes()[:-100] if content is None else content)
    found = SyntheticScenes(0, 2, (48, 64), tmp_path)[1]
    assert np.array_equal(found.rgb, expected.rgb)
    assert np.array_equal(found.thermal, expected.thermal)
    assert np.array_equal(found.labels, expected.labels)
    assert found.condition == expected.condition


def test_an_interruption_ends_the_processes_that_draw(tmp_path, monkeypatch):
    def interrupted(_):
        assert len(multiprocessing.active_children()) == 2
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic_scenes.Future, "result", interrupted)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(KeyboardInterrupt):
        SyntheticScenes(0, 400, (48, 64), tmp_path, workers=2)
    assert not multiprocessing.active_children()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert not list(tmp_path.glob("*/*.json"))

"""Configurations: inheritance, overrides, and errors that name the key."""

import pytest
import yaml

from amdanet_ros.training.config import ConfigError, load_config


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / f"{name}.yaml"


def test_a_file_changes_what_its_base_says(tmp_path):
    path = write(
        tmp_path,
        base="seed: 3\noptimization: {batch_size: 4, steps: 10}\n",
        child="base: base.yaml\noptimization: {steps: 20}\n",
    )
    config = load_config(path, ("augmentation.crop=[64, 96]", "optimization.learning_rate=1e-3"))
    assert (config.seed, config.optimization.batch_size, config.optimization.steps) == (3, 4, 20)
    assert config.augmentation.crop == (64, 96)
    assert config.optimization.learning_rate == 1e-3
    path.write_text(yaml.safe_dump(config.as_dict()))
    assert load_config(path) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimization: {stepz: 3}", r"unknown key optimization\.stepz; known: .*steps"),
        ("optimization: {steps: many}", r"optimization\.steps is 'many': a int"),
        ("tensorboard: 3", "tensorboard is 3: a bool"),
        ("network: {backbon: mit_b0}", r"unknown key network\.backbon; known: backbone, "),
        ("network: {embed_dim: 1.5}", r"network\.embed_dim is 1\.5: a int"),
        ("network: {backbone: vgg}", r"wrong\.yaml: network\.backbone must be one of mit_b0"),
        ("network: {masking_rate: 1.0}", r"network\.masking_rate must lie in \[0, 1\), not 1"),
        ("optimization: 5", "optimization must be a mapping"),
        ("- 1", "must be a mapping"),
        ("a: [", "is no YAML"),
        ("base: wrong.yaml", r"leads back to itself"),
        ("base: missing.yaml", r"missing\.yaml cannot be read"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = write(tmp_path, wrong=text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_the_network_section_holds_what_was_written(tmp_path):
    path = write(tmp_path, good="network: {backbone: mit_b0, bn_eps: 1e-3}")
    assert load_config(path).network == {"backbone": "mit_b0", "bn_eps": 1e-3}


def test_an_override_without_a_value_is_named(tmp_path):
    path = write(tmp_path, good="seed: 1")
    with pytest.raises(ConfigError, match=r"section\.key=value"):
        load_config(path, ("seed",))


def test_the_shipped_configurations_are_valid(project):
    paths = sorted((project / "config" / "training").glob("*.yaml"))
    assert len(paths) >= 5
    for path in paths:
        load_config(path)

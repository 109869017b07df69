"""Configurations: inheritance, overrides, and errors that name the key."""

import os
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest
import yaml

from amdanet_ros.training.config import ConfigError, TrainingConfig, load_config
from amdanet_ros.training.config_values import built
from amdanet_ros.training.plan import training_plan


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
        ("data:\n\troot: a", "is no YAML: .*: indent by spaces instead of tabs$"),
        ("%YAML:1.0\nseed: 1", "is no YAML: .*: leave out the line that begins with %$"),
        ("seed: 0x" + "f" * 6000, "is no YAML: a number has more than 1000 digits"),
        ("data: {size: [0b" + "1" * 20000 + "]}", "a number has more than 1000 digits"),
        ("base: wrong.yaml", r"leads back to itself"),
        ("base: missing.yaml", r"missing\.yaml cannot be read"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = write(tmp_path, wrong=text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


@pytest.mark.parametrize("section", ["optimization", "finish"])
def test_batches_of_one_crop_that_has_no_variance_are_refused_before_the_training(section):
    values = {"finish": {"share": 0.5, "crop": [64, 64]}, "augmentation": {"crop": [64, 64]}}
    values |= {"optimization": {"steps": 4, "batch_size": 1}}
    values["finish" if section == "finish" else "augmentation"]["crop"] = [32, 32]
    values["finish"]["batch_size"] = 1
    with pytest.raises(ConfigError, match="batches of one crop of 32 x 32 pixels"):
        training_plan(built(TrainingConfig, values, "here"), pairs=4)
    values["optimization"]["batch_size"] = values["finish"]["batch_size"] = 2
    assert training_plan(built(TrainingConfig, values, "here"), pairs=4).steps == 4


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


def sections(kind=TrainingConfig, prefix=""):
    """Yield (key, dataclass, field name, type) of every value of a configuration."""
    hints = get_type_hints(kind)
    for each in fields(kind):
        section = each.metadata.get("attributes_of") or hints[each.name]
        if is_dataclass(section):
            yield from sections(section, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}", kind, each.name, hints[each.name]


KEYS = {key: (kind, name, hint) for key, kind, name, hint in sections()}


def kind_of(hint):
    return getattr(hint, "__origin__", hint)


def in_yaml(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return yaml.safe_dump(value)


def refusal(path, overrides=()):
    with pytest.raises(ConfigError) as caught:
        load_config(path, tuple(overrides))
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 900
    return message


IMPOSSIBLE = [float("nan"), float("inf"), float("-inf"), -1, -1e9, 10**400, "many", None, [], {}]


@pytest.mark.parametrize("key", list(KEYS))
def test_value_of_the_wrong_type_or_no_number_is_named_by_its_key(tmp_path, key):
    _, _, hint = KEYS[key]
    numbers = kind_of(hint) in (int, float)
    wrong = IMPOSSIBLE if numbers else [float("nan"), 3, True, None]
    if kind_of(hint) is bool:
        wrong = [float("nan"), 3, "yes", None, []]
    if kind_of(hint) is tuple:
        wrong += ["[1, 2", {"a": 1}, [float("nan")], [None, None], [{}, {}], [[1], [2]]]
    if kind_of(hint) is dict:
        wrong += [[], {"road": "much"}, {"road": -1.0}]
    if key == "data.lists":
        wrong = [each for each in wrong if each != [{}, {}]]  # checked with the data
    if key == "network.sci_tau":
        wrong = [each for each in wrong if each != -1]
    for value in wrong:
        path = write(tmp_path, wrong=in_yaml(key, value))
        message = refusal(path)
        assert key in message, value
        assert "wrong.yaml" in message
        assert key in refusal(
            write(tmp_path, good="tensorboard: false"), [f"{key}={yaml.safe_dump(value)}"]
        )


@pytest.mark.parametrize(
    "key", [key for key, (kind, _, _) in KEYS.items() if hasattr(kind, "RANGES")]
)
def test_every_number_has_a_range_and_both_ends_load(tmp_path, key):
    kind, name, hint = KEYS[key]
    is_number = any(part in str(hint) for part in ("int", "float"))
    assert (name in kind.RANGES) == is_number
    if is_number:
        for end in kind.RANGES[name]:
            number = int(end) if "int" in str(hint) else float(end)
            value = {tuple: [number] * 2, dict: {"road": number}}.get(kind_of(hint), number)
            assert load_config(write(tmp_path, good=in_yaml(key, value))) is not None
        below = kind.RANGES[name][0] - 1
        value = {tuple: [below] * 2, dict: {"road": below}}.get(kind_of(hint), below)
        assert f"{key}" in refusal(write(tmp_path, bad=in_yaml(key, value)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: 5", "base is 5: the name of a YAML file"),
        ("base: [a.yaml]", "base is .*: the name of a YAML file"),
        ("base: .", "is a folder"),
        ('base: "a\\0b"', "no path of a file"),
        ("base: " + "x" * 300, "cannot be read: File name too long"),
        ("optimization: {learning_rate: .nan}", "optimization.learning_rate is nan: a finite"),
        ("optimization: {learning_rate: 'nan'}", "optimization.learning_rate is nan: a finite"),
        ("optimization: {learning_rate: 0}", "optimization.learning_rate is 0.0: it must lie in"),
        ("optimization: {batch_size: 0}", "optimization.batch_size is 0: it must lie in 1 to"),
        ("optimization: {epochs: .inf}", "optimization.epochs is inf: a finite number"),
        ("augmentation: {crop: [0, 0]}", r"augmentation.crop\[0\] is 0: it must lie in 32 to"),
        ("augmentation: {crop: [16, 64]}", r"augmentation.crop\[0\] is 16: it must lie in 32 to"),
        ("augmentation: {crop: 64}", "augmentation.crop is 64: a list is needed"),
        ("augmentation: {crop: [64]}", r"augmentation.crop is \[64\]: 2 values are needed"),
        ("augmentation: {crop: ['64', '64']}", r"augmentation.crop\[0\] is '64': a int"),
        ("validate_every: 0", "validate_every is 0: it must lie in 1"),
        ("optimisation: {steps: 3}", "unknown key optimisation; .*; did you mean optimization"),
        ("optimization: {lerning_rate: 3}", "did you mean learning_rate"),
        ("1: 2", "unknown key 1; known"),
        ("? [1, 2]\n: 3", "is no YAML|unknown key"),
        ("seed: 2001-99-99", "is no YAML: month must be in"),
        ("seed: 2001-01-01", "seed is datetime.date"),
        ("seed: " + "9" * 5000, "is no YAML: a number has more than 1000 digits"),
        pytest.param("[" * 10_000, "brackets are nested more than 100 deep", id="lists"),
        pytest.param("seed: " + "{a: " * 10_000, "brackets are nested more than", id="mappings"),
        pytest.param("- " * 3000, "nested too deeply|is no YAML", id="items"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nseed: [*b, *b]", "unknown key a"),
        ("network: &n {backbone: *n}", "network.backbone is .*: a str|is no YAML"),
        ("!!python/object/apply:os.system ['true']", "is no YAML: could not determine a"),
        ("a: b: c", "is no YAML: mapping values"),
        ("\tseed: 1", "is no YAML: while scanning"),
        ("just words", "must be a mapping of keys to values"),
    ],
)
def test_configuration_that_cannot_work_is_named_on_reading(tmp_path, text, message):
    path = write(tmp_path, wrong=text)
    refusal(path)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_circle_of_several_bases_is_named(tmp_path):
    write(tmp_path, a="base: b.yaml", b="base: c.yaml", c="base: a.yaml")
    assert "its `base` leads back to itself" in refusal(tmp_path / "a.yaml")


def test_values_that_share_themselves_a_thousandfold_take_no_time(tmp_path):
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    path = write(tmp_path, bomb="\n".join(lines))
    assert "unknown key a0" in refusal(path)
    hidden = "seed: &b [" + "x, " * 5 + "]\n" + "data: {root: *b}"
    assert "seed is ['x', " in refusal(write(tmp_path, hidden=hidden))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00\x01", "is no text in UTF-8"),
        (b"seed: 1\x00", "is no YAML"),
        (b"x" * (2**20 + 1), "too many for a configuration"),
        (b"\x89PNG\r\n\x1a\n", "is no text in UTF-8"),
    ],
)
def test_file_that_is_no_configuration_is_named(tmp_path, content, message):
    (tmp_path / "wrong.yaml").write_bytes(content)
    assert message in refusal(tmp_path / "wrong.yaml")


def test_file_with_a_byte_order_mark_loads(tmp_path):
    (tmp_path / "mark.yaml").write_bytes(b"\xef\xbb\xbfseed: 4\r\nthreads: 2\r\n")
    config = load_config(tmp_path / "mark.yaml")
    assert (config.seed, config.threads) == (4, 2)


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "{}", "---\n", "null\n"])
def test_empty_file_is_no_training(tmp_path, content):
    (tmp_path / "empty.yaml").write_text(content)
    assert "empty.yaml is empty: give a file" in refusal(tmp_path / "empty.yaml")
    (tmp_path / "heir.yaml").write_text("base: empty.yaml\n")
    assert "empty.yaml is empty" in refusal(tmp_path / "heir.yaml")


def test_what_is_no_file_is_named_at_once(tmp_path):
    assert "is a folder: give a YAML file in it" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "is a pipe or a device" in refusal(tmp_path / "pipe.yaml")
    assert "is a pipe or a device" in refusal("/dev/zero")
    assert "cannot be read: No such file" in refusal(tmp_path / "no\nsuch.yaml")
    assert "cannot be read: File name too long" in refusal("x" * 300)
    assert "no path of a file" in refusal("a\0b.yaml")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimization.steps=[", "override 'optimization.steps=.' is no YAML"),
        ("=3", "write section.key=value"),
        ("optimization=3", "optimization must be a mapping"),
        ("optimization.steps.more=3", "optimization.steps is {'more': 3}: a int"),
        ("optimization..steps=3", "unknown key optimization.; known"),
        ("seed=", "seed is None: a int"),
        ("base=other.yaml", "unknown key base"),
    ],
)
def test_override_that_cannot_work_is_named(tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, good="seed: 1"), (override,))

"""Parameter files read without ROS: what the node takes, and files that are wrong or hostile."""

import string
import time

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from amdanet_ros.parameters import flat
from amdanet_ros.params_file import ParameterFileError, read_params_file, read_value
from amdanet_ros.settings import PARAMETERS, Settings, settings_of

HEAD = "/**:\n  ros__parameters:\n"


@pytest.fixture
def read(tmp_path):
    def read(content, **node):
        path = tmp_path / "rig.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_params_file(path, **node)

    return read


def test_names_are_nested_or_have_dots(read):
    content = (
        HEAD + "    sync: {slop: 0.1}\n    thermal:\n      range: [1.0, 2.0]\n    fused.stretch: on"
    )
    assert read(content) == {"sync.slop": 0.1, "thermal.range": [1.0, 2.0], "fused.stretch": True}


@pytest.mark.parametrize(
    ("section", "namespace", "fits"),
    [
        ("/**", "/", True),
        ("/**", "/robot/head", True),
        ("amdanet", "/", True),
        ("/amdanet", "/", True),
        ("/amdanet", "/robot", False),
        ("/*", "/", True),
        ("/*", "/robot", False),
        ("/robot/amdanet", "/robot", True),
        ("/robot/amdanet", "robot/", False),
        ("/*/amdanet", "/robot", True),
        ("/**/amdanet", "/robot/head", True),
        ("/**/amdanet", "/", True),
        ("/amdane.", "/", False),
        ("/player", "/", False),
    ],
)
def test_sections_fit_as_in_ros(read, section, namespace, fits):
    content = f"'{section}':\n  ros__parameters:\n    max_age: 2.0\n"
    if fits:
        assert read(content, namespace=namespace) == {"max_age": 2.0}
    else:
        with pytest.raises(ParameterFileError, match="no parameters of"):
            read(content, namespace=namespace)


def test_namespaces_may_lie_above_the_name(read):
    content = "/robot:\n  head:\n    amdanet:\n      ros__parameters:\n        max_age: 2.0\n"
    assert read(content, namespace="/robot/head") == {"max_age": 2.0}


def test_of_two_sections_that_fit_the_later_one_wins(read):
    one = HEAD + "    max_age: 2.0\n    max_wait: 0.2\n"
    other = "amdanet:\n  ros__parameters:\n    max_age: 3.0\n"
    assert read(one + other) == {"max_age": 3.0, "max_wait": 0.2}
    assert read(other + one) == {"max_age": 2.0, "max_wait": 0.2}


def test_other_nodes_parameters_and_those_of_ros_itself_are_left_out(read):
    others = "player:\n  ros__parameters:\n    rate: fast\n    nested: {is: fine}\n"
    own = "    use_sim_time: true\n    qos_overrides./rgb.subscription.depth: 5\n    max_age: 2\n"
    assert read(others + HEAD + own) == {"max_age": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),  # a string to most readers of YAML, a number to ROS
        ("0x1", 1),
        ("001", 1),
        ("+.5", 0.5),
        ("2.", 2.0),
        ("0", 0),
    ],
)
def test_numbers_are_read_as_ros_reads_them(read, text, value):
    found = read(HEAD + f"    max_age: {text}\n")["max_age"]
    assert (found, type(found)) == (value, type(value))


def test_single_values_are_read_alike():
    assert read_value("1e-3") == 0.001
    assert read_value("[1, 2]") == [1, 2]
    assert read_value("off") is False
    assert read_value("'1'") == "1"
    assert read_value("a b") == "a b"
    for text in ("", "{a: 1}", "[[1]]", "*a", "'", "a: b", "[1, 2.0]", "\x00", "\udcff"):
        with pytest.raises(ParameterFileError, match="the value"):
            read_value(text)


def test_a_file_of_all_defaults_gives_the_defaults(read):
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in flat(Settings()).items()}
    content = yaml.safe_dump({"/**": {"ros__parameters": values}})
    assert settings_of(read(content)) == {"": Settings()}


def test_parameters_of_camera_pairs(read):
    content = HEAD + "    pairs: [front, rear]\n    front:\n      sync.slop: 0.2\n"
    found = settings_of(read(content))
    assert [each.sync.slop for each in found.values()] == [0.2, 0.05]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no parameters: expected is '/**:'"),
        ("# nothing\n", "has no parameters"),
        ("max_age: 1.0\n", "line 1: max_age is no section"),
        ("ros__parameters:\n  max_age: 1.0\n", "line 1: ros__parameters has no name of a node"),
        ("/**:\n  max_age: 1.0\n", "line 2: max_age is no section"),
        ("/**:\n", "line 1: /** is no section"),
        ("/**:\n  ros__parameters:\n", "line 2: ros__parameters is no section"),
        ("/**:\n  ros__parameters: [1]\n", "line 2: ros__parameters is no section"),
        ("[/**]\n", "line 1: a list is no section"),
        ("just words\n", "line 1: just words is no section"),
        ("/player:\n  ros__parameters:\n    a: 1\n", "/amdanet, only of /player: put them under"),
        (
            HEAD + "    sync.slopp: 0.1\n",
            "line 3: sync.slopp is not a parameter: do you mean sync",
        ),
        (HEAD + "    rate: 1\n", "rate is not a parameter; parameters of other nodes go under"),
        (HEAD + "    front.sync.slop: 0.1\n", "add front to it"),
        (HEAD + "    sync.slop: 11\n", "line 3: sync.slop is 11.0: it must lie between 0.0 and 10"),
        (HEAD + "    sync.slop: .nan\n", "sync.slop is nan: it must be a finite number"),
        (HEAD + "    sync.slop: -.INF\n", "sync.slop is -inf"),
        (HEAD + "    sync.slop: 1e999\n", "sync.slop is inf"),
        (HEAD + f"    sync.slop: {'9' * 5000}\n", "sync.slop is inf"),
        (HEAD + "    sync.slop: '0.1'\n", "must be a number, not '0.1'"),
        (HEAD + "    sync.slop: yes\n", "must be a number, not True"),
        (HEAD + "    sync.slop: null\n", "must be a number, not 'null'"),
        (HEAD + "    sync.slop: [0.1]\n", "must be a number, not [0.1]"),
        (HEAD + "    sync.slop: {}\n    max_age: z\n", "line 4: max_age must be a number"),
        (HEAD + "    sync.slop: 0.1 0.2\n", "must be a number, not '0.1 0.2'"),
        (HEAD + "    sync.slop:\n", "line 3: sync.slop has no value: give it one, or remove it"),
        (HEAD + "    sync: 0.1\n", "sync is not a parameter"),
        (HEAD + "    sync.queue_size: 1.0\n", "must be a whole number, not 1.0"),
        (HEAD + "    checkpoint: 12\n", "must be a string, not 12: put it in quotes"),
        (HEAD + "    checkpoint: no\n", "must be a string, not False: put it in quotes"),
        (HEAD + "    thermal.range: [1, 2.0]\n", "in thermal.range mixes types"),
        (HEAD + "    thermal.range: [1.0, [2.0]]\n", "a list in thermal.range is no number"),
        (HEAD + "    thermal.range: [1.0, {a: 2.0}]\n", "a mapping in thermal.range is no number"),
        (HEAD + "    thermal.range: [1.0, .nan]\n", "thermal.range is nan"),
        (HEAD + "    thermal.range: []\n", "array of 2 numbers, not 0 of them"),
        (HEAD + "    thermal.range: [2.0, 1.0]\n", "line 3: thermal.range is [2, 1]: low must be"),
        (HEAD + "    thermal.crop: [1, 2, 3]\n", "array of 4 whole numbers, not 3"),
        (HEAD + "    inference_size: [8, 8]\n", "line 3: inference_size is 8 x 8"),
        (HEAD + "    max_age: 1.0\n    max_age: 2.0\n", "line 4: max_age is in line 3 too"),
        (HEAD + "    sync.slop: 1.0\n    sync: {slop: 2.0}\n", "sync.slop is in line 3 too"),
        (HEAD + "    ? [a]\n    : 1\n", "line 3: a list is no name"),
        (HEAD + "    '': 1\n", "line 3: an empty value is no name"),
        (HEAD + "    max_age: &a 1.0\n    max_wait: *a\n", "line 4: *a is an alias"),
        (HEAD + "    max_age: !!python/object:os.system 1.0\n    q: 1\n", "q is not a parameter"),
        (HEAD + "\tmax_age: 1.0\n", "line 3 is not YAML: found character"),
        (HEAD + "\tmax_age: 1.0\n", ": indent by spaces instead of tabs"),
        ("%YAML:1.0\n" + HEAD + "    max_age: 1.0\n", ": leave out the line that begins with %"),
        (HEAD + "    max_age: 'a\n", "is not YAML: "),
        (HEAD + "    max_age: {a: 1\n", "is not YAML: "),
        (HEAD + "    max_age: @a\n", "line 3 is not YAML: "),
        (b"\x80\x04\x95nonsense", "is not YAML: "),
        (b"/**:\n  ros__parameters:\n    device: '\xff'\n", ": save it as UTF-8"),
        (b"/**:\x00", "is not YAML: "),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "is not YAML: "),
        ("a: " * 3, "line 1: a is no section"),
    ],
    ids=lambda value: "",
)
def test_wrong_files_are_refused_with_file_line_and_fix(read, content, words):
    with pytest.raises(ParameterFileError) as caught:
        read(content)
    message = str(caught.value)
    assert words in message
    assert "rig.yaml" in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "{" * 100_000,
        "{a: " * 20_000,
        "- " * 50_000,
        HEAD + "    max_age: " + "[" * 50_000,
        "".join(" " * depth + f"k{depth}:\n" for depth in range(500)),
        "/**/" * 60_000 + ":\n  ros__parameters: {}\n",
        "a: &a [x]\n" + "".join(f"{c}: &{c} [{'*a, ' * 50}]\n" for c in string.ascii_lowercase),
        HEAD + "    checkpoint: " + "x" * 300_000,
        HEAD + "".join(f"    p{number}: 1\n" for number in range(15_000)),
        HEAD + "    thermal.range: [" + "1.0, " * 40_000 + "]\n",
    ],
    ids=["lists", "mappings", "nested", "items", "value", "keys", "section", "aliases", "large"]
    + ["names", "numbers"],
)
def test_deep_and_huge_files_are_refused_soon(read, content):
    started = time.monotonic()
    with pytest.raises(ParameterFileError) as caught:
        read(content)
    assert time.monotonic() - started < 30.0
    assert len(str(caught.value)) < 400


def test_files_that_cannot_be_read_are_named(tmp_path):
    for path, words in (
        (tmp_path / "none.yaml", "cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        ("a\x00b", "cannot be read"),
        ("/dev/zero", "is larger than"),
    ):
        with pytest.raises(ParameterFileError, match=words):
            read_params_file(path)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["/**", "amdanet", "ros__parameters", *(p.name for p in PARAMETERS)]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["/**", "/amdanet", "ros__parameters", *(p.name for p in PARAMETERS)])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
ONE_FIXTURE = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


@ONE_FIXTURE
@given(ANY)
def test_whatever_yaml_says_it_is_read_or_refused_in_one_line(read, content):
    text = yaml.safe_dump(content, allow_unicode=True)
    for each in (text, yaml.safe_dump({"/**": {"ros__parameters": content}})):
        try:
            settings_of(read(each))
        except ParameterFileError as error:
            assert "rig.yaml" in str(error)
            assert "\n" not in str(error)


@ONE_FIXTURE
@given(st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused(read, content):
    for each in (content, HEAD.encode() + b"    max_age: " + content):
        try:
            read(each)
        except ParameterFileError as error:
            assert "rig.yaml" in str(error)


@ONE_FIXTURE
@given(st.data())
def test_allowed_values_come_back_as_they_were_written(read, data):
    values = {}
    for each in data.draw(st.lists(st.sampled_from(PARAMETERS), unique=True, max_size=6)):
        if each.element is float and not each.is_array and each.low is not None:
            values[each.name] = data.draw(st.floats(each.low, each.high))
        elif each.element is int and not each.is_array:
            values[each.name] = data.draw(st.integers(int(each.low), int(each.high)))
        elif each.choices:
            values[each.name] = data.draw(st.sampled_from(each.choices))
        elif each.element is bool:
            values[each.name] = data.draw(st.booleans())
    assert read(yaml.safe_dump({"amdanet": {"ros__parameters": values}})) == values


@pytest.mark.parametrize("name", ["amdanet", "mfnet", "fmb", "pst900", "demo"])
def test_shipped_files_are_read(project, name):
    path = project / "config" / f"{name}.yaml"
    values = read_params_file(path)
    assert values == yaml.safe_load(path.read_text())["/**"]["ros__parameters"]


@pytest.mark.parametrize("name", ['"a\\n[ERROR] forged"', '"a\\x1b[31m"', '"' + "x" * 5000 + '"'])
def test_names_in_the_file_cannot_break_the_line_of_an_error(tmp_path, name):
    for content in (f"{name}: 1\n", f"{name}:\n  ros__parameters: {{}}\n", f"/**: {{{name}: 1}}\n"):
        path = tmp_path / "params.yaml"
        path.write_text(content)
        with pytest.raises(ParameterFileError) as refused:
            read_params_file(path)
        sentence = str(refused.value)
        assert sentence.isprintable()
        assert len(sentence) < 2000

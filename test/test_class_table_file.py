"""Class tables of one's own: YAML files."""

import numpy as np
import pytest

from amdanet_ros.class_table_file import ClassTableError, class_table_of, class_table_text
from amdanet_ros.classes import STREET, class_table_of_size


@pytest.fixture
def file(tmp_path):
    def write(text, name="farm.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_table_has_names_colours_and_what_it_ignores(file):
    text = "name: My farm\nnames: [ground, Ähre]\n"
    table = class_table_of(file(text + "colors: [[1, 2, 3], [4, 5, 6]]\nignored: [0, 17]"))
    assert (table.name, table.names, table.ignored) == ("My farm", ("ground", "Ähre"), (0, 17))
    assert table.palette.tolist() == [[1, 2, 3], [4, 5, 6]] and table.palette.dtype == np.uint8


@pytest.mark.parametrize("name", ["farm.yaml", "farm.yml", "FARM.YAML"])
def test_names_alone_suffice(file, name):
    table = class_table_of(str(file("names: [a, b, c]", name)))
    assert table.name == name[:4] and table.ignored == ()
    assert (table.palette == class_table_of_size(3).palette).all()


def test_built_in_tables_go_by_their_name():
    assert class_table_of("Street") is STREET
    with pytest.raises(ClassTableError, match=r"no class table 'farm': choose .* \.yaml file"):
        class_table_of("farm")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no class table: expected is 'names"),
        ("- a\n- b", "is no class table"),
        ("names: [a", "is no YAML"),
        (b"names: [\xff\xfe]", "is no YAML.*: save it as UTF-8$"),
        ("names:\n\t- a", "is no YAML.*: indent by spaces instead of tabs$"),
        ("a: &a [*a]", "unknown key 'a'"),
        ("names: " + "[" * 3000, "is no YAML"),
        ("? [a]\n: b", "is no YAML"),
        ("names: [!!timestamp 7]", "is no YAML"),
        ("names: [!!int x]", "is no YAML"),
        ("names: [!!bool x]", "is no YAML"),
        ("names: [0x" + "f" * 5000 + "]", "is no YAML"),
        ("names: !!python/name:os.system", "is no YAML"),
        ("name: [a]\nnames: [a]", "name is"),
        ("names: a", "names is 'a': give the list"),
        ("names: []", "give the list"),
        ("colors: [[1, 2, 3]]", "names is None: give the list"),
        ("names: [a, a]", "'a' occurs twice"),
        ("names: [b, a, car, b, a]", "'b' occurs twice"),
        ("names: [car, Car]", "'car' and 'Car' differ in blanks or capital letters alone"),
        ("names: ['traffic  light', 'Traffic light ']", "differ in blanks or capital"),
        ("names: [STRASSE, straße]", "differ in blanks or capital"),
        ("names: [a, '']", "'' is no text"),
        ("names: [yes, no]", "name True is no text .* quotation marks"),
        ("names: [1, 2]", "name 1 is no text .* quotation marks"),
        ('names: ["a\\nb"]', "printable"),
        (f"names: [{'x' * 101}]", "no text of 1 to 100"),
        (f"names: [{', '.join(f'c{i}' for i in range(255))}]", "255 names: at most 254"),
        ("names: [a, b]\ncolors: [[1, 2, 3]]", "colors has 1 colours for 2 names"),
        ("names: [a]\ncolors: red", "colors has 'red' for 1 names"),
        ("names: [a]\ncolors: [[1, 2]]", r"colour \[1, 2\] is not \[R, G, B\]"),
        ("names: [a]\ncolors: [[1, 2, 256]]", "each 0 to 255"),
        ("names: [a]\ncolors: [[1, 2, 0.5]]", "each 0 to 255"),
        ("names: [a]\ncolors: [[true, 2, 3]]", "each 0 to 255"),
        ("names: [a, b]\ncolors: [[1, 2, 3], [1, 2, 3]]", "'a' and 'b' have the same colour"),
        ("names: [a, b, c]\ncolors: [[0, 0, 0], [9, 9, 9], [0, 0, 0]]", "'a' and 'c' have"),
        ("names: [a]\nignored: 3", "ignored is 3: give a list"),
        ("names: [a]\nignored: [-1]", "0 to 255"),
        ("names: [a]\nignored: [0]", "ignored holds every class"),
        ("names: [a]\nclasses: [b]", "unknown key 'classes': known are name, names"),
        ("names: [" + "a, " * 200_000 + "]", "more than 262144 bytes"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_file(file, text, message):
    with pytest.raises(ClassTableError, match=message) as caught:
        class_table_of(file(text))
    assert "farm.yaml" in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["none.yaml", ".", "a\nb.yaml"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    path = tmp_path / name if name != "." else tmp_path / "folder.yaml"
    if name == ".":
        path.mkdir()
    with pytest.raises(ClassTableError, match="cannot be read") as caught:
        class_table_of(path)
    assert str(caught.value).isprintable()


def test_blanks_around_a_name_do_not_matter(file):
    assert class_table_of(file("names: [' road', 'traffic light ']")).names == (
        "road",
        "traffic light",
    )


@pytest.mark.parametrize("count", [1, 100, 101, 254])
def test_every_class_has_a_colour_of_its_own_and_a_written_table_is_read_again(file, count):
    table = class_table_of_size(count)
    assert len(np.unique(table.palette, axis=0)) == count
    assert class_table_of(file(class_table_text(table))).palette.tolist() == table.palette.tolist()

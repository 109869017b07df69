"""Texts from outside become one line of bounded length."""

import pytest

from amdanet_ros.one_line import one_line, without_numbers


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Wärmebild 32FC1", "Wärmebild 32FC1"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\u2028\x85\x9b", r"\u2028\x85\x9b"),
        ("\udc80", r"\udc80"),
        (ValueError("x"), "x"),
        ("", ""),
    ],
)
def test_what_is_not_printable_is_escaped(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize("character", ["a", "\n", "\U0001f600"])
@pytest.mark.parametrize("most", [0, 5, 40, 300])
def test_the_length_is_bounded(character, most):
    line = one_line(character * 10_000, most)
    assert len(line) == most
    assert "\n" not in line


def test_beginning_and_end_of_a_long_text_stay():
    line = one_line("begin " + "x" * 5000 + " end", 100)
    assert line.startswith("begin ")
    assert line.endswith(" end")
    assert "(5010 characters)" in line


def test_texts_that_differ_in_numbers_alone_are_one_cause():
    assert without_numbers("/rgb2: 14% of 640 x 480") == without_numbers("/rgb1: 7% of 32 x 24")
    assert without_numbers("/rgb: 14%") != without_numbers("/thermal: 14%")

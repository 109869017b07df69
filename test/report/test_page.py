"""Reports: whole documents, text that stays text, and nothing from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from amdanet_ros.output_place import OutputPlaceError
from amdanet_ros.report.elements import bar, facts, lines, number, table, text
from amdanet_ros.report.images import data_uri, slider
from amdanet_ros.report.page import check_place, page, whole_page, write_page
from amdanet_ros.report.plots import area_plot, line_plot

HOSTILE = "<script>alert(1)</script>'\"><img src=http://x.y onerror=z>\n\x1b[31m&amp;"
VOID = {"meta", "img", "input"}


class Read(HTMLParser):
    """Tags with their attributes, the text between them, and whether all are closed in order."""

    def __init__(self, document):
        super().__init__()
        self.tags, self.words, self._open = [], [], []
        self.is_balanced = True
        self.feed(document)
        self.close()
        self.is_balanced &= not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.is_balanced &= bool(self._open) and self._open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def parts(words):
    """One of each kind of part, with the same words in all of them."""
    image = np.zeros((4, 6, 3), np.uint8)
    return [
        facts({words: words}),
        lines([words], "Nothing."),
        table([words], [[text(words), number(words), bar(0.5)]], "Nothing."),
        line_plot(words[:20], [0.0, 1.0], {words: [1.0, float("nan")]}),
        area_plot([0.0, 1.0], {words: [0.5, 0.25]}, {words: (1, 2, 3)}),
        slider(words, {words: image, "other": image}, ("other", "none")),
    ]


def test_text_of_files_stays_text_everywhere():
    plain, hostile = (Read(page(each, parts(each), True)) for each in ("words", HOSTILE))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert hostile.is_balanced and plain.is_balanced
    told = " ".join(hostile.words)
    assert told.count("<script>alert(1)</script>") >= 6
    assert "\x1b" not in told
    assert not any(name.startswith("on") for _, found in hostile.tags for name in found)


def test_a_page_needs_nothing_else_and_its_policy_allows_nothing_else():
    read = Read(page("title", parts("words"), moves=True))
    addresses = [
        value
        for _, found in read.tags
        for name, value in found.items()
        if name in ("src", "href", "action", "data", "srcset")
    ]
    assert addresses and all(each.startswith("data:image/jpeg;base64,") for each in addresses)
    policy = read.all("meta")[1]["content"]
    assert "default-src 'none'" in policy and "img-src data:" in policy
    document = page("title", parts("words"), moves=True)
    for kind, tag in (("script", "script"), ("style", "style")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not any("style" in found for _, found in read.tags), "the policy would leave it out"
    still = page("title", parts("words"))
    assert "<script" not in still and "script-src" not in still


def test_images_are_embedded_and_bounded():
    colours = np.zeros((3000, 1000, 3), np.uint8)
    colours[..., 0] = 200
    kind, _, coded = data_uri(colours).partition(";base64,")
    assert kind == "data:image/jpeg"
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(coded), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (1280, 427, 3)
    assert shown[5, 5].tolist() == pytest.approx([0, 0, 200], abs=4)
    read = Read(slider("a", {"x": colours[:8, :8], "y": colours[:8, :8]}, ("y", "x")))
    chosen = [found["value"] for found in read.all("option") if "selected" in found]
    assert chosen == ["1", "0"]


def test_long_series_and_tables_stay_bounded():
    times = np.arange(100_000) / 10
    drawn = line_plot("ms", times, {"latency": np.sin(times)})
    (points,) = [found["points"] for found in Read(drawn).all("polyline")]
    assert len(points.split()) == 400
    assert len(area_plot(times, {"road": np.full(100_000, 0.5)}, {"road": (1, 2, 3)})) < 20_000
    long = table(["x"], ([str(i)] for i in range(5000)), "none")
    assert long.count("<tr>") == 501 and "4500 more rows" in long
    assert lines(["x"] * 5000, "none").count("<li>") == 201


@pytest.mark.parametrize("values", [[], [float("nan")] * 3, [float("inf")] * 3])
def test_nothing_known_is_said(values):
    assert "Nothing is known" in line_plot("ms", [0.0] * len(values), {"latency": values})
    assert "Nothing is known" in area_plot([], {"road": []}, {"road": (0, 0, 0)})
    assert "<polyline" in line_plot("ms", [0.0], {"one": [3.0]})
    assert "<polyline" in line_plot("ms", [0.0, 0.0], {"level": [0.0, 0.0]})


def test_a_report_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "report.html"
    with pytest.raises(KeyboardInterrupt), whole_page(path, page("first", [])):
        raise KeyboardInterrupt
    assert list(path.parent.iterdir()) == []
    write_page(path, page("first", []))
    with pytest.raises(OSError, match="full"), whole_page(path, page("second", [])):
        raise OSError("full")
    assert "first" in path.read_text() and len(list(path.parent.iterdir())) == 1


def test_places_that_are_refused(tmp_path):
    own, other = tmp_path / "own.html", tmp_path / "other.html"
    write_page(own, page("a", []))
    other.write_text("<html>mine</html>")
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "metadata.yaml").touch()
    (tmp_path / "link.html").symlink_to(own)
    check_place(own, [other])
    check_place(tmp_path / "new.html", [other], [tmp_path / "out"])
    for path, words in (
        (other, "was not written by amdanet"),
        (tmp_path / "report.pdf", "give .*report.pdf.html"),
        (tmp_path / "folder.html", "is a folder"),
        (tmp_path / "bag" / "new.html", "in the recording"),
        (tmp_path / "out" / "new.html", "lies in the output"),
    ):
        with pytest.raises(OutputPlaceError, match=words):
            check_place(path, [tmp_path / "bag"], [tmp_path / "out"])
    for path in (own, tmp_path / "link.html"):
        with pytest.raises(OutputPlaceError, match="is the input"):
            check_place(path, [own])

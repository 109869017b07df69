"""The document around a report's parts; a policy in it forbids every other content."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..output_place import OutputPlaceError, check_own, check_writable_kind, keep_apart
from ..whole_file import whole_file
from .elements import text

SUFFIX = ".html"
_MARK = "<meta name=generator content='amdanet'>"
_STYLE = """
:root{color-scheme:light dark;--ink:#222;--page:#fff;--line:#ddd;--head:#f3f3f3;--soft:#667}
@media(prefers-color-scheme:dark){:root{--ink:#ddd;--page:#181818;--line:#444;--head:#2a2a2a;
--soft:#99a}a{color:#8bf}}
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;
color:var(--ink);background:var(--page)}
table{border-collapse:collapse;width:100%;margin:.5em 0 2em}
th,td{text-align:left;padding:.25em .6em;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:anywhere}
th{background:var(--head)}td.n{text-align:right;font-variant-numeric:tabular-nums}
svg.bar{height:.7em;width:12em;fill:#c33}.ok{color:#283}.bad{color:#b22}
svg.plot{display:block;width:100%;height:auto;margin:.3em 0 1em;font:11px system-ui,sans-serif}
svg.plot text{fill:var(--soft)}svg.plot .axis{stroke:var(--line);fill:none}
ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2em 1.2em;padding:0;margin:.2em 0}
ul.legend svg{width:.9em;height:.9em;outline:1px solid var(--line);vertical-align:-.1em;
margin-right:.4em}
li{overflow-wrap:anywhere}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(22em,1fr));gap:1.2em}
.compare{margin:0}.compare figcaption,.compare label{color:var(--soft);font-size:.9em}
.stage{position:relative;overflow:hidden;background:#000;touch-action:pan-y;cursor:ew-resize}
.stage img{display:block;width:100%;height:auto}
.stage img.above{position:absolute;inset:0;height:100%;clip-path:inset(0 0 0 50%)}
.stage i{position:absolute;top:0;bottom:0;left:50%;width:2px;margin-left:-1px;background:#fff;
box-shadow:0 0 3px #000}
.choices{display:flex;justify-content:space-between}.compare input{width:100%}
"""
_SCRIPT = """
for (const each of document.querySelectorAll(".compare")) {
  const stage = each.querySelector(".stage"), edge = stage.querySelector("i");
  const shown = stage.querySelectorAll("img"), slider = each.querySelector("input");
  const sources = each.querySelectorAll("template");
  const urls = [...sources].map((one) => one.content.querySelector("img").src);
  const move = (share) => {
    shown[1].style.clipPath = `inset(0 0 0 ${share}%)`;
    edge.style.left = `${share}%`;
    slider.value = share;
  };
  each.querySelectorAll("select").forEach((choice, side) => {
    choice.addEventListener("change", () => { shown[side].src = urls[choice.value]; });
  });
  slider.addEventListener("input", () => move(Number(slider.value)));
  const drag = (event) => {
    const box = stage.getBoundingClientRect();
    move(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
  };
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
}
"""


def page(title: object, parts: Sequence[str], moves: bool = False) -> str:
    """Return a whole document.

    Args:
        title: of it.
        parts: HTML, see ``elements``, ``plots`` and ``images``.
        moves: whether there are sliders: they need a script.
    """
    script = f"<script>{_SCRIPT}</script>" if moves else ""
    allowed = f"script-src '{_digest(_SCRIPT)}'; " if moves else ""
    policy = (
        f"default-src 'none'; {allowed}style-src '{_digest(_STYLE)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = (
        f'<meta charset=utf-8><meta HTTP-EQUIV=Content-Security-Policy content="{policy}">{_MARK}'
        "<meta name=viewport content='width=device-width'>"
        f"<title>{text(title)}</title><style>{_STYLE}</style>"
    )
    body = f"<h1>{text(title)}</h1>{''.join(parts)}{script}"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>\n"


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def check_place(path: Path, inputs: Sequence[Path], outputs: Sequence[Path] = ()) -> None:
    """Check that a report may be written; nothing is changed.

    Args:
        path: of the report; a report of this package may be there, and is replaced.
        inputs: all that is read.
        outputs: what else is written, whole: the report may be none of them, nor lie in one.

    Raises:
        OutputPlaceError: it may not.
        OSError: the place cannot be looked at.
    """
    if path.suffix.lower() not in (SUFFIX, ".htm"):
        raise OutputPlaceError(f"--report {path}: a report is HTML: give {path}{SUFFIX}")
    place = path.resolve()
    for output in (each.resolve() for each in outputs):
        if output == place or output in place.parents:
            raise OutputPlaceError(
                f"--report {path} lies in the output {output}: give a place outside of it"
            )
    keep_apart(path, inputs)
    check_writable_kind(path)
    check_own(path, _is_report, "amdanet --report")


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return _MARK.encode() in file.read(4096)


@contextmanager
def whole_page(path: Path, content: str) -> Iterator[None]:
    """Write a document beside its place at once, and give it its name at the end of the `with`.

    Raises:
        OSError: it cannot be written; what was there is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_text(content, encoding="utf-8", errors="backslashreplace")
        yield


def write_page(path: Path, content: str) -> None:
    """Write a document whole; raises OSError, and leaves what was there."""
    with whole_page(path, content):
        pass

"""The page: one HTML file that needs no server and no network, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from galen.report.viewer.pack import BLOCK, Packed, pack, squeeze
from galen.report.viewer.sources import sources

HERE = Path(__file__).parent
NAME = "episodes.html"  # in a run's folder


def write(runs: Sequence[Path], out: Path, data: Path | None = None, model: str | None = None) -> Packed:
    """Write the episodes of `runs` into `out`, which appears whole or not at all; returns what went in.

    Raises:
        UserError: as `galen.report.viewer.sources.sources`.
    """
    packed = pack(sources(runs, data, model))
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(out.name + ".partial")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(page(packed, ", ".join(run.name for run in runs)))
    draft.replace(out)
    return packed


def told(packed: Packed) -> str:
    """What went in, and what was withheld (law 10), in words."""
    held = f", texts of {packed.withheld} withheld: their rows are credentialed or their tasks unknown"
    return f"{len(packed.rows)} episodes" + (held if packed.withheld else "")


def page(packed: Packed, title: str) -> Iterator[str]:
    """The page's text. What agents wrote is only in compressed blocks, and only ever becomes text of the document; the
    policy in its head allows the one script and style by their hashes, and no request anywhere.
    """
    script, style = (HERE / "viewer.js").read_text(), (HERE / "viewer.css").read_text()
    allowed = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    rows = {name: [row[name] for row in packed.rows] for name in (packed.rows[0] if packed.rows else ())}
    body = (HERE / "page.html").read_text()
    for name, text in {"POLICY": html.escape(allowed), "TITLE": html.escape(title), "STYLE": style}.items():
        body = body.replace(f"{{{{{name}}}}}", text)
    head, tail = body.split("{{SCRIPT}}")
    yield head
    yield _block("index", squeeze({"title": title, "size": BLOCK, "rows": rows}))
    yield f"<script>{script}</script>\n"
    yield _block("tokens", squeeze(packed.tokens))
    for number, block in enumerate(packed.blocks):
        yield _block(f"block-{number}", block)
    yield tail


def _block(name: str, text: str) -> str:
    return f'<script type="application/gzip" id="{name}">{text}</script>\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

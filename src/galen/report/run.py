"""The report of a run or of one store of episodes: Markdown, and the same as HTML.

What ran and on what, results, curves, health, why episodes failed, and everything that was left out (law 10). It holds
numbers and settings, no word of an episode (law 9).
"""

from __future__ import annotations

import html
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from galen.errors import UserError
from galen.report import curves, episodes, table
from galen.report.viewer.page import NAME
from galen.report.viewer.sources import stores
from galen.rollout.store import read

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}table{border-collapse:collapse;"
    "font-size:13px;display:block;overflow-x:auto}td,th{border:1px solid #ccd;padding:3px 8px}img{max-width:100%}"
)


def write(run: Path) -> Path:
    """Write `report.md` and `report.html` into the run's folder, or beside a store; returns the Markdown's path.

    Raises:
        UserError: no episode is there, or a broken one.
    """
    text = markdown(run)
    out = run.with_suffix(".report.md") if run.suffix == ".jsonl" else run / "report.md"
    out.write_text(text)
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    page = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(run.name)}</title><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n'
    out.with_suffix(".html").write_text(page)
    return out


def markdown(run: Path) -> str:
    """The report as Markdown. Draws `curves.svg` beside it where a method was trained."""
    found = [_summary(run, name, list(paths)) for name, paths in groupby(stores(run), lambda p: _group(run, p))]
    dead = {f"{path.parent.name}/episodes": _dead(_json(path)) for path in run.glob("*/report.json")}
    parts = [f"# Report of {run.name}\n", "## What ran\n", _made(run)]
    if (results := _json(run / "table.json")) is not None:
        parts += ["## Results on test tasks\n", table.markdown(results)]
    if (scores := run / "scores.md").exists():
        parts += ["## Scores\n", scores.read_text()]
    parts += ["## Curves\n", _curves(run), "## Health\n", episodes.health(found, dead)]
    parts += ["## Why episodes failed\n", episodes.failures(found), "## Actions\n", episodes.actions(found)]
    parts += ["## Left out\n", _left_out(run, found), "## Episodes\n", _link(run)]
    return "\n".join(parts)


def _group(run: Path, store: Path) -> str:
    """The stores of one method's rollouts are one."""
    if run.suffix == ".jsonl":
        return store.stem
    inside = store.relative_to(run)
    return str(inside.parent if inside.parent.name == "episodes" else inside.with_suffix(""))


def _summary(run: Path, name: str, paths: list[Path]) -> episodes.Summary:
    return episodes.summarise(name, [e for path in paths for e in read(path)])


def _json(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


def _made(run: Path) -> str:
    config, manifest = _json(run / "config.json") or {}, _json(run / "manifest.json") or {}
    model, seconds = config.get("model", {}), _json(run / "timings.json") or {}
    source = (_json(Path(config["data"]) / "dataset.json") or {}).get("source", "unknown") if config else ""
    facts = {
        "method": config.get("method"), "model": model.get("name") and f"{model['name']} ({model['path']})",
        "seed": config.get("seed"), "commit": manifest.get("commit"), "lock": manifest.get("lock_sha256"),
        "data": config.get("data") and f"{config['data']}: {source}", "data sha256": manifest.get("data"),
        "template": config.get("template"), "seconds": ", ".join(f"{k} {v:.0f}" for k, v in seconds.items()),
    }  # fmt: skip
    lines = [f"| {name} | {value} |" for name, value in facts.items() if value not in (None, "")]
    if not lines:
        return "One store of episodes; no run's configuration belongs to it.\n"
    return "\n".join(["| | |", "|---|---|", *lines]) + "\n"


def _curves(run: Path) -> str:
    told = ""
    if points := _json(run / "sft" / "curve.json"):
        told = (
            "SFT, success on validation tasks by epoch: " + ", ".join(f"{n:.0f}: {s:.3f}" for n, s in points) + "\n\n"
        )
    try:
        curves.plot(run, run / "curves.svg")
    except UserError:
        return told or "No method was trained.\n"
    return told + "![Learning curves](curves.svg)\n"


def _dead(report: dict[str, Any]) -> str:
    return f"{report['dead']} of {report['groups']}" if "dead" in report else "–"


def _left_out(run: Path, found: list[episodes.Summary]) -> str:
    """What was skipped, truncated or refused, with the reason; each line once it happened."""
    lines = []
    shown = _json(run / "demonstrations.json")
    if shown:
        lines += [f"{n} demonstrations were not trained on: {why}" for why, n in shown["dropped"].items()]
    for path in sorted(run.glob("*/report.json")):
        name, report = path.parent.name, _json(path)
        lines += [f"{name}: {n} {why}" for n, why in _counts(report) if n]
    for s in found:
        if s.valid < s.episodes:
            owners = episodes.counted(s.faults) or "no fault"
            lines.append(f"{s.name}: {s.episodes - s.valid} episodes have no reward and count nowhere ({owners})")
        if s.cut:
            lines.append(f"{s.name}: {s.cut} observations were shown shortened, by {s.cut_chars} characters")
    return "".join(f"- {line}\n" for line in lines) or "Nothing.\n"


def _counts(report: dict[str, Any]) -> list[tuple[int, str]]:
    """(how many, what became of them) of a method's report; DPO's has one a round."""
    told = [
        (report.get("too_long", 0), "rows are longer than the context and were not trained on"),
        (report.get("ungraded", 0), "episodes could not be graded and were not trained on"),
        (report.get("dead", 0), "groups had no two different rewards and carried no gradient"),
        (report.get("changed_tokens", 0), "trained tokens are not those that were sampled"),
    ]
    for number, one in enumerate(report.get("rounds", [])):
        names = {
            "ungraded": "ungraded episodes", "silent": "episodes without a token", "unscored": "unscored episodes",
            "repeated": "repeated episodes", "unpaired": "tasks without a pair", "too_long": "pairs longer than the context",
        }  # fmt: skip
        told += [(one.get(key, 0), f"{what} in round {number}") for key, what in names.items()]
    return told


def _link(run: Path) -> str:
    if run.suffix != ".jsonl" and (run / NAME).exists():
        return f"[Every episode, turn by turn]({NAME})\n"
    return f"`galen view {run}` writes a page with every episode, turn by turn.\n"

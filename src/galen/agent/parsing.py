"""From a reply to an action. Total: every text is an Action or a ParseError that says what to write instead."""

from __future__ import annotations

import difflib
import re

from galen.types import Action, ActionKind, ParseError

BLOCK = re.compile(r"```[ \t]*(\w*)[ \t]*\n(.*?)(?:^|\n)```", re.DOTALL | re.MULTILINE)
NAMES: dict[str, tuple[ActionKind, str | None]] = {
    "sql": (ActionKind.CODE_EXECUTION, "sql"),
    "python": (ActionKind.CODE_EXECUTION, "python"),
    "bash": (ActionKind.TERMINAL, None),
    "request_info": (ActionKind.REQUEST_INFO, None),
    "debugging": (ActionKind.DEBUGGING, None),
    "submit": (ActionKind.SUBMIT, None),
}
ALIASES = {"py": "python", "sqlite": "sql", "sh": "bash", "shell": "bash", "terminal": "bash", "debug": "debugging"}


def parse(text: str, allowed: tuple[ActionKind, ...]) -> Action | ParseError:
    """The one action of `text`, if it is among `allowed`. Text before `</think>` is passed over."""
    blocks = BLOCK.findall(text.rpartition("</think>")[2])
    if not blocks:
        return ParseError(message="no action: write one fenced block, such as ```submit")
    if len(blocks) > 1:
        return ParseError(message=f"{len(blocks)} blocks: write exactly one")
    name, body = blocks[0][0].lower(), blocks[0][1].strip("\n")
    name = str(ALIASES.get(name, name))
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return ParseError(message=f"no action is called {name or '(nothing)'}{hint}")
    kind, lang = NAMES[name]
    if kind not in allowed:
        return ParseError(message=f"{name} is not allowed in this task")
    if not body.strip() and kind not in (ActionKind.DEBUGGING, ActionKind.REQUEST_INFO):
        return ParseError(message=f"the {name} block is empty")
    return Action(kind=kind, content=body, lang=lang)  # type: ignore[arg-type]

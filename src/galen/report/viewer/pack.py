"""Episodes as the page reads them: one row each for the list, and a record for the detail, in compressed blocks.

A row never holds what was asked, written or shown. A record of a task whose rows stay on the machine holds none of it
either (law 9): its numbers, actions and outcomes are there, its texts and tokens are not.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from galen.evals.failures import FailureKind, classify, signs
from galen.evals.suspicion import suspicions
from galen.policy.template import ChatTemplate
from galen.report.viewer.sources import Source
from galen.types import Action, Episode, Turn

BLOCK = 32  # episodes a block
MILLI = 1000  # log-probabilities are stored in thousandths of a nat


@dataclass
class Packed:
    """`rows` in the order of the blocks; `blocks` and everything else as base64 of gzipped JSON."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    tokens: dict[int, str] = field(default_factory=dict)
    withheld: int = 0


def pack(sources: Iterable[Source]) -> Packed:
    """All episodes; `tokens` is the vocabulary that they use. Several tokenizers are kept apart by an offset."""
    packed, records, offsets = Packed(), [], {}
    for source in sources:
        first = offsets.setdefault(source.template.fingerprint, len(offsets) << 32)
        for episode in source.episodes():
            shown = source.open.has(episode.family, episode.task_id)
            packed.withheld += not shown
            gaps = _gaps(episode, source.trainer.get(episode.key)) if shown else None
            packed.rows.append(_row(episode, source.name, shown, gaps))
            records.append(_record(episode, shown, gaps, first, source.template, packed.tokens))
            if len(records) == BLOCK:
                packed.blocks.append(squeeze(_shared_prompts(records)))
                records = []
    if records:
        packed.blocks.append(squeeze(_shared_prompts(records)))
    return packed


def squeeze(value: Any) -> str:
    """JSON, gzipped (without a clock: the same bytes each time), as base64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)).decode()


def _row(e: Episode, source: str, shown: bool, gaps: list[float] | None) -> dict[str, Any]:
    failure, seen = classify(e), signs(e)
    verdict = "ungraded" if e.reward is None else "passed" if e.success else "failed"
    return {
        "key": e.key, "task": e.task_id, "source": source, "family": e.family, "category": e.category, "block": e.distribution,
        "seed": e.seed, "verdict": verdict, "reward": _finite(e.reward), "stop": e.stop.value,
        "fault": e.fault.owner.value if e.fault else "", "kind": failure.kind.value if failure else "",
        "signs": [k.value for k in FailureKind if k in seen], "suspicions": [s.value for s in suspicions(e)],
        "turns": len(e.turns), "tokens": sum(e.completion_mask), "seconds": round(e.seconds, 3),
        "drift": round(max(gaps), 6) if gaps else None, "withheld": not shown,
    }  # fmt: skip


def _record(
    e: Episode, shown: bool, gaps: list[float] | None, first: int, template: ChatTemplate, tokens: dict[int, str]
) -> dict[str, Any]:
    if not shown:
        return {"turns": [_outline(t) for t in e.turns]}
    rest = iter(gaps or ())
    turns = []
    for turn in e.turns:
        for token in turn.token_ids:
            if first + token not in tokens:
                tokens[first + token] = template.piece(token)
        drift = [round(next(rest) * MILLI, 3) if m else None for m in turn.loss_mask] if gaps else None
        turns.append(_outline(turn) | _texts(turn, first) | ({"drift": drift} if drift else {}))
    verdict = e.verdict and {
        "oracle": e.verdict.oracle,
        "version": e.verdict.version,
        "checks": json.dumps(e.verdict.checks),
    }
    return {
        "prompt": template.decode(e.prompt_ids), "turns": turns, "submission": e.submission, "later": e.later_submissions,
        "verdict": verdict, "fault": e.fault.message if e.fault else "", "tier": e.sandbox_tier, "policy": e.policy,
    }  # fmt: skip


def _outline(turn: Turn) -> dict[str, Any]:
    """What a turn did, without a word of what was written or shown."""
    action = turn.action
    kind = action.kind.value if isinstance(action, Action) else "parse_error"
    return {
        "kind": kind, "lang": action.lang if isinstance(action, Action) else None,
        "ok": turn.observation.ok if turn.observation else None, "seconds": turn.seconds, "exec": turn.exec_seconds,
    }  # fmt: skip


def _texts(turn: Turn, first: int) -> dict[str, Any]:
    seen = turn.observation
    return {
        "text": turn.text, "code": turn.action.content if isinstance(turn.action, Action) else None,
        "shown": seen.text if seen else None, "cut": seen.cut_chars if seen else 0,
        "ids": [first + t for t in turn.token_ids], "mask": "".join(map(str, turn.loss_mask)),
        "logprobs": [round(-p * MILLI) if math.isfinite(p) else None for p in turn.logprobs],
    }  # fmt: skip


def _gaps(e: Episode, trainer: list[float] | None) -> list[float] | None:
    """|log-probability at sampling - at training| of each sampled token, nats; None where the latter was not recorded."""
    sampled = [p for p, m in zip(e.completion_logprobs, e.completion_mask, strict=True) if m]
    if trainer is None or len(trainer) != len(sampled):
        return None
    return [abs(a - b) for a, b in zip(sampled, trainer, strict=True)]


def _shared_prompts(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The block's records, each prompt once."""
    prompts: dict[str, int] = {}
    for record in records:
        if "prompt" in record:
            record["prompt"] = prompts.setdefault(record["prompt"], len(prompts))
    return {"prompts": list(prompts), "records": records}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

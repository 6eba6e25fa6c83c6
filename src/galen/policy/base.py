"""The policy protocol: what the agent loop asks for its next reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from galen.types import Message


@dataclass(frozen=True)
class Context:
    """What a policy sees before a turn.

    `token_ids` is the whole prompt so far as tokens; `messages` is the same as chat, for policies that take text.
    `task_id`, `seed` and `turn` identify the decision (scripted policies use nothing else).
    """

    token_ids: list[int]
    messages: tuple[Message, ...]
    task_id: str
    seed: int
    turn: int


@dataclass(frozen=True)
class Sample:
    """One reply: its tokens (end-of-turn token included when the policy ended the turn), their
    log-probabilities in nats, its text without the end-of-turn token, and whether it ran out of tokens."""

    token_ids: list[int]
    logprobs: list[float]
    text: str
    truncated: bool
    version: int


class Policy(Protocol):
    """`generate` is thread-safe and raises ProviderError when the server is lost.

    `local` tells whether prompts stay on this machine (law 9).
    """

    name: str
    local: bool

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample: ...

"""One episode: the policy acts, the sandbox answers, until there is a reason to stop.

Tokens are only ever appended (law 1): the prompt is rendered once, then come sampled tokens and observation tokens.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from galen.agent.debugging import explain
from galen.agent.loops import looping
from galen.agent.observation import FAILED, WRONG, clip, error_tail, observe, outcome
from galen.agent.parsing import parse
from galen.errors import GalenError, SandboxFileError
from galen.policy.base import Context, Policy, Sample
from galen.policy.template import ChatTemplate
from galen.sandbox.base import Mount, Sandbox, SandboxBackend, SandboxSpec
from galen.tasks.base import Profile, family
from galen.types import (
    Action,
    ActionKind,
    Episode,
    ExecResult,
    Fault,
    Feedback,
    Message,
    Observation,
    ParseError,
    StopReason,
    Task,
    Turn,
    Verdict,
)  # fmt: skip

Grade = Callable[[Task, str], Verdict]

LAST = "@last"
FILE = re.compile(r"@file ([\w./-]{1,200})", re.ASCII)
MAX_FILE_BYTES = 1 << 20  # of a file that is handed in; an output has as many
MAX_PARSE_ERRORS = 3


@dataclass(frozen=True)
class Setting:
    """What an episode is played with. `context` and `reply_tokens` are in tokens."""

    data: Path
    template: ChatTemplate
    backend: SandboxBackend
    profile: Profile
    context: int
    reply_tokens: int
    temperature: float
    max_turns: int | None = None
    explain: Callable[..., str] = explain
    feedback: Feedback = "none"


def run_episode(task: Task, policy: Policy, setting: Setting, *, seed: int, key: str, grade: Grade) -> Episode:
    """Play `task` to its end. Faults that are not the policy's end it with their owner named, and no verdict.

    `grade` is asked during the episode with `feedback` oracle only; the episode's own verdict is its caller's to add.
    """
    player = _Player(task, policy, setting, seed, grade)
    start = time.monotonic()
    fault = None
    try:
        stop = player.play(start + task.limits.episode_timeout_s)
    except GalenError as error:
        stop, fault = StopReason.FAULT, Fault(owner=error.owner, message=str(error))
    finally:
        player.close()
    return Episode(
        key=key, task_id=task.id, family=task.family, category=task.category, cluster=task.cluster,
        distribution=task.distribution, seed=seed, policy=policy.name, policy_version=player.version,
        template=setting.template.fingerprint, sandbox_tier=player.tier, sandbox_enforced=player.enforced,
        prompt_ids=player.prompt_ids, turns=tuple(player.turns), stop=stop, fault=fault, feedback=setting.feedback,
        submission=player.submissions[0] if player.submissions else None, later_submissions=tuple(player.submissions[1:]),
        seconds=round(time.monotonic() - start, 4),
    )  # fmt: skip


class _Player:
    """The state of one episode."""

    def __init__(self, task: Task, policy: Policy, setting: Setting, seed: int, grade: Grade) -> None:
        self.task, self.policy, self.setting, self.seed, self.grade = task, policy, setting, seed, grade
        self.family = family(task.family)
        self.messages = list(self.family.pose(task, setting.profile))
        self.prompt_ids = setting.template.prompt_ids(tuple(self.messages))
        self.ids = list(self.prompt_ids)
        self.turns: list[Turn] = []
        self.actions: list[Action | ParseError] = []
        self.submissions: list[str] = []
        self.version, self.tier = 0, "unused"
        self.enforced: dict[str, str] = {}
        self._sandbox: Sandbox | None = None
        self._last_output: str | None = None
        self._last_failure: tuple[str, str] | None = None
        self._exec_seconds = 0.0

    def play(self, deadline: float) -> StopReason:
        limit = min(self.task.limits.max_turns, self.setting.max_turns or self.task.limits.max_turns)
        for turn in range(limit):
            room = self.setting.context - len(self.ids)
            if room < 2:
                return StopReason.CONTEXT
            start = time.monotonic()
            if start > deadline:
                return StopReason.TIMEOUT
            context = Context(self.ids, tuple(self.messages), self.task.id, self.seed, turn)
            sample = self.policy.generate(
                context, max_tokens=min(room, self.setting.reply_tokens), temperature=self.setting.temperature
            )
            self.version = sample.version
            action = self._handed_in(parse(sample.text, self.task.actions))
            self.actions.append(action)
            stop = self._stop(action, sample, turn + 1 == limit)
            observation = None if stop else self._act(action, deadline)
            self._record(sample, action, observation, start)
            if stop:
                return stop
        raise AssertionError("the last turn always stops")

    def _stop(self, action: Action | ParseError, sample: Sample, last: bool) -> StopReason | None:
        submits = isinstance(action, Action) and action.kind is ActionKind.SUBMIT
        if submits and (last or self.setting.feedback != "oracle" or self._ends()):
            return StopReason.SUBMITTED
        if sample.truncated and len(self.ids) + len(sample.token_ids) >= self.setting.context:
            return StopReason.CONTEXT
        tail = self.actions[-MAX_PARSE_ERRORS:]
        if len(tail) == MAX_PARSE_ERRORS and all(isinstance(a, ParseError) for a in tail):
            return StopReason.PARSE
        if looping(self.actions):
            return StopReason.LOOPING
        return StopReason.MAX_TURNS if last else None

    def _handed_in(self, action: Action | ParseError) -> Action | ParseError:
        """`action`; what it hands in, if it does, is kept. A file that cannot be handed in is no submission."""
        if isinstance(action, ParseError) or action.kind is not ActionKind.SUBMIT:
            return action
        text = action.content.strip()
        if text == LAST:
            text = self._last_output or ""
        elif named := FILE.fullmatch(text):
            try:
                text = self._open().get(named.group(1), max_bytes=MAX_FILE_BYTES).decode("utf-8", "replace")
            except SandboxFileError as error:
                return ParseError(message=f"nothing was handed in: {clip(str(error), 200)[0]}")
        self.submissions.append(text)
        return action

    def _ends(self) -> bool:
        """Whether the oracle has nothing to say against the last submission: it is right, or cannot be graded."""
        verdict = self.grade(self.task, self.submissions[-1])
        return verdict.passed or verdict.reward is None

    def _act(self, action: Action | ParseError, deadline: float) -> Observation:
        limit = self.task.limits.max_output_chars
        self._exec_seconds = 0.0
        if isinstance(action, ParseError):
            return Observation(text=action.message, ok=False)
        if action.kind is ActionKind.SUBMIT:
            return Observation(text=WRONG, ok=False)
        if action.kind is ActionKind.REQUEST_INFO:
            text, cut = clip(self.family.answer_request(self.task, action.content, self.setting.data), limit)
            return Observation(text=text, ok=True, cut_chars=cut)
        if action.kind is ActionKind.DEBUGGING:
            text, cut = clip(self._explain(action.content), limit)
            return Observation(text=text, ok=True, cut_chars=cut)
        result = self._execute(action, deadline)
        if action.kind is ActionKind.CODE_EXECUTION:
            self._last_failure = None if result.ok else (self._error(result), action.content)
            self._last_output = result.stdout.strip("\n") if result.ok else self._last_output
        return outcome(result) if self.setting.feedback == "execution" else observe(result, limit)

    def _execute(self, action: Action, deadline: float) -> ExecResult:
        seconds = max(0.1, min(self.task.limits.exec_timeout_s, deadline - time.monotonic()))
        sandbox = self._open()
        result = sandbox.run(action.content, lang=action.lang or "shell", timeout_s=seconds)
        self._exec_seconds = result.seconds
        return result

    def _error(self, result: ExecResult) -> str:
        """What the debugging action explains."""
        if self.setting.feedback == "execution":
            return FAILED
        return "timed out" if result.timed_out else error_tail(result.stderr)

    def _explain(self, said: str) -> str:
        error, code = self._last_failure or ("", "")
        vocabulary = self.family.vocabulary(self.task, self.setting.data)
        return self.setting.explain(error or said, code, vocabulary, compact=self.setting.profile == "compact")

    def _open(self) -> Sandbox:
        if self._sandbox is None:
            mounts = tuple(Mount(self.setting.data / r.path, r.mount) for r in self.task.resources)
            database = next((r.mount for r in self.task.resources if r.kind == "sqlite"), None)
            spec = SandboxSpec(mounts=mounts, database=database, memory_mb=self.task.limits.memory_mb)
            self._sandbox = self.setting.backend.create(spec)
            self.tier, self.enforced = self._sandbox.tier.name.lower(), self._sandbox.enforced
        return self._sandbox

    def _record(self, sample: Sample, action: Action | ParseError, shown: Observation | None, start: float) -> None:
        template = self.setting.template
        after = template.observation_ids(shown.text, closed=not sample.truncated) if shown else []
        own = len(sample.token_ids)
        turn = Turn(
            token_ids=[*sample.token_ids, *after], loss_mask=[1] * own + [0] * len(after),
            logprobs=[*sample.logprobs, *([0.0] * len(after))], policy_version=sample.version, text=sample.text,
            action=action, observation=shown, seconds=round(time.monotonic() - start, 4),
            exec_seconds=round(self._exec_seconds, 4),
        )  # fmt: skip
        self.turns.append(turn)
        self.ids = [*self.ids, *turn.token_ids]
        self.messages.append(Message(role="assistant", content=sample.text))
        if shown:
            self.messages.append(Message(role="user", content=shown.text))

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

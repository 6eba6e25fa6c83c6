"""The core types: data that travels the road, frozen, with no behaviour beyond validation.

Token sequences are flat lists of vocabulary ids; log-probabilities are natural logarithms (nats) of the
distribution that was sampled from; times are seconds.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EPISODE_SCHEMA = 1


class Frozen(BaseModel):
    """Base of every core type: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ActionKind(StrEnum):
    """What an agent may do: the paper's four actions (section 3.2), and handing in the answer."""

    REQUEST_INFO = "request_info"
    TERMINAL = "terminal"
    CODE_EXECUTION = "code_execution"
    DEBUGGING = "debugging"
    SUBMIT = "submit"


class StopReason(StrEnum):
    """Why an episode ended; exactly one each."""

    SUBMITTED = "submitted"
    MAX_TURNS = "max_turns"
    CONTEXT = "context"
    TIMEOUT = "timeout"
    LOOPING = "looping"
    PARSE = "parse"
    FAULT = "fault"


Feedback = Literal["none", "execution", "oracle"]
"""What an episode tells the agent of its own work.

`none` is the paper's setting: the agent sees what its code prints, never whether an answer is right. `execution` hides
the output too: it is told that its code ran or failed. `oracle`: as `none`, but a wrong submission is answered with
"wrong" and the episode goes on. The first submission is the one that is rewarded, always.
"""


class Owner(StrEnum):
    """Who owns a fault."""

    POLICY = "policy"
    TASK = "task"
    SANDBOX = "sandbox"
    PROVIDER = "provider"
    HARNESS = "harness"


class Fault(Frozen):
    """Something that broke, and whose it is. Only a policy's own fault may cost it reward."""

    owner: Owner
    message: str


class Privacy(StrEnum):
    """Where rows may go: `credentialed` never leaves the machine (law 9)."""

    NONE = "none"
    SYNTHETIC = "synthetic"
    OPEN = "open_deid"
    CREDENTIALED = "credentialed"


class Message(Frozen):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Resource(Frozen):
    """A file the sandbox shows read-only.

    `path` is relative to the data folder; `mount` is absolute inside the sandbox.
    """

    kind: Literal["sqlite", "csv_dir", "file"]
    path: str
    mount: str
    sha256: str = ""


class Limits(Frozen):
    """An episode's budgets: turns, seconds, MiB, characters shown."""

    max_turns: int = Field(default=15, ge=1)
    exec_timeout_s: float = Field(default=120.0, gt=0)
    episode_timeout_s: float = Field(default=600.0, gt=0)
    memory_mb: int = Field(default=1024, ge=64)
    max_output_chars: int = Field(default=4000, ge=80)


class TaskPrompt(Frozen):
    """What the agent is told: the question, the documents it is about, and the form of the answer."""

    question: str
    documents: tuple[str, ...] = ()
    contract: str


class OracleSpec(Frozen):
    """Which oracle judges the submission (a function of `galen.oracles`), with its parameters."""

    kind: str
    params: dict[str, Any] = {}


class Task(Frozen):
    """One instance of a family. Gold is elsewhere: the grader finds it by `id` in the gold store (law 5)."""

    id: str
    family: str
    category: str
    split: Literal["train", "valid", "test"]
    distribution: Literal["id", "ood"] = "id"
    cluster: str
    prompt: TaskPrompt
    resources: tuple[Resource, ...] = ()
    now: str | None = None
    actions: tuple[ActionKind, ...]
    limits: Limits = Limits()
    answer_type: str
    oracle: OracleSpec
    privacy: Privacy
    metadata: dict[str, Any] = {}

    @property
    def content_hash(self) -> str:
        """sha256 of the task's canonical JSON."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Gold(Frozen):
    """What only the grader and the scripted teacher read: the answer and a reference solution."""

    id: str
    answer: Any
    solution: str
    lang: Literal["sql", "python"]


class Action(Frozen):
    """One parsed action. `lang` is set for code_execution only."""

    kind: ActionKind
    content: str
    lang: Literal["sql", "python"] | None = None


class ParseError(Frozen):
    """A reply that is no action, and what the agent is told about it."""

    message: str


class Limit(StrEnum):
    """A limit that a program hit. `memory`, `processes` and `cpu` count everything in its sandbox together."""

    WALL = "wall"
    CPU = "cpu"
    MEMORY = "memory"
    OUTPUT = "output"
    FILE_SIZE = "file_size"
    PROCESSES = "processes"
    DISK = "disk"
    INODES = "inodes"


class ExecResult(Frozen):
    """What a program did. Status and limits come from the kernel's accounting, never from its output.

    `exit_code` is None when a signal ended it. `state_lost`: the session that it ran in is gone, with its variables.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    signal: int | None = None
    limits: tuple[Limit, ...] = ()
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    state_lost: bool = False

    @property
    def timed_out(self) -> bool:
        return Limit.WALL in self.limits

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out


class Observation(Frozen):
    """What the agent was shown after its action."""

    text: str
    ok: bool
    cut_chars: int = 0


class Turn(Frozen):
    """One action and what followed. `token_ids` is the sampled reply followed by the observation's tokens.

    `loss_mask` is 1 on sampled tokens and 0 on the environment's; `logprobs` is 0.0 where the mask is 0.
    """

    token_ids: list[int]
    loss_mask: list[int]
    logprobs: list[float]
    policy_version: int
    text: str
    action: Action | ParseError
    observation: Observation | None
    seconds: float = 0.0
    exec_seconds: float = 0.0

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if not len(self.token_ids) == len(self.loss_mask) == len(self.logprobs):
            raise ValueError("token_ids, loss_mask and logprobs differ in length")
        return self


class Verdict(Frozen):
    """An oracle's judgement. `reward` None means ungradeable: left out of every mean (law 3)."""

    reward: float | None
    passed: bool
    checks: dict[str, Any] = {}
    oracle: str
    version: int


class Episode(Frozen):
    """The unit on disk: one task, one policy, one seed.

    `sandbox_tier` is `unused` where nothing was run; `sandbox_enforced` says of each limit who kept it. `submission` is
    the first, which `verdict` is about; `later_submissions` are those that `feedback` oracle let follow.
    """

    schema_version: int = EPISODE_SCHEMA
    key: str
    task_id: str
    family: str
    category: str
    cluster: str
    distribution: str
    seed: int
    policy: str
    policy_version: int
    template: str
    sandbox_tier: str
    sandbox_enforced: dict[str, str] = {}
    prompt_ids: list[int]
    turns: tuple[Turn, ...]
    stop: StopReason
    fault: Fault | None = None
    feedback: Feedback = "none"
    submission: str | None = None
    later_submissions: tuple[str, ...] = ()
    verdict: Verdict | None = None
    seconds: float = 0.0

    @property
    def reward(self) -> float | None:
        return None if self.verdict is None else self.verdict.reward

    @property
    def success(self) -> bool:
        return self.verdict is not None and self.verdict.passed

    @property
    def completion_ids(self) -> list[int]:
        return [t for turn in self.turns for t in turn.token_ids]

    @property
    def completion_mask(self) -> list[int]:
        return [m for turn in self.turns for m in turn.loss_mask]

    @property
    def completion_logprobs(self) -> list[float]:
        return [p for turn in self.turns for p in turn.logprobs]


class Group(Frozen):
    """The episodes of one task under one policy version (GRPO's unit).

    `trained` are the rewards that training goes by, one an episode, where they are not the verdicts'.
    """

    task_id: str
    episodes: tuple[Episode, ...]
    trained: tuple[float | None, ...] | None = None

    @property
    def each(self) -> tuple[float | None, ...]:
        """The reward of each episode; None where there is none (law 3)."""
        return tuple(e.reward for e in self.episodes) if self.trained is None else self.trained

    @property
    def rewards(self) -> list[float]:
        return [r for r in self.each if r is not None]

    @property
    def live(self) -> bool:
        """Whether the group carries a gradient: two valid episodes with different rewards."""
        return len(set(self.rewards)) > 1


class TrainRow(Frozen):
    """One sequence to train on: `mask` 1 where a token was sampled by the agent.

    `template` is the fingerprint of the tokenizer and chat template that its tokens come from.
    """

    task_id: str
    template: str
    input_ids: list[int]
    mask: list[int]
    logprobs: list[float] | None = None
    advantage: float | None = None

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        if len(self.input_ids) != len(self.mask):
            raise ValueError("input_ids and mask differ in length")
        if not any(self.mask):
            raise ValueError("no trained token")
        return self


class Conditions(Frozen):
    """How episodes were played: two scores are compared where these are equal.

    `harness` names the agent loop and its version. `template` is the fingerprint of tokenizer and chat template;
    `context` and `reply_tokens` are in tokens. `debugger` is what explains errors: a model's name, or None for the
    offline explanations. `without` are actions that the tasks allow and the agent was not given.
    """

    harness: str
    template: str
    profile: str
    context: int
    reply_tokens: int
    max_turns: int | None
    temperature: float
    feedback: Feedback
    debugger: str | None = None
    without: tuple[ActionKind, ...] = ()


class Result(Frozen):
    """A store of graded episodes that a run left, relative to the run's folder, and whose they are.

    `policy` is `base`, or the method that trained it. `samples` counts the episodes of each task.
    """

    store: str
    model: str
    policy: str
    split: str
    samples: int
    conditions: Conditions


class RunManifest(Frozen):
    """What made a result: enough to make it again.

    `data` is the sha256 of the task folder's `dataset.json`, `tasks` the version of each of its files ("medcalc/test").
    """

    name: str
    commit: str
    lock_sha256: str
    config: dict[str, Any]
    seeds: list[int]
    data: str
    parents: list[str] = []
    tasks: dict[str, str] = {}
    results: tuple[Result, ...] = ()


class Score(Frozen):
    """One policy on one family: success over valid episodes, with Wilson's 95 % interval.

    `all_success` counts what has no reward as failed, over all `n` episodes; `cluster_low` and `cluster_high` are the
    interval of `success` that knows of `clusters`.
    """

    policy: str
    family: str
    n: int
    valid: int
    success: float
    ci_low: float
    ci_high: float
    all_success: float
    all_low: float
    all_high: float
    clusters: int
    cluster_low: float
    cluster_high: float

"""The oracle of prediction tables: every row once or nothing, AUROC as scikit-learn has it, and no way to upset it."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from galen.agent.loop import MAX_FILE_BYTES, Setting, run_episode
from galen.oracles import judge
from galen.oracles.predictions import MAX_CHARS, Form
from galen.proofs.cheats import CheatPolicy
from galen.proofs.wrong_tables import wrong_tables
from galen.types import ActionKind, OracleSpec, ParseError, Privacy, StopReason, Task, TaskPrompt

KEYS = ("patient_id", "prediction_time")
BINARY = {"keys": KEYS, "columns": ("probability",), "labels": "binary", "baseline": 0.55, "threshold": 0.75}
CLASSES = BINARY | {"columns": ("normal", "mild", "severe"), "labels": "classes"}
BITS = BINARY | {"columns": ("edema", "pneumonia"), "labels": "bits"}


def spec(params):
    return OracleSpec(kind="predictions", params=params)


def keys(n):
    """Two rows a patient: a key is the pair."""
    return [(100 + i // 2, f"2101-03-{i % 28 + 1:02d} 23:59:00") for i in range(n)]


def gold_of(labels):
    return [[*key, label] for key, label in zip(keys(len(labels)), labels, strict=True)]


def table(scores, columns=("probability",)):
    lines = (",".join(map(str, (*key, *row))) for key, row in zip(keys(len(scores)), scores, strict=True))
    return "\n".join((",".join((*KEYS, *columns)), *lines))


GOLD = gold_of([0, 1] * 20)
PERFECT = table([[0.1 + 0.8 * row[-1]] for row in GOLD])
DRAWS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])), min_size=2, max_size=40)


@given(DRAWS.filter(lambda rows: len({label for label, _ in rows}) == 2))
def test_the_reward_is_sklearns_auroc_between_baseline_and_one_with_ties_and_in_any_order(rows):
    truth, scores = [label for label, _ in rows], [score for _, score in rows]
    head, *lines = table([[s] for s in scores]).splitlines()
    random.Random(0).shuffle(lines)
    verdict = judge(spec(BINARY), "\n".join((head, *lines)), gold_of(truth))
    auroc = roc_auc_score(truth, scores)
    assert verdict.checks["auroc"] == pytest.approx(auroc, abs=1e-6)
    assert verdict.reward == pytest.approx(min(1, max(0, (auroc - 0.55) / 0.45)), abs=1e-5)
    assert verdict.passed == (round(auroc, 6) >= 0.75)


def test_several_classes_are_a_mean_of_one_against_the_rest():
    rng = random.Random(1)
    labels = [rng.randrange(3) for _ in range(60)]
    scores = [[rng.random() + (label == c) for c in range(3)] for label in labels]
    scores = [[x / sum(row) for x in row] for row in scores]
    verdict = judge(spec(CLASSES), table(scores, CLASSES["columns"]), gold_of(labels))
    assert verdict.checks["auroc"] == pytest.approx(roc_auc_score(labels, scores, multi_class="ovr"), abs=1e-6)


def test_bits_are_a_mean_over_columns_and_one_that_never_varies_is_left_out():
    labels = ["01", "00", "01", "00"]
    verdict = judge(
        spec(BITS), table([[0.3, 0.9], [0.9, 0.1], [0.2, 0.8], [0.1, 0.2]], BITS["columns"]), gold_of(labels)
    )
    assert verdict.passed and verdict.checks["auroc"] == 1.0


def test_two_predictions_of_one_patient_are_two_rows():
    """The released grader kept the last label of a patient."""
    labels = [1, 0] * 20
    by_patient = table([[0.9]] * 40)
    assert judge(spec(BINARY), table([[label] for label in labels]), gold_of(labels)).reward == 1.0
    assert judge(spec(BINARY), by_patient, gold_of(labels)).reward == 0.0


@pytest.mark.parametrize("kind", wrong_tables(PERFECT, Form.model_validate(BINARY)))
def test_a_wrong_table_gets_nothing(kind):
    assert judge(spec(BINARY), PERFECT, GOLD).reward == 1.0
    verdict = judge(spec(BINARY), wrong_tables(PERFECT, Form.model_validate(BINARY))[kind], GOLD)
    assert (verdict.reward, verdict.passed) == (0.0, False)


@pytest.mark.parametrize("params", [CLASSES, BITS])
def test_a_wrong_table_of_several_columns_gets_nothing(params):
    labels = [i % 3 for i in range(30)] if params is CLASSES else [f"{i % 2}{i // 2 % 2}" for i in range(32)]
    n = len(params["columns"])
    bits = [
        [float(label == i) for i in range(n)] if params is CLASSES else [float(b) for b in label] for label in labels
    ]
    right, gold = table(bits, params["columns"]), gold_of(labels)
    assert judge(spec(params), right, gold).reward == 1.0
    for kind, text in wrong_tables(right, Form.model_validate(params)).items():
        assert judge(spec(params), text, gold).reward == 0.0, kind


def test_classes_that_do_not_sum_to_one_are_no_probabilities():
    assert "sum" in judge(spec(CLASSES), table([[1, 1, 1]] * 3, CLASSES["columns"]), gold_of([0, 1, 2])).checks["table"]


@pytest.mark.parametrize(
    "value",
    ["nan", "inf", "1e999", "", " ", "0x1", "1_0", "٠", "0,5", "1e-", "--1", "1" * 5000, '"0.5', "\x00", "None"],
)
def test_a_value_that_is_no_probability_fails(value):
    verdict = judge(spec(BINARY), PERFECT.replace("0.9", value, 1), GOLD)
    assert verdict.reward == 0.0 and verdict.checks["table"] != "whole"


@pytest.mark.parametrize(
    "text", ["", "patient_id", '"' * 300_000, "," * 1_000_000, "\n" * 1_000_000, "a,b\n" * 200_000, "[" * 100_000, "1" * 2_000_000, "\ufeff" + PERFECT[:40]]
)  # fmt: skip
def test_no_submission_upsets_it_or_takes_long(text):
    start = time.monotonic()
    assert judge(spec(BINARY), text, GOLD).reward == 0.0
    assert time.monotonic() - start < 2


@given(st.text(max_size=200))
def test_any_text_gets_a_verdict(text):
    assert judge(spec(BINARY), text, GOLD).reward == 0.0


def test_a_thousand_rows_fit_and_more_characters_than_the_limit_do_not():
    assert len(table([[0.123456]] * 20_000)) < MAX_CHARS == MAX_FILE_BYTES
    assert "longer" in judge(spec(BINARY), PERFECT + " " * MAX_CHARS, GOLD).checks["table"]


@pytest.mark.parametrize(
    ("gold", "params"),
    [
        (gold_of([0, 0, 0]), BINARY), (gold_of([0, 2, 1]), BINARY), ([*gold_of([0, 1]), *gold_of([0, 1])], BINARY),
        (gold_of([0, 3, 1]), CLASSES), (gold_of(["01", "1"]), BITS), (gold_of([0, 1]), BINARY | {"threshold": 0.5}),
        (gold_of([0, 1]), BINARY | {"columns": ("a", "b")}), (gold_of([0, 1]), BINARY | {"baseline": float("nan")}),
    ],
)  # fmt: skip
def test_broken_gold_is_no_verdict(gold, params):
    with pytest.raises(ValueError):
        judge(spec(params), table([[0.5]] * len(gold), params["columns"]), gold)


ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.SUBMIT)
TASK = Task(
    id="table/0", family="medcalc", category="a table", split="test", cluster="0", prompt=TaskPrompt(question="?", contract=""),
    actions=ACTIONS, answer_type="predictions", oracle=spec(BINARY), privacy=Privacy.NONE,
)  # fmt: skip


@pytest.fixture
def play(tmp_path, template, backend):
    def episode(*replies):
        setting = Setting(tmp_path, template, backend, "full", 1_000_000, 1_000_000, 0.0)
        policy = CheatPolicy("hands in a file", replies, {TASK.id: {}}, template)
        return run_episode(
            TASK, policy, setting, seed=0, key="0", grade=lambda task, text: judge(task.oracle, text, GOLD)
        )

    return episode


def test_a_file_of_the_work_folder_is_handed_in_whole(play):
    code = f"open('predictions.csv', 'w').write({PERFECT!r})"
    episode = play(f"```python\n{code}\n```", "```submit\n@file predictions.csv\n```")
    assert episode.stop is StopReason.SUBMITTED and episode.submission == PERFECT
    assert judge(TASK.oracle, episode.submission, GOLD).reward == 1.0


def test_a_file_that_is_not_there_or_too_long_is_no_submission(play):
    long = f"open('long.csv', 'w').write('1' * {MAX_FILE_BYTES + 1})"
    episode = play(
        f"```python\n{long}\n```",
        "```submit\n@file long.csv\n```",
        "```submit\n@file none.csv\n```",
        "```submit\n1\n```",
    )
    assert [isinstance(turn.action, ParseError) for turn in episode.turns] == [False, True, True, False]
    assert "longer than" in episode.turns[1].observation.text and "No such file" in episode.turns[2].observation.text
    assert (episode.stop, episode.submission, episode.later_submissions) == (StopReason.SUBMITTED, "1", ())


def test_a_file_that_never_ends_or_is_no_text_harms_nobody(play):
    code = "import os\nos.symlink('/dev/urandom', 'endless')\nos.mkfifo('pipe')\nopen('bytes', 'wb').write(bytes(range(256)))"
    names = ("endless", "pipe", "bytes")
    episode = play(f"```python\n{code}\n```", *(f"```submit\n@file {name}\n```" for name in names))
    assert all("no regular file" in turn.observation.text for turn in episode.turns[1:3]) and episode.seconds < 5
    assert judge(TASK.oracle, episode.submission, GOLD).reward == 0.0


def test_nothing_outside_the_sandbox_is_handed_in(play, tmp_path):
    (tmp_path / "gold.csv").write_text(PERFECT)
    episode = play(f"```submit\n@file {tmp_path}/gold.csv\n```", "```submit\n@file ../../../etc/shadow\n```")
    assert episode.submission is None

"""MedAgentGym's N-PowerAI rows, written here with its fields and the places where its questions state numbers."""

import contextlib
import io
import json

import pytest

from data_prep.build import build
from data_prep.given import Sources
from data_prep.npowerai import published
from data_prep.settings import DataSettings
from galen.errors import UserError
from galen.oracles import judge
from galen.tasks.store import GoldStore, read_tasks

AT = "at a significance level of 0.05"
PARTS = "0.1268, 0.705, 0.1281, 0.0323, and 0.0078 in females, and will be 0.1151, 0.7139, 0.1368, 0.0241, and 0.0101 in males"
OTHERS = PARTS.replace("0.1268, 0.705", "0.2047, 0.6271").replace("0.1151, 0.7139", "0.0349, 0.7941")
RISKS = "A 50% decline is a failure. Failure probabilities in groups E and C are 0.3707 and 0.4890, the hazard ratio is assumed to be"
# (test, target, question, the released label, and what ours is where it differs)
ROWS = [
    (1, "size", f"The mean in general is 120; for the sample to be 104.18 with a standard deviation of 7.3, two-sided, power of 90%, {AT}?", 5, None),
    (1, "power", f"The mean in general is 120; sample to be 117 with a standard deviation of 7.3; recruited 37, not equal, {AT}?", 0.681785, None),
    (2, "size", f"The groups' gap: group will be 19.8; diet A to be 15, diet B to be 17; achieve 80% power, two-sided, {AT}?", 42, 12),
    (2, "power", "She has 42 patients; group will be 20.0; diet A to be 15, diet B to be 17. What is the power?", 0.999887, None),
    (3, "size", f"levels 10.2 units, standard deviation of 38; achieve 80% of power, lower one-sided test, {AT}?", 88, None),
    (3, "power", f"levels 10.0 units, standard deviation of 38; a sample of 53; power for detecting a reduction {AT}?", 0.512913, 0.597139),
    (4, "size", f"means of each group will be 584, 583, 587, and 586, value of 80; achieve 80% of power {AT}?", 5235, 6979),
    (4, "power", f"means of each group will be 583, 579, 580, and 584, value of 80; a group of 13; power {AT}?", 0.056297, 0.05187),
    (5, "size", f"will be {OTHERS}; achieve 80% of power {AT}?", 169, None),
    (5, "power", f"a sample of 13069; will be {PARTS}; power {AT}?", 0.905065, None),
    (6, "size", f"{RISKS} 0.788; achieve 80% power, two-sided {AT}?", 650, None),
    (6, "power", f"having 294 person; {RISKS} 0.785; two-sided {AT}?", 0.801111, 0.48203),
]  # fmt: skip


def _rows(chosen=ROWS):
    names = ("task_id", "estimate_target", "question", "answer")
    return [dict(zip(names, row[:4], strict=True), task_type="any") for row in chosen]


def _write(folder, rows, name="test_tasks.jsonl"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return folder / name


def test_labels_that_contradict_their_question_are_told_and_ours_kept(tmp_path, capsys):
    pairs, account, differences = published.read(_write(tmp_path / "npowerai", _rows()))
    assert (account.used, account.refused) == (len(ROWS), 0)
    for row, (task, gold) in zip(ROWS, pairs, strict=True):
        assert gold.answer == pytest.approx(row[4] or row[3], rel=1e-4)
        assert task.category == published.TESTS[row[0]] and task.split == "test" and task.prompt.question == row[2]
        assert isinstance(gold.answer, int) == (row[1] == "size")
    assert {(d.released, d.why) for d in differences} == {
        (42, "contradicts its question: it is the size for a difference of 10"),
        (0.512913, "contradicts its question: it is the power of 42 patients"),
        (5235, "follows another convention: the variance in Cohen's f has divisor k - 1"),
        (0.056297, "contradicts its question: it is the power of 41 students a group"),
        (0.801111, "contradicts its question: it is the power at a hazard ratio of 0.7"),
    }
    said = capsys.readouterr().out
    assert "12 used, 0 refused" in said and "5 stored answers differ from ours, which are kept" in said
    assert "1 used: Cox proportional hazards, power: ours is kept, for the label contradicts its question" in said


def test_a_label_that_nothing_explains_is_told_so(tmp_path):
    _, _, [difference] = published.read(_write(tmp_path / "npowerai", _rows([(*ROWS[0][:3], 6, None)])))
    assert difference.why == "contradicts its question for no reason that is known"


def test_what_a_question_leaves_open_is_in_the_answer_form(tmp_path):
    pairs, _, _ = published.read(_write(tmp_path / "npowerai", _rows()))
    forms = {task.category: task.prompt.contract for task, _ in pairs}
    assert "two-sided at 0.05" in forms["two-sample t-test"] and "divisor k (ddof 0)" in forms["one-way ANOVA"]
    assert "Freedman" in forms["Cox proportional hazards"] and "one-sided" in forms["paired t-test"]


def test_each_row_has_a_program_that_gives_its_answer(tmp_path):
    pairs, _, _ = published.read(_write(tmp_path / "npowerai", _rows()))
    for task, gold in pairs:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(gold.solution, {"__name__": "__main__"})
        assert judge(task.oracle, out.getvalue(), gold.answer).passed, gold.solution


def test_rows_without_their_numbers_are_refused_and_counted(tmp_path):
    short = dict(_rows()[0], question="How many patients?")
    halves = dict(_rows()[9], question=ROWS[9][2].replace("0.705", "0.605"))
    same = dict(_rows()[0], question=ROWS[0][2].replace("104.18", "120"))
    one = dict(_rows()[1], question=ROWS[1][2].replace("recruited 37", "recruited 1"))
    rows = [*_rows(), short, halves, same, _rows()[1], one]
    _, account, _ = published.read(_write(tmp_path / "npowerai", rows))
    reasons = {reason.split(":")[0]: places for reason, places in account.reasons.items()}
    assert account.used == len(ROWS) and reasons == {
        "its question does not state 'goal' where the release's does": ["row 13"],
        "its proportions do not sum to one": ["row 14"], "its numbers give no size": ["row 15"],
        "it says the same as an earlier row": ["row 16"], "its numbers give no power": ["row 17"],
    }  # fmt: skip
    with pytest.raises(UserError, match="no row is usable"):
        published.read(_write(tmp_path / "npowerai", [short]))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"task_id": 7}, "row 2: task_id: 7 is not a whole number from 1 to 6"),
        ({"estimate_target": "alpha"}, "row 2: estimate_target: 'alpha' is not 'size' or 'power'"),
        ({"estimate_target": ["size"]}, "row 2: estimate_target: .* is not 'size' or 'power'"),
        ({"answer": "42"}, "row 2: answer: '42' is not a number"),
        ({"question": " "}, "row 2: field 'question' is missing"),
    ],
)
def test_a_broken_row_is_named(tmp_path, change, fault):
    first, second = _rows(ROWS[:2])
    with pytest.raises(UserError, match=fault):
        published.read(_write(tmp_path / "npowerai", [first, second | change]))


def test_medagentgyms_folder_holds_them(tmp_path):
    _write(tmp_path / "npowerai", _rows(), "train_tasks.jsonl")
    _write(tmp_path / "npowerai", _rows(ROWS[:3]))
    build(tmp_path / "gym", 0, DataSettings(patients=20), Sources(medagentgym=tmp_path))
    train, valid, test = (read_tasks(tmp_path / "gym", "npowerai", split) for split in ("train", "valid", "test"))
    assert (len(train), len(valid), len(test)) == (11, 1, 3)
    assert GoldStore(tmp_path / "gym").get(test[2]).answer == 12

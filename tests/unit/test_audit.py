"""`galen audit`: a clean folder is clean, and each kind of leak that is planted in it is found."""

import json

import pytest

from data_prep.audit import audit
from galen.cli_proofs import audit as command
from galen.errors import UserError
from galen.tasks.store import write_tasks
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Task, TaskPrompt

NOTE = (
    "the patient aged {age} came with a heart rate of {hr} beats and a systolic pressure of {sbp} after {days} days of fever "
    "then a potassium of {k} and a sodium of {na} were measured while she was given {dose} mg of the drug every {h} hours"
)


def pair(split, number, question="which value?", document="", sql="", cluster="", distribution="id", **metadata):
    id_ = f"notes/{split}-{distribution}/{number:06d}"
    task = Task(
        id=id_, family="notes", category="c", split=split, distribution=distribution, cluster=cluster or f"case {split} {number}",
        prompt=TaskPrompt(question=question, documents=(document,) if document else (), contract="a number"),
        actions=(ActionKind.SUBMIT,), answer_type="number", oracle=OracleSpec(kind="rows"), privacy=Privacy.SYNTHETIC,
        metadata=metadata,
    )  # fmt: skip
    return task, Gold(id=id_, answer=[[number]], solution=sql or f"select {split}{number}", lang="sql")


def note(number, **changes):
    values = {"age": 20, "hr": 70, "sbp": 120, "days": 3, "k": 4, "na": 140, "dose": 50, "h": 6}
    return NOTE.format(**{k: v + 7 * number + i for i, (k, v) in enumerate(values.items())} | changes)


def notes(split, start, n=15):
    return [pair(split, i, document=note(i)) for i in range(start, start + n)]


@pytest.fixture
def leaks(tmp_path):
    def leaks(*extra):
        write_tasks(tmp_path / "data", [*notes("train", 0), *notes("test", 100), *extra], seed=0, source="test")
        [found] = audit(tmp_path / "data")
        kinds = ("ngram", "duplicate", "note", "patient", "value", "template")
        return {kind: getattr(found, kind) for kind in kinds if getattr(found, kind)}

    return leaks


def test_one_template_with_other_values_is_no_leak(leaks):
    assert leaks() == {}


def test_a_question_that_is_trained_on(leaks):
    same = [pair(s, 900, "how many patients had a fever in 2104?") for s in ("train", "test")]
    assert leaks(*same) == {"duplicate": 2}


def test_a_duplicate_within_a_split(leaks):
    assert leaks(*(pair("train", n, "HOW many  patients?" if n % 2 else "how many patients?") for n in (900, 901))) == {
        "duplicate": 2
    }


def test_a_note_that_is_trained_on_with_another_question(leaks):
    extra = pair("test", 900, "what is the sodium?", document=note(3))
    assert leaks(extra) == {"ngram": 1, "note": 1}


def test_a_note_within_a_longer_one(leaks):
    longer = "Before all this nothing happened. " + note(50) + " Nothing came of it in the end."
    assert leaks(pair("train", 900, document=longer), pair("test", 901, document=note(50))) == {"ngram": 1}


def test_a_note_with_one_value_changed(leaks):
    assert leaks(pair("test", 900, document=note(3, h=999))) == {"ngram": 1}


def test_a_sentence_with_values_that_many_cases_have_is_wording(leaks):
    told = " The normal range of potassium is 3.5 to 5.1 and of sodium 135 to 145 in all of our wards."
    train = [pair("train", 200 + i, document=note(200 + i) + told) for i in range(15)]
    assert leaks(*train, pair("test", 300, document="A dose of 4." + told)) == {}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"slots": {"patient_id": 17}}, {"slots": {"patient_id": 17}}),
        ({"hadm_id": 100007}, {"slots": {"hadm_id": 100007}}),
    ],
)
def test_a_patient_that_is_trained_on(leaks, mine, theirs):
    assert leaks(pair("train", 900, "first?", **mine), pair("test", 900, "second?", **theirs)) == {"patient": 1}


def test_a_cluster_that_is_a_patient(leaks):
    said = [pair(s, 900, f"{s}?", cluster="patient 17") for s in ("valid", "test")]
    assert leaks(*said) == {"patient": 1}


def test_the_same_query_in_other_words(leaks):
    sql = "select count(*)  from t where year = 2105"
    assert leaks(pair("train", 900, "in 2105?", sql=sql), pair("test", 900, "this year?", sql=sql.upper())) == {
        "value": 1
    }


def test_an_unseen_template_that_was_seen(leaks):
    seen = pair("train", 900, "seen?", q_tag="how many {x}?")
    assert leaks(seen, pair("test", 900, "ood?", distribution="ood", q_tag="how many {x}?")) == {"template": 1}


def test_a_template_of_the_seen_block_may_be_seen(leaks):
    seen = pair("train", 900, "seen?", q_tag="how many {x}?")
    assert leaks(seen, pair("test", 900, "id?", q_tag="how many {x}?")) == {}


def test_the_generated_gym_leaks_no_note_patient_or_template(data):
    for found in audit(data):
        assert json.loads(json.dumps(vars(found)))["test"] == 56
        assert (found.ngram, found.duplicate, found.note, found.patient, found.template) == (0, 0, 0, 0, 0), found


def test_a_document_that_many_cases_have_is_wording(leaks):
    step = "first, the patients who are still here were listed"
    train = [pair("train", 200 + i, f"step {i}?", document=step) for i in range(12)]
    assert leaks(*train, pair("test", 300, "another step?", document=step)) == {}


def test_the_command_fails_above_zero(tmp_path, capsys):
    same = [pair(s, 900, "how many patients?") for s in ("train", "test")]
    write_tasks(tmp_path / "data", [*notes("train", 0), *same], seed=0, source="test")
    with pytest.raises(UserError, match="2 leaks between the splits"):
        command(tmp_path / "data")
    assert "notes duplicate: notes/train-id/000900, notes/test-id/000900" in capsys.readouterr().out
    write_tasks(tmp_path / "clean", notes("train", 0) + notes("test", 50), seed=0, source="test")
    command(tmp_path / "clean", as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["total"] == 0

"""The family `eicu`: how a question is posed, what `request_info` tells, and references in the sandbox."""

import sqlite3

import pytest

from data_prep.ehrsql.build import build
from data_prep.ehrsql.eicu import EICU, VITALS
from data_prep.eicu.view import write_sqlite
from data_prep.hospital.generate import generate
from galen.oracles import judge
from galen.sandbox.base import Mount, SandboxSpec
from galen.tasks.base import families, family


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("gym")
    (out / "resources").mkdir()
    write_sqlite(generate(120, 8), out / "resources" / "eicu.sqlite")
    return out


@pytest.fixture(scope="module")
def pairs(folder):
    return list(build(folder / "resources" / "eicu.sqlite", 160, 20, 0, 1, selected="all", dialect=EICU))


def test_the_prompt_tells_what_cannot_be_looked_up(pairs):
    assert "eicu" in families()
    task, gold = pairs[0]
    system, user = family("eicu").pose(task, "full")
    assert task.now and task.now in system.content and task.resources[0].mount in system.content
    for words, column, low, high in VITALS:
        assert f"{words} {low:g}-{high:g}" in system.content and words.split()[0] in system.content + column
    assert task.prompt.question in user.content and task.prompt.contract in user.content
    assert gold.solution not in system.content + user.content
    short = family("eicu").pose(task, "compact")
    assert sum(len(m.content) for m in short) < 30 + len(task.prompt.question)


def test_every_vital_sign_is_found_by_its_words(folder, pairs):
    columns = {
        r[1] for r in sqlite3.connect(folder / "resources" / "eicu.sqlite").execute("pragma table_info(vitalperiodic)")
    }
    assert {column for _, column, _, _ in VITALS} <= columns
    assert family("eicu").vocabulary(pairs[0][0], folder).tables["vitalperiodic"][0] == "vitalperiodicid"


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("tables", "tables: patient, diagnosis, treatment"), ("columns of microlab", "culturesite, organism"),
        ("values of patient.hospitaldischargestatus", "alive"), ("hypertention", "hypertension in diagnosis.diagnosisname"),
        ("mechanical ventilation", "mechanical ventilation - assist controlled in treatment.treatmentname"),
        ("metoprolol", "metoprolol tartrate in medication.drugname"), ("foley", "foley in intakeoutput.celllabel"),
        ("sputum", "sputum, expectorated in microlab.culturesite"), ("penicillin", "penicillins in allergy.allergyname"),
    ],
)  # fmt: skip
def test_requests_are_answered(folder, pairs, request_, told):
    assert told in family("eicu").answer_request(pairs[0][0], request_, folder)


def test_references_pass_in_the_sandbox(folder, pairs, backend):
    mounts = tuple(Mount(folder / r.path, r.mount) for r in pairs[0][0].resources)
    sandbox = backend.create(SandboxSpec(mounts=mounts, database="/data/eicu.sqlite"))
    for task, gold in pairs[:60]:
        done = sandbox.run(gold.solution, lang=gold.lang, timeout_s=20)
        assert judge(task.oracle, done.stdout, gold.answer).passed, (task.id, gold.solution, done)
    sandbox.close()

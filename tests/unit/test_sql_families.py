"""How treqs and ehr_seqsql are posed: all that the agent needs, in few words or many, and no gold."""

import pytest

from data_prep import seqsql, treqs
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite
from galen.oracles import judge
from galen.sandbox.base import Mount, SandboxSpec
from galen.tasks.base import family


@pytest.fixture(scope="module")
def gym(tmp_path_factory):
    """A task folder's resources, with a few tasks of each family."""
    out = tmp_path_factory.mktemp("gym")
    (out / "resources").mkdir()
    write_sqlite(generate(60, 4), out / "resources" / "mimic_iii.sqlite")
    treqs.write_sqlite(out / "resources" / "mimic_iii.sqlite", out / "resources" / "treqs.sqlite", 4)
    return out, {
        "treqs": list(treqs.build(out / "resources" / "treqs.sqlite", 60, 20, 0, 4)),
        "ehr_seqsql": list(seqsql.build(out / "resources" / "mimic_iii.sqlite", 60, 20, 10, 4)),
    }


@pytest.mark.parametrize("name", ["treqs", "ehr_seqsql"])
def test_a_task_is_posed_whole_and_without_gold(gym, name):
    _, pairs = gym
    module = family(name)
    for task, gold in pairs[name]:
        for profile in ("full", "compact"):
            text = "\n".join(m.content for m in module.pose(task, profile))
            assert task.prompt.question in text and gold.solution not in text
            assert all(d in text for d in task.prompt.documents)
        system, user = module.pose(task, "full")
        assert task.resources[0].mount in system.content and task.prompt.contract in user.content
        assert "three decimals" in system.content and (task.now is None or task.now in system.content)
        assert len(module.pose(task, "compact")[0].content) < 30
    assert len({t.category for t, _ in pairs[name]}) <= 4 and module.CATEGORY_RULE


@pytest.mark.parametrize("name", ["treqs", "ehr_seqsql"])
def test_references_pass_in_the_sandbox_and_wrong_answers_fail(gym, backend, name):
    data, pairs = gym
    first = pairs[name][0][0].resources[0]
    sandbox = backend.create(SandboxSpec(mounts=(Mount(data / first.path, first.mount),), database=first.mount))
    for task, gold in pairs[name][::3]:
        done = sandbox.run(gold.solution, lang="sql", timeout_s=20)
        assert judge(task.oracle, done.stdout, gold.answer).passed, (task.id, gold.solution, done)
        for wrong in ("", "-7", done.stdout + "\n-7", "0\n1"):
            assert not judge(task.oracle, wrong, gold.answer).passed, (task.id, wrong)
    sandbox.close()


@pytest.mark.parametrize(
    ("name", "request_", "said"),
    [
        ("treqs", "tables", "demographic"), ("treqs", "columns of lab", "value_unit"), ("treqs", "values of demographic.gender", "f"),
        ("treqs", "hypertention nos", "hypertension nos in diagnoses.short_title"), ("ehr_seqsql", "tables", "microbiologyevents"),
        ("ehr_seqsql", "hart rate", "heart rate in d_items.label"),
    ],
)  # fmt: skip
def test_requests_are_answered_from_the_database(gym, name, request_, said):
    data, pairs = gym
    task = pairs[name][0][0]
    assert said in family(name).answer_request(task, request_, data)
    assert "hadm_id" in family(name).vocabulary(task, data).tables["demographic" if name == "treqs" else "admissions"]

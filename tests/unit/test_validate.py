"""`galen validate`: what it finds in a task folder that is broken on purpose, and its direct path beside the sandbox."""

import json
import shutil
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galen import cli_proofs
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.grader import Grader
from galen.proofs.reference import References
from galen.proofs.validate import drawn, same_rows, validate, written
from galen.proofs.wrong import wrong_answers
from galen.sandbox.base import Mount, SandboxSpec
from galen.tasks.store import GoldStore, read_tasks
from galen.types import Gold, OracleSpec, Resource, Task

cells = st.one_of(st.integers(-(10**6), 10**6), st.sampled_from(["aspirin", "m", "2101-06-04 01:05:00", "hb a1c"]))
tables = st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=5, unique_by=lambda row: str(row))


@settings(deadline=None)
@given(tables)
def test_wrong_answers_are_wrong(gold):
    for kind, text in wrong_answers(written(gold), boolean=False).items():
        assert not judge(OracleSpec(kind="rows"), text, gold).passed, kind


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_wrong_numbers_are_off_by_more_than_any_tolerance(gold):
    for kind, text in wrong_answers(repr(gold), boolean=False).items():
        assert not judge(OracleSpec(kind="decimal"), text, gold).passed, kind


def test_every_answer_type_has_its_wrong_answers():
    assert wrong_answers("yes", boolean=True)["the other boolean"] == "no"
    assert wrong_answers("08/31/2023", boolean=False)["another year"] == "08/31/2024"
    assert wrong_answers("34 weeks 3 days", boolean=False)["a number in it off"] == "38 weeks 3 days"
    assert wrong_answers("iv\npo", boolean=False)["a row less"] == "po"
    assert set(wrong_answers("12", boolean=False)) >= {
        "a number above",
        "a number below",
        "the other sign",
        "a row more",
    }
    many = "\n".join(str(i) for i in range(1000, 1150))
    gold = [[i] for i in range(1000, 1150)]
    for kind, text in wrong_answers(many, boolean=False).items():
        assert not judge(OracleSpec(kind="rows"), text, gold).passed, f"{kind}: the official rule looks at 100 rows"


def test_rows_are_the_stored_answer_in_whatever_form_it_is_stored():
    assert same_rows([[1]], 1) and same_rows([[1]], [[1]]) and same_rows([["a"], ["b"]], ["b", "a"])
    assert same_rows([[0.1 + 0.2]], [[0.3]]) and same_rows([[None, 1]], [[None, 1]])
    assert not same_rows([[1]], [["1"]]) and not same_rows([[1]], [[1], [1]]) and not same_rows([[None]], [[0]])


def test_the_direct_path_gives_what_the_sandbox_prints(data, backend):
    gold = GoldStore(data)
    for family in ("mimic_iii", "medcalc"):
        tasks = drawn(read_tasks(data, family, "test"), 6)
        pairs = [(task, gold.get(task)) for task in tasks]
        for (task, known), computed in zip(pairs, References(data, backend).compute(pairs), strict=True):
            mounts = tuple(Mount(data / r.path, r.mount) for r in task.resources)
            database = next((r.mount for r in task.resources), None)
            with closing(backend.create(SandboxSpec(mounts=mounts, database=database))) as sandbox:
                done = sandbox.run(known.solution, lang=known.lang, timeout_s=20)
            assert computed.text == done.stdout.strip("\n") and not computed.error, task.id


def test_a_reference_that_fails_takes_no_other_with_it(data, backend):
    [task] = read_tasks(data, "medcalc", "test")[:1]
    programs = ("print(1)", "1 / 0", "import sys\nprint(2)\nsys.exit(0)", "import os\nos._exit(3)", "print(4)", "")
    pairs = [
        (task.model_copy(update={"id": f"t{i}"}), Gold(id=f"t{i}", answer=0, solution=code, lang="python"))
        for i, code in enumerate(programs)
    ]
    done = References(data, backend).compute(pairs)
    assert [c.text for c in done] == ["1", "", "2", "", "4", ""]
    assert "ZeroDivisionError" in done[1].error and done[3].error and done[5].error == "no solution"


def test_sql_reads_its_own_database_and_no_other_file(data, backend, tmp_path):
    [task] = read_tasks(data, "mimic_iii", "test")[:1]
    references = References(data, backend)

    def run(sql, **changes):
        return references.compute(
            [(task.model_copy(update=changes), Gold(id=task.id, answer=0, solution=sql, lang="sql"))]
        )[0]

    assert "too many attached" in run(f"attach '{tmp_path / 'other.sqlite'}' as other").error
    assert "readonly" in run("create table forged (x)").error and "no such table" in run("select 1 from absent").error
    late = task.limits.model_copy(update={"exec_timeout_s": 0.2})
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    assert "interrupted" in run(endless, limits=late).error
    assert "no database" in run("select 1", resources=()).error
    with pytest.raises(UserError, match="absent.sqlite: no such database"):
        run("select 1", resources=(Resource(kind="sqlite", path="absent.sqlite", mount="/data/absent.sqlite"),))


@pytest.fixture
def broken(data, tmp_path):
    """A copy of a few tasks, each broken in one way: what is wrong is said in `reasons`."""
    folder = tmp_path / "broken"
    shutil.copytree(data / "resources", folder / "resources")
    gold = GoldStore(data)
    pairs = [(t, gold.get(t)) for t in read_tasks(data, "mimic_iii", "test")]
    number = next(pair for pair in pairs if isinstance(pair[1].answer[0][0], int))
    (ok, ok_gold), *rest = [pair for pair in pairs if pair is not number][:6]
    rest.insert(3, number)  # an oracle that expects a number raises on its answer, which is a table
    changed: list[tuple[Task, Gold | None]] = [(ok, ok_gold)]
    changed.append((rest[0][0], rest[0][1].model_copy(update={"answer": [[123456]]})))
    changed.append((rest[1][0], rest[1][1].model_copy(update={"solution": "select absent from patients"})))
    changed.append((rest[2][0], None))
    changed.append((rest[3][0].model_copy(update={"oracle": OracleSpec(kind="integer")}), rest[3][1]))
    changed.append((rest[4][0].model_copy(update={"oracle": OracleSpec(kind="none")}), rest[4][1]))
    changed.append((rest[5][0], rest[5][1].model_copy(update={"solution": ""})))
    for room, rows in (("tasks", [t for t, _ in changed]), ("gold", [g for _, g in changed if g])):
        path = folder / room / "mimic_iii" / "test.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(row.model_dump_json() + "\n" for row in rows))
    (folder / "dataset.json").write_text(json.dumps({"counts": {}}))
    return folder, [t.id for t, _ in changed]


def test_what_is_broken_is_listed_by_id_and_reason(broken):
    folder, ids = broken
    [count] = validate(folder, workers=1, backend="local")
    assert count.instances == 7 and count.passed == 2 and count.ungraded == 1 and count.no_solution == 1
    reasons = dict(count.failures)
    assert set(reasons) == {ids[1], ids[2], ids[3], ids[4]}
    assert "the stored answer is [[123456]]" in reasons[ids[1]] and "no such column: absent" in reasons[ids[2]]
    assert "no row for it" in reasons[ids[3]] and "TypeError" in reasons[ids[4]]
    raised = sum("its oracle raises" in reason for _, reason in count.failures)
    assert raised == 1 + count.wrong - count.wrong_failed > 1, "on its reference, and on wrong answers that are numbers"


def test_an_unknown_family_is_named(data):
    with pytest.raises(UserError, match="'medcal'; did you mean 'medcalc'"):
        list(validate(data, ["medcal"]))


def test_many_submissions_are_graded_like_one(data, tasks):
    asks = [(task, text) for task in tasks for text in ("1", None, "x" * 3000)]
    asks.append((tasks[0].model_copy(update={"id": "unknown"}), "1"))
    with closing(Grader(data)) as grader:
        *verdicts, last = grader.grade_all(asks)
        assert verdicts == [grader.grade(*ask) for ask in asks[:-1]]
        assert "unknown: cannot be graded" in str(last)


@pytest.mark.slow
def test_the_commands_print_tables_and_fail_with_a_count(data, broken, capsys):
    cli_proofs.validate(data, sample=3, backend="local")
    assert "18 instances, 18 references passed, 0 failures" in capsys.readouterr().out
    with pytest.raises(UserError, match="5 failures"):
        cli_proofs.validate(broken[0], workers=1, backend="local")
    assert f"{broken[1][3]}: its gold file has no row for it" in capsys.readouterr().out
    with pytest.raises(UserError, match="failures"):
        cli_proofs.validate(broken[0], workers=1, backend="local", as_json=True)
    [row] = json.loads(capsys.readouterr().out)
    assert row["family"] == "mimic_iii" and len(row["failures"]) == 5 and row["per_second"] > 0
    cli_proofs.hack(data, ["medcalc"], 2, ["say_yes"], "local", as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["held"]
    cli_proofs.hack(data, ["medcalc"], 2, ["say_yes", "full_width"], "local")
    assert "2 of 2 cheats held off in 4 episodes" in capsys.readouterr().out

"""BioCoder's functions in the layouts of its release and of MedAgentGym, written here."""

import json
import re

import pytest

from data_prep.biocoder import published
from data_prep.build import build
from data_prep.given import Sources
from data_prep.settings import DataSettings
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.paper import paper_oracle
from galen.tasks.store import GoldStore, read_tasks

CONTEXT = """import random

LETTERS = 'ACGT'
<<insert solution here>>

def main():
    random.seed(42)
    seq = ''.join(random.choice(LETTERS) for _ in range(30))
    print(gc(seq), f'{gc(seq) / 3:.6f}')

if __name__ == '__main__':
    main()
"""
ROW = {
    "idx": "a" * 64, "problem": "This is in python\nwrite a function that counts G and C.", "signature": "def gc(seq)",
    "solution": "def gc(seq):\n    return sum(seq.count(b) for b in 'GC')", "context": CONTEXT,
}  # fmt: skip
ROW["code"] = CONTEXT.replace("<<insert solution here>>", ROW["solution"])
RELEASED = {
    "test_case_id": "7", "language": "Python", "promptSummaryOnly": "write a function that doubles", "signature": "def twice(n)",
    "goldenCode": "def twice(n):\n    return n * 2\n", "repository": "x/y", "filePath": "y.py",
    "contextCode": "<<insert solution here>>\ndef main():\n    print(twice(<|int;range=2,5|>), twice(<|string|>))\nmain()\n",
}  # fmt: skip


def _write(folder, rows, name="test_tasks.jsonl"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return folder / name


def test_both_layouts_give_tasks_on_many_cases(tmp_path, capsys):
    pairs, account = published.read(_write(tmp_path, [ROW, RELEASED, {**RELEASED, "language": "Java"}]))
    assert account.used == 2 and account.refused == 1 and "only Python is run" in capsys.readouterr().out
    for task, gold in pairs:
        assert len(gold.answer["programs"]) == len(gold.answer["outcomes"]) == published.CASES >= 20
        assert len({json.dumps(o) for o in gold.answer["outcomes"]}) > 3
        assert "<|" not in "".join(gold.answer["programs"]) and task.split == "test"
    assert pairs[0][0].prompt.documents == (CONTEXT.strip(),) and "random.seed(42)" in gold_of(pairs[0])["programs"][-1]
    right = [ROW["solution"], RELEASED["goldenCode"]]
    for (task, gold), text in zip(pairs, right, strict=True):
        assert judge(task.oracle, text, gold.answer).passed
        assert not judge(task.oracle, text.replace("return", "return 1 +"), gold.answer).passed


def gold_of(pair):
    return pair[1].answer


def test_a_constant_passes_the_released_rule_only(tmp_path):
    """It ran one case: what that prints can be found by running the module as shipped."""
    [(task, gold)], _ = published.read(_write(tmp_path, [ROW]))
    shown = gold.answer["outcomes"][-1]["printed"]
    constant = f"def gc(seq):\n    return {shown.split()[0]}"
    assert paper_oracle("biocoder", [shown], gold.answer).passed
    assert (
        judge(task.oracle, constant, gold.answer).checks["right"] < 20
        and not judge(task.oracle, constant, gold.answer).passed
    )


def test_a_main_of_the_agents_own_passes_the_released_rule_only(tmp_path):
    [(task, gold)], _ = published.read(_write(tmp_path, [ROW]))
    shown = gold.answer["outcomes"][-1]["printed"]
    own = f"import sys\ndef gc(seq):\n    sys.stdout.write({shown!r})\n    sys.exit(0)"
    assert paper_oracle("biocoder", [shown], gold.answer).passed and not judge(task.oracle, own, gold.answer).passed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"context": CONTEXT.replace("<<insert solution here>>", "")}, "its module has no one place for the solution"),
        ({"context": "import centrosome_x\n" + CONTEXT}, "its reference does not run: ModuleNotFoundError"),
        ({"context": CONTEXT.replace("random.seed(42)", "import time; random.seed(time.time_ns())")}, "its reference prints two things on one case"),
        ({"context": CONTEXT.replace("range(30)", "range(0)")}, "its reference prints the same on all 20 cases"),
        ({"context": CONTEXT.replace("print(", "str((").replace(":.6f}')", ":.6f}'))")}, "its reference does not run: it prints nothing"),
        ({"context": CONTEXT + "# <|list;range=1,2|>"}, "its module has a placeholder that the fuzzer does not fill: kind 'list'"),
        ({"context": CONTEXT + "# <|int;range=a,b|>"}, "its module has a placeholder that the fuzzer does not fill"),
        ({"solution": "print(1)\ndef gc(seq):\n    return 1"}, "its reference does not run: line 1: neither an import"),
        ({"solution": "def gc(seq):\n    import os\n    os._exit(0)"}, "its reference does not run: ended without a report"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_tested_are_refused(tmp_path, change, reason):
    _, account = published.read(_write(tmp_path, [ROW, {**ROW, **change}, ROW]))
    assert account.used == 1 and len(account.reasons) == 2
    assert [places for why, places in account.reasons.items() if why.startswith(reason)] == [["row 2"]]
    assert account.reasons["it says the same as an earlier row"] == ["row 3"]


def test_modules_that_set_no_seed_get_one(tmp_path):
    [(_, gold)], _ = published.read(
        _write(tmp_path, [{**ROW, "context": CONTEXT.replace("    random.seed(42)\n", "")}])
    )
    assert len({json.dumps(o) for o in gold.answer["outcomes"]}) > 3


FILLED = {
    "int;range=2,5": r"[2-5]", "int": r"-?\d+", "float;range=0,1": r"0\.\d+(e-\d+)?", "bool": "True|False", "bool;type=int": "[01]",
    "string": '"[A-Za-z]{10}"', "string;length=4;type=alpha": '"[a-z]{4}"', "string;custom=A,C,G,T;length=6;quotes=single": "'[ACGT]{6}'",
    "string; length=3; quotes=none": "[A-Za-z]{3}", "string;type=alphanumeric_special;length=50": "\"[^\"'\\\\]{50}\"",
}  # fmt: skip


@pytest.mark.parametrize("asked", FILLED)
def test_a_placeholder_is_filled_as_the_fuzzer_does(asked):
    """Its grammar, in gersteinlab/BioCoder's evaluation/Fuzzer: kinds, ranges, lengths, alphabets, quotes."""
    said = [published.filled(f"random.seed(1)\nx = <|{asked}|>", case).split("x = ")[1] for case in range(20)]
    assert len(set(said)) > 1 and [text for text in said if not re.fullmatch(FILLED[asked], text)] == []


def test_a_text_stands_in_a_formatted_one(tmp_path):
    """The release's own module of `encode_url_query`: Python before 3.12 takes no single quote there."""
    context = RELEASED["contextCode"].replace("twice(<|string|>)", "f'{twice(<|string|>)} ={<|string|>}'")
    [(_, gold)], _ = published.read(_write(tmp_path, [{**RELEASED, "contextCode": context}]))
    assert all("f'{twice(\"" in program for program in gold.answer["programs"])


def test_files_without_modules_are_told_what_to_give(tmp_path):
    """gersteinlab/BioCoder's datasets/python_public.json: columns of functions and counts, as pandas writes them."""
    (tmp_path / "python_public.json").write_text(
        json.dumps({"golden": {"0": "def f(x):\n    return x\n"}, "lines": {"0": 2}})
    )
    with pytest.raises(UserError, match=r"functions without the modules .* lilbillbiscuit/biocoder_public"):
        published.read(tmp_path / "python_public.json")


def test_a_line_ends_where_json_says(tmp_path):
    """Texts may hold U+2028 and U+0085 as they are, which Python's `splitlines` takes for ends."""
    (tmp_path / "test.jsonl").write_text(
        json.dumps({**ROW, "problem": "count\u2028G and\x85C"}, ensure_ascii=False) + "\n"
    )
    assert published.read(tmp_path / "test.jsonl")[1].used == 1


def test_hugging_faces_parquet_is_read(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [RELEASED | {"comment": None}, RELEASED | {"language": "java", "comment": "x"}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "train-00000-of-00001.parquet")
    [(task, gold)], account = published.read(tmp_path / "train-00000-of-00001.parquet")
    assert (
        account.refused == 1
        and task.split == "train"
        and judge(task.oracle, RELEASED["goldenCode"], gold.answer).passed
    )
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"broken.parquet: no readable Parquet"):
        published.read(tmp_path / "broken.parquet")


def test_a_row_without_its_fields_is_named(tmp_path):
    with pytest.raises(UserError, match="row 2: field 'solution' or 'goldenCode' is missing"):
        published.read(_write(tmp_path, [ROW, {**ROW, "solution": ""}]))
    with pytest.raises(UserError, match="no row is usable"):
        published.read(_write(tmp_path, [{**ROW, "context": "x = 1"}]))


def test_folders_and_files_of_others_are_taken(tmp_path):
    rows = [ROW, {**ROW, "problem": "the same in other words"}]
    _write(tmp_path / "data" / "biocoder", rows, "train_tasks.jsonl")
    _write(tmp_path / "data" / "biocoder", [ROW])
    build(tmp_path / "gym", 0, DataSettings(patients=20), Sources(medagentgym=tmp_path / "data"))
    train, test = (read_tasks(tmp_path / "gym", "biocoder", split) for split in ("train", "test"))
    assert (len(train), len(test)) == (2, 1) and "print" in GoldStore(tmp_path / "gym").get(test[0]).solution
    build(tmp_path / "other", 0, DataSettings(patients=20), Sources(biocoder=_write(tmp_path / "x", [RELEASED])))
    assert len(read_tasks(tmp_path / "other", "biocoder", "test")) == 1

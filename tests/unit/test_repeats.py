"""What repeats and what does not: rounds without news are a loop however they are written; another question is none."""

import pytest

from galen.evals.repeats import loops
from galen.types import Action, ActionKind, Observation, Turn

NAME = "NameError: name 'wt' is not defined"


def act(kind, text, shown, ok=True, lang=None):
    seen = None if shown is None else Observation(text=shown, ok=ok)
    action = Action(kind=kind, content=text, lang=lang)
    return Turn(token_ids=[], loss_mask=[], logprobs=[], policy_version=0, text=text, action=action, observation=seen)


def sql(text, shown="0", ok=True):
    return act(ActionKind.CODE_EXECUTION, text, shown, ok, "sql")


def py(text, shown="0"):
    return act(ActionKind.CODE_EXECUTION, text, shown, True, "python")


def sh(text, shown="(no output)", ok=True):
    return act(ActionKind.TERMINAL, text, shown, ok)


def look(text, shown="patients: row_id, subject_id, gender, dob, dod, a, b, c"):
    return act(ActionKind.REQUEST_INFO, text, shown)


def lacks(column, query):
    return sql(query, f"sqlite3.OperationalError: no such column: {column}", ok=False)


def fails(program, line, message, before=""):
    """A Python program that failed at `line`; `before` is what it had printed."""
    source = program.splitlines()[line - 1].strip()
    shown = f'{before}Traceback (most recent call last):\n  File "<action>", line {line}, in <module>\n    {source}\n{message}'
    return act(ActionKind.CODE_EXECUTION, program, shown, False, "python")


def run(file, line, source, message=NAME):
    shown = f'Traceback (most recent call last):\n  File "/episode/{file}", line {line}, in <module>\n    {source}\n{message}'
    return sh(f"python3 {file}", shown, ok=False)


def missing(command, shown):
    return sh(command, shown, ok=False)


FLOAT = "ValueError: could not convert string to float: '12 mg'"
LOOPS = {
    "one expression fails, the program is written anew": [
        fails("x = float('12 mg')\nprint(x)", 1, FLOAT),
        fails("dose = '12 mg'\nweight = 70\nprint(f'{float(dose) / weight:.2f}')", 3, FLOAT),
        fails("def twice(d):\n    return d * 2\nprint(twice(float('12 mg')))", 3, FLOAT),
    ],
    "another label each time": [
        py("print('a', 2 * 21)", "a 42"), py("r = 21 * 2\nprint(f'Answer: {r}')", "Answer: 42"), py("print('it is %d' % (2 * 21))", "it is 42"),
    ],
    "three things in no order": [
        sql("select 1 from a", "1"), sql("select 2 from b", "2"), sql("select 2 from b x", "2"), sql("select 1 from a", "1"),
        sql("select 1 from a y", "1"), sql("select 2 from b;", "2"),
    ],
    "the same long answer to other words": [look("columns of patients"), look("patients"), look("what has patients?")],
    "the same file, written by other means": [
        sh("echo 'print(wt)' > a.py"), run("a.py", 1, "print(wt)"),
        sh("cat > a.py <<'EOF'\nprint( wt )\nEOF"), run("a.py", 1, "print( wt )"),
        sh("printf '# again\\nprint(wt)\\n' > b.py"), run("b.py", 2, "print(wt)"),
    ],
    "edits that leave what fails": [
        sh("echo 'print(wt)' > a.py"), run("a.py", 1, "print(wt)"),
        sh("printf 'h = 3\\nprint(wt)\\n' > a.py"), run("a.py", 2, "print(wt)"),
        sh("printf 'h = 3\\nk = h\\nprint(wt, k)\\n' > a.py"), run("a.py", 3, "print(wt, k)"),
    ],
    "a replacement of nothing": [
        sh("echo 'print(wt)' > a.py"), run("a.py", 1, "print(wt)"), sh("sed -i s/x/y/ a.py"), run("a.py", 1, "print(wt)"),
        sh("sed -i s/v/w/ a.py"), run("a.py", 1, "print(wt)"),
    ],
    "one file is missing, whoever looks": [
        missing("cat /d/x", "cat: /d/x: No such file or directory"),
        missing("head /d/x", "head: cannot open '/d/x' for reading: No such file or directory"),
        fails("open('/d/x')", 1, "FileNotFoundError: [Errno 2] No such file or directory: '/d/x'"),
    ],
    "one column is missing, in other queries of the table": [
        lacks("x", "select x from p where a = 1"), lacks("x", "select count(*) from p group by x"), lacks("p.x", "select max(p.x) from p"),
    ],
    "almost one failure between looks": [
        lacks("x", "select x from p"), look("tables", "a"), lacks("p.x", "select p.x from p"), look("b", "c"), lacks("x", "select x from p limit 3"),
    ],
    "one question by two tools": [
        sql("select count(*) from p where a = 5", "17"),
        py("import sqlite3\nprint(sqlite3.connect('d').execute('select count(*) from p where a = 5').fetchone())", "(17,)"),
        sql("select count(1) as n from p where 5 = a", "17"),
    ],
}  # fmt: skip
NONE = {
    "an assertion, what it tests edited": [
        fails(f"def gc(s):\n    return {body}\nassert gc('GGC') == 3", 3, "AssertionError")
        for body in ("s.count('G')", "s.count('g') + 1", "len([c for c in s if c == 'GC'])")
    ],
    "news before the failure": [
        fails(f"d = load()\nprint({shown})\nprint(d['e'])", 3, "KeyError: 'e'", before)
        for shown, before in (("0", "0\n"), ("list(d)", "['a', 'b']\n"), ("d['a']", "17\n"))
    ],
    "what goes into the failing expression": [
        fails(f"s = '1,2'{way}\nprint(float(s))", 2, "ValueError: could not convert string to float: '1,2'")
        for way in ("", ".replace(';', '.').strip(' ')", ".partition(' mg')[0].lower().rstrip('.')")
    ],
    "one column, table after table": [lacks("x", f"select x from {table}") for table in "abc"],
    "three divisions by nothing": [
        fails("print(5 / (3 - 3))", 1, "ZeroDivisionError: division by zero"),
        fails("n = len([])\nprint(sum([1, 2]) / n)", 2, "ZeroDivisionError: division by zero"),
        fails("rows = {}\nprint(10 % sum(rows.values()))", 2, "ZeroDivisionError: division by zero"),
    ],
    "edits after which another line fails": [
        sh("echo 'print(wt)' > a.py"), run("a.py", 1, "print(wt)"),
        sh("printf 'wt = 3\\nprint(ht)\\n' > a.py"), run("a.py", 2, "print(ht)", "NameError: name 'ht' is not defined"),
        sh("printf 'wt = 3\\nht = 2\\nprint(n)\\n' > a.py"), run("a.py", 3, "print(n)", "NameError: name 'n' is not defined"),
    ],
    "searches that find nothing": [missing(f"grep {word} /d/x", "exit code 1") for word in ("a", "b", "c")],
    "values of columns": [look("columns of p"), look("values of p.a", "p.a: 1"), look("values of p.b", "p.b: 1")],
    "a request before each step": [
        look("columns of p"), sql("select min(a) from p", "1"), look("columns of p"), sql("select max(a) from p", "9"), look("columns of p"),
    ],
    "refusals of other requests": [look(word, "nothing is known of that here, all is in the note") for word in ("dose", "unit", "age")],
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_rounds_without_news_are_a_loop(name):
    found = loops(LOOPS[name])
    assert found and found[-1].last == len(LOOPS[name]) - 1
    assert not loops(LOOPS[name][:-1]), "two rounds are none"


@pytest.mark.parametrize("name", NONE)
def test_another_question_is_no_loop(name):
    assert not loops(NONE[name])


def test_a_last_turn_that_nobody_saw_end_belongs_to_the_loop_if_it_asks_nothing_new():
    counts = [sql("select count(*) from p"), sql("select count(1) from p"), sql("select count(*) from p x")]
    assert loops([*counts, sql("select count(*) from (select 1 from p)", None)])[0].last == 3
    assert loops([*counts, sql("select max(a) from p", None)])[0].last == 2
    failing = [lacks("x", f"select x from p limit {k}") for k in (1, 2, 3)]
    assert loops([*failing, sql("select p.x from p", None)])[0].last == 3
    assert loops([*failing, sql("select a from p", None)])[0].last == 2, "the column was mended"

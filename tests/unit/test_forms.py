"""Normal forms: programs that do the same read the same, programs that ask something else do not."""

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galen.evals.forms import plain
from galen.evals.forms_python import expressions, parsed, python
from galen.evals.forms_shell import shell
from galen.evals.forms_sql import sql

PYTHON = [
    ("weight = 7\nprint(weight / 2)", "w = 7\nprint('half:', round(w / 2, 1))  # again"),
    ("print(open('/a').read())", "with open('/a') as f:\n    text = f.read()\nprint(f'{text}')"),
    ("import numpy as np\nprint(np.mean([1, 2]))", "import numpy\nx = [1, 2]\nprint('%.2f' % numpy.mean(x))"),
    ("from math import sqrt\nprint(sqrt(2))", "import math\nprint(math.sqrt(2))"),
    ("print(3 > a and b == 2)", "print(a < 3 and 2 == b)"),
    ("p = dict(b=1, a=2)\nprint(p['c'])", "print({'a': 2, 'b': 1}['c'])"),
    ("a, b = 1, 2\nprint(a * b)", "a: int = 1\nb = 2\nprint(b * a)"),
    (
        "def f(x: int) -> int:\n    '''Twice.'''\n    return x * 2\nprint(f(3))",
        "def g(n):\n    return 2 * n\nprint(g(3))",
    ),
    ("t = 0\nfor x in y:\n    t += x\nprint(t)", "s = 0\nfor i in y:\n    s += i\nprint(s)"),
    ("k = 5\ndb.execute(f'select a from t where b = {k}')", "db.execute('SELECT x.a FROM t x WHERE 5 = x.b')"),
    ("get('Patient?family=Z')", "get(('Patient', 'family', 'Z'))"),
]
OTHER_PYTHON = [
    ("print(a - b)", "print(a + b)"),
    ("print(a < 3)", "print(a > 3)"),
    ("w = 7\nprint(w)", "w = 8\nprint(w)"),
    ("print(max(x))", "print(min(x))"),
    ("print(d['a'])", "print(d['b'])"),
    ("x = x + 1", "x = 1"),  # an unknown name is not its own value
]
SQL = [
    (
        "select count(*) from p where s = 5",
        "SELECT COUNT(1) AS n FROM p x WHERE '5' = x.s ORDER BY n LIMIT 3; -- again",
    ),
    ("select a from t where b = 1 and c > 2", "select t.a as z from t where 2 < c and b in (1)"),
    ("select a from t join u on t.i = u.i where u.k = 4", "select a from t where i in (select i from u where k = 4)"),
    ("select a from t where b between 1 and 5", "select a from t where b >= 1 and 5 >= b"),
    ("select count(*) from t where b = 1", "with x as (select * from t where b = 1) select count(*) from x"),
    ("select a from t where b like 'Q%'", "select `a` from t where 1 = 1 and b like 'q%' limit 9"),
]
OTHER_SQL = [
    ("select count(*) from p where s = 'A'", "select count(*) from p where s = 'a'"),
    ("select min(a) from t", "select max(a) from t"),
    ("select count(a) from t", "select count(distinct a) from t"),
    ("select max(age) as age from t", "select max(los) as age from t"),  # a column may be named as another is
    ("select a from t where b < c", "select a from t where c < b"),
    ("select a from t where b = 1 or c = 2", "select a from t where b = 1 and c = 2"),
    ("select a from t limit 5 offset 0", "select a from t limit 5 offset 5"),
    ("select a from t order by b", "select a from t order by b desc"),
    ("select a from t join u on t.i = u.i", "select a from t left join u on t.i = u.i"),
]


@pytest.mark.parametrize(("one", "other"), PYTHON)
def test_the_same_in_python(one, other):
    assert python(one).meaning == python(other).meaning


@pytest.mark.parametrize(("one", "other"), OTHER_PYTHON)
def test_something_else_in_python(one, other):
    assert (python(one).tokens, python(one).meaning) != (python(other).tokens, python(other).meaning)


@pytest.mark.parametrize(("one", "other"), SQL)
def test_the_same_in_sql(one, other):
    assert sql(one).meaning == sql(other).meaning


@pytest.mark.parametrize(("one", "other"), OTHER_SQL)
def test_something_else_in_sql(one, other):
    assert sql(one).meaning != sql(other).meaning


def test_a_query_names_its_tables_and_not_those_that_it_makes():
    assert sql("with x as (select a from t, u v join w) select * from x").tables == {"t", "u", "w"}
    assert python("db.execute('select a from t')").tables == {"t"}


def test_labels_are_what_a_program_prints_of_itself():
    said = python("print('a', x, f'b {y} c', 'd: ' + str(z), '{} e'.format(w))").labels
    assert {label.strip() for label in said} == {"a", "b", "c", "d:", "e", ""}


def test_a_file_is_its_text_however_it_is_written():
    ways = [
        "echo 'print(a)' > f.py",
        "printf 'print( a )\\n\\n' > ./f.py",
        "cat > f.py <<'EOF'\n# comment\nprint(a)\nEOF",
        "tee f.py <<EOF\nprint(a)\nEOF",
        "printf '%s\\n' '# comment' 'print(a)' > f.py",
    ]
    assert len({shell(way, {}).tokens for way in ways}) == 1


def test_a_program_that_is_run_is_its_text():
    files = {}
    shell("echo 'print(a)' > f.py && echo 'print(b)' >> f.py", files)
    run = shell("cd /x; python3 ./f.py", files)
    assert run.program == "print(a)\nprint(b)\n" and {"a", "b"} <= run.meaning
    assert (
        shell("python3 -c 'print(a)'", {}).program
        == shell("python3 - <<'EOF'\nprint(a)\nEOF", {}).program.strip()
        == "print(a)"
    )
    shell("sed -i s/a/c/ f.py", files)
    assert shell("python3 f.py", files).program is None, "what sed makes of it is not known"


def test_flags_of_a_command_are_no_meaning():
    assert shell("ls -la /data/  # all", {}).meaning == shell("ls /data", {}).meaning != shell("ls /tmp", {}).meaning


def test_what_fails_is_an_expression_with_what_goes_into_it():
    calls = (ast.Call,)
    assert expressions("x = 'n/a'\nprint(float(x) * 2)", 2, calls) >= {"float('n/a')"}
    assert "float('n/a')" in expressions("print(1)\ny = [float('n/a')]", None, calls)
    assert "float('n/a')" not in expressions("print(1)\ny = [float('n/a')]", 1, calls)
    assert not expressions("assert f(3) == 4", 1, calls), "a test is not what fails"
    assert expressions("x = 1\nprint(x", 2, calls) == {"print(x"}
    assert expressions("import a as b\nb.c()", 1, calls) == {"import a as b"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1 .,'\"()=+<>-*/#{}[]:\n\\|&;%selctfromwhri", max_size=120))
def test_every_text_has_a_form(text):
    for form in (python(text), sql(text), shell(text, {}), plain(text)):
        assert isinstance(form.tokens, tuple)
    expressions(text, 1, ())


def test_what_is_nested_or_doubled_without_end_has_a_form():
    assert python("x = " + "+".join(["y"] * 5000)).tokens
    doubled = "\n".join(f"a{i + 1} = a{i} + a{i}" for i in range(60))
    assert len(python(f"a0 = 1\n{doubled}\nprint(a60)").tokens) < 10_000


def test_what_python_warns_of_an_agents_program_is_not_said():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert parsed("x = 1if y else 2\nprint('\\d' is x)") is not None
        assert parsed("x = 1 2") is None
    assert not said

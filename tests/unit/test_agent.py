"""Parsing, observations, loops and the debugging action."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galen.agent.debugging import explain
from galen.agent.loops import looping
from galen.agent.observation import clip, observe
from galen.agent.parsing import parse
from galen.policy.base import Sample
from galen.tasks.base import Vocabulary
from galen.types import Action, ActionKind, ExecResult, Limit, ParseError, StopReason

ALL = tuple(ActionKind)
SCHEMA = Vocabulary(tables={"d_labitems": ("itemid", "label"), "labevents": ("itemid", "subject_id", "charttime")})


@given(st.text())
def test_parsing_is_total(text):
    assert isinstance(parse(text, ALL), Action | ParseError)


@given(
    st.text(alphabet=st.characters(blacklist_characters="`", blacklist_categories=("Cs",)), min_size=1).filter(
        str.strip
    )
)
def test_a_block_is_its_action(body):
    action = parse(f"I will look.\n```sql\n{body}\n```\nDone.", ALL)
    assert isinstance(action, Action) and action.content == body.strip("\n") and action.lang == "sql"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "no action"), ("```sql\na\n```\n```submit\n1\n```", "2 blocks"), ("```sbmit\n1\n```", "did you mean submit"),
        ("```python\n\n```", "empty"), ("```submit\n\n```", "empty"),
    ],
)  # fmt: skip
def test_parse_errors_say_what_to_write(text, said):
    error = parse(text, ALL)
    assert isinstance(error, ParseError) and said in error.message


def test_forbidden_actions_and_empty_debugging():
    assert isinstance(parse("```request_info\ntables\n```", (ActionKind.SUBMIT,)), ParseError)
    assert parse("```debugging\n```", ALL) == Action(kind=ActionKind.DEBUGGING, content="")


def test_cut_text_says_how_much_was_cut():
    text, cut = clip("a" * 500 + "b" * 500, 300)
    assert cut == 700 and "700 characters cut" in text and text.startswith("a" * 200) and text.endswith("b" * 100)


def test_observations_tell_what_happened():
    result = ExecResult(exit_code=0, stdout="", stderr="", seconds=0)
    assert observe(result, 100).text == "(no output)" and observe(result, 100).ok
    late = result.model_copy(update={"limits": (Limit.WALL,), "exit_code": None, "seconds": 2.0, "stdout": "1\n"})
    assert observe(late, 100).text == "1\ntimed out after 2 s" and not observe(late, 100).ok


def test_loops():
    a, b = (Action(kind=ActionKind.SUBMIT, content=c) for c in "ab")
    assert looping([a, a, a]) and looping([b, a, b, a, b, a]) and looping([a, b, b, b])
    assert not looping([a, a]) and not looping([a, b, a, b]) and not looping([a, a, b, a, a])


@pytest.mark.parametrize(
    ("error", "code", "needles"),
    [
        ("sqlite3.OperationalError: no such column: lable", "select lable\nfrom d_labitems", ["label in d_labitems", "line 1"]),
        ("sqlite3.OperationalError: no such table: labevent", "select 1 from labevent", ["nearest: labevents"]),
        ('sqlite3.OperationalError: near "form": syntax error', "select 1 form labevents", ["from"]),
        ("sqlite3.OperationalError: ambiguous column name: itemid", "select itemid from labevents, d_labitems", ["labevents.itemid"]),
        ("sqlite3.OperationalError: misuse of aggregate: count()", "select 1 where count(*)", ["having"]),
        ("Traceback\n  File \"<action>\", line 3, in <module>\nNameError: name 'wieght' is not defined", "weight=1\n\nprint(wieght)", ["nearest: weight", "line 3"]),
        ("NameError: name 'math' is not defined", "print(math.pi)", ["import math"]),
        ("KeyError: 'lable'", "d={'label':1}", ["label"]),
        ("ZeroDivisionError: division by zero", "1/0", ["zero"]),
        ("AttributeError: 'str' object has no attribute 'uper'", "''.uper()", ["upper"]),
        ("ModuleNotFoundError: No module named 'foo'", "import foo", ["foo is not installed"]),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "", ["x.csv"]),
        ("ValueError: could not convert string to float: 'a'", "", ["bad value"]),
        ("TypeError: unsupported operand type(s)", "", ["wrong type"]),
        ("SyntaxError: '(' was never closed", "print(", ["syntax"]),
        ("timed out", "", ["time"]),
        ("", "", ["no error"]),
        ("something odd", "", ["something odd"]),
    ],
)  # fmt: skip
def test_debugging_is_grounded(error, code, needles):
    for compact in (True, False):
        text = explain(error, code, SCHEMA, compact=compact)
        assert all(n.removeprefix("nearest: ") in text for n in needles), text
    assert "\n" not in explain(error, code, SCHEMA, compact=True) or not error


class Replies:
    """A policy that says what it is told to say."""

    name, local = "replies", True

    def __init__(self, template, *texts):
        self.template, self.texts = template, texts

    def generate(self, context, *, max_tokens, temperature):
        text = self.texts[min(context.turn, len(self.texts) - 1)]
        ids = self.template.reply_ids(text)
        return Sample(ids, [0.0] * len(ids), text, False, 0)


@pytest.mark.parametrize(
    ("replies", "stop"),
    [
        (["```submit\n1\n```"], StopReason.SUBMITTED), (["hm"], StopReason.PARSE), (["```sql\nselect 1\n```"], StopReason.LOOPING),
        ([f"```sql\nselect {i}\n```" for i in range(9)], StopReason.MAX_TURNS), (["```bash\necho hello\n```"] * 2 + ["x " * 700], StopReason.CONTEXT),
    ],
)  # fmt: skip
def test_each_episode_stops_for_one_reason(sampler, template, tasks, replies, stop):
    [group] = sampler.sample(tasks[:1], Replies(template, *replies))
    assert group.episodes[0].stop is stop


def test_the_first_submission_counts_and_last_means_the_last_good_output(sampler, template, tasks):
    policy = Replies(
        template, "```sql\nselect 41 + 1\n```", "```sql\nselect foo\n```", "```debugging\n```", "```submit\n@last\n```"
    )
    [group] = sampler.sample(tasks[:1], policy)
    episode = group.episodes[0]
    assert episode.submission == "42" and len(episode.turns) == 4
    assert "no such column: foo" in episode.turns[2].observation.text


def test_request_info_answers_from_the_database(sampler, template, tasks):
    policy = Replies(
        template,
        "```request_info\ntables\n```",
        "```request_info\nd_labitems\n```",
        "```request_info\npotasium\n```",
        "```submit\n1\n```",
    )
    turns = sampler.sample(tasks[:1], policy)[0].episodes[0].turns
    assert "labevents" in turns[0].observation.text and "itemid, label" in turns[1].observation.text
    assert "potassium in d_labitems.label" in turns[2].observation.text

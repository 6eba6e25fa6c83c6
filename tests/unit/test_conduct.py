"""What agents do, how their programs are built, and passes that look like luck."""

import math

import pytest
from test_failures import episode, submit, turn

from galen.evals.actions import action_mix
from galen.evals.code_quality import code_quality, measure
from galen.evals.suspicion import Suspicion, constant, suspicions
from galen.types import ActionKind, ParseError

PROGRAM = """import math

def size(d):
    for n in range(2, 100):
        if n * d > 9 and n > 3:
            return n
    return None

print(size(0.5))
"""


def python(text, shown="1", ok=True):
    return turn(text, shown, ok, lang="python")


def test_the_mix_is_of_the_papers_four_actions():
    no_action = turn("x").model_copy(update={"action": ParseError(message="m")})
    ask = turn("tables", kind=ActionKind.REQUEST_INFO)
    one, two = (
        episode(ask, turn("a"), turn("b"), turn("", kind=ActionKind.DEBUGGING), submit()),
        episode(no_action, submit()),
    )
    first, second, both = action_mix([one, two.model_copy(update={"family": "g"})])
    assert (first.family, second.family, both.family) == ("f", "g", "all")
    assert first.shares == {"request_info": 0.25, "terminal": 0.0, "code_execution": 0.5, "debugging": 0.25}
    assert sum(second.shares.values()) == 0 and second.no_action == second.submissions == 0.5
    assert both.turns == 3.5 and both.submissions == pytest.approx(2 / 7)


def test_code_quality_is_mccabes_and_counts_each_program_of_an_episode_once():
    complexity, maintainability, loc, lloc = measure(PROGRAM)
    assert complexity == 4  # one way through, and one more for each of: for, if, and
    assert 0 < maintainability <= 100 and (loc, lloc) == (9, 7)
    played = [episode(python(PROGRAM), python(PROGRAM), python("print("), turn("select 1"), submit())]
    [found] = code_quality(played)
    assert (found.programs, found.unparsed, found.complexity, found.turns) == (1, 1, complexity, 5)
    [none] = code_quality([episode(submit())])
    assert none.programs == 0 and math.isnan(none.loc)


@pytest.mark.parametrize(
    ("turns", "submission", "found"),
    [
        ([], "7", [Suspicion.NO_CODE]),
        ([python("print(7)", "7")], "7", [Suspicion.CONSTANT]),
        ([turn("select 'yes'", "yes")], "yes", [Suspicion.CONSTANT]),
        ([turn("select count(*) from a", "12")], "7", [Suspicion.UNSEEN]),
        (
            [turn("select count(*) from a", "7"), turn("select x from a", "Error", ok=False)],
            "7",
            [Suspicion.FAILED_CODE],
        ),
        ([turn("select count(*) from a", "7")], "7", []),
        ([python("print(14 / 2)", "7.0")], "7.0", []),
    ],
)
def test_passes_that_look_like_luck(turns, submission, found):
    assert suspicions(episode(*turns, submit(submission), reward=1.0, submission=submission)) == found
    assert suspicions(episode(*turns, submit(submission), submission=submission)) == [], "a failure is no lucky pass"


def test_a_constant_program_reads_and_computes_nothing():
    assert constant("print(str(3), 'a')", "python") and constant("x = 3\nprint(x)", "python")
    assert not constant("print(open('a').read())", "python") and not constant("print(", "python")
    assert constant("select 1", "sql") and not constant("select 1 from a", "sql")

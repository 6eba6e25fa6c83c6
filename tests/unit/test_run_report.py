"""The run report says what ran, how healthy it was, why episodes failed, and what was left out (law 10)."""

import json

import pytest
from pages import run_of

from galen.errors import UserError
from galen.report import run as report
from galen.report import table
from galen.types import Fault, Owner, StopReason


@pytest.fixture
def walked(sampler, teacher, tasks, data, tmp_path):
    """A run's folder with two evaluations, rollouts with a fault and a shortened observation, and what stages counted."""
    shown = [g.episodes[0] for g in sampler.sample(tasks[:12], teacher(slip=0, wrong=0))]
    played = [g.episodes[0] for g in sampler.sample(tasks[12:24], teacher(slip=0.5, wrong=0.3))]
    fault = Fault(owner=Owner.SANDBOX, message="gone: patient 10001")
    broken = played[0].model_copy(
        update={"verdict": None, "fault": fault, "stop": StopReason.FAULT, "submission": None}
    )
    first = played[1].turns[0]
    cut = first.model_copy(update={"observation": first.observation.model_copy(update={"cut_chars": 120})})
    played = [broken, played[1].model_copy(update={"turns": (cut, *played[1].turns[1:])}), *played[2:]]
    run = run_of(tmp_path / "run", data, {"eval/sft.jsonl": shown, "grpo/episodes/000000.jsonl": played})
    (run / "demonstrations.json").write_text(json.dumps({"seen": 9, "kept": 6, "dropped": {"failed": 3}}))
    (run / "sft").mkdir()
    (run / "sft" / "report.json").write_text(json.dumps({"rows": 6, "packs": 6, "too_long": 2}))
    (run / "grpo" / "report.json").write_text(json.dumps({"groups": 5, "dead": 4, "ungraded": 1, "changed_tokens": 0}))
    table.write(run, table.rows({"sft": shown}, {}))
    return run


def test_it_says_what_ran_and_what_was_left_out(walked):
    text = report.write(walked).read_text()
    for line in (
        "| method | grpo |", "| held-out | mimic_iii | sft | 12 | 1.000 |", "- 3 demonstrations were not trained on: failed",
        "- sft: 2 rows are longer than the context and were not trained on", "- grpo: 1 episodes could not be graded",
        "- grpo: 4 groups had no two different rewards", "- grpo/episodes: 1 observations were shown shortened, by 120 char",
        "- grpo/episodes: 1 episodes have no reward and count nowhere (sandbox 1)", "`galen view ",
    ):  # fmt: skip
        assert line in text, line
    assert "changed" not in text, "what did not happen is not told"
    health = next(x for x in text.splitlines() if x.startswith("| grpo/episodes | 12"))
    assert "| 91.7 % |" in health and "fault 1" in health and "sandbox 1" in health and health.endswith("| 4 of 5 |")
    assert "patient 10001" not in text


def test_it_is_html_too_and_links_the_page_where_there_is_one(walked):
    (walked / "episodes.html").write_text("")
    html = report.write(walked).with_suffix(".html").read_text()
    assert '<a href="episodes.html">' in html and "<table>" in html and html.count("<h2>") == 8


def test_a_store_alone_has_a_report_beside_it(walked):
    path = report.write(walked / "eval" / "sft.jsonl")
    assert (
        path.name == "sft.report.md"
        and "belongs to it" in path.read_text()
        and "| sft | 12 | 100.0 % |" in path.read_text()
    )


def test_nothing_to_report(tmp_path):
    with pytest.raises(UserError, match="no episodes here"):
        report.write(tmp_path)

"""The viewer's page: everything is in it, hostile text is inert, the same episodes give the same bytes."""

import json

import pytest
from fakes import BASE
from pages import blocks, play, run_of

from galen import cli_report
from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.report.viewer import page
from galen.report.viewer.pack import BLOCK
from galen.rollout.store import EpisodeStore
from galen.tasks.store import OpenTasks, read_tasks, write_tasks
from galen.types import Gold, Privacy

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


@pytest.fixture(scope="module")
def played(data, template, backend, tasks):
    return play(data, template, backend, tasks[:36], slip=0.3, wrong=0.3)


def test_every_turn_is_in_the_page(played, data, tmp_path, template):
    run = run_of(tmp_path / "run", data, {"eval/sft.jsonl": played})
    packed = page.write([run], tmp_path / "page.html")
    found, _ = blocks(tmp_path / "page.html")
    rows = found["index"]["rows"]
    assert rows["key"] == [e.key for e in played] and set(rows["source"]) == {"eval/sft"} and packed.withheld == 0
    records = [r for i in range(-(-len(played) // BLOCK)) for r in found[f"block-{i}"]["records"]]
    for episode, record, verdict in zip(played, records, rows["verdict"], strict=True):
        assert [t["text"] for t in record["turns"]] == [t.text for t in episode.turns]
        assert [t["shown"] for t in record["turns"]] == [t.observation and t.observation.text for t in episode.turns]
        assert [t["mask"] for t in record["turns"]] == ["".join(map(str, t.loss_mask)) for t in episode.turns]
        words = "".join(found["tokens"][str(i)] for t in record["turns"] for i in t["ids"])
        assert words.replace("<|im_end|>", "").replace("<|im_start|>", "") == template.decode(episode.completion_ids)
        assert verdict == ("passed" if episode.success else "failed")
    assert {"", "wrong_answer"} <= set(rows["kind"])


def test_hostile_text_is_only_in_compressed_blocks(played, data, tmp_path):
    turns = tuple(t.model_copy(update={"text": HOSTILE}) for t in played[0].turns)
    hostile = played[0].model_copy(update={"turns": turns, "submission": HOSTILE, "policy": HOSTILE})
    run = run_of(tmp_path / "<img src=x onerror=hacked()>", data, {"eval/sft.jsonl": [hostile]})
    page.write([run], tmp_path / "page.html")
    found, rest = blocks(tmp_path / "page.html")
    assert found["block-0"]["records"][0]["submission"] == HOSTILE
    assert "hacked" not in rest.replace("onerror=hacked()&gt;", "") and "<img" not in rest
    assert rest.count("<script>") == 1 and "default-src &#x27;none&#x27;" in rest and "unsafe" not in rest
    assert "http://" not in rest and "https://" not in rest, "nothing is fetched"


def test_the_same_episodes_give_the_same_bytes(played, data, tmp_path):
    run = run_of(tmp_path / "run", data, {"eval/sft.jsonl": played})
    for name in ("a", "b"):
        page.write([run], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_drift_is_the_recorded_difference(played, data, tmp_path):
    run = run_of(tmp_path / "run", data, {"grpo/episodes/000000.jsonl": played[:2]})
    sampled = [p for p, m in zip(played[0].completion_logprobs, played[0].completion_mask, strict=True) if m]
    line = {"key": played[0].key, "logprobs": [p - 0.25 if i == 1 else p for i, p in enumerate(sampled)]}
    (run / "grpo" / "parity.jsonl").write_text(json.dumps(line) + "\n")
    page.write([run], tmp_path / "page.html")
    found, _ = blocks(tmp_path / "page.html")
    assert found["index"]["rows"]["drift"] == [0.25, None]
    assert found["block-0"]["records"][0]["turns"][0]["drift"][:3] == [0.0, 250.0, 0.0]


def test_a_tasks_rows_are_withheld_where_they_are_credentialed_or_the_task_is_unknown(played, data, tmp_path):
    """The law's own test is tests/laws/test_9_*; here: what stays visible."""
    other = played[1].model_copy(update={"task_id": "mimic_iii/test-id/999999"})
    run = run_of(tmp_path / "run", data, {"eval/sft.jsonl": [played[0], other]})
    assert page.write([run], tmp_path / "page.html").withheld == 1
    found, _ = blocks(tmp_path / "page.html")
    record = found["block-0"]["records"][1]
    assert set(record) == {"turns"} and set(record["turns"][0]) == {"kind", "lang", "ok", "seconds", "exec"}
    assert found["index"]["rows"]["stop"][1] == other.stop.value


def test_only_the_files_of_families_that_are_shown_are_read(played, data, tmp_path):
    """Of a folder of the paper's size the page needs little; a row that does not say where it may go is refused."""
    tasks = [t for t in read_tasks(data, "mimic_iii", "train") if t.id == played[0].task_id]
    medcalc = read_tasks(data, "medcalc", "train")[:1]
    write_tasks(tmp_path / "d", [(t, Gold(id=t.id, answer=0, solution="", lang="sql")) for t in tasks + medcalc], seed=0, source="")  # fmt: skip
    broken = tmp_path / "d" / "tasks" / "medcalc" / "train.jsonl"
    broken.write_text(json.dumps({"id": medcalc[0].id}) + "\n")
    other = next(e for e in played if e.task_id != played[0].task_id)
    run = run_of(tmp_path / "run", tmp_path / "d", {"eval/sft.jsonl": [played[0], other]})
    assert page.write([run], tmp_path / "page.html").withheld == 1
    asked = played[0].model_copy(update={"family": "medcalc", "task_id": medcalc[0].id})
    run = run_of(tmp_path / "other", tmp_path / "d", {"eval/sft.jsonl": [asked]})
    with pytest.raises(UserError, match=r"medcalc/train.jsonl: row 1: privacy"):
        page.write([run], tmp_path / "page.html")


def test_a_task_is_open_only_where_every_row_of_it_is(tasks, tmp_path):
    """Doubled in two splits, once as credentialed: withheld. So is a family that is no name of a folder of tasks."""
    closed = tasks[0].model_copy(update={"split": "test", "privacy": Privacy.CREDENTIALED})
    pairs = [(t, Gold(id=t.id, answer=0, solution="", lang="sql")) for t in (tasks[0], closed, tasks[1])]
    write_tasks(tmp_path, pairs, seed=0, source="")
    known = OpenTasks(tmp_path)
    assert not known.has("mimic_iii", tasks[0].id) and known.has("mimic_iii", tasks[1].id)
    assert not known.has("../tasks/mimic_iii", tasks[1].id) and not known.has("*", tasks[1].id)


def test_bad_input_names_the_fix(played, data, tmp_path):
    store = tmp_path / "alone.jsonl"
    with EpisodeStore(store) as file:
        file.append(played[0])
    with pytest.raises(UserError, match="give --model"):
        page.write([store], tmp_path / "page.html")
    with pytest.raises(UserError, match="no episodes here"):
        page.write([tmp_path / "nothing"], tmp_path / "page.html", data, str(BASE))
    assert page.write([store], tmp_path / "page.html", data, str(BASE)).rows
    foreign = run_of(tmp_path / "run", data, {"eval/x.jsonl": [played[0].model_copy(update={"template": "other"})]})
    with pytest.raises(UserError, match=r"x.jsonl: its tokens are of the template other"):
        page.write([foreign], tmp_path / "page.html")
    assert ChatTemplate(BASE).fingerprint == played[0].template


def test_the_commands_say_what_they_wrote_and_withheld(played, data, tmp_path, capsys):
    other = played[1].model_copy(update={"task_id": "mimic_iii/test-id/999999"})
    run = run_of(tmp_path / "run", data, {"eval/sft.jsonl": [played[0], other]})
    cli_report.view([run])
    cli_report.report(run)
    first, second = capsys.readouterr().out.splitlines()
    assert (
        first
        == f"{run}/episodes.html: 2 episodes, texts of 1 withheld: their rows are credentialed or their tasks unknown"
    )
    assert second == f"{run}/report.md" and "(episodes.html)" in (run / "report.md").read_text()

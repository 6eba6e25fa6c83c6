"""Law 6: killed anywhere, the same command goes on: no episode lost, none twice."""

import multiprocessing
import os
import signal
import time

import pytest

from galen.errors import UserError
from galen.rollout.store import EpisodeStore, canonical, read


def test_what_is_stored_is_not_played_again(sampler, teacher, tasks, tmp_path):
    path = tmp_path / "episodes.jsonl"
    with EpisodeStore(path) as store:
        sampler.sample(tasks[:6], teacher(), store=store)
    with EpisodeStore(path) as store:
        groups = sampler.sample(tasks[:10], teacher(), store=store)
        assert sampler.report.resumed == 6 and len(store.episodes) == 10
    assert [g.task_id for g in groups] == [t.id for t in tasks[:10]]
    assert len({e.key for e in read(path)}) == 10


def test_a_torn_last_line_is_cut_and_counted(sampler, teacher, tasks, tmp_path):
    path = tmp_path / "episodes.jsonl"
    with EpisodeStore(path) as store:
        sampler.sample(tasks[:3], teacher(), store=store)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with EpisodeStore(path) as store:
        assert len(store.episodes) == 2 and store.torn > 0
        sampler.sample(tasks[:3], teacher(), store=store)
        assert sampler.report.resumed == 2
    assert len(list(read(path))) == 3


def test_a_broken_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "episodes.jsonl"
    path.write_text('{"key": 1}\n')
    with pytest.raises(UserError, match=r"episodes.jsonl: line 1: .*schema"):
        EpisodeStore(path)


def test_one_writer_a_store(tmp_path):
    with EpisodeStore(tmp_path / "e.jsonl"), pytest.raises(UserError, match="another process writes here"):
        EpisodeStore(tmp_path / "e.jsonl")


def _write_forever(path, episode):
    with EpisodeStore(path) as store:
        for i in range(10**6):
            store.append(episode.model_copy(update={"key": str(i)}))


def test_kill_minus_nine_loses_no_finished_episode(sampler, teacher, tasks, tmp_path):
    [group] = sampler.sample(tasks[:1], teacher())
    path = tmp_path / "e.jsonl"
    writer = multiprocessing.get_context("fork").Process(target=_write_forever, args=(path, group.episodes[0]))
    writer.start()
    while not path.exists() or path.stat().st_size < 200_000:
        time.sleep(0.01)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    with EpisodeStore(path) as store:
        assert [e.key for e in store.episodes.values()] == [str(i) for i in range(len(store.episodes))]
        assert canonical(store.episodes["0"].model_copy(update={"key": group.episodes[0].key})) == canonical(
            group.episodes[0]
        )

"""The clock and the watchdog of a run's phases."""

import threading

import pytest

from galen.train.phases import Phases


class Clock:
    """A clock that goes on when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_second_counts_for_the_innermost_phase(clock):
    phases = Phases(clock=clock)
    clock.now += 50  # in no phase
    with phases("train"):
        clock.now += 1
        before = phases.spent()
        with phases("rollout"):
            clock.now += 2
            with phases("evaluation"):
                clock.now += 4
            phases.beat()
            clock.now += 8
            assert phases.since(before) == {"train": 0, "rollout": 10, "evaluation": 4}
        clock.now += 16
    with pytest.raises(KeyError), phases("train"):
        clock.now += 32
        raise KeyError
    clock.now += 64
    assert phases.spent() == {"train": 49, "rollout": 10, "evaluation": 4}


def test_a_quiet_phase_is_named_with_its_time_and_place_and_what_to_read(clock):
    phases = Phases(10, {"rollout": "run/vllm.log"}, clock)
    with phases("grpo"), phases("rollout"):
        clock.now += 9.9
        assert phases.stuck() is None
        clock.now += 0.1
        said = phases.stuck()
        assert said.startswith("stuck? grpo > rollout: no progress for 10.0 s (its first time); it is at ")
        assert said.endswith("; look at run/vllm.log")
    with phases("checkpoint"):
        clock.now += 10
        assert "look at" not in phases.stuck()
    clock.now += 1000
    assert phases.stuck() is None, "in no phase nothing is stuck"


def test_it_is_said_again_at_each_doubling_only(clock):
    phases, said = Phases(10, clock=clock), []
    with phases("sync"):
        for second in range(1, 101):
            clock.now += 1
            if phases.stuck():
                said.append(second)
    assert said == [10, 20, 40, 80]


def test_progress_starts_the_wait_anew_and_what_is_usual_is_no_alarm(clock):
    phases = Phases(10, clock=clock)
    with phases("train"):
        for _ in range(5):
            clock.now += 9
            phases.beat()
            assert phases.stuck() is None
        clock.now += 26
        assert phases.stuck() is None, "nine seconds were usual: three times as long is not yet strange"
        clock.now += 1
        assert "(at most 9.0 s before)" in phases.stuck()


def test_the_watchdog_says_where_the_walker_hangs(capfd):
    """A real thread, which goes on as soon as the line was written."""
    said = threading.Event()
    phases = Phases(0.02)
    look = phases.stuck

    def stuck():
        line = look()
        if line:
            said.set()
        return line

    phases.stuck = stuck
    with phases.watched(), phases("rollout"):
        assert said.wait(60)
    line = capfd.readouterr().err.splitlines()[0]
    assert line.startswith("stuck? rollout: no progress for 0.0")
    assert "threading.py:" in line and " in wait" in line
    assert not [t for t in threading.enumerate() if t.name == "watchdog"]

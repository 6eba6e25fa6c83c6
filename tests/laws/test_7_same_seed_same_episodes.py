"""Law 7: the same seed and a scripted policy give the same episodes, byte for byte (timings aside)."""

from data_prep.build import build
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.rollout.store import canonical


def test_episodes_repeat(sampler, teacher, tasks):
    first = [
        canonical(e) for g in sampler.sample(tasks[20:60], teacher(slip=0.4), samples=2, seed=3) for e in g.episodes
    ]
    again = [
        canonical(e) for g in sampler.sample(tasks[20:60], teacher(slip=0.4), samples=2, seed=3) for e in g.episodes
    ]
    other = [
        canonical(e) for g in sampler.sample(tasks[20:60], teacher(slip=0.4), samples=2, seed=9) for e in g.episodes
    ]
    assert first == again != other


def test_task_folders_repeat(tmp_path):
    size = FamilySize(train=30, valid=2, test=6, ood=3)
    for name in ("a", "b"):
        build(
            tmp_path / name,
            5,
            DataSettings(
                patients=40, mimic_iii=MimicSize(**size.model_dump()), medcalc=MedCalcSize(**size.model_dump())
            ),
        )
    assert (tmp_path / "a/dataset.json").read_bytes() == (tmp_path / "b/dataset.json").read_bytes()

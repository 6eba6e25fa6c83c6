"""The demonstrations' term of a reinforcement step's loss."""

import pytest
import torch
from fakes import FINGERPRINT, SETTINGS, run_grpo, tiny

from galen.data.rows import IGNORED, demonstrations, labels
from galen.errors import UserError
from galen.train import ptx
from galen.train.grpo import AgentGRPOTrainer, train_grpo
from galen.types import TrainRow


def row(ids, mask):
    return TrainRow(task_id="task", template=FINGERPRINT, input_ids=ids, mask=mask, logprobs=[0.0] * len(ids))


ROWS = [row([n, 7, n], [0, 1, 1]) for n in range(40)]


def test_a_place_in_the_run_always_draws_the_same_rows():
    assert ptx.draw(ROWS, 8, "0/3") == ptx.draw(ROWS, 8, "0/3") != ptx.draw(ROWS, 8, "0/4")
    assert len({r.input_ids[0] for r in ptx.draw(ROWS, 8, "0/3")}) == 8
    assert len(ptx.draw(ROWS[:3], 8, "0/3")) == 3


def test_padding_is_neither_read_nor_trained_on():
    ids, attention, mask = ptx.collate([ROWS[5], row([1, 2], [0, 1])])
    assert ids.tolist() == [[5, 7, 5], [1, 2, 0]]
    assert attention.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert mask.tolist() == [[0, 1, 1], [0, 1, 0]]


def test_ptx_without_demonstrations_is_refused(tmp_path, tasks):
    settings = SETTINGS.model_copy(update={"ptx": 1.0})
    with pytest.raises(UserError, match=r"grpo.ptx=1.0: there is no successful demonstration"):
        train_grpo(
            tiny(), "", tasks, settings, tmp_path / "grpo", seed=0, play=lambda *_: [], sync=lambda m: None,
            check=lambda m, e: (0.0, 0.0), context=640,
        )  # fmt: skip
    assert not (tmp_path / "grpo").exists()


def cross_entropy(model, rows, temperature=1.0):
    logits = [model(torch.tensor([r.input_ids])).logits[0, :-1] / temperature for r in rows]
    targets = torch.cat([torch.tensor(labels(r))[1:] for r in rows])
    return torch.nn.functional.cross_entropy(torch.cat(logits), targets, ignore_index=IGNORED).item()


@pytest.mark.slow
def test_the_term_is_the_cross_entropy_of_demonstrations_and_lowers_it(sampler, teacher, tasks, tmp_path, monkeypatch):
    rows = demonstrations(e for g in sampler.sample(tasks[:8], teacher()) for e in g.episodes)
    steps = []
    term_of = AgentGRPOTrainer._ptx_loss

    def watch(self, model):
        term, step = term_of(self, model), self.state.global_step
        drawn = ptx.draw(rows, self._settings.micro_batch // 2, f"0/{step}/0/0")
        assert term.item() == pytest.approx(cross_entropy(model, drawn, self._settings.temperature), abs=1e-4)
        steps.append(step)
        return term

    monkeypatch.setattr(AgentGRPOTrainer, "_ptx_loss", watch)
    after = {}
    for weight in (0.0, 1.0):
        model = tiny()
        model.load_state_dict(run_grpo(tmp_path / str(weight), sampler, teacher, tasks, stops=[4], ptx=weight))
        after[weight] = cross_entropy(model.eval(), rows)
    assert steps == [0, 1, 2, 3]
    assert after[1.0] < after[0.0] - 0.01

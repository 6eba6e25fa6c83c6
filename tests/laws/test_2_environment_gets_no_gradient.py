"""Law 2: tokens that the environment wrote get no gradient. Checked by the gradient itself, in SFT, DPO, PPO and GRPO, and
in the verifier, which trains its answer and nothing of the episode.
"""

import pytest
import torch
from fakes import SEPARATE, dpo_gradients, grpo_gradients, ppo_gradients, preferences, verifier_gradients
from transformers import AutoModelForCausalLM

from galen.data.rows import labels, row

pytestmark = pytest.mark.slow


@pytest.fixture
def episodes(sampler, teacher, tasks):
    groups = sampler.sample(tasks[:8], teacher(slip=0.5))
    return [g.episodes[0] for g in groups if g.episodes[0].success]


def _logit_gradient(model, ids, loss_of):
    """Gradient of the loss at each position's logits: shape (positions,), its norm."""
    logits = model(input_ids=ids).logits
    logits.retain_grad()
    loss_of(logits).backward()
    return logits.grad[0].norm(dim=-1)


def test_sft_rows(episodes):
    from galen.paths import ROOT

    model = AutoModelForCausalLM.from_pretrained(ROOT / "models" / "tiny-base", dtype=torch.float32)
    for episode in episodes[:3]:
        found = row(episode)
        ids = torch.tensor([found.input_ids])
        norms = _logit_gradient(
            model,
            ids,
            lambda x, f=found: torch.nn.functional.cross_entropy(
                x[0, :-1], torch.tensor(labels(f))[1:], ignore_index=-100
            ),
        )
        predicts_agent = torch.tensor([*found.mask[1:], 0], dtype=torch.bool)
        assert torch.all(norms[~predicts_agent] == 0) and torch.all(norms[predicts_agent] > 0)


def test_dpo_loss(sampler, teacher, tasks, tmp_path):
    pairs = preferences(sampler, teacher, tasks)[:4]
    masks = {}
    for p in pairs:
        for ids, mask in ((p.chosen_ids, p.chosen_mask), (p.rejected_ids, p.rejected_mask)):
            masks[(*p.prompt_ids, *ids)] = [*([0] * len(p.prompt_ids)), *mask]
    for ids, norms in (found := dpo_gradients(tmp_path, pairs)):
        predicts_agent = torch.tensor([*masks[tuple(ids)][1:], 0], dtype=torch.bool)
        assert torch.all(norms[~predicts_agent] == 0) and torch.all(norms[predicts_agent] > 0)
    assert len(found) == 8


def test_grpo_loss(sampler, teacher, tasks, tmp_path, monkeypatch):
    mask, gradient = grpo_gradients(tmp_path, sampler, teacher, tasks, monkeypatch)
    assert mask.any() and not mask.all()
    assert torch.all(gradient[~mask] == 0)
    assert torch.all(gradient[mask] != 0)


@pytest.mark.parametrize("critic", [{}, SEPARATE], ids=["shared", "separate"])
def test_ppo_policy_and_value_loss(critic, sampler, teacher, tasks, tmp_path, monkeypatch):
    mask, *gradients = ppo_gradients(tmp_path, sampler, teacher, tasks, monkeypatch, **critic)
    assert mask.any() and not mask.all()
    for gradient in gradients:
        assert torch.all(gradient[~mask] == 0)
        assert torch.all(gradient[mask] != 0)


def test_verifier_trains_the_answer_alone(sampler, teacher, tasks, template, tmp_path):
    from galen.data.verifier import answer_ids

    ids, gradient = verifier_gradients(tmp_path, sampler, teacher, tasks)
    norms = gradient.norm(dim=-1)
    for tokens, norm in zip(ids, norms, strict=True):
        last = int((tokens != template.pad_id).nonzero()[-1])
        assert tokens[last] in answer_ids(template)
        assert norm.nonzero().flatten().tolist() == [last - 1]

"""Preference pairs, and what the DPO trainer computes from them."""

import inspect
import itertools
import json
import math
from collections import Counter

import pytest
import torch
import trl
from fakes import BASE, PAIRED, played, run_dpo_on, tiny, tiny_lora
from pydantic import ValidationError
from trl import DPOTrainer

from galen.data.pairs import PairRow, pair, pairs_by_score, pairs_by_success
from galen.errors import GalenError, UserError
from galen.train.dpo import DPOSettings, PairCollator, dpo_trainer, score, train_dpo
from galen.types import Verdict


@pytest.fixture
def episodes(sampler, teacher, tasks):
    """Six episodes of each of ten tasks."""
    groups = played(sampler, teacher(slip=0.3, wrong=0.4), [*tasks[:5], *tasks[40:45]], samples=6)
    return [e for g in groups for e in g.episodes]


@pytest.fixture
def rows(episodes):
    """Eight pairs."""
    found, _ = pairs_by_success(episodes, per_task=2)
    return found[:8]


def graded(episode, reward):
    verdict = None if reward is None else Verdict(reward=reward, passed=reward == 1.0, oracle="test", version=1)
    return episode.model_copy(update={"verdict": verdict})


def sides(rows):
    """What names the episode on either side of each row."""
    return [((r.task_id, *r.chosen_ids), (r.task_id, *r.rejected_ids)) for r in rows]


def by_tokens(episodes):
    return {(e.task_id, *e.completion_ids): e for e in episodes}


def test_a_pair_is_a_success_and_a_failure_of_one_task(episodes):
    rows, report = pairs_by_success(episodes)
    known = by_tokens(episodes)
    for row, (chosen, rejected) in zip(rows, sides(rows), strict=True):
        assert known[chosen].success and not known[rejected].success
        assert row.prompt_ids == known[chosen].prompt_ids == known[rejected].prompt_ids
        assert row.chosen_mask == known[chosen].completion_mask and row.rejected_mask == known[rejected].completion_mask
    both = [t for t, mine in itertools.groupby(episodes, lambda e: e.task_id) if len({e.success for e in mine}) == 2]
    assert sorted(r.task_id for r in rows) == sorted(both) and len(both) >= 4
    assert (report.episodes, report.tasks, report.pairs, report.unpaired) == (60, 10, len(both), 10 - len(both))


def test_pairs_follow_the_seed_not_the_order_and_use_different_episodes(episodes):
    rows, _ = pairs_by_success(episodes, per_task=3)
    assert rows == pairs_by_success(reversed(episodes), per_task=3)[0]
    assert max(Counter(r.task_id for r in rows).values()) == 3
    assert len(set(sides(rows))) == len(rows)
    known = by_tokens(episodes)
    for task_id in {r.task_id for r in rows}:
        first, second, *_ = [*sides([r for r in rows if r.task_id == task_id]), (None, None)]
        for side, success in ((0, True), (1, False)):
            several = len({k for k, e in known.items() if e.task_id == task_id and e.success is success}) > 1
            assert not several or first[side] != second[side]
    drawn = {both for seed in range(8) for both in sides(pairs_by_success(episodes, seed=seed)[0])}
    assert len(drawn) > len({r.task_id for r in rows})


def test_what_was_left_out_is_counted(episodes):
    good, bad = next(
        (a, b) for a in episodes for b in episodes if a.task_id == b.task_id and a.success and not b.success
    )
    rows, report = pairs_by_success([good, graded(bad, None)])
    assert rows == [] and (report.ungraded, report.tasks, report.unpaired) == (1, 1, 1)
    rows, report = pairs_by_success([good, bad.model_copy(update={"turns": ()})])
    assert rows == [] and report.silent == 1
    rows, report = pairs_by_score([good, bad], {good.key: 1.0})
    assert rows == [] and report.unscored == 1
    rows, report = pairs_by_success([good, good.model_copy(update={"key": "again"}), bad], per_task=9)
    assert len(rows) == 1 and report.repeated == 1


def test_equal_text_makes_no_pair(episodes):
    good = next(e for e in episodes if e.success)
    same = graded(good, 0.0).model_copy(update={"key": "same"})
    assert pairs_by_success([good, same])[0] == []
    assert pairs_by_score([good, same], {good.key: 1.0, "same": 0.0})[0] == []


def ladder(episodes):
    """Four episodes of one task with different texts."""
    for _, mine in itertools.groupby(episodes, lambda e: e.task_id):
        distinct = list({tuple(t.text for t in e.turns): e for e in mine}.values())
        if len(distinct) >= 4:
            return distinct[:4]
    raise AssertionError("no task with four different episodes")


def test_scores_pair_the_highest_with_the_lowest(episodes):
    a, b, c, d = ladder(episodes)
    scores = {b.key: 0.9, a.key: 0.6, d.key: 0.4, c.key: 0.1}
    rows, _ = pairs_by_score([a, b, c, d], scores, per_task=2)
    assert rows == [pair(b, c), pair(a, d)]
    assert pairs_by_score([a, b, c, d], dict.fromkeys(scores, 0.5))[0] == []
    with pytest.raises(UserError, match=f"{a.key} has the score nan"):
        pairs_by_score([a, b], {a.key: math.nan, b.key: 0.5})


def test_scores_choose_among_successes_and_failures(episodes):
    a, b, c, d = ladder(episodes)
    mine = [graded(a, 1.0), graded(b, 1.0), graded(c, 0.0), graded(d, 0.0)]
    # The failure c is scored above every success: it is still a failure.
    rows, _ = pairs_by_success(mine, scores={a.key: 0.2, b.key: 0.3, c.key: 0.9, d.key: 0.1})
    assert rows == [pair(b, d)]


def test_mixed_templates_prompts_and_tasks_are_refused(episodes):
    a, b, *_ = ladder(episodes)
    with pytest.raises(UserError, match=f"{a.template} and feed|feed and {a.template}"):
        pairs_by_success([a, b.model_copy(update={"template": "feed"})])
    with pytest.raises(UserError, match=f"{a.template} and feed|feed and {a.template}"):
        pairs_by_success([a, b.model_copy(update={"template": "feed", "task_id": "~ another"})])
    with pytest.raises(UserError, match="different prompts"):
        pair(a, b.model_copy(update={"prompt_ids": [1, 2]}))
    with pytest.raises(UserError, match="a pair has one task"):
        pair(a, b.model_copy(update={"task_id": "another"}))


ROW = dict(
    task_id="t", template="f", prompt_ids=[5], chosen_ids=[1, 2], chosen_mask=[1, 0], rejected_ids=[3], rejected_mask=[1]
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"chosen_mask": [1]}, "chosen_ids and chosen_mask differ"),
        ({"rejected_mask": [1, 1]}, "rejected_ids and rejected_mask differ"),
        ({"chosen_mask": [0, 0]}, "no trained token in chosen_ids"),
        ({"rejected_ids": [], "rejected_mask": []}, "no trained token in rejected_ids"),
        ({"prompt_ids": []}, "no prompt token"),
    ],
)
def test_a_row_without_anything_to_compare_is_refused(changed, reason):
    assert PairRow(**ROW).length == 3
    with pytest.raises(ValidationError, match=reason):
        PairRow(**(ROW | changed))


def test_settings_without_effect_are_refused():
    with pytest.raises(ValidationError, match="do not divide into micro-batches"):
        DPOSettings(batch_size=6, micro_batch=4)
    with pytest.raises(ValidationError, match="has no effect with loss = ipo; set it to 0"):
        DPOSettings(loss="ipo")


def test_trls_private_methods_are_the_ones_overridden():
    """The overrides were written against these; another version of TRL needs another look."""
    assert trl.__version__ == "1.16.0"
    expected = {
        "_prepare_dataset": ["self", "dataset", "processing_class", "args", "dataset_name"],
        "_precompute_ref_logps": ["self", "dataset", "name", "batch_size"],
        "compute_ref_log_probs": ["self", "model", "inputs"],
        "_compute_loss": ["self", "model", "inputs", "return_outputs"],
    }
    assert {name: list(inspect.signature(getattr(DPOTrainer, name)).parameters) for name in expected} == expected


def trainer_on(rows, out, model, **changed):
    settings = DPOSettings.model_validate(PAIRED.model_dump() | changed)
    return dpo_trainer(model, BASE, rows, settings, out, seed=0, gradient_checkpointing=False, save_every=100)


@pytest.fixture
def exact(monkeypatch):
    """float32 on every machine, and one thread: several add up a batch and a single row in different orders."""
    monkeypatch.setattr("galen.train.device.fast_bf16", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@torch.no_grad()
def sampled(model, episode):
    """The episode with the log-probabilities that a sampler of `model` stores: reply by reply, alone, unpadded."""
    ids, turns = list(episode.prompt_ids), []
    for turn in episode.turns:
        said = sum(turn.loss_mask)
        logps = model(torch.tensor([ids + turn.token_ids[:said]])).logits[0, len(ids) - 1 : -1].log_softmax(-1)
        own = logps.gather(1, torch.tensor(turn.token_ids[:said])[:, None])[:, 0].tolist()
        turns.append(turn.model_copy(update={"logprobs": own + [0.0] * (len(turn.token_ids) - said)}))
        ids += turn.token_ids
    return episode.model_copy(update={"turns": tuple(turns)})


@pytest.mark.slow
def test_masked_log_probabilities_are_the_samplers(episodes, rows, tmp_path, exact):
    model, every = tiny(), by_tokens(episodes)
    known = {key: sampled(model, every[key]) for both in sides(rows) for key in both}
    assert any(0 in r.chosen_mask and len(r.chosen_ids) != len(r.rejected_ids) for r in rows)
    for row in trainer_on(rows, tmp_path, model, batch_size=4, micro_batch=4).train_dataset:
        for side in ("chosen", "rejected"):
            own = known[row["task_id"], *row[f"{side}_ids"]].completion_logprobs
            assert row[f"ref_{side}_logps"] == pytest.approx(sum(own), rel=2e-6)
    run_dpo_on(rows, tmp_path / "run", batch_size=len(rows), micro_batch=len(rows))
    first = json.loads((tmp_path / "run" / "log.jsonl").read_text())
    means = torch.tensor([[sum(known[k].completion_logprobs) for k in both] for both in sides(rows)]).mean(0)
    assert [first["chosen_logp"], first["rejected_logp"]] == pytest.approx(means.tolist(), rel=2e-6)
    assert first["margin"] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.slow
def test_a_cpu_scores_what_trls_head_scores(rows, tmp_path, exact):
    model = tiny()
    trainer = trainer_on(rows, tmp_path, model)
    batch = trainer.data_collator([trainer.train_dataset[i] for i in (0, 7, 3, 5, 2)])
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "labels": labels}
    ours = score(model, bf16=False, **inputs)
    theirs = model(**inputs, fused_lm_head=True)
    for name in ("log_probs", "entropy", "mean_logits"):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name), atol=2e-5, rtol=0)
    assert torch.equal(ours.is_top1, theirs.is_top1) and ours.is_top1.any()


def two_turns(template):
    """A pair of two turns a side: the environment's two tokens between the agent's."""
    return PairRow(
        task_id="t", template=template, prompt_ids=[1, 40, 41, 42], chosen_ids=[50, 51, 9, 10, 52, 2],
        chosen_mask=[1, 1, 0, 0, 1, 1], rejected_ids=[60, 11, 12, 61, 2], rejected_mask=[1, 0, 0, 1, 1],
    )  # fmt: skip


def by_hand(model, row):
    """Log-probabilities of the agent's tokens of either side, from the model's logits alone."""
    found = []
    for ids, mask in ((row.chosen_ids, row.chosen_mask), (row.rejected_ids, row.rejected_mask)):
        logits = model(torch.tensor([[*row.prompt_ids, *ids]])).logits[0]
        places = [len(row.prompt_ids) + i for i, sampled in enumerate(mask) if sampled]
        found.append(torch.stack([logits[p - 1].log_softmax(-1)[ids[p - len(row.prompt_ids)]] for p in places]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["sigmoid", "smoothed", "sft", "ipo"])
def test_loss_and_gradient_by_hand(loss, template, tmp_path, exact):
    beta, smoothing, weight = 0.5, 0.0 if loss in ("sigmoid", "ipo") else 0.2, 0.3 if loss == "sft" else 0.0
    row, model = two_turns(template.fingerprint), tiny().double()
    trainer = trainer_on(
        [row], tmp_path, model, beta=beta, label_smoothing=smoothing, sft_weight=weight, loss="ipo" if loss == "ipo" else "sigmoid"
    )  # fmt: skip
    with torch.no_grad():
        reference = [x.sum().item() for x in by_hand(tiny().double(), row)]
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0))
    got = trainer.compute_loss(model, trainer.data_collator([trainer.train_dataset[0]]))
    got.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}

    model.zero_grad()
    chosen, rejected = by_hand(model, row)
    margin = (chosen.sum() - reference[0] - rejected.sum() + reference[1]).item()
    right, wrong = 1 / (1 + math.exp(-beta * margin)), 1 / (1 + math.exp(beta * margin))
    ratio = (chosen.sum().item() - reference[0]) / len(chosen) - (rejected.sum().item() - reference[1]) / len(rejected)
    if loss == "ipo":
        value = (ratio - 1 / (2 * beta)) ** 2
        slope = 2 * (ratio - 1 / (2 * beta))
        (slope * (chosen.mean() - rejected.mean())).backward()
    else:
        value = -(1 - smoothing) * math.log(right) - smoothing * math.log(wrong) - weight * chosen.mean().item()
        slope = -beta * ((1 - smoothing) * wrong - smoothing * right)
        (slope * (chosen.sum() - rejected.sum()) - weight * chosen.mean()).backward()
    assert abs(margin) > 0.05
    assert got.item() == pytest.approx(value, abs=1e-6)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, atol=1e-6, rtol=1e-5, msg=name)


@pytest.mark.slow
def test_training_raises_the_margin(rows, tmp_path, exact):
    epochs, model = [], tiny()
    report = train_dpo(
        model, BASE, rows, PAIRED.model_copy(update={"batch_size": 4, "epochs": 3}), tmp_path, seed=0, context=640,
        after_epoch=lambda m, n: epochs.append((n, m.training)),
    )  # fmt: skip
    assert (report.pairs, report.too_long, epochs) == (8, 0, [(1, False), (2, False), (3, False)])
    with torch.no_grad():
        before, after = ([[x.sum().item() for x in by_hand(m, r)] for r in rows] for m in (tiny(), model))
    margins = [(c - c0) - (r - r0) for (c0, r0), (c, r) in zip(before, after, strict=True)]
    assert min(margins) > 0 and sum(margins) / len(margins) > 5
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[-1]["margin"] > lines[0]["margin"] + 0.5 and lines[-1]["accuracy"] == 1.0
    assert lines[-1]["chosen_reward"] - lines[-1]["rejected_reward"] == pytest.approx(lines[-1]["margin"], abs=1e-5)
    assert lines[-1]["loss"] < lines[0]["loss"]


@pytest.mark.slow
def test_micro_batches_make_the_step_of_the_whole_batch(rows, tmp_path, exact):
    lines = []
    for micro in (8, 2):
        run_dpo_on(rows, tmp_path / str(micro), batch_size=8, micro_batch=micro)
        lines.append(json.loads((tmp_path / str(micro) / "log.jsonl").read_text()))
    for name in ("loss", "grad_norm", "chosen_logp", "rejected_logp"):
        assert lines[0][name] == pytest.approx(lines[1][name], rel=1e-5), name


@pytest.mark.slow
def test_the_reference_is_the_starting_weights_with_lora_too(rows, tmp_path, exact):
    rows = rows[:2]
    model = tiny_lora()
    trainer = trainer_on(rows, tmp_path, model, warmup_steps=0)
    assert list(model.peft_config) == ["default"]
    with torch.no_grad(), model.disable_adapter():
        base = by_hand(model, rows[0])[0].sum().item()
    kept = next(b for b in trainer.train_dataset if b["task_id"] == rows[0].task_id)
    start = by_hand(tiny_lora(), rows[0])[0].sum().item()
    assert kept["ref_chosen_logps"] == pytest.approx(start, rel=2e-6) and abs(start - base) > 0.1
    before = {n: p.clone() for n, p in model.named_parameters()}
    trainer.train()
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert moved and all("lora_" in n for n in moved)


@pytest.mark.slow
def test_what_goes_on_keeps_its_reference_and_its_log(rows, tmp_path):
    log, reference = tmp_path / "log.jsonl", tmp_path / "reference.json"
    run_dpo_on(rows, tmp_path, stops=[2])
    kept = reference.read_text()
    with log.open("a") as file:
        file.write(log.read_text().splitlines()[-1].replace('"step": 2', '"step": 3') + "\n")
    with pytest.raises(UserError, match="holds a run on other pairs"):
        run_dpo_on(rows[:6], tmp_path)
    run_dpo_on(rows, tmp_path, stops=[2, 4])
    assert reference.read_text() == kept
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert lines[-1]["margin"] > 0


@pytest.mark.slow
def test_pairs_that_cannot_be_trained_on(rows, tmp_path, template):
    rows = sorted(rows, key=lambda r: r.length)
    context = rows[5].length
    report = train_dpo(tiny(), BASE, rows, PAIRED, tmp_path, seed=0, context=context, stop_after=1)
    assert report.too_long == sum(r.length > context for r in rows) > 0
    assert report.pairs == 8 - report.too_long
    for pairs, context in (([], 640), (rows, 20)):
        with pytest.raises(UserError, match=f"of {len(pairs)} pairs none fits the context of {context} tokens"):
            train_dpo(tiny(), BASE, pairs, PAIRED, tmp_path, seed=0, context=context)
    foreign = rows[0].model_copy(update={"template": "feed"})
    with pytest.raises(UserError, match=f"fingerprint feed, but .* has {template.fingerprint}"):
        train_dpo(tiny(), BASE, [*rows, foreign], PAIRED, tmp_path, seed=0, context=640)


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_the_run(rows, tmp_path):
    with pytest.raises(GalenError, match=r"step \d has loss nan .*lower dpo.learning_rate"):
        run_dpo_on(rows, tmp_path / "diverged", learning_rate=1e30, warmup_steps=0)
    assert not list((tmp_path / "diverged").glob("checkpoint-*"))

    def broken():
        model = tiny()
        torch.nn.init.constant_(model.get_input_embeddings().weight, math.nan)
        return model

    with pytest.raises(GalenError, match="the starting weights give a pair of .* nan"):
        run_dpo_on(rows, tmp_path / "broken", make=broken)


def test_the_collator_masks_what_the_environment_wrote(template):
    row = two_turns(template.fingerprint)
    batch = PairCollator(pad_token_id=0).torch_call([row.model_dump()])
    assert batch["input_ids"].tolist() == [
        [1, 40, 41, 42, 50, 51, 9, 10, 52, 2],
        [1, 40, 41, 42, 60, 11, 12, 61, 2, 0],
    ]
    assert batch["completion_mask"].tolist() == [[0, 0, 0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 0, 0, 1, 0, 0, 1, 1, 0]]

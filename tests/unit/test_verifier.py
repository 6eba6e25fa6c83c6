"""The verifier reads stored tokens and one question, and answers with one token."""

import json

import pytest
import torch
from fakes import BASE, pretrained, tiny
from tokenizers import Tokenizer

from galen.data.rows import labels
from galen.data.verifier import QUESTION, answer_ids, ask, verifier_rows
from galen.errors import UserError
from galen.evals.verifier import verifier_scores
from galen.policy.template import ChatTemplate
from galen.train.verifier import VerifierSettings, score, train_verifier
from galen.types import Message

CONTEXT = 700


@pytest.fixture
def episodes(sampler, teacher, tasks):
    return [g.episodes[0] for g in sampler.sample([*tasks[:16], *tasks[40:56]], teacher(slip=0.4, wrong=0.4))]


def test_rows_are_the_stored_tokens_a_question_and_one_answer(episodes, template):
    yes, no = answer_ids(template)
    rows, report = verifier_rows(episodes, template, CONTEXT, balance=False, seed=0)
    question = template.observation_ids(QUESTION)
    for episode, row in zip(episodes, rows, strict=True):
        assert row.input_ids == [
            *episode.prompt_ids, *episode.completion_ids, *question, yes if episode.success else no
        ]  # fmt: skip
        assert row.mask == [0] * (len(row.mask) - 1) + [1]
    assert (report.yes, report.no) == (sum(e.success for e in episodes), sum(not e.success for e in episodes))


def test_an_unfinished_turn_is_closed_before_the_question(episodes, template):
    """Without END (cut by the context) and after an observation (the head of a reply that never came)."""
    whole = next(e for e in episodes if len(e.turns) > 1)
    last = whole.turns[-1]
    cut = last.model_copy(update={n: getattr(last, n)[:-1] for n in ("token_ids", "loss_mask", "logprobs")})
    asked = ask(whole.model_copy(update={"turns": (*whole.turns[:-1], cut)}), template, CONTEXT)
    assert asked == ask(whole, template, CONTEXT)
    asked = ask(whole.model_copy(update={"turns": whole.turns[:-1]}), template, CONTEXT)
    assert asked and asked.ids.count(template.start_id) == asked.ids.count(template.end_id) + 1


def test_the_middle_goes_in_whole_turns_and_what_never_fits_is_counted(episodes, template):
    long = max(episodes, key=lambda e: len(e.turns))
    question = template.observation_ids(QUESTION)
    whole = len(long.prompt_ids) + len(long.completion_ids) + len(question) + 1
    shorter = whole - len(long.turns[0].token_ids)
    for context, dropped in ((whole, 0), (whole - 1, 1), (shorter, 1), (shorter - 1, 2)):
        asked = ask(long, template, context)
        assert asked and asked.dropped == dropped and len(asked.ids) < context
        kept = [t for turn in long.turns[dropped:] for t in turn.token_ids]
        assert asked.ids == [*long.prompt_ids, *kept, *question]
    least = len(long.prompt_ids) + len(question) + 1
    assert ask(long, template, least) is None
    rows, report = verifier_rows([long], template, whole - 1, balance=False, seed=0)
    assert len(rows) == report.shortened == 1
    rows, report = verifier_rows([long], template, least, balance=False, seed=0)
    assert rows == [] and report.too_long == 1


def test_ungraded_episodes_are_left_out_and_each_family_is_balanced(episodes, template):
    episodes = [episodes[0].model_copy(update={"verdict": None}), *episodes[1:]]
    rows, report = verifier_rows(episodes, template, CONTEXT, balance=True, seed=0)
    less = sum(
        min(sum(e.success for e in mine), sum(not e.success for e in mine))
        for mine in ([e for e in episodes[1:] if e.family == f] for f in ("medcalc", "mimic_iii"))
    )
    assert report.yes == report.no == less > 0 and len(rows) == 2 * less
    assert report.ungraded == 1 and report.unbalanced == len(episodes) - 1 - len(rows) > 0
    again, _ = verifier_rows(episodes, template, CONTEXT, balance=True, seed=0)
    other, _ = verifier_rows(episodes, template, CONTEXT, balance=True, seed=1)
    assert again == rows != other


def test_tokens_of_another_tokenizer_are_refused(episodes, template):
    foreign = episodes[0].model_copy(update={"template": "elsewhere"})
    with pytest.raises(UserError, match=r"of template elsewhere, the verifier's is"):
        ask(foreign, template, CONTEXT)


def test_answers_that_begin_alike_are_refused(tmp_path):
    described = json.loads((BASE / "tokenizer.json").read_text())
    described["model"]["merges"] = []
    described["pre_tokenizer"] = {
        "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True
    }  # fmt: skip
    Tokenizer.from_str(json.dumps(described)).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UserError, match="YES and NO begin with the same token"):
        answer_ids(ChatTemplate(tmp_path))


def test_one_verdict_alone_trains_no_verifier(episodes, template, tmp_path):
    rows, _ = verifier_rows([e for e in episodes if e.success], template, CONTEXT, balance=False, seed=0)
    with pytest.raises(UserError, match="rows do not hold both"):
        train_verifier(tiny(), BASE, rows, VerifierSettings(), tmp_path, seed=0, context=CONTEXT)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_scores_are_the_share_of_yes_whatever_else_is_in_the_batch(episodes, template):
    model = tiny()
    yes, no = answer_ids(template)
    unknown = episodes[0].model_copy(update={"verdict": None})
    got = score(model, [unknown, *episodes[1:8]], template, CONTEXT)
    assert got == pytest.approx(score(model, episodes[:8], template, CONTEXT, batch_tokens=1), abs=1e-6)
    for episode, value in zip(episodes[:8], got, strict=True):
        chat = (Message(role="user", content=QUESTION),)
        ids = [*episode.prompt_ids, *episode.completion_ids, *template.encode("\n"), *template.prompt_ids(chat)]
        probability = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
        assert value == pytest.approx((probability[yes] / (probability[yes] + probability[no])).item(), abs=1e-6)
    assert len(set(got)) > 1 and score(model, episodes[:1], template, 64) == [None]


@pytest.mark.slow
def test_training_lowers_the_answers_loss_and_parts_the_scores(sampler, teacher, tasks, template, tmp_path):
    episodes = [g.episodes[0] for g in sampler.sample(tasks, teacher(slip=0.2, wrong=0.5))]
    rows, _ = verifier_rows(episodes, template, CONTEXT, balance=True, seed=0)
    settings = VerifierSettings(learning_rate=5e-4, batch_size=4, epochs=8)
    model = pretrained()

    @torch.no_grad()
    def loss():
        losses = [model(input_ids=torch.tensor([r.input_ids]), labels=torch.tensor([labels(r)])).loss for r in rows]
        return torch.stack(losses).mean().item()

    before = loss()
    train_verifier(model, BASE, rows, settings, tmp_path, seed=0, context=CONTEXT)
    assert loss() < 0.65 < before  # log 2 = 0.69 is what YES and NO cost without a look at the episode
    [*_, both] = verifier_scores(episodes, score(model, episodes, template, CONTEXT))
    assert both.auroc > 0.7

"""A real pretrained model: its weights say sensible things, its adapters learn, and the server samples from them."""

import pytest

from galen.agent.loop import Setting
from galen.data.rows import demonstrations
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.policy.vllm import VLLMPolicy, VLLMServer
from galen.presets import model_preset
from galen.rollout.sampler import Sampler
from galen.tasks.store import GoldStore
from galen.types import Message

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def preset():
    return model_preset("smollm2-135m")


def test_the_converted_weights_know_the_capital_of_france(smollm2):
    import torch
    from transformers import AutoModelForCausalLM

    template = ChatTemplate(smollm2)
    model = AutoModelForCausalLM.from_pretrained(smollm2)
    assert model.dtype == torch.bfloat16 and model.config.eos_token_id == template.end_id
    question = Message(role="user", content="What is the capital of France?")
    prompt = template.prompt_ids((Message(role="system", content="Answer in one sentence."), question))
    reply = model.generate(torch.tensor([prompt]), max_new_tokens=24, do_sample=False)[0, len(prompt) :].tolist()
    assert "Paris" in template.decode(reply) and reply[-1] == template.end_id


def test_adapters_learn_and_the_server_samples_from_them(smollm2, preset, data, backend, grader, tasks, tmp_path):
    from galen.train.models import check_parity, load_model, parity, serve_weights
    from galen.train.sft import SFTSettings, train_sft

    template, gold, by_id = ChatTemplate(smollm2), GoldStore(data), {t.id: t for t in tasks}
    setting = Setting(data, template, backend, preset.profile, preset.context, preset.reply_tokens, 0.8, 2)
    sampler = Sampler(setting, grader, 8)
    teacher = ScriptedPolicy(lambda i: gold.get(by_id[i]), template, 0.0, 0.0)
    rows = demonstrations(g.episodes[0] for g in sampler.sample(tasks[36:44], teacher))
    assert len(rows) == 8

    model = load_model(str(smollm2), preset)
    frozen = {n: p.detach().clone() for n, p in model.named_parameters() if not p.requires_grad}
    settings = SFTSettings(learning_rate=1e-3, batch_size=8, epochs=2, warmup_steps=0)
    train_sft(model, smollm2, rows, settings, tmp_path / "sft", seed=0, context=preset.context, max_steps=2)
    assert all(p.equal(frozen[n]) for n, p in model.named_parameters() if n in frozen) and len(frozen) == 272
    assert all(p.any() for n, p in model.named_parameters() if "lora_B" in n)

    server = VLLMServer(
        str(smollm2), preset.serve, dtype=preset.dtype, context=preset.context, log=tmp_path / "vllm.log", cpu=True,
        lora_rank=preset.lora.rank,
    )  # fmt: skip
    try:
        server.wait()
        policy = VLLMPolicy(server.url, template, "sft", 8)
        serve_weights(model, policy, tmp_path / "serving")
        episodes = [g.episodes[0] for g in sampler.sample(tasks[37:43], policy)]
    finally:
        server.close()
    assert not any(e.fault for e in episodes) and {e.policy_version for e in episodes} == {1}
    mean, _ = check_parity(model, episodes, 0.8)
    with model.disable_adapter():  # type: ignore[operator]
        assert parity(model, episodes, 0.8)[0] > 4 * mean

"""`galen plan`: counts that a built model confirms, figures known from elsewhere, and refusals that say what would fit."""

import importlib
import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from galen.cli import app
from galen.errors import UserError
from galen.paths import CONFIGS, ROOT
from galen.plan import counts, fit, hours, memory
from galen.plan.machine import CARDS, GIB, PRESETS, RESERVE, machine
from galen.plan.plan import plan
from galen.plan.recipe import (
    DPOPart,
    EvalPart,
    GRPOPart,
    PlannedRecipe,
    PPOPart,
    SFTPart,
    Stage,
    VerifierPart,
    _dpo,
    _grpo,
    _ppo,
    _verifier,
    workload,
)
from galen.presets import Architecture, LoraSettings, ModelPreset, model_preset

TINY = ROOT / "models" / "tiny-base"
# Model cards of Qwen2.5 (Qwen Team 2024): parameters in all, and without embedding and head, in billions.
CARDS_OF_MODELS = {
    "0.5b": (0.49, 0.36), "1.5b": (1.54, 1.31), "3b": (3.09, 2.77), "7b": (7.61, 6.53), "14b": (14.7, 13.1),
    "32b": (32.5, 31.0),
}  # fmt: skip
SMALL = {
    "model_type": "qwen2", "hidden_size": 256, "intermediate_size": 1536, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512, "tie_word_embeddings": True,
}  # fmt: skip
WIDE = {"hidden_size": 512, "num_attention_heads": 8, "intermediate_size": 768}
GRPO = Stage(name="grpo", micro_batch=1, batch=1, rows=1, played=1, reference="kept", scored=True)


@pytest.fixture
def big() -> ModelPreset:
    return model_preset("qwen2.5-14b")


def small(lora: bool = False, checkpointing: bool = True, **sizes) -> ModelPreset:
    return ModelPreset(
        name="small", path="nowhere", architecture=Architecture(**{**SMALL, **sizes}), context=512,
        gradient_checkpointing=checkpointing, lora=LoraSettings(rank=8) if lora else None,
    )  # fmt: skip


def built(config: dict, rank: int = 0) -> tuple[int, int]:
    """Parameters of the real model on the meta device: all, and those of its adapters."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
        total = model.num_parameters()
        if not rank:
            return total, 0
        model = get_peft_model(model, LoraConfig(r=rank, target_modules="all-linear", task_type="CAUSAL_LM"))
    return total, sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", CARDS_OF_MODELS)
def test_published_sizes_of_qwen(name):
    s = counts.shape_of(model_preset(f"qwen2.5-{name}"))
    total, inner = CARDS_OF_MODELS[name]
    tables = counts.embedding(s) * (1 if s.a.tie_word_embeddings else 2)
    assert counts.parameters(s) / 1e9 == pytest.approx(total, rel=0.01)
    assert (counts.parameters(s) - tables) / 1e9 == pytest.approx(inner, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*(f"qwen2.5-{n}" for n in CARDS_OF_MODELS), str(TINY)])
def test_parameters_are_those_of_the_built_model(name):
    s = counts.shape_of(model_preset(name))
    assert built(s.a.model_dump())[0] == counts.parameters(s)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [{}, {"tie_word_embeddings": False}, {"model_type": "llama"}])
def test_adapters_are_those_that_peft_makes(sizes):
    s = counts.shape_of(small(**sizes))
    assert built(s.a.model_dump(), rank=8) == (counts.parameters(s), counts.adapters(s, 8))


def test_a_local_folder_is_read_from_its_config(tmp_path):
    read = json.loads((TINY / "config.json").read_text())
    assert counts.shape_of(model_preset("tiny")).a.hidden_size == read["hidden_size"]
    (tmp_path / "config.json").write_text(json.dumps(read | {"model_type": "mamba"}))
    with pytest.raises(UserError, match="mamba: only qwen2 and llama"):
        counts.shape_of(model_preset(str(tmp_path)))
    del read["vocab_size"]
    (tmp_path / "config.json").write_text(json.dumps(read))
    with pytest.raises(UserError, match="vocab_size is missing"):
        counts.shape_of(model_preset(str(tmp_path)))
    with pytest.raises(UserError, match="no local folder.*`architecture:`"):
        counts.shape_of(ModelPreset(name="a", path="hub/a"))


def test_the_known_figures_of_14b(big):
    s = counts.shape_of(big)
    used = memory.parts(big, s, GRPO, 1, PRESETS["single_gpu"], 1)
    assert used.weights / GIB == pytest.approx(27.5, abs=0.05)
    assert counts.cache(s, 2) == 192 * 1024
    assert counts.adapters(s, 32) / 1e6 == pytest.approx(138, abs=0.5)
    assert (used.adapters + used.gradients + used.optimizer) / GIB == pytest.approx(2.1, abs=0.06)
    assert used.activations / GIB == pytest.approx(5, abs=0.6)
    assert memory.logits(s, big.context) / GIB == pytest.approx(4.6, abs=0.05)
    assert used.logits == 0


@pytest.mark.parametrize(
    ("gib", "placement", "tokens", "low", "high"),
    [(80, "awake", 61e3, 0.50, 0.55), (80, "asleep", 96e3, 0.5, 0.65), (141, "awake", 400e3, 0.65, 0.73)],
)
def test_the_known_caches_beside_14b_with_lora(big, gib, placement, tokens, low, high):
    work = workload("grpo", big, ["sft.batch_size=1"])
    layout = fit.Layout(preset="single_gpu", placement=placement, trainers=1, servers=1, tensor_parallel=1)
    found = fit.fit(big, counts.shape_of(big), work, machine(1, gib, None), layout)
    assert found is not None
    assert found.tokens == pytest.approx(tokens, rel=0.1) and low <= found.utilization <= high


@pytest.mark.parametrize(("gpu", "low", "high"), [("a100", 5.8e3, 6e3), ("h100", 16.8e3, 17e3), ("h200", 19e3, 19.2e3)])
def test_the_known_throughput_of_14b_with_lora(big, gpu, low, high):
    """Trajectories in twelve hours at 3k tokens each, at the efficiency measured on an H100, and a third to a quarter of
    them at 8k: fewer fit the cache.
    """
    s, work, place = counts.shape_of(big), workload("grpo", big, ["sft.batch_size=1"]), machine(1, None, gpu)
    found = fit.best(big, s, work, place, None)
    assert found is not None

    def in_half_a_day(model):
        each = hours.training_s(model, s, place, found, work.stages[1]) + hours.playing_s(model, s, place, found, 64)
        return 12 * 3600 / each

    long = in_half_a_day(big.model_copy(update={"context": int(8192 / fit.EPISODE)}))
    assert 0.95 * low <= in_half_a_day(big) <= 1.05 * high
    assert 0.22 < long / in_half_a_day(big) < 0.36


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "lora", "checkpointing"),  # each pair of values once
    [({}, False, False), ({}, True, True), (WIDE, True, False), (WIDE, False, True)],
)
def test_activations_are_what_the_profiler_sees(sizes, lora, checkpointing):
    preset = small(lora, checkpointing, num_hidden_layers=8, **sizes)
    saved, backward, _ = memory.activations(preset, counts.shape_of(preset), preset.context, cpu=False)
    assert saved + backward == pytest.approx(_peak(preset), rel=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [{}, WIDE])
def test_what_scoring_takes_is_what_the_profiler_sees(sizes):
    """Of a verifier, whose weights and adapters come on top."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    preset = small(num_hidden_layers=2, **sizes)
    s = counts.shape_of(preset)
    used = memory.parts(preset, s, GRPO.model_copy(update={"beside_verifier": True}), 1, PRESETS["single_gpu"], 1)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**s.a.model_dump()), dtype=torch.bfloat16)
    ids = torch.randint(0, 512, (1, 512))

    @torch.no_grad()
    def score():
        model(input_ids=ids, logits_to_keep=1, use_cache=False)

    score()
    working = (used.verifier - 2 * counts.parameters(s)) / memory.JUDGED
    assert working * ids.numel() == pytest.approx(_profiled(score), rel=0.05)


def _peak(preset: ModelPreset) -> int:
    """Bytes at the highest point of a second step through the blocks, gradients and weights aside."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(**counts.shape_of(preset).a.model_dump())
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    inner = model.model
    if preset.lora:
        model = get_peft_model(model, LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.train()
    if preset.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
    ids = torch.randint(0, 512, (1, preset.context))

    def step():
        with torch.autocast("cpu", torch.bfloat16):
            hidden = inner(input_ids=ids, use_cache=False).last_hidden_state
        hidden.backward(torch.ones_like(hidden))

    step()
    return _profiled(step)


def _profiled(step: Callable[[], None]) -> int:
    """Bytes at its highest point, those aside that were there before."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    assert seen.profiler is not None
    events: list[Any] = seen.profiler.kineto_results.events()  # type: ignore[union-attr]
    changes = sorted((e for e in events if e.name() == "[memory]"), key=lambda e: e.start_ns())
    return max(accumulate(e.nbytes() for e in changes))


def test_what_each_preset_shards():
    preset = small()
    s = counts.shape_of(preset)
    used = {n: memory.parts(preset, s, GRPO, 1, PRESETS[n], 4) for n in ("ddp", "zero2", "zero3", "fsdp")}
    total = counts.parameters(s)
    assert used["ddp"].weights == used["zero2"].weights == 4 * used["zero3"].weights == 2 * total
    assert used["ddp"].gradients == 4 * used["zero2"].gradients == 4 * used["zero3"].gradients == 2 * total
    assert used["ddp"].optimizer == 4 * total and used["ddp"].master == 0  # moments of bfloat16 weights are bfloat16
    assert used["zero2"].optimizer == used["zero3"].optimizer == 8 * total / 4 and used["zero2"].master == total
    assert used["fsdp"].weights == total and used["fsdp"].master == 0  # float32 itself, a quarter each
    assert used["zero3"].reference == used["ddp"].reference / 4 == 2 * total / 4
    assert used["ddp"].communication == used["ddp"].gradients


def test_adapters_of_a_bf16_model_take_sixteen_bytes_whoever_trains_them():
    preset = small(lora=True)
    s = counts.shape_of(preset)
    for name in ("single_gpu", "ddp", "zero2", "zero3", "fsdp"):
        used = memory.parts(preset, s, GRPO, 1, PRESETS[name], 1)
        trained = used.adapters + used.gradients + used.optimizer + used.master
        assert trained == 16 * counts.adapters(s, 8), name
        assert used.reference == 4 * counts.adapters(s, 8)


def test_a_critic_and_a_precomputed_reference():
    preset = small()
    s = counts.shape_of(preset)

    def used(model=preset, **changes):
        return memory.parts(model, s, GRPO.model_copy(update=changes), 1, PRESETS["ddp"], 4)

    head = 16 * (256 + 1)
    assert (used().critic, used(critic="shared").critic) == (0, head)
    assert used(critic="separate").critic == head + 8 * counts.backbone(s)
    assert used(small(lora=True), critic="separate").critic == head + 16 * counts.adapters(s, 8)
    assert used(critic="separate").activations == 2 * used(critic="shared").activations == 2 * used().activations
    assert used(unit=2).activations == 2 * used().activations
    assert used(reference="precomputed").reference == used(reference="none").reference == 0 < used().reference


def test_a_verifier_beside_the_policy_is_a_whole_model_more_on_one_gpu():
    judging = {"beside_verifier": True}
    for preset in (small(), small(lora=True)):
        s = counts.shape_of(preset)
        one, four = (
            memory.parts(preset, s, GRPO.model_copy(update=judging), 1, PRESETS[name], gpus)
            for name, gpus in (("single_gpu", 1), ("zero3", 4))
        )
        whole = 2 * counts.parameters(s) + (4 * counts.adapters(s, 8) if preset.lora else 0)
        assert four.verifier == one.verifier > whole  # it is not split, and scores
        assert one.held - memory.parts(preset, s, GRPO, 1, PRESETS["single_gpu"], 1).held == one.verifier


def test_a_plan_counts_the_verifier_that_judges():
    def planned(method, *sets):
        return plan("qwen2.5-14b", method, 1, gpu_memory=141, overrides=sets)

    plain, judged = planned("grpo"), planned("grpo", "grpo.verifier.path=runs/v")
    assert (plain["memory_gib"]["grpo"]["verifier"], judged["memory_gib"]["sft"]["verifier"]) == (0, 0)
    beside = judged["memory_gib"]["grpo"]["verifier"]
    gained = judged["memory_gib"]["playing"]["trainer, held"] - plain["memory_gib"]["playing"]["trainer, held"]
    assert gained == pytest.approx(beside, abs=0.02)
    assert judged["settings"]["cache tokens"] < plain["settings"]["cache tokens"]
    alone = planned("dpo", "dpo.verifier=runs/v")  # it pairs what was played before the trainer is there
    assert alone["memory_gib"] == planned("dpo")["memory_gib"]
    for more, less in ((judged, plain), (alone, planned("dpo"))):
        assert more["hours"][1]["training h"] > less["hours"][1]["training h"]
    with pytest.raises(UserError, match=r"grpo.verifier.judges=all: has no effect .* grpo.verifier.path"):
        planned("grpo", "grpo.verifier.judges=all")
    with pytest.raises(UserError, match="has no effect"):
        planned("sft", "verifier.tasks=3")


# What the first line of each preset promises: GPUs of so many GB, on which vLLM sleeps while the trainer works.
@pytest.mark.parametrize(
    ("name", "gib", "gpus"),
    [("0.5b", 40, 1), ("1.5b", 80, 1), ("3b", 40, 1), ("7b", 80, 1), ("14b", 80, 1), ("32b", 141, 2)],
)
def test_each_presets_own_settings_are_the_plans_for_the_gpu_that_it_names(name, gib, gpus):
    preset = model_preset(f"qwen2.5-{name}")
    assert f"{gib} GB" in (CONFIGS / "models" / f"qwen2.5-{name}.yaml").read_text().splitlines()[0]
    s, stage = counts.shape_of(preset), workload("grpo", preset, []).stages[1]
    used = memory.parts(preset, s, stage, stage.micro_batch, PRESETS["single_gpu"], 1)
    served = preset.serve.gpu_memory_utilization * gib * GIB
    assert used.held + used.step + 2 * RESERVE <= gib * GIB  # it sleeps
    assert used.held + RESERVE + served <= gib * GIB  # it plays
    cache = (served - RESERVE) * preset.serve.tensor_parallel - counts.parameters(s) * 2
    assert cache >= 7 * preset.context * counts.cache(s, 2)
    planned = plan(f"qwen2.5-{name}", "grpo", gpus, gpu_memory=gib)["settings"]
    assert planned["vllm"] == "asleep" and planned["serve.sleep"] == preset.serve.sleep_level(cpu=False) == 1
    assert planned["serve.gpu_memory_utilization"] == pytest.approx(preset.serve.gpu_memory_utilization, abs=0.01)
    assert planned["serve.tensor_parallel"] == preset.serve.tensor_parallel


def test_full_fine_tuning_of_14b_is_refused_and_what_would_fit_is_named():
    with pytest.raises(UserError) as refused:
        plan("qwen2.5-14b", "grpo", 1, gpu_memory=80, overrides=["model.lora=null"])
    said = str(refused.value)
    assert "full fine-tuning of qwen2.5-14b with grpo needs" in said and "80 are there" in said
    assert "fits with LoRA (--set model.lora.rank=32), or with zero3 on ≥ 4 GPUs" in said and "\n" not in said
    made = plan("qwen2.5-14b", "grpo", 4, gpu_memory=80, overrides=["model.lora=null"])
    assert made["settings"]["accelerate preset"] == "zero3"
    with pytest.raises(UserError, match="needs .* GiB a GPU of 2 "):
        plan("qwen2.5-14b", "grpo", 2, gpu_memory=80, overrides=["model.lora=null"])
    with pytest.raises(UserError, match="needs .* GiB of memory"):
        plan("tiny", "sft", 0, gpu_memory=4)
    with pytest.raises(UserError, match=r"one full context takes 1.5 GiB .* give --gpus"):
        plan("qwen2.5-14b", "sft", 0, gpu_memory=64)
    with pytest.raises(UserError, match="do not divide over 3 GPUs"):
        plan("qwen2.5-0.5b", "sft", 3, gpu_memory=80, preset="ddp", overrides=["sft.batch_size=5"])


def test_no_plan_holds_more_than_the_machine_has():
    machines = [("0.5b", 1, 24), ("1.5b", 1, 24), ("7b", 2, 40), ("14b", 4, 80), ("32b", 1, 141), ("32b", 4, 80)]
    for model, gpus, gib in machines:
        made = plan(f"qwen2.5-{model}", "grpo", gpus, gpu_memory=gib)
        assert max(column["sum"] for column in made["memory_gib"].values()) <= gib + 0.1
        for column in made["memory_gib"].values():
            assert column["sum"] == pytest.approx(sum(v for k, v in column.items() if k != "sum"), abs=0.1)
        assert made["settings"]["sequences of full context"] >= 1
        assert made["settings"]["serve.gpu_memory_utilization"] <= 0.95


def test_a_plan_places_the_server_where_the_preset_says():
    def settings(*sets, gpus=1, model="qwen2.5-14b"):
        return plan(model, "grpo", gpus, gpu_memory=80, overrides=[f"model.{item}" for item in sets])["settings"]

    asleep, awake = settings(), settings("serve.sleep=0")
    assert (asleep["vllm"], asleep["serve.sleep"]) == ("asleep", 1)
    assert (awake["vllm"], awake["serve.sleep"]) == ("awake", 0)
    assert asleep["cache tokens"] > 1.4 * awake["cache tokens"]  # the activations' place is the cache's meanwhile
    assert asleep["sft micro-batch"] > awake["sft micro-batch"]  # and the other way round
    apart = settings("lora=null", model="qwen2.5-7b", gpus=2)
    assert (apart["vllm"], apart["trainer GPUs"], apart["serve.gpus"]) == ("separate", 1, [1])
    asked = settings("serve.gpus=[2,3]", "serve.tensor_parallel=2", model="qwen2.5-7b", gpus=3)
    assert (asked["vllm"], asked["vllm GPUs"], asked["serve.gpus"]) == ("separate", 2, [2, 3])
    with pytest.raises(UserError, match="a plan counts the server's GPUs too"):
        settings("serve.url=http://127.0.0.1:1")


def test_a_larger_gpu_takes_a_larger_micro_batch_and_more_gpus_less_time():
    one, roomy, four = (plan("qwen2.5-7b", "grpo", n, gpu_memory=m) for n, m in ((1, 36), (1, 80), (4, 80)))
    assert one["settings"]["grpo micro-batch"] < roomy["settings"]["grpo micro-batch"] == 4
    spent = [row["training h"] for made in (roomy, four) for row in made["hours"] if row["stage"] == "grpo"]
    assert spent[0] == pytest.approx(4 * spent[1], rel=0.02)
    assert four["settings"]["grpo accumulation"] * 4 == roomy["settings"]["grpo accumulation"]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("has no effect on a plan of sft", {"method": "sft", "overrides": ["grpo.rollouts=3"]}),
        ("has no effect", {"overrides": ["grpo.learning_rate=1"]}),
        ("did you mean 'context'", {"overrides": ["model.contxt=1"]}),
        ("unknown method 'gppo'", {"method": "gppo"}),
        ("unknown GPU 'h10'; did you mean 'h100'", {"gpu": "h10"}),
        ("unknown accelerate preset 'zero4'", {"preset": "zero4"}),
        ("zero3: needs 2 GPUs or more", {"preset": "zero3"}),
        ("give a machine that exists", {"gpu_memory": -1}),
    ],
)
def test_bad_input_is_one_line(said, asked):
    with pytest.raises(UserError, match=said):
        plan("tiny", **{"method": "grpo", "gpus": 1, **asked})


def test_settings_of_recipe_and_model_reach_the_plan():
    longer = plan("qwen2.5-7b", "sft", 1, gpu_memory=80, overrides=["model.context=4096", "sft.epochs=10"])
    plain = plan("qwen2.5-7b", "sft", 1, gpu_memory=80)
    assert longer["settings"]["context"] == 4096
    # Twice the epochs of rows half as long.
    assert longer["hours"][0]["trained tokens"] == plain["hours"][0]["trained tokens"]
    without = plan("qwen2.5-7b", "sft", 1, gpu_memory=80, overrides=["eval.base=false"])
    all_of_them, fewer = plain["hours"][-1]["sampled tokens"], without["hours"][-1]["sampled tokens"]
    assert 0.5 < fewer / all_of_them < 1  # SFT's epochs and its test stay
    forced = plan("qwen2.5-7b", "grpo", 2, gpu_memory=80, preset="fsdp")["settings"]
    assert forced["accelerate preset"] == "fsdp"


def test_the_command_prints_text_and_json():
    asked = ["plan", "--model", "qwen2.5-14b", "--method", "grpo", "--gpus", "1", "--gpu-memory", "80"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0 and "vllm cache" in shown.output and "vLLM's speed" in shown.output
    made = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert made["memory_gib"]["grpo"]["weights"] == pytest.approx(27.5, abs=0.02)
    refused = CliRunner().invoke(app, [*asked, "--set", "model.lora=null"])
    assert isinstance(refused.exception, UserError) and refused.exit_code != 0


def test_every_named_preset_has_its_file_and_the_other_way_round():
    assert set(PRESETS) == {p.stem for p in (CONFIGS / "accelerate").glob("*.yaml")}
    assert set(CARDS) == {"a100", "h100", "h200"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_accelerate_takes_each_preset(name):
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    path = CONFIGS / "accelerate" / f"{name}.yaml"
    assert path.read_text().startswith("# ")
    read = load_config_from_file(str(path))
    assert read.distributed_type.value == {"ddp": "MULTI_GPU", "fsdp": "FSDP"}.get(
        name, "DEEPSPEED" if name.startswith("zero") else "NO"
    )
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(["--config_file", str(path), "train.py"]))
    zero = name.startswith("zero")
    assert (args.use_deepspeed, args.use_fsdp, args.multi_gpu) == (zero, name == "fsdp", name == "ddp")
    if zero:
        assert args.zero_stage == int(name[-1])
    known = {o.dest for o in launch_command_parser()._actions}
    for group in ("deepspeed_config", "fsdp_config"):
        assert set(yaml.safe_load(path.read_text()).get(group, {})) <= known  # a key of no option would be dropped


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ours", "room", "theirs"),
    [
        (SFTPart, "galen.train.sft", "SFTSettings"),
        (DPOPart, "galen.pipeline.recipe", "DPORounds"),
        (PPOPart, "galen.train.ppo", "PPOSettings"),
        (GRPOPart, "galen.train.grpo", "GRPOSettings"),
        (VerifierPart, "galen.pipeline.verify", "VerifierStudy"),
        (EvalPart, "galen.pipeline.recipe", "EvalSettings"),
    ],
)
def test_defaults_are_the_trainers(ours, room, theirs):
    fields = getattr(importlib.import_module(room), theirs).model_fields
    for name, field in ours.model_fields.items():
        assert field.default == fields[name].default, name


@pytest.mark.slow
def test_the_plan_reads_what_the_road_reads():
    from galen.pipeline.recipe import recipe

    model = model_preset("tiny")
    walked, planned = recipe("grpo", model, []), workload("grpo", model, [])
    assert walked.grpo is not None
    assert planned.stages[0].batch == walked.sft.batch_size
    assert planned.stages[1].micro_batch == walked.grpo.micro_batch
    assert planned.stages[1].rows == walked.grpo.rollouts * walked.grpo.groups * walked.grpo.group_size
    assert planned.stages[1].beside and planned.stages[1].reference == "none"


@pytest.mark.slow
def test_a_verifier_scores_as_many_tokens_as_the_road():
    from galen.train.verifier import BATCH_TOKENS

    assert memory.JUDGED == BATCH_TOKENS


def test_dpo_counts_pairs_ppo_every_epoch_and_the_verifier_its_candidates():
    read = PlannedRecipe(
        families=("a", "b"), demonstrations=100, dpo=DPOPart(epochs=2, tasks=50, rounds=3, pairs_per_task=2),
        verifier=VerifierPart(batch_size=8, micro_batch=2, epochs=2, tasks=50, samples=4, test=10, candidates=16),
    )  # fmt: skip
    pairs, ppo, grpo = _dpo(read), _ppo(read.ppo), _grpo(read.grpo)
    assert (pairs.unit, pairs.rows, pairs.played, pairs.reference) == (2, 1200, 1200, "precomputed")
    assert (ppo.critic, ppo.played, ppo.rows, ppo.batch) == ("shared", 50 * 128, 2 * 50 * 128, 64)
    assert (grpo.critic, grpo.played, grpo.rows, grpo.batch) == ("none", round(50 * 128 / 0.7), 50 * 128, 128)
    judge = _verifier(read)
    assert (judge.name, judge.micro_batch, judge.batch) == ("verifier", 2, 8)
    assert (judge.rows, judge.played, judge.judged) == (2 * 50 * 4, 50 * 4 + 2 * 10 * 16, 2 * 10 * 16)


def test_the_page_shows_what_the_commands_print():
    page = (ROOT / "docs" / "plan.md").read_text()
    blocks = re.findall(r"^```\n(galen plan .*)\n```\n\n```\n((?:.*\n)*?)```$", page, re.MULTILINE)
    assert len(blocks) == page.count("```\ngalen plan ") == 2
    for command, printed in blocks:
        done = CliRunner().invoke(app, command.split()[1:])
        shown = f"galen: {done.exception}" if isinstance(done.exception, UserError) else done.output.rstrip()
        assert shown + "\n" == printed
    rows = re.findall(r"^\| `galen (plan .*?)` \|(.*)\|$", page, re.MULTILINE)
    assert len(rows) == 3
    for command, cells in rows:
        made = json.loads(CliRunner().invoke(app, [*command.split(), "--json"]).output)
        assert [cell.strip() for cell in cells.split("|")] == summary(made)


def summary(made: dict[str, Any]) -> list[str]:
    settings = made["settings"]
    spent = sum(row["training h"] + row["playing h"] for row in made["hours"])
    return [
        settings["training"], settings["accelerate preset"], settings["vllm"], str(settings["grpo micro-batch"]),
        f"{settings['serve.gpu_memory_utilization']:.2f}", f"{settings['cache tokens']:,}",
        f"{max(column['sum'] for column in made['memory_gib'].values()):.1f}", f"{spent:.1f}",
    ]  # fmt: skip

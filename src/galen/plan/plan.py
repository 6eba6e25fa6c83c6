"""`galen plan`: what a recipe needs on a machine, the settings that fit, and how long it should take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from galen.plan import counts, fit, memory
from galen.plan.counts import Shape
from galen.plan.fit import Fit
from galen.plan.hours import BANDWIDTH, BUSY, MFU, PREFILL, Hours, hours
from galen.plan.machine import GIB, PRESETS, RESERVE, Machine, Sharding, machine, require_preset
from galen.plan.recipe import Workload, workload
from galen.presets import ModelPreset, model_preset, split


def plan(
    model: str, method: str, gpus: int, *, gpu_memory: float | None = None, gpu: str | None = None,
    preset: str | None = None, overrides: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """The plan as plain data: settings, GiB a GPU by part and stage, tokens and hours, assumptions.

    `gpu_memory` is in GiB a GPU; `preset` names a file of `configs/accelerate/`.

    Raises:
        UserError: unknown names, settings without effect, or a recipe that does not fit: what is missing and what would.
    """
    own, others = split(overrides)
    chosen = model_preset(model, own)
    shape = counts.shape_of(chosen)
    work = workload(method, chosen, others)
    place = machine(gpus, gpu_memory, gpu)
    if preset:
        require_preset(preset, gpus)
    found = fit.best(chosen, shape, work, place, preset)
    if found is None:
        raise fit.refuse(chosen, shape, work, place, preset)
    return {
        "model": chosen.name, "method": method, "gpus": gpus, "gpu": place.name,
        "gpu_memory_gib": round(place.memory / GIB, 1), "parameters": counts.parameters(shape),
        "settings": _settings(chosen, shape, work, place, found), "memory_gib": _memory(work, found),
        "hours": [_hours(row) for row in hours(chosen, shape, work, place, found)],
        "assumptions": _assumptions(chosen, place),
    }  # fmt: skip


def _settings(model: ModelPreset, s: Shape, work: Workload, place: Machine, found: Fit) -> dict[str, Any]:
    where = found.layout
    settings: dict[str, Any] = {
        "training": f"LoRA of rank {model.lora.rank}" if model.lora else "full",
        "dtype": model.dtype, "gradient_checkpointing": model.gradient_checkpointing, "context": model.context,
    }  # fmt: skip
    settings["master weights"] = _masters(model, PRESETS[where.preset])
    for stage, micro in zip(work.stages, found.micro, strict=True):
        settings[f"{stage.name} micro-batch"] = micro
        settings[f"{stage.name} accumulation"] = max(1, stage.batch // (max(1, where.trainers) * micro))
    settings["accelerate preset"] = where.preset
    settings["vllm"] = where.placement if place.gpus else "beside the trainer"
    if place.gpus:
        settings |= {
            "trainer GPUs": where.trainers, "vllm GPUs": where.servers,
            "serve.tensor_parallel": where.tensor_parallel, "serve.gpu_memory_utilization": round(found.utilization, 3),
        }  # fmt: skip
        if where.placement != "separate":
            settings["serve.sleep"] = model.serve.sleep_level(cpu=False)
        elif where.servers == where.tensor_parallel:
            settings["serve.gpus"] = list(model.serve.gpus or range(where.trainers, where.trainers + where.servers))
    settings["cache tokens"] = found.tokens
    settings["sequences of full context"] = found.tokens // model.context
    avoided = max(
        memory.logits(s, stage.sequences(m) * model.context) for stage, m in zip(work.stages, found.micro, strict=True)
    )
    if place.gpus:
        settings["logits avoided by the fused head, GiB"] = round(avoided / GIB, 1)
    return settings


def _masters(model: ModelPreset, sharding: Sharding) -> str:
    """Where the float32 copy is that a small update is not lost in."""
    if sharding.masters and model.dtype == "bfloat16":
        return "float32, beside bfloat16 weights"
    if model.lora or sharding.upcast or model.dtype == "float32":
        return "what is trained is float32 itself"
    return "none: updates below 1/256 of a bfloat16 weight are lost (zero2, zero3 and fsdp keep them)"


def _memory(work: Workload, found: Fit) -> dict[str, dict[str, float]]:
    """GiB on a GPU that trains, by stage and part; vLLM's are there only where it shares that GPU and is awake."""
    table: dict[str, dict[str, float]] = {}
    beside = found.layout.placement
    for stage, used in zip(work.stages, found.stages, strict=True):
        column = {name: size / GIB for name, size in used.model_dump().items()}
        if beside == "awake":
            column |= {"vllm weights": found.engine_weights / GIB, "vllm cache": found.cache / GIB}
        column["reserve"] = found.reserve / GIB
        table[stage.name] = {**column, "sum": sum(column.values())}
    if beside != "awake":
        held = {"trainer, held": max(p.held for p in found.stages) / GIB} if beside == "asleep" else {}
        column = {
            **held, "vllm weights": found.engine_weights / GIB, "vllm cache": found.cache / GIB,
            "reserve": found.reserve / GIB,
        }  # fmt: skip
        table["playing"] = {**column, "sum": sum(column.values())}
    return {stage: {part: round(size, 2) for part, size in column.items()} for stage, column in table.items()}


def _hours(row: Hours) -> dict[str, Any]:
    return {
        "stage": row.name, "trained tokens": round(row.trained_tokens), "sampled tokens": round(row.sampled_tokens),
        "training h": round(row.training, 2), "playing h": round(row.playing, 2),
    }  # fmt: skip


def _assumptions(model: ModelPreset, place: Machine) -> list[str]:
    return [
        "memory and speed of training, and vLLM's speed, were held against an H100 and an H200 (docs/gpu.md)",
        f"{place.name}: peak {place.card.flops / 1e12:.4g} TFLOP/s at MFU {MFU:g} in training and {PREFILL:g} where vLLM reads, "
        f"{place.card.bandwidth / 1e12:.3g} TB/s at {BANDWIDTH:.0%}, {BUSY:.0%} of vLLM's places decoding",
        f"episodes of {fit.EPISODE * model.context:.0f} tokens ({fit.EPISODE:g} of the context), {memory.SCORED:.0%} of "
        "them sampled; memory for rows of full context",
        f"{RESERVE / GIB:g} GiB in reserve for each process on a GPU; tools' time (half again, say) and GPUs' talk are extra",
    ]


def text(made: dict[str, Any]) -> str:
    """The plan for people."""
    where = f"{made['gpus']} x {made['gpu']}" if made["gpus"] else made["gpu"]
    size = f"{made['parameters'] / 1e6:,.0f} M parameters"
    lines = [f"{made['model']} ({size}), {made['method']}, {where}, {made['gpu_memory_gib']:g} GiB"]
    lines += ["", "settings"] + [f"  {name:38}{value}" for name, value in made["settings"].items()]
    table = made["memory_gib"]
    parts = list(dict.fromkeys(part for column in table.values() for part in column if part != "sum"))
    lines += ["", f"{'GiB a GPU' if made['gpus'] else 'GiB':20}" + "".join(f"{stage:>11}" for stage in table)]
    for part in [*parts, "sum"]:
        row = [column.get(part) for column in table.values()]
        lines.append(f"  {part:18}" + "".join(f"{'–' if size is None else f'{size:.2f}':>11}" for size in row))
    names = [name for name in made["hours"][0] if name != "stage"]
    lines += ["", f"{'expected':20}" + "".join(f"{name:>16}" for name in names)]
    for row in made["hours"]:
        lines.append(f"  {row['stage']:18}" + "".join(f"{row[name]:>16,}" for name in names))
    total = sum(row["training h"] + row["playing h"] for row in made["hours"])
    lines += [f"  {'hours in all':18}{total:>16.2f}", "", "assumed"]
    return "\n".join([*lines, *(f"  {line}" for line in made["assumptions"])])

"""The settings with which a recipe fits a machine, or the reason why none do and what would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from galen.errors import UserError
from galen.plan import counts
from galen.plan.counts import BYTES, Shape
from galen.plan.machine import CARDS, GIB, PRESETS, RESERVE, Machine
from galen.plan.memory import Parts, parts
from galen.plan.recipe import Stage, Workload
from galen.presets import LoraSettings, ModelPreset
from galen.types import Frozen

Placement = Literal["awake", "asleep", "separate"]
SEQUENCES = 8  # of full context that the cache must hold before a simpler placement is taken: a group's usual size
EPISODE = 3 / 8  # of the context, an episode's mean length: 3k tokens of 8k
ENGINE_CPU = 1 * GIB  # the cache that vLLM is given on the processor
MOST = 0.95  # of a GPU that vLLM is given: what others hold of it, it cannot have


class DoesNotFit(UserError):
    """A recipe that this machine cannot run: what is missing, and what would fit."""


class Layout(Frozen):
    """Where the trainer and vLLM are. `awake`: on the same GPUs at once; `asleep`: there, with weights and cache put away
    while a step is computed (vLLM's sleep level 1); `separate`: vLLM on `servers` GPUs of its own.
    """

    preset: str
    placement: Placement
    trainers: int
    servers: int
    tensor_parallel: int


class Fit(Frozen):
    """A layout with the largest micro-batches that it has room for, a stage each, and vLLM's share. Bytes a GPU."""

    layout: Layout
    micro: tuple[int, ...]
    stages: tuple[Parts, ...]
    engine_weights: float
    cache: float
    reserve: float
    tokens: int
    utilization: float


def layouts(model: ModelPreset, s: Shape, machine: Machine, preset: str | None) -> Iterator[Layout]:
    """What to try, simplest first: presets as `Machine.presets` has them, and one GPU for both before separate ones, as far
    as the model's own `serve` leaves the choice.
    """
    n, own = machine.gpus, len(model.serve.gpus)
    if model.serve.url:
        raise UserError(
            f"model.serve.url={model.serve.url}: a plan counts the server's GPUs too; leave it out, or give model.serve.gpus"
        )
    for name in [preset] if preset else machine.presets():
        if n == 0:
            yield Layout(preset=name, placement="awake", trainers=0, servers=0, tensor_parallel=1)
            continue
        if name == "single_gpu" and n > 2 and n != 1 + own:
            continue  # GPUs would idle
        if not own and (name != "single_gpu" or n == 1):
            for width in _widths(model, s, n):
                placement: Placement = "awake" if model.serve.sleep == 0 else "asleep"
                yield Layout(preset=name, placement=placement, trainers=n, servers=n, tensor_parallel=width)
        for servers in [n - 1] if name == "single_gpu" else range(1, n - PRESETS[name].gpus + 1):
            if not servers or model.serve.sleep is not None or own not in (0, servers):
                continue
            for width in _widths(model, s, servers):
                trainers = n - servers
                yield Layout(
                    preset=name, placement="separate", trainers=trainers, servers=servers, tensor_parallel=width
                )  # fmt: skip


def _widths(model: ModelPreset, s: Shape, gpus: int) -> list[int]:
    """Over how many GPUs vLLM can split the model: the preset's number, then more; heads must divide."""
    heads = s.a.num_key_value_heads
    possible = [w for w in (1, 2, 4, 8) if w <= gpus and gpus % w == 0 and heads % w == 0]
    return [w for w in possible if w >= model.serve.tensor_parallel] or possible[-1:]


def best(model: ModelPreset, s: Shape, work: Workload, machine: Machine, preset: str | None) -> Fit | None:
    """The first layout whose cache holds `SEQUENCES` full contexts, else the one with most of those that hold one."""
    found = [f for x in layouts(model, s, machine, preset) if (f := fit(model, s, work, machine, x))]
    roomy = [f for f in found if f.tokens >= min(SEQUENCES, model.serve.max_num_seqs) * model.context]
    return roomy[0] if roomy else max(found, key=lambda f: f.tokens, default=None)


def fit(model: ModelPreset, s: Shape, work: Workload, machine: Machine, layout: Layout) -> Fit | None:
    """The largest micro-batches that leave cache for `max_num_seqs` mean episodes; failing that, those that leave most."""
    goal = int(model.serve.max_num_seqs * EPISODE * model.context)
    found: list[Fit] = []
    choices = [_micros(stage, layout) for stage in work.stages]
    if not all(choices):
        return None
    for cap in sorted({m for each in choices for m in each}, reverse=True):
        micro = tuple(max(m for m in each if m <= cap) for each in choices)
        if placed := _place(model, s, work, machine, layout, micro):
            found.append(placed)
    return next((f for f in found if f.tokens >= goal), max(found, key=lambda f: f.tokens, default=None))


def _micros(stage: Stage, layout: Layout) -> list[int]:
    """Micro-batches that the recipe's divides into, and of which whole ones make a step over all GPUs. With more GPUs than
    a step has units, one each: the step grows.
    """
    n = max(1, layout.trainers)
    fitting = [m for m in range(1, stage.micro_batch + 1) if stage.micro_batch % m == 0 and stage.batch % (m * n) == 0]
    return fitting or ([1] if n > stage.batch else [])


def _place(
    model: ModelPreset, s: Shape, work: Workload, machine: Machine, layout: Layout, micro: tuple[int, ...]
) -> Fit | None:
    stages = tuple(
        parts(model, s, stage, m, PRESETS[layout.preset], layout.trainers)
        for stage, m in zip(work.stages, micro, strict=True)
    )
    weights = counts.parameters(s) * BYTES[model.dtype] / layout.tensor_parallel
    shared = layout.placement != "separate"
    reserve = RESERVE * (2 if shared else 1)
    step = max(p.held + p.step for p in stages)
    if layout.placement == "awake":
        room = machine.memory - reserve - step - weights
    elif step + reserve > machine.memory:
        return None
    else:
        room = machine.memory - reserve - weights - (max(p.held for p in stages) if shared else 0)
    room = min(room, MOST * machine.memory - weights - RESERVE)
    if machine.gpus == 0:
        room = ENGINE_CPU if room >= ENGINE_CPU else 0
    per_token = counts.cache(s, BYTES[model.dtype])
    if room * layout.tensor_parallel < model.context * per_token:
        return None  # vLLM refuses to start where its cache holds no full context
    most = model.serve.max_num_seqs * model.context
    tokens = min(int(max(1, layout.servers) * room / per_token), most)
    cache = tokens * per_token / max(1, layout.servers) if machine.gpus else ENGINE_CPU
    return Fit(
        layout=layout, micro=micro, stages=stages, engine_weights=weights, cache=cache, reserve=reserve, tokens=tokens,
        utilization=(weights + cache + RESERVE) / machine.memory,
    )  # fmt: skip


def refuse(model: ModelPreset, s: Shape, work: Workload, machine: Machine, preset: str | None) -> DoesNotFit:
    """What the tightest layout needs on this machine, and what would fit instead."""
    context = model.context * counts.cache(s, BYTES[model.dtype])
    if machine.gpus == 0 and context > ENGINE_CPU:
        return DoesNotFit(
            f"model {model.name}: the cache of one full context takes {context / GIB:.1f} GiB and vLLM is given "
            f"{ENGINE_CPU / GIB:.0f} GiB on a processor: give --gpus, or a smaller model.context"
        )
    needs = list(_needs(model, s, work, machine, preset))
    if not needs:
        batches = ", ".join(f"{stage.name}: {stage.batch} rows a step" for stage in work.stages)
        return DoesNotFit(f"{batches}: do not divide over {machine.gpus} GPUs; change the batch or the number of GPUs")
    need, layout = min(needs, key=lambda pair: pair[0])
    kind = f"LoRA of rank {model.lora.rank}" if model.lora else "full fine-tuning"
    each = f"a GPU of {machine.gpus}" if machine.gpus > 1 else "a GPU" if machine.gpus else "of memory"
    ways = ", or ".join(alternatives(model, s, work, machine))
    return DoesNotFit(
        f"{kind} of {model.name} with {work.stages[-1].name} needs {need / GIB:.0f} GiB {each} ({layout.preset}, micro-batch "
        f"1, vLLM {layout.placement}), and {machine.memory / GIB:.0f} are there; "
        + (f"fits {ways}" if ways else "choose a smaller model or context, or a larger machine")
    )


def _needs(
    model: ModelPreset, s: Shape, work: Workload, machine: Machine, preset: str | None
) -> Iterator[tuple[float, Layout]]:
    """What each layout needs at the smallest micro-batches and a cache of one full context, bytes a GPU."""
    endless = machine.model_copy(update={"memory": float(2**60)})
    for layout in layouts(model, s, machine, preset):
        choices = [_micros(stage, layout) for stage in work.stages]
        if not all(choices):
            continue
        placed = _place(model, s, work, endless, layout, tuple(min(each) for each in choices))
        if placed:
            yield _need(placed, model.context * counts.cache(s, BYTES[model.dtype]) / layout.tensor_parallel), layout


def _need(placed: Fit, cache: float) -> float:
    """Bytes a GPU that the layout needs at least, with a cache of `cache`."""
    step = max(p.held + p.step for p in placed.stages)
    held = max(p.held for p in placed.stages)
    engine = placed.engine_weights + cache
    by_place = {"awake": step + engine, "asleep": max(step, held + engine), "separate": max(step, engine)}
    return by_place[placed.layout.placement] + placed.reserve


def alternatives(model: ModelPreset, s: Shape, work: Workload, machine: Machine) -> Iterator[str]:
    """Changes of one thing each with which the recipe fits: LoRA, a larger card, more GPUs."""
    if not model.lora:
        light = model.model_copy(update={"lora": LoraSettings()})
        if best(light, s, work, machine, None):
            yield f"with LoRA (--set model.lora.rank={LoraSettings().rank})"
    large = machine.model_copy(update={"memory": CARDS["h200"].memory * GIB})
    if machine.gpus > 0 and machine.memory < large.memory and best(model, s, work, large, None):
        yield f"with --gpu-memory {CARDS['h200'].memory:g}"
    for gpus in (2, 4, 8, 16, 32):
        more = machine.model_copy(update={"gpus": gpus})
        if 0 < machine.gpus < gpus and (found := best(model, s, work, more, None)):
            yield f"with {found.layout.preset} on ≥ {gpus} GPUs"
            return

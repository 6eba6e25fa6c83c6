"""The machine that is planned for, and what each accelerate preset shards over its GPUs."""

from __future__ import annotations

import os

from galen.config import preset
from galen.errors import UserError, unknown
from galen.types import Frozen

GIB = 2**30
# Of each process on a GPU: CUDA's context, the allocator's slack, vLLM's graphs and profiling peak. Measured on an H100
# (docs/gpu.md): up to 3.7 GiB of a trainer and 0.9 of a server that sleeps, of which one of each shares a GPU.
RESERVE = 2.3 * GIB


class Card(Frozen):
    """A processor: GiB of memory as sold, dense matrix products a second in its training type, bytes a second."""

    memory: float
    flops: float
    bandwidth: float


# NVIDIA's data sheets: A100 80GB SXM, H100 SXM, H200 SXM; bfloat16 without sparsity.
CARDS = {
    "a100": Card(memory=80, flops=312e12, bandwidth=2.04e12),
    "h100": Card(memory=80, flops=989e12, bandwidth=3.35e12),
    "h200": Card(memory=141, flops=989e12, bandwidth=4.8e12),
}
CORE = Card(memory=0, flops=96e9, bandwidth=10e9)  # one AVX2 core at 3 GHz in float32: 2 x 8 multiply-adds a cycle


class Sharding(Frozen):
    """What a preset splits over its GPUs, and whether it keeps float32 master weights of a bfloat16 model.

    ZeRO stages: Rajbhandari et al. 2020, sections 5 and 7. DeepSpeed keeps masters beside bfloat16 weights; accelerate's
    FSDP2 holds the trained weights themselves in float32; elsewhere `load_model`'s bfloat16 weights are what is trained.
    """

    gpus: int  # at least so many
    gradients: bool = False
    optimizer: bool = False
    weights: bool = False
    masters: bool = False
    upcast: bool = False


PRESETS = {
    "cpu": Sharding(gpus=0),
    "single_gpu": Sharding(gpus=1),
    "ddp": Sharding(gpus=2),
    "zero2": Sharding(gpus=2, gradients=True, optimizer=True, masters=True),
    "zero3": Sharding(gpus=2, gradients=True, optimizer=True, weights=True, masters=True),
    "fsdp": Sharding(gpus=2, gradients=True, optimizer=True, weights=True, upcast=True),
}


class Machine(Frozen):
    """`gpus` of one kind (0: the processor), with `memory` bytes each."""

    gpus: int
    name: str
    memory: float
    card: Card

    def presets(self) -> tuple[str, ...]:
        """The accelerate presets to try, simplest first; of two GPUs single_gpu leaves one to vLLM. fsdp, which shards as
        zero3 does, is for who asks for it.
        """
        if self.gpus < 2:
            return ("single_gpu",) if self.gpus else ("cpu",)
        return ("ddp", "single_gpu", "zero2", "zero3")


def machine(gpus: int, memory: float | None, name: str | None) -> Machine:
    """`memory` in GiB a GPU and the card's `name`; each follows from the other, h100 and its memory where neither is given.

    Raises:
        UserError: an unknown card, or no memory.
    """
    if gpus == 0:
        if name not in (None, "cpu"):
            raise UserError(f"--gpu {name}: with --gpus 0 there is none")
        cores = os.cpu_count() or 1
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if memory is None else memory * GIB
        card = Card(memory=whole / GIB, flops=cores * CORE.flops, bandwidth=cores * CORE.bandwidth)
        return _checked(Machine(gpus=0, name=f"cpu, {cores} cores", memory=whole, card=card))
    if name is None:
        name = "h200" if (memory or 0) > CARDS["h100"].memory else "h100"
    if name not in CARDS:
        raise unknown("GPU", name, CARDS)
    card = CARDS[name]
    return _checked(Machine(gpus=gpus, name=name, memory=(card.memory if memory is None else memory) * GIB, card=card))


def _checked(made: Machine) -> Machine:
    if made.gpus < 0 or made.memory <= 0:
        raise UserError(f"--gpus {made.gpus}, --gpu-memory {made.memory / GIB:g}: give a machine that exists")
    return made


def require_preset(name: str, gpus: int) -> None:
    """Raises UserError where `configs/accelerate/` has no preset `name`, or it is for another number of GPUs."""
    preset("accelerate", name)
    if gpus < PRESETS[name].gpus:
        raise UserError(f"--data-parallel {name}: needs {PRESETS[name].gpus} GPUs or more, not {gpus}")
    if name == "cpu" and gpus:
        raise UserError(f"--data-parallel cpu: leaves {gpus} GPUs idle; give --gpus 0")

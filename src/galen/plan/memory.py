"""Bytes a GPU by part, while one stage trains. Formulas with their sources; docs/gpu.md holds them against GPUs."""

from __future__ import annotations

from galen.plan import counts
from galen.plan.counts import BYTES, Shape
from galen.plan.machine import Sharding
from galen.plan.recipe import Stage
from galen.presets import ModelPreset
from galen.types import Frozen

ADAM = 2  # moments a parameter (Kingma & Ba 2015, algorithm 1)
HEAD_ROWS, HEAD_COLUMNS = 4096, 32768  # TRL's ChunkedLogProbFunction scores tiles of so many tokens and vocabulary
SCORED = 0.8 / 3  # of an episode's tokens, those that the policy sampled: the rest is prompt and observations
JUDGED = 16_384  # tokens that a verifier scores at once: galen.train.verifier.BATCH_TOKENS
BUCKET = 5e8  # numbers in one of DeepSpeed's two communication buckets


class Parts(Frozen):
    """Bytes a GPU. Those before `activations` are always there; the others only while a step is computed.

    `activations` is what is kept for the backward pass, `mask` what keeps rows of other lengths from looking at padding,
    `backward` what that pass needs on top, `logits` what the head needs beyond the time when a block's activations are not
    there; `communication` are buckets and gathered weights. `verifier` is the one that judges what is played, with its
    working set: vLLM is awake then.
    """

    weights: float
    adapters: float
    gradients: float
    optimizer: float
    master: float
    reference: float
    critic: float
    verifier: float
    activations: float
    mask: float
    backward: float
    logits: float
    communication: float

    @property
    def held(self) -> float:
        """What stays between steps, while episodes are played."""
        kept = self.weights + self.adapters + self.gradients + self.optimizer + self.master
        return kept + self.reference + self.critic + self.verifier

    @property
    def step(self) -> float:
        """What a step needs on top."""
        return self.activations + self.mask + self.backward + self.logits + self.communication


def parts(model: ModelPreset, s: Shape, stage: Stage, micro: int, sharding: Sharding, gpus: int) -> Parts:
    """The parts of `stage` with `micro` units in a backward pass, over `gpus` data-parallel GPUs (0: the processor)."""
    n = max(1, gpus)
    size = BYTES[model.dtype]
    split = n if sharding.optimizer else 1
    whole = n if sharding.weights else 1
    grads = n if sharding.gradients else 1
    total = counts.parameters(s)
    low_rank = counts.adapters(s, model.lora.rank) if model.lora else 0
    trained = low_rank or total
    kept = _trained_size(model, sharding)
    masters = trained * 4 if sharding.masters and kept < 4 else 0
    moments = trained * ADAM * (4 if sharding.masters else kept)
    rows = stage.sequences(micro)
    saved, backward, head = activations(model, s, rows * model.context, cpu=gpus == 0)
    own = 2 if stage.critic == "separate" else 1  # a trunk of the critic's own has activations like the policy's
    return Parts(
        weights=total * (size if low_rank else kept) / whole, adapters=low_rank * kept / whole,
        gradients=trained * kept / grads, optimizer=moments / split, master=masters / split,
        reference=_reference(model, stage, total, low_rank) / whole,
        critic=_critic(model, s, stage, low_rank),
        verifier=_verifier(model, s, total, low_rank) if stage.beside_verifier else 0, activations=own * saved,
        mask=_mask(model, rows), backward=backward, logits=head,
        communication=_communication(s, sharding, n, trained * kept, low_rank > 0),
    )  # fmt: skip


def _trained_size(model: ModelPreset, sharding: Sharding) -> int:
    """Bytes of a trained number: peft keeps adapters of a bfloat16 model in float32 (autocast_adapter_dtype) and FSDP2
    all that is trained; DeepSpeed casts both back to bfloat16 and keeps masters.
    """
    if model.dtype == "bfloat16" and sharding.masters:
        return 2
    return 4 if model.lora or sharding.upcast else BYTES[model.dtype]


def _reference(model: ModelPreset, stage: Stage, total: int, low_rank: int) -> float:
    """TRL keeps the reference of an adapter as a frozen float32 copy of it beside it (the base serves both), that of a
    full model as a model of its own; what is computed before the first step is not kept.
    """
    if stage.reference != "kept":
        return 0
    return low_rank * 4 or total * BYTES[model.dtype]


def _critic(model: ModelPreset, s: Shape, stage: Stage, low_rank: int) -> float:
    """A float32 head of h + 1 numbers, and with a trunk of its own a second adapter, or a second backbone in the model's
    type: weight, gradient and two moments each, whole on every GPU.
    """
    if stage.critic == "none":
        return 0
    head = 4 * (2 + ADAM) * (s.a.hidden_size + 1)
    trunk = low_rank * 4 if low_rank else counts.backbone(s) * BYTES[model.dtype]
    return head + (trunk * (2 + ADAM) if stage.critic == "separate" else 0)


def _verifier(model: ModelPreset, s: Shape, total: int, low_rank: int) -> float:
    """A whole model on the main process's GPU, with LoRA a base and adapters of its own, which scores without a gradient:
    the embeddings, and of one block at a time its input, the sum after attention, its norm, and gate, up and their product.
    """
    number = BYTES[model.dtype]
    tokens = max(JUDGED, model.context)
    working = tokens * number * (4 * s.a.hidden_size + 3 * s.a.intermediate_size)
    return total * number + low_rank * 4 + working


def activations(model: ModelPreset, s: Shape, tokens: int, *, cpu: bool) -> tuple[float, float, float]:
    """Bytes for `tokens` tokens in one backward pass: kept for it, its working set, and the head's excess.

    Method: Korthikanti et al. 2022, sections 4 and 5, whose terms are those of a GPT; these are counted for Transformers'
    Qwen2 and Llama with fused attention (no term in tokens squared) under bfloat16 autocast, and checked against the peak
    that PyTorch's profiler sees. With checkpointing, a block keeps its input, and one block at a time the rest.
    """
    number = BYTES[model.dtype]
    h, i, layers = s.a.hidden_size, s.a.intermediate_size, s.a.num_hidden_layers
    block = tokens * _block(model, s)
    if model.lora:
        backward = tokens * number * (6 * h + 3 * i)
    else:
        backward = tokens * number * (2.5 * h + 2 * i)
    saved = layers * tokens * number * h + block if model.gradient_checkpointing else layers * block
    at_head = block + backward if model.gradient_checkpointing else 0  # not there yet when the head is scored
    return saved, backward, max(0.0, _head(model, s, tokens, cpu) - at_head)


def _mask(model: ModelPreset, rows: int) -> float:
    """Attention's mask of padded rows, a truth value and a number for each pair of tokens (Transformers makes the one,
    PyTorch's fused attention of it the other); one row alone needs none.
    """
    return rows * model.context**2 * (1 + BYTES[model.dtype]) if rows > 1 else 0


def _block(model: ModelPreset, s: Shape) -> float:
    """Bytes a token that a block keeps, in the model's number type; both norms keep their input in float32.

    Full: inputs of q-k-v, of o, and of gate-up; the norms' outputs; q, k, v; gate, its SiLU, up and their product. LoRA:
    no norm's output, r numbers a layer, and from a bfloat16 model a cast of each layer's input, for adapters are float32.
    """
    h, i, q, k, n = s.a.hidden_size, s.a.intermediate_size, s.queries, s.keys, BYTES[model.dtype]
    log_sums = 4 * s.a.num_attention_heads
    if model.lora:
        inputs = 5 * h + 3 * q if n == 2 else 2 * h + 2 * q
        return n * (inputs + 2 * k + 4 * i + 7 * model.lora.rank) + 8 * h + log_sums
    return n * (4 * h + 2 * q + 2 * k + 4 * i) + 8 * h + log_sums


def _head(model: ModelPreset, s: Shape, tokens: int, cpu: bool) -> float:
    """Bytes to score `tokens` tokens. On a GPU TRL's fused head: a tile of logits and float32 gradients of the hidden
    states and, where the head is trained, of its weight. On the processor: logits of the sampled tokens, in float32, with
    their log-softmax and gradient.
    """
    if cpu:
        return SCORED * tokens * s.a.vocab_size * 4 * 3
    tile = min(tokens, HEAD_ROWS) * min(s.a.vocab_size, HEAD_COLUMNS) * BYTES[model.dtype]
    weight = 0 if model.lora else 4 * counts.embedding(s)
    return tile + 4 * tokens * s.a.hidden_size + weight


def logits(s: Shape, tokens: int) -> float:
    """Bytes of the float32 logits of `tokens` tokens: what the fused head does not hold."""
    return 4.0 * tokens * s.a.vocab_size


def _communication(s: Shape, sharding: Sharding, n: int, gradients: float, frozen: bool) -> float:
    """DDP's reducer holds each gradient once more (PyTorch: gradient_as_bucket_view); ZeRO-2 has two buckets; ZeRO-3 and
    FSDP gather two blocks, and the embedding and head, in bfloat16.
    """
    if n == 1:
        return 0
    if sharding.weights:
        return 2 * (2 * counts.block(s) + 2 * counts.embedding(s))
    if sharding.gradients:
        return min(2 * BUCKET * 2, 2 * gradients)
    return gradients

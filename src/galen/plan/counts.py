"""Parameters, cache and arithmetic of a decoder, from the sizes in its configuration; no model is built."""

from __future__ import annotations

from galen.errors import UserError
from galen.presets import Architecture, ModelPreset, read_config
from galen.types import Frozen

BYTES = {"float32": 4, "bfloat16": 2}


class Shape(Frozen):
    """`a` with the sizes that follow from it: widths of the queries and of the keys (or values) in numbers a token."""

    a: Architecture
    head: int
    queries: int
    keys: int


def shape_of(model: ModelPreset) -> Shape:
    """The preset's `architecture`, or that of the local folder's `config.json`.

    Raises:
        UserError: neither is there, or it is an architecture whose arithmetic is not known here.
    """
    a = model.architecture or _from_folder(model)
    if a.hidden_size % a.num_attention_heads:
        raise UserError(
            f"model {model.name}: hidden_size {a.hidden_size} is no multiple of num_attention_heads "
            f"{a.num_attention_heads}: correct its architecture"
        )
    head = a.hidden_size // a.num_attention_heads
    return Shape(a=a, head=head, queries=a.num_attention_heads * head, keys=a.num_key_value_heads * head)


def _from_folder(model: ModelPreset) -> Architecture:
    if model.folder is None:
        raise UserError(
            f"model {model.name}: {model.path} is no local folder; give configs/models/{model.name}.yaml an "
            "`architecture:` block with the sizes of its config.json"
        )
    config = read_config(model.folder)
    path = model.folder / "config.json"
    odd = config.get("attention_bias") or config.get("mlp_bias") or config.get("head_dim")
    if config.get("model_type") not in ("qwen2", "llama") or odd:
        raise UserError(
            f"{path}: model_type {config.get('model_type')}: only qwen2 and llama, without attention_bias, mlp_bias and "
            "head_dim of their own, can be planned"
        )
    known = Architecture.model_fields
    missing = [name for name in known if name not in config]
    if missing:
        raise UserError(f"{path}: {missing[0]} is missing")
    return Architecture.model_validate({name: config[name] for name in known})


def linears(s: Shape) -> list[tuple[int, int]]:
    """The seven linear layers of a block, as (inputs, outputs): q, k, v, o, gate, up, down."""
    h, i = s.a.hidden_size, s.a.intermediate_size
    return [(h, s.queries), (h, s.keys), (h, s.keys), (s.queries, h), (h, i), (h, i), (i, h)]


def block(s: Shape) -> int:
    """Parameters of one block: linear layers, two norms, and Qwen2's biases of q, k and v."""
    biases = s.queries + 2 * s.keys if s.a.model_type == "qwen2" else 0
    return sum(i * o for i, o in linears(s)) + 2 * s.a.hidden_size + biases


def embedding(s: Shape) -> int:
    """Parameters of the embedding, or of the head where it is not the same."""
    return s.a.vocab_size * s.a.hidden_size


def backbone(s: Shape) -> int:
    """Parameters of the model without its head: embedding, blocks, last norm."""
    return embedding(s) + s.a.num_hidden_layers * block(s) + s.a.hidden_size


def parameters(s: Shape) -> int:
    """Parameters of the whole model; a tied head counts once."""
    return backbone(s) + (0 if s.a.tie_word_embeddings else embedding(s))


def adapters(s: Shape, rank: int) -> int:
    """Parameters of low-rank adapters on all linear layers but the head: r (in + out) each (Hu et al. 2021, 4.1)."""
    return rank * s.a.num_hidden_layers * sum(i + o for i, o in linears(s))


def cache(s: Shape, size: int) -> int:
    """Bytes of key and value cache a token, `size` bytes a number (Pope et al. 2022, section 3.3)."""
    return 2 * s.a.num_hidden_layers * s.keys * size


def forward(s: Shape, tokens: float) -> float:
    """Floating-point operations a token of one forward pass over sequences of `tokens`, head included.

    2 a parameter that multiplies, and 4 x layers x width for every token that is looked back at, of which a causal mask
    leaves half (Kaplan et al. 2020, section 2.1).
    """
    matrices = s.a.num_hidden_layers * sum(i * o for i, o in linears(s)) + embedding(s)
    return 2 * matrices + 2 * s.a.num_hidden_layers * s.queries * tokens

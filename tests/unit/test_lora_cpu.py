"""Adapters in vLLM on a processor: what `galen.policy.lora_cpu` adds, beside vLLM's own for one adapter."""

import pytest

torch = pytest.importorskip("torch")
ops = pytest.importorskip("vllm.lora.ops.torch_ops")

from galen.policy.lora_cpu import add_lora_linear  # noqa: E402

TOKENS, IN, RANK, SLOTS, WIDTHS = 11, 24, 4, 3, (16, 8, 8)


@pytest.fixture
def layer():
    """Inputs, what the layer put out without adapters, and three merged layers' matrices for three slots."""
    torch.manual_seed(0)
    a = [torch.randn(SLOTS, 1, RANK, IN) for _ in WIDTHS]
    b = [torch.randn(SLOTS, 1, width, RANK) for width in WIDTHS]
    return torch.randn(TOKENS, IN), torch.randn(TOKENS, sum(WIDTHS)), a, b


@pytest.mark.parametrize("slots", [[1] * TOKENS, [0, 1, 2] * 3 + [2, 0], [-1, 2] * 5 + [-1], [-1] * TOKENS])
def test_each_token_gets_its_own_adapter_or_none(layer, slots):
    x, y, a, b = layer
    expected = y.clone()
    for token, slot in enumerate(slots):
        delta = [0.5 * second[slot, 0] @ first[slot, 0] @ x[token] for first, second in zip(a, b, strict=True)]
        expected[token] += torch.cat(delta) if slot >= 0 else 0.0
    add_lora_linear(y, x, a, b, 0.5, WIDTHS, torch.tensor(slots))
    assert torch.allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_adds_what_vllms_own_adds_for_one_adapter(layer, dtype):
    x, y, a, b = ([t.to(dtype) for t in part] if isinstance(part, list) else part.to(dtype) for part in layer)
    ours, theirs, start = y.clone(), y.clone(), 0
    slots = torch.full((TOKENS,), 2)
    for first, second, width in zip(a, b, WIDTHS, strict=True):
        middle = torch.zeros(TOKENS, RANK)
        ops.bgmv_shrink(x, first, middle, slots, 2.0)
        ops.bgmv_expand_slice(middle, second, theirs, slots, start, width, add_inputs=True)
        start += width
    add_lora_linear(ours, x, a, b, 2.0, WIDTHS, slots)
    assert not torch.equal(ours, y)
    scale = theirs.abs().max()
    assert (ours - theirs).abs().max() <= scale * (1e-6 if dtype is torch.float32 else 2**-7)

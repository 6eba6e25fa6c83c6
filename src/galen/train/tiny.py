"""The tiny model: Qwen2.5's architecture at a few million parameters, with a small tokenizer of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from galen.policy.template import END, PAD, START

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer(texts: Iterable[str], out: Path, vocab_size: int = 2048) -> None:
    """A byte-level BPE with single digits, and Qwen2.5's control tokens, trained on `texts`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, additional_special_tokens=[START]
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.padding_side = "left"
    fast.save_pretrained(out)


def new_model(out: Path, *, hidden: int = 256, layers: int = 4, context: int = 1024, seed: int = 0) -> None:
    """Random weights for the tokenizer in `out`: tied embeddings, grouped-query attention with 64-wide heads."""
    torch.manual_seed(seed)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    config = Qwen2Config(
        vocab_size=-(-tokenizer.get_vocab_size() // 64) * 64,
        hidden_size=hidden,
        intermediate_size=hidden * 3,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=max(1, hidden // 128),
        max_position_embeddings=context,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.token_to_id(END),
        bos_token_id=None,
        pad_token_id=tokenizer.token_to_id(PAD),
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config.eos_token_id = config.eos_token_id
    model.generation_config.pad_token_id = config.pad_token_id
    model.save_pretrained(out)

"""Qwen2.5's chat format as token ids: rendered once, then only appended to (law 1)."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from galen.errors import UserError
from galen.types import Message

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
VERSION = 1


class ChatTemplate:
    """Tokens of prompts, replies and observations. Content is encoded as text: a `<|im_end|>` that somebody wrote
    into it never becomes a control token.
    """

    def __init__(self, model_dir: Path) -> None:
        self.folder = model_dir
        path = model_dir / "tokenizer.json"
        if not path.exists():
            raise UserError(f"{path}: no such file; a model folder needs its tokenizer.json")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.encode_special_tokens = True
        self.fingerprint = hashlib.sha256(path.read_bytes() + bytes([VERSION])).hexdigest()[:16]
        ids = {t: self._tokenizer.token_to_id(t) for t in (START, END, PAD)}
        known = {t: i for t, i in ids.items() if i is not None}
        if missing := ids.keys() - known.keys():
            raise UserError(f"{path}: not a Qwen2.5-style tokenizer, it lacks {', '.join(sorted(missing))}")
        self.start_id, self.end_id, self.pad_id = known[START], known[END], known[PAD]

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; special tokens spelled in it stay text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        """Text of `ids` without control tokens."""
        return self._tokenizer.decode(ids, skip_special_tokens=True)

    def piece(self, token: int) -> str:
        """Text of one token, control tokens spelled out; a part of a character reads as a replacement character."""
        return self._tokenizer.decode([token], skip_special_tokens=False)

    @cached_property
    def _newline(self) -> list[int]:
        return self.encode("\n")

    def _head(self, role: str) -> list[int]:
        return [self.start_id, *self.encode(role + "\n")]

    def message_ids(self, message: Message) -> list[int]:
        """One whole message with its closing newline."""
        return [self.start_id, *self.encode(f"{message.role}\n{message.content}"), self.end_id, *self._newline]

    def prompt_ids(self, messages: tuple[Message, ...]) -> list[int]:
        """All messages, then the head of the assistant's reply."""
        return [i for m in messages for i in self.message_ids(m)] + self._head("assistant")

    def reply_ids(self, text: str) -> list[int]:
        """A reply as a policy would sample it: its text and the end of turn."""
        return [*self.encode(text), self.end_id]

    def observation_ids(self, text: str, *, closed: bool = True) -> list[int]:
        """What the environment appends after a reply: its end of turn if the policy did not write it (`closed`
        False), the observation as a user message, and the head of the next reply.
        """
        end = [] if closed else [self.end_id]
        user = self.message_ids(Message(role="user", content=text))
        return [*end, *self._newline, *user, *self._head("assistant")]

"""Any OpenAI-compatible endpoint as a policy: teachers, frontier baselines, and models that explain errors.

The `openai` package does the HTTP, the retries and the time-outs.
"""

from __future__ import annotations

import os
from urllib.parse import urlparse

import openai
from pydantic import Field

from galen.errors import ProviderError, UserError
from galen.policy.base import Context, Sample
from galen.policy.template import ChatTemplate
from galen.types import Frozen, Message

LOOPBACK = ("localhost", "127.0.0.1", "::1")
NO_KEY = "none"  # local servers ask for no key, the client insists on one


def is_local(url: str) -> bool:
    """Whether what is sent to `url` stays on this machine (law 9)."""
    return urlparse(url).hostname in LOOPBACK


class Endpoint(Frozen):
    """Where a model answers: base URL ending in `/v1`, its name there, and the environment variable with the key."""

    url: str
    model: str
    api_key_env: str | None = None
    timeout_s: float = Field(default=120.0, gt=0)
    retries: int = Field(default=4, ge=0)

    @property
    def local(self) -> bool:
        """Whether what is sent stays on this machine (law 9)."""
        return is_local(self.url)


class ChatClient:
    """One endpoint's chat completions; thread-safe.

    Raises:
        UserError: the URL is none, or the key's environment variable is not set.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        if urlparse(endpoint.url).scheme not in ("http", "https"):
            raise UserError(f"endpoint url {endpoint.url!r}: write it with its scheme, as http://127.0.0.1:8000/v1")
        key = NO_KEY if endpoint.api_key_env is None else os.environ.get(endpoint.api_key_env)
        if not key:
            raise UserError(f"endpoint {endpoint.url}: the environment variable {endpoint.api_key_env} is not set")
        self._endpoint = endpoint
        self._client = openai.OpenAI(
            base_url=endpoint.url, api_key=key, timeout=endpoint.timeout_s, max_retries=endpoint.retries
        )

    def ask(self, messages: tuple[Message, ...], *, max_tokens: int, temperature: float) -> tuple[str, bool]:
        """The reply's text, and whether it ran out of tokens; raises ProviderError when the endpoint fails."""
        try:
            answer = self._client.chat.completions.create(
                model=self._endpoint.model, messages=[{"role": m.role, "content": m.content} for m in messages],  # type: ignore[misc]
                max_tokens=max_tokens, temperature=temperature,
            )  # fmt: skip
        except openai.OpenAIError as error:
            raise ProviderError(f"{self._endpoint.url} ({self._endpoint.model}): {error}") from error
        choice = answer.choices[0]
        return choice.message.content or "", choice.finish_reason == "length"


class OpenAIPolicy:
    """Replies as text, stored as the tokens of `template`: they are demonstrations for the model that owns it.

    The endpoint's own tokens and log-probabilities are unknown; log-probabilities are stored as 0.0.
    """

    def __init__(self, endpoint: Endpoint, template: ChatTemplate) -> None:
        self.name, self.local = endpoint.model, endpoint.local
        self._client, self._template = ChatClient(endpoint), template

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample:
        """One reply to the conversation so far."""
        text, truncated = self._client.ask(context.messages, max_tokens=max_tokens, temperature=temperature)
        ids = self._template.encode(text) if truncated else self._template.reply_ids(text)
        return Sample(ids, [0.0] * len(ids), text, truncated, 0)

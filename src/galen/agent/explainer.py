"""A model in the debugging action's place: it puts the offline explanation's facts into words."""

from __future__ import annotations

from galen.agent.debugging import explain
from galen.policy.openai import ChatClient, Endpoint
from galen.tasks.base import Vocabulary
from galen.types import Message

MAX_TOKENS = 400
SYSTEM = (
    "You explain runtime errors to the author of a short program. Say what failed, where, why, and what to try, in a few "
    "plain sentences. Use only names that stand in the code or in the facts. Do not write the corrected program."
)


class ModelExplainer:
    """Called like `galen.agent.debugging.explain`; raises ProviderError when the endpoint fails."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = ChatClient(endpoint)

    def __call__(self, error: str, code: str, vocabulary: Vocabulary, *, compact: bool = False) -> str:
        facts = explain(error, code, vocabulary)
        asked = f"Code:\n{code}\n\nError:\n{error}\n\nFacts:\n{facts}"
        if compact:
            asked += "\n\nAnswer in one line."
        messages = (Message(role="system", content=SYSTEM), Message(role="user", content=asked))
        text, _ = self._client.ask(messages, max_tokens=MAX_TOKENS, temperature=0.0)
        return text.strip() or facts

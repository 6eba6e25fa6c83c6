"""A vLLM server that runs already: whether it answers, serves our model, and lets a trainer change its weights."""

from __future__ import annotations

from typing import Any

import requests

from galen.errors import UserError
from galen.policy.vllm import SERVED
from galen.presets import ModelPreset

ADAPTERS = ("/v1/load_lora_adapter", "/v1/unload_lora_adapter")
WEIGHTS = ("/pause", "/resume", "/collective_rpc", "/reset_prefix_cache")
ANSWER_S = 10.0


def require_server(url: str, model: ModelPreset) -> None:
    """Raises UserError, with the command that starts the right one, where the server at `url` cannot be trained with."""
    mend = f"start it with `galen serve --model {model.name}`"
    served = {card["id"]: card for card in _get(url, "/v1/models", mend)["data"]}
    if SERVED not in served:
        raise UserError(f"serve.url {url}: serves {', '.join(served) or 'nothing'}, not {SERVED!r}; {mend}")
    room = served[SERVED].get("max_model_len") or 0
    if room < model.context:
        raise UserError(f"serve.url {url}: its context is {room} tokens, the preset's {model.context}; {mend}")
    paths = _get(url, "/openapi.json", mend)["paths"]
    if missing := [path for path in (ADAPTERS if model.lora else WEIGHTS) if path not in paths]:
        raise UserError(
            f"serve.url {url}: has no {missing[0]}, without which its weights cannot be changed; {mend}, or set "
            "VLLM_SERVER_DEV_MODE=1 and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1"
        )


def _get(url: str, path: str, mend: str) -> Any:
    try:
        answer = requests.get(url.rstrip("/") + path, timeout=ANSWER_S)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise UserError(f"serve.url {url}: {path} does not answer ({error}); {mend}") from None

"""A road on a server that runs already: `galen serve` in a process of its own, and vLLM's own answers to all that is asked."""

from contextlib import ExitStack

import pytest
import requests

from galen.errors import GalenError, ProviderError, UserError
from galen.pipeline.road import Road
from galen.presets import model_preset

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FEW = ["demonstrations=20", "eval.test=4"]


def test_a_road_on_a_server_that_runs_already(server, data, tmp_path):
    import torch

    from galen.train.models import check_parity, load_model, parity

    preset = model_preset("tiny", [f"serve.url={server}"])
    with pytest.raises(UserError, match="its context is 640 tokens"):
        Road("sft", preset.model_copy(update={"context": 700}), data, 0, tmp_path / "long", FEW)._open(ExitStack())
    road = Road("sft", preset, data, 0, tmp_path / "run", FEW)
    with ExitStack() as stack:
        road._open(stack)  # sends the base's weights, and compares
        assert road.policy.version == 1 and road.policy.local

        def play():
            groups = road.sampler(1.0).sample(road.demos[:6], road.policy, seed=1)
            assert not any(e.fault for g in groups for e in g.episodes)
            return [e for g in groups for e in g.episodes]

        model = load_model(str(road.folder), preset)
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        base = play()
        with pytest.raises(GalenError, match="does not sample from the weights that are trained"):
            check_parity(model, base, 1.0)
        road.refresh(model)
        road.policy.sleep()  # a processor has no sleep: nothing is asked for
        other = play()
        assert {e.policy_version for e in other} == {2}
        assert check_parity(model, other, 1.0)[0] < 1e-4 < parity(model, base, 1.0)[0]

        with pytest.raises(ProviderError, match="no safetensors there that this server can see"):
            road.policy.refresh(tmp_path / "none")
        assert parity(model, play(), 1.0)[0] < 1e-4  # it goes on with the weights that it had
    Road("sft", model_preset("tiny"), data, 0, tmp_path / "run", FEW)  # it is the same run, wherever it is served
    assert requests.get(f"{server}/health", timeout=5).status_code == 200  # not the road's to end

"""Weights of another model, or not all of them: refused by name before anything is trained."""

import json
import shutil
from typing import Any

import pytest
import torch
from fakes import BASE, FINGERPRINT, SETTINGS, adapted, pretrained
from safetensors.torch import load_file, save_file
from transformers import Qwen2Config, Qwen2ForCausalLM

from galen.data.pairs import PairRow
from galen.errors import GalenError, UserError
from galen.presets import Architecture, LoraSettings, ModelPreset, read_config
from galen.train.agent import STATE
from galen.train.dpo import DPOSettings, train_dpo
from galen.train.grpo import train_grpo
from galen.train.models import check_parity, load_model, save_model
from galen.train.sft import SFTSettings, train_sft
from galen.train.weights import check_weights, last_checkpoint
from galen.types import TrainRow

PRESET = ModelPreset(name="tiny", path=str(BASE), dtype="float32")
LORA = PRESET.model_copy(update={"lora": LoraSettings(rank=4, alpha=8)})
WEIGHTS, ADAPTER = "model.safetensors", "adapter_model.safetensors"


@pytest.fixture
def final(tmp_path):
    """The folder of a policy trained in full."""
    save_model(pretrained(), BASE, tmp_path / "final")
    return tmp_path / "final"


@pytest.fixture
def adapter(tmp_path):
    save_model(adapted(pretrained()), BASE, tmp_path / "final")
    return tmp_path / "final"


def other_model(**sizes):
    read = {name: value for name, value in read_config(BASE).items() if name != "layer_types"}
    return Qwen2ForCausalLM(Qwen2Config(**(read | sizes)))


def edit(path, change):
    """Change the JSON or the weights in `path`; `change` works in place."""
    if path.suffix == ".json":
        read = json.loads(path.read_text())
        change(read)
        path.write_text(json.dumps(read))
    else:
        read = load_file(path)
        change(read)
        save_file(read, path, metadata={"format": "pt"})


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])


def assert_refused(folder, preset, *said):
    before = {p: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(UserError) as error:
        load_model(str(folder), preset)
    assert all(word in str(error.value) for word in said) and "\n" not in str(error.value), error.value
    assert {p: p.read_bytes() for p in folder.iterdir()} == before


def test_what_was_saved_is_loaded(final, adapter):
    """An adapter as it was, ready to be trained on; a whole model too (the adapter's folder took its place)."""
    model, saved = load_model(str(adapter), LORA), adapted(pretrained())
    assert all(torch.equal(weight, saved.state_dict()[name]) for name, weight in model.state_dict().items())
    trained = {n for n, p in saved.named_parameters() if p.requires_grad}
    assert {n for n, p in model.named_parameters() if p.requires_grad} == trained and len(trained) > 50
    save_model(pretrained(), BASE, final)
    assert all(
        torch.equal(w, pretrained().state_dict()[n]) for n, w in load_model(str(final), PRESET).state_dict().items()
    )


@pytest.mark.parametrize(("size", "value", "had"), [("num_hidden_layers", 2, 4), ("vocab_size", 2112, 2048)])
def test_another_architecture_is_refused(size, value, had, tmp_path):
    save_model(other_model(**{size: value}), BASE, tmp_path / "final")
    where = f"{tmp_path}/final/config.json: {size} is {value}, but {BASE} has {had}"
    assert_refused(tmp_path / "final", PRESET, where, f"remove {tmp_path}/final, and the same command makes it again")


def test_a_base_that_is_not_its_presets_is_refused():
    sizes = {name: read_config(BASE)[name] for name in Architecture.model_fields}
    load_model(str(BASE), PRESET.model_copy(update={"architecture": Architecture(**sizes)}))
    wrong = Architecture(**(sizes | {"hidden_size": 128}))
    with pytest.raises(UserError, match=r"config.json: hidden_size is 256, but preset tiny has 128"):
        load_model(str(BASE), PRESET.model_copy(update={"architecture": wrong}))


def test_weights_that_are_missing_cut_off_or_of_another_shape_are_refused(final):
    name = "model.layers.1.mlp.up_proj.weight"
    edit(final / WEIGHTS, lambda read: read.update({name: torch.zeros(4, 4)}))
    assert_refused(final, PRESET, f"{name} has shape (4, 4), but its config.json says (768, 256)")
    edit(final / WEIGHTS, lambda read: read.pop(name))
    assert_refused(final, PRESET, "1 weights are missing", name)
    cut(final / WEIGHTS)
    assert_refused(final, PRESET, str(final), "cannot be read")
    (final / WEIGHTS).unlink()
    assert_refused(final, PRESET, str(final), "cannot be read")


def test_a_final_folder_with_another_tokenizer_is_refused(final):
    edit(final / "tokenizer.json", lambda read: read["added_tokens"].pop())
    with pytest.raises(UserError, match="tokenizer"):
        load_model(str(final), PRESET)
    shutil.copy(BASE / "tokenizer.json", final)
    edit(final / "tokenizer.json", lambda read: read.update(truncation=None))
    assert_refused(final, PRESET, "fingerprint", "put back the tokenizer.json")


def test_a_config_that_is_missing_or_no_json_is_refused(final):
    (final / "config.json").write_text("{")
    assert_refused(final, PRESET, "config.json: not JSON")
    (final / "config.json").unlink()
    assert_refused(final, PRESET, "config.json: no such file")


def test_full_weights_and_adapters_are_not_taken_for_each_other(final, tmp_path):
    assert_refused(final, LORA, "adapter_config.json is missing", "LoRA of rank 4")
    save_model(adapted(pretrained()), BASE, tmp_path / "lora")
    assert_refused(tmp_path / "lora", PRESET, "holds a LoRA adapter, but model tiny has lora none")


def test_another_adapter_is_refused(adapter):
    wider = LORA.model_copy(update={"lora": LoraSettings(rank=8, alpha=8)})
    assert_refused(adapter, wider, "adapter_config.json: r is 4, but the model to train has 8")
    config = adapter / "adapter_config.json"
    edit(config, lambda read: read.update(target_modules=["q_proj"]))
    assert_refused(adapter, LORA, "target_modules is ['q_proj'], but")
    save_model(adapted(pretrained()), BASE, adapter)
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    edit(adapter / ADAPTER, lambda read: read.update({name: torch.zeros(4, 8)}))
    assert_refused(adapter, LORA, f"{name} has shape (4, 8), but the model to train has (4, 256)")
    edit(adapter / ADAPTER, lambda read: read.pop(name))
    assert_refused(adapter, LORA, f"{name} is missing")
    cut(adapter / ADAPTER)
    assert_refused(adapter, LORA, ADAPTER, "cannot be read")


def test_a_checkpoint_holds_the_models_weights_and_no_others(final):
    check_weights(final, pretrained())
    with pytest.raises(UserError, match=r"config.json: num_hidden_layers is 4, but the model to train has 2"):
        check_weights(final, other_model(num_hidden_layers=2))
    edit(final / WEIGHTS, lambda read: read.update({"model.layers.9.extra": torch.zeros(2)}))
    with pytest.raises(UserError, match="model.layers.9.extra is no weight of the model to train"):
        check_weights(final, pretrained())


def test_a_checkpoint_that_a_kill_cut_off_is_passed_over(tmp_path):
    for step in (2, 10, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step < 12:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert last_checkpoint(tmp_path / "none") is None


@pytest.mark.parametrize("method", ["sft", "dpo", "grpo"])
def test_no_method_goes_on_from_a_checkpoint_of_another_model(method, tmp_path):
    save_model(other_model(num_hidden_layers=2), BASE, tmp_path / "checkpoint-2")
    (tmp_path / "checkpoint-2" / (STATE if method == "grpo" else "trainer_state.json")).write_text("{}")
    one = {"task_id": "t", "template": FINGERPRINT}
    common: dict[str, Any] = {"seed": 0, "context": 640}
    with pytest.raises(UserError, match=r"checkpoint-2/config.json: num_hidden_layers is 2, but .* has 4"):
        if method == "sft":
            rows = [TrainRow(**one, input_ids=[5, 6], mask=[0, 1])]
            train_sft(pretrained(), BASE, rows, SFTSettings(), tmp_path, **common)
        elif method == "dpo":
            sides = {"chosen_ids": [6], "chosen_mask": [1], "rejected_ids": [7], "rejected_mask": [1]}
            train_dpo(pretrained(), BASE, [PairRow(**one, prompt_ids=[5], **sides)], DPOSettings(), tmp_path, **common)
        else:
            calls: dict[str, Any] = {"play": lambda *_: [], "sync": lambda m: None, "check": lambda m, e: (0.0, 0.0)}
            train_grpo(pretrained(), BASE, [], SETTINGS, tmp_path, **calls, **common)
    assert (tmp_path / "checkpoint-2" / "model.safetensors").exists()


def test_a_server_whose_log_probabilities_are_no_numbers_is_refused(sampler, teacher, tasks):
    [group] = sampler.sample(tasks[:1], teacher())
    model = pretrained()
    torch.nn.init.constant_(model.get_input_embeddings().weight, torch.nan)
    with pytest.raises(GalenError, match="differ from the trainer's by nan"):
        check_parity(model, group.episodes, 1.0)

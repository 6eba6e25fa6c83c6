import hashlib
import json
from pathlib import Path

import pytest

from galen.config import load
from galen.errors import UserError
from galen.paths import CONFIGS, ROOT
from galen.presets import ModelPreset, model_preset


def preset_file(folder: Path, text: str) -> Path:
    path = folder / "m.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(p.stem for p in (CONFIGS / "models").glob("*.yaml")))
def test_every_shipped_preset_is_valid_and_named_after_its_file(name):
    assert model_preset(name).name == name


def test_unknown_preset_names_the_nearest_and_the_known():
    with pytest.raises(UserError, match=r"'qwen2.5-14'; did you mean 'qwen2.5-14b'.*Known: .*tiny"):
        model_preset("qwen2.5-14")


def test_unknown_key_names_file_key_and_nearest(tmp_path):
    path = preset_file(tmp_path, "name: a\npath: b\nserve: {max_num_seq: 3}\n")
    with pytest.raises(UserError, match=r"m.yaml.*serve.max_num_seq'; did you mean 'max_num_seqs'") as error:
        load(path, ModelPreset)
    assert "\n" not in str(error.value)


def test_bad_value_names_file_field_and_value(tmp_path):
    path = preset_file(tmp_path, "name: a\npath: b\ncontext: many\n")
    with pytest.raises(UserError, match=r"m.yaml: context: .*'many'"):
        load(path, ModelPreset)


def test_overrides_reach_nested_settings_and_bad_ones_are_named(tmp_path):
    path = preset_file(tmp_path, "name: a\npath: b\n")
    assert load(path, ModelPreset, ["serve.max_num_seqs=7"]).serve.max_num_seqs == 7
    with pytest.raises(UserError, match=r"key\.sub=value"):
        load(path, ModelPreset, ["serve.max_num_seqs"])


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"config\.json is missing"):
        model_preset(str(tmp_path))


def test_a_local_folder_is_a_model_with_its_own_context():
    found = model_preset(str(ROOT / "models" / "tiny-base"))
    assert (found.name, found.context, found.dtype, found.lora) == ("tiny-base", 1024, "float32", None)


def test_the_tiny_base_is_what_its_manifest_names():
    folder = ROOT / "models" / "tiny-base"
    named = json.loads((folder / "manifest.json").read_text())["sha256"]
    assert named == {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in named} and len(named) == 2

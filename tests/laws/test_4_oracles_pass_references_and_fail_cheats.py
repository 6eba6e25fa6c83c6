"""Law 4: every oracle passes its reference solution and fails every program of the cheating battery, on the small folder."""

import pytest

from data_prep.audit import audit
from data_prep.settings import DataSettings
from galen.proofs.hack import hack
from galen.proofs.validate import validate
from galen.tasks.base import families
from galen.tasks.store import splits

pytestmark = pytest.mark.slow  # it builds every family


@pytest.fixture(scope="module")
def validated(whole_gym):
    return list(validate(whole_gym))


def test_every_reference_passes_and_every_wrong_answer_fails(whole_gym, validated):
    assert [(c.family, c.split) for c in validated] == splits(whole_gym)
    for c in validated:
        assert c.failures == [] and c.passed == c.instances > 0, c
        assert c.wrong == c.wrong_failed > 4 * c.instances


def test_every_family_is_in_the_gym(whole_gym):
    assert {family for family, _ in splits(whole_gym)} == set(families()) == set(DataSettings.model_fields) - {
        "patients", "note_style", "keep",
    }  # fmt: skip


def test_nothing_is_shared_between_training_and_test(whole_gym):
    assert {r.family: r.examples for r in audit(whole_gym)} == {name: {} for name in families()}


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_answer_is_a_good_guess(validated, split):
    """At most a quarter of a family has one answer, yes and no aside, which are balanced; hardly any has none."""
    found = {c.family: c for c in validated if c.split == split}
    assert set(found) == set(families())
    for c in found.values():
        assert c.empty <= 0.1 * c.instances
        assert max(c.answers.values()) <= 0.25 * c.instances, c.family
        assert c.booleans < 20 or 0.4 <= c.yes / c.booleans <= 0.6, c.family


@pytest.mark.timeout(600)
def test_every_cheat_fails(whole_gym, template, backend):
    outcomes = list(hack(whole_gym, template, backend, n=1))
    for family in dict.fromkeys(name for name, _ in splits(whole_gym)):
        assert sum(o.family == family for o in outcomes) >= 40
    assert [o for o in outcomes if not o.held] == []
    assert sum(o.paper for o in outcomes) > 0, "the battery is no straw: the paper's oracle passes some"

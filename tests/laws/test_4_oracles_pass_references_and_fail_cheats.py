"""Law 4: every oracle passes its reference solution and fails every program of the cheating battery, on a sample."""

import pytest

from galen.proofs.hack import hack
from galen.proofs.validate import validate
from galen.tasks.store import splits


def test_every_reference_passes_and_every_wrong_answer_fails(data):
    counts = list(validate(data, sample=25))
    assert [(c.family, c.split) for c in counts] == splits(data)
    for c in counts:
        assert c.failures == [] and c.passed == c.instances > 0, c
        assert c.wrong == c.wrong_failed > 4 * c.instances


@pytest.mark.timeout(600)
def test_every_cheat_fails(data, template, backend):
    outcomes = list(hack(data, template, backend, n=2))
    for family in dict.fromkeys(name for name, _ in splits(data)):
        assert sum(o.family == family for o in outcomes) >= 40
    assert [o for o in outcomes if not o.held] == []
    assert sum(o.paper for o in outcomes) > 0, "the battery is no straw: the paper's oracle passes some"

"""What is said of a hospital is what its rows say."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from data_prep.hospital import catalog, describe, plots, tables
from data_prep.hospital.generate import generate
from data_prep.hospital.model import Admission, Coded, Culture, Drug, Hospital, IcuStay, Measure, Patient

DAY = datetime(2104, 3, 1)


def stay(start: datetime, days: float | None, ill: str = "", **rows) -> Admission:
    diagnoses = tuple(Coded(title, title, title, start, 100.0) for title in ill.split())
    end = None if days is None else start + timedelta(days=days)
    fields = {"source": "clinic", "destination": "home", "insurance": "private", "language": None, "marital": "single"}
    return Admission(start, end, "emergency", **fields, ethnicity="white", age=50, diagnoses=diagnoses, **rows)


def lab(value: float | None, hour: int = 0, item: str = "creatinine") -> Measure:
    return Measure(item, DAY + timedelta(hours=hour), value, "mg/dl", 5.0)


@pytest.fixture(scope="module")
def small() -> Hospital:
    """Two people and three stays, written down."""
    first = stay(
        DAY, 4, "gout gout", labs=(lab(1.0), lab(None, 1), lab(3.0, 1), lab(80, 2, "glucose")),
        cultures=(Culture("urine", "yeast", DAY), Culture("urine", None, DAY)),
        icu=(IcuStay("micu", "micu", 7, 7, DAY, DAY + timedelta(days=1), (Measure(catalog.HEIGHT, DAY, 170, "cm"),)),),
    )  # fmt: skip
    second = stay(
        DAY + timedelta(days=20), 2, "gout flu", drugs=(Drug(DAY, None, "aspirin", "81", "mg", "po", 7.0),),
        icu=(IcuStay("micu", "micu", 7, 7, DAY, None, (Measure(catalog.HEIGHT, DAY, 175, "cm"),)),),
    )  # fmt: skip
    dead = Patient(1, "f", DAY, second.end, (first, second))
    return Hospital((dead, Patient(2, "m", DAY, None, (stay(DAY, None),))), source="by hand")


def test_shares_and_samples_equal_hand_counts(small):
    found = describe.describe(small)
    counted = {name: (share.part, share.whole) for name, share in found.shares.items()}
    expected = {
        "women": (1, 2), "emergencies": (3, 3), "stays with intensive care": (2, 3),
        "stays with two intensive-care stays or more": (0, 3), "stays still open": (1, 3), "deaths in a stay": (1, 3),
        "people who die after their last stay": (0, 2), "stays that begin after death": (0, 3),
        "next stay within 30 days": (1, 1), "stays with a diagnosis listed twice": (1, 3), "ICU stays still open": (1, 2),
        "lab values missing": (1, 4), "lab values outside the usual range": (1, 3), "labs taken again in the stay": (1, 2),
        "lab values of the same minute as another": (2, 4), "cultures with growth": (1, 2),
        "stays of unknown language": (3, 3), "stays of unknown marital status": (0, 3),
    }  # fmt: skip
    assert counted == expected
    assert (found.patients, found.stays) == (2, 3)
    samples = {name: sorted(values.tolist()) for name, values in found.samples.items()}
    assert samples[describe.LENGTH] == [2, 4] and samples[describe.ICU_LENGTH] == [1]
    assert samples[describe.STAYS] == [1, 2] and samples[describe.REPEATS] == [1, 3]
    assert samples[describe.COST] == [0, 207, 220]  # 2 x 100 + 7 of aspirin; 2 x 100 + 4 x 5 of labs
    assert samples["heights of one adult, largest difference in cm"] == [5]
    assert found.events["diagnoses"].tolist() == [2, 2, 0] and found.events["labs"].tolist() == [4, 0, 0]


def test_a_pair_of_diagnoses_has_the_lift_of_its_counts():
    stays = [stay(DAY, 1, ill) for ill in ["a b"] * 4 + ["a"] * 2 + ["b"] * 2 + [""] * 4]
    people = tuple(Patient(i, "f", DAY, None, (a,)) for i, a in enumerate(stays))
    found = describe.describe(Hospital(people, "by hand"))
    assert [(p.first, p.second, p.together) for p in found.pairs] == [("b", "a", 4)]
    assert found.pairs[0].lift == pytest.approx((4 / 12) / ((6 / 12) * (6 / 12)))


def test_drugs_and_labs_follow_the_diagnosis():
    ill = [
        stay(DAY, 1, "ckd", labs=(lab(3.0 + i),), drugs=(Drug(DAY, None, "iron", "1", "mg", "po", 1.0),))
        for i in range(5)
    ]
    well = [stay(DAY, 1, "", labs=(lab(0.6 + i / 10),)) for i in range(5)]
    people = tuple(Patient(i, "f", DAY, None, (a,)) for i, a in enumerate([*ill, *well]))
    found = describe.describe(Hospital(people, "by hand"))
    assert [(g.diagnosis, g.drug, str(g.present), str(g.absent)) for g in found.drugs] == [
        ("ckd", "iron", "100.0% (5 of 5)", "0.0% (0 of 5)")
    ]
    (shift,) = found.labs
    assert (shift.lab, shift.diagnosis, shift.normal) == ("creatinine", "ckd", catalog.LABS["creatinine"][:2])
    assert shift.present == (4, 5, 6) and np.allclose(shift.absent, (0.7, 0.8, 0.9))


def test_in_the_generated_hospital_linked_diagnoses_come_together_and_labs_follow_disease():
    hospital = generate(300, 1)
    found = describe.describe(hospital)
    lifts = {frozenset((p.first, p.second)): p.lift for p in found.pairs}
    by_code = {d.code: d for d in catalog.DIAGNOSES}
    linked = {frozenset((d.title, by_code[code].title)) for d in catalog.DIAGNOSES for code in d.links}
    shown = [lift for pair, lift in lifts.items() if pair in linked]
    assert len(shown) >= 4 and min(shown) > 1
    caused = {(name, d.title) for d in catalog.DIAGNOSES for name, _ in d.labs}
    assert all((s.lab, s.diagnosis) in caused for s in found.labs[:6])
    prescribed = {(d.title, drug) for d in catalog.DIAGNOSES for drug in d.drugs}
    assert sum((g.diagnosis, g.drug) in prescribed for g in found.drugs) >= len(found.drugs) - 1
    assert all(float(g.present) > float(g.absent) for g in found.drugs)


def test_a_hospital_without_illness_or_death_is_described_too(tmp_path):
    found = describe.describe(Hospital((Patient(1, "f", DAY, None, (stay(DAY, None),)),), "bare"))
    assert found.pairs == found.drugs == found.labs == () and not found.diagnoses
    assert "| cultures with growth | none |" in tables.markdown([found])
    plots.stays([found], tmp_path / "stays.svg")
    plots.illnesses([found], tmp_path / "illnesses.svg")


@pytest.mark.slow
def test_the_command_writes_the_same_bytes_each_time_and_prints_what_it_writes(tmp_path, capsys):
    for name in ("one", "two"):
        describe.main(tmp_path / name, patients=40, seed=2)
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [f.name for f in one] == ["hospital-illnesses.svg", "hospital-stays.svg", "hospital-tables.md"]
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]
    assert all(f.stat().st_size < 150_000 for f in one)
    printed = (tmp_path / "one" / "hospital-tables.md").read_text()
    assert capsys.readouterr().out.count(printed) == 2


def test_a_missing_file_of_bundles_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"none\.zip: no such file"):
        describe.main(tmp_path / "out", patients=20, fhir=tmp_path / "none.zip")
    assert not (tmp_path / "out").exists()

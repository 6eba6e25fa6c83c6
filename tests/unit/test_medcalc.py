"""MedCalc's calculators against examples worked by hand, with the steps beside them, and the tasks made of all 55."""

import contextlib
import hashlib
import io
from collections import Counter
from math import exp, log

import pytest

from data_prep.audit import audit
from data_prep.build import build as prepare
from data_prep.medcalc import bench, build
from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s
from data_prep.medcalc.signs import ALL, FINDINGS
from data_prep.medcalc.whole import OOD
from data_prep.settings import DataSettings, MedCalcSize
from data_prep.wordings import DEMONSTRATED
from galen.oracles import judge
from galen.proofs.hack import hack
from galen.proofs.validate import validate

IDS = {*range(2, 12), 13, *range(15, 34), 36, 38, 39, 40, 43, 44, 45, 46, 48, 49, 51, *range(56, 70)}


@pytest.mark.parametrize(
    ("got", "worked"),
    [
        # 177.8 / 2.54 = 70 in, 50 + 2.3 * 10 = 73 kg; 73 + 0.4 * (100 - 73) = 83.8
        (f.adjusted_weight(True, 177.8, 100), 83.8),
        # BMI 31.6: 83.8 kg; 80 * 83.8 / (72 * 2) = 6704 / 144
        (f.creatinine_clearance(60, False, 100, 177.8, 2), 46.5556),
        # BMI 22.1: the lesser of 73 and 70 kg; 100 * 70 / 72
        (f.creatinine_clearance(40, False, 70, 177.8, 1), 97.2222),
        # BMI 16.5: 45 kg; 80 * 45 * 0.85 / 72
        (f.creatinine_clearance(60, True, 45, 165, 1), 42.5),
        # 142 * 2 ** -1.2 = 61.8091; * 0.9938 ** 60 = 0.688556
        (f.ckd_epi(60, False, 1.8), 42.559),
        # 142 * 0.714286 ** -0.241 = 153.9945; * 0.779758; * 1.012
        (f.ckd_epi(40, True, 0.5), 121.519),
        # 175 * 0.449378 = 78.6411; * 60 ** -0.203 = 0.435547; the second * 0.742 * 1.212 = 0.899304
        (f.mdrd(60, False, 2), 34.2519), (f.mdrd(60, True, 2, black=True), 30.8029),
        # 0.6633 + 0.4153 + 0.4541 + 0.643 = 2.1757, so 22; 22 + 1.32 * 7 - 0.033 * 22 * 7 = 26.158
        (f.meld_na(2, 3, 1.5, 130), 26),
        # every logarithm 0: 0.6, so 6, and sodium does not count
        (f.meld_na(0.5, 0.5, 0.9, 120), 6),
        # 0.957 * ln 4 = 1.3267; + 0.643 = 1.9697, so 20; sodium 140 counts as 137
        (f.meld_na(1, 1, 1, 140, dialysis=True), 20),
        # 0.45 * 60 * (160 / 140 - 1) = 27 / 7; a child: 0.6 * 20 / 7; a man: 0.6 * 70 / 7
        (f.free_water_deficit(70, True, 60, 160), 3.85714), (f.free_water_deficit(10, True, 20, 160), 1.71429),
        (f.free_water_deficit(40, False, 70, 160), 6.0), (f.free_water_deficit(65, False, 70, 160), 5.0),
        # 203.46279 + 106.04092 - 3.54415 + 6.25143 - 95.44926 - 44.88993 - 172.30017 = -0.42836; e ** that = 0.65158
        # ln 0.9402 * 0.65158 = -0.040178; 100 * (1 - e ** that)
        (f.framingham(50, False, 200, 50, 120), 3.9382),
        # 124.26150 + 119.02778 - 4.64643 + 12.22201 + 0.42025 + 1.35131 - 104.90000 - 146.59331 = 1.14312; e: 3.13653
        # ln 0.98767 * 3.13653 = -0.038914
        (f.framingham(50, True, 200, 50, 120, treated=True, smoker=True), 3.8167),
        # gap 140 - 100 - 14 = 26; 14 / 10; with albumin 2: 26 + 2.5 * 2 = 31, 19, 19 / 10
        (f.delta_ratio(140, 100, 14), 1.4), (f.corrected_gap(140, 100, 14, 2), 31),
        (f.corrected_delta_gap(140, 100, 14, 2), 19), (f.corrected_delta_ratio(140, 100, 14, 2), 1.9),
    ],
)  # fmt: skip
def test_equations(got, worked):
    assert got == pytest.approx(worked, rel=1e-4)


@pytest.mark.parametrize(
    ("got", "worked"),
    [
        # 3 + 1.5 (pulse) + 1.5 (both, counted once) + 1; and 3 + 1.5 + 1
        (s.wells_pe(dvt_signs=True, pulse=101, immobile=True, surgery=True, hemoptysis=True), 7),
        (s.wells_pe(likeliest=True, pulse=100, previous_dvt=True, malignancy=True), 5.5),
        # 2 + 1 + 2 + 1 + 1; and disease of the arteries alone
        (s.heart(2, 1, 65, 2, 1), 7), (s.heart(0, 0, 44, 0, 0, atherosclerosis=True), 2), (s.heart(0, 0, 45, 3, 0), 3),
        # 3 + 3 + 2 + 1 + 1 + 2; and 2 + 1
        (s.blatchford(22.4, 11, False, 95, 100, melena=True, syncope=True), 12), (s.blatchford(18.2, 11, True, 110, 99), 3),
        # 4 + 6 + 3 + 0 + 2 + 2
        (s.blatchford(69, 9.9, False, 89, 99, liver=True, failure=True), 17),
        # 2 decades + 2 + 2 * 1 + 3 + 6; and none
        (s.charlson(65, one=2, two=1, liver=3, tumor=6), 15), (s.charlson(49), 0), (s.charlson(91, diabetes=2, aids=True), 12),
        # 2 + 2 + 2 + 2 + 1; and 3 + 3 + 3 + 3 + 3
        (s.child_pugh(2, 3.5, 1.7, 2, 1), 9), (s.child_pugh(3.1, 2.7, 2.4, 3, 3), 15), (s.child_pugh(1.9, 3.6, 1.6, 1, 1), 5),
        # 1 + 1 + 1 + 1; and -1
        (s.centor(14, 38.1, exudate=True, no_cough=True), 4), (s.centor(45, 38.0), -1), (s.centor(15, 37, nodes=True), 1),
        (s.feverpain(fever=True, onset=True), 2), (s.feverpain(True, True, True, True, True), 5),
        # 1 + 1 + 1 + 1
        (s.perc(50, 100, 94, previous=True), 4), (s.perc(49, 99, 95), 0),
        # 3 + 1 + 2 + 1 + 5 + 2 + 1
        (s.caprini(76, True, "major", 0, "on bed rest", five=1, two=1, bmi=26), 15),
    ],
)  # fmt: skip
def test_scores(got, worked):
    assert got == worked


def test_the_brief_calculators_give_the_tasks_that_the_tiny_model_was_tuned_on():
    """sha256 of tasks and gold of `galen data --size small --seed 0`, before the last of train are set apart."""
    pairs = list(build(300, 40, 16, 0, demonstrations=60))
    digest = lambda rows: hashlib.sha256("".join(r.model_dump_json() + "\n" for r in rows).encode()).hexdigest()
    assert [digest(column) for column in zip(*pairs, strict=True)] == [
        "8b73cd9f5dec15c918cc0701de42ab1028e69a8e9d87685b57adfba0ef721e95",
        "9219c1fbcc479a08c7831e8f7a8095ee32dfb1944ba0fa159cb51ed2d1eb2500",
    ]


@pytest.fixture(scope="module")
def whole():
    return list(build(940, 188, 40, 0, demonstrations=94, style="full", selected="all"))


def test_all_has_55_calculators_and_their_programs_agree_with_them(whole):
    assert {task.metadata["calculator_id"] for task, _ in whole} == IDS and len(IDS) == 55
    assert len({task.category for task, _ in whole}) == 55
    for task, gold in whole:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(gold.solution, {})
        assert judge(task.oracle, out.getvalue(), gold.answer).passed, (task, gold, out.getvalue())


def test_the_oracle_of_each_calculator_is_the_benchmarks(whole):
    assert all(task.oracle.kind == bench.kind(task.metadata["calculator_id"]) for task, _ in whole)


def test_no_two_whole_tasks_are_alike_and_no_answer_is_frequent(whole):
    assert len({task.prompt.documents for task, _ in whole}) == len(whole)
    assert max(Counter(str(gold.answer) for _, gold in whole).values()) < 0.1 * len(whole)
    assert any(gold.answer < 0 for task, gold in whole if task.oracle.kind == "decimal"), "negative truths occur"


def test_whole_notes_hold_what_has_to_be_read_with_care(whole):
    """Older values, other units, denied and excluded diagnoses, relatives' diseases; and each in most calculators' notes."""
    notes = [task.prompt.documents[0].lower() for task, _ in whole]
    for said in (
        "denies any",
        "ruled out",
        "mother had",
        "earlier, on",
        " umol/l",
        " lb",
        " mmol/l",
        "could be excluded",
        "grandmother had",
    ):
        assert any(said in note for note in notes), said
    assert all(len(note.split()) > 40 for note in notes)


def test_the_test_split_says_everything_in_words_that_training_has_not():
    texts = {part: [] for part in ("train", "test")}
    for task, _ in build(470, 94, 0, 0, selected="all"):
        texts[task.split].append(task.prompt.documents[0])
    for quantity in ALL.values():
        assert len(quantity.wordings) > DEMONSTRATED + 1
    for finding in FINDINGS.values():
        assert min(len(finding.yes), len(finding.no)) > DEMONSTRATED + 1
    assert all("Examined on" in text for text in texts["test"]) and not any("Examined on" in t for t in texts["train"])


def test_the_unseen_calculators_are_in_no_training_task(whole):
    ids = lambda keep: {task.metadata["calculator_id"] for task, _ in whole if keep(task)}
    assert ids(lambda t: t.distribution == "ood") == OOD
    assert OOD.isdisjoint(ids(lambda t: t.split == "train")) and ids(lambda t: t.split == "train") == IDS - OOD


def test_the_whole_set_is_sound(tmp_path, backend, template):
    """References pass, wrong answers and cheats do not, and training shares nothing with the test split."""
    size = MedCalcSize(train=440, valid=30, test=94, ood=32, demonstrations=94, calculators="all")
    settings = DataSettings(medcalc=size, note_style="full")
    prepare(tmp_path / "gym", 0, settings)
    counts = list(validate(tmp_path / "gym"))
    assert [(c.split, c.instances) for c in counts] == [("test", 126), ("train", 440), ("valid", 30)]
    for c in counts:
        assert c.failures == [] and c.passed == c.instances
        assert c.wrong == c.wrong_failed > 4 * c.instances
        assert c.empty == 0 and max(c.answers.values()) <= 0.25 * c.instances
    assert [report.examples for report in audit(tmp_path / "gym")] == [{}]
    outcomes = list(
        hack(tmp_path / "gym", template, backend, n=1, only=["constant_one", "answer_then_another", "full_width"])
    )
    assert [o for o in outcomes if not o.held] == []


def cockcroft():
    """167 lb and 1.88 m: BMI 75.75 / 3.5344 = 21.4, so the lesser of 75.75 kg and Devine's 45.5 + 2.3 * 14.016 = 77.74."""
    return (140 - 86) * (167 * 0.45359237) * 0.85 / (72 * 1.0)


def meld():
    """Bilirubin 68 / 17.104 = 3.976 mg/dL; sodium 137 adds nothing."""
    return round(0.957 * log(2.7) + 0.378 * log(68 / 17.104) + 1.120 * log(2.8) + 0.643, 1) * 10


def hard_disease():
    """ATP III, men: 72 years (70 beside smoking), cholesterol 190, HDL 1.26 * 38.67, pressure 123 treated, a smoker."""
    age, cholesterol, hdl = log(72), log(190), log(1.26 * 38.67)
    linear = (
        52.00961 * age + 20.014077 * cholesterol - 0.905964 * hdl + 1.305784 * log(123) + 0.241549 + 12.096316
        - 4.605038 * age * cholesterol - 2.84367 * log(70) - 2.93323 * age**2 - 172.300168
    )  # fmt: skip
    return 100 * (1 - 0.9402 ** exp(linear))


BY_HAND = {  # id: what is read, and the answer
    "id/000018": (("Age of 86", "Creatinine of 1.0 mg/dl", "Weight of 167 lb", "Height of 1.88 m", "female"), cockcroft()),
    "id/000021": (("bilirubin of 68 umol/l", "Creatinine of 2.7 mg/dl", "ratio of 2.8", "Sodium of 137"), meld()),
    "id/000026": (("Age of 72", "Cholesterol of 190 mg/dl", "Hdl of 1.26 mmol/l", "pressure 123", "smoker", "treated"), hard_disease()),
    # Breaths 25-34, sodium 111-119, creatinine 2.0-3.4, white cells from 40, 15 - 4 of the coma scale, 55-64 years
    "id/000032": (("Respiratory rate of 32", "Sodium of 119", "Creatinine of 2.8", "cells of 43.7 k", "score of 4 points", "Age of 58"), 1 + 3 + 3 + 4 + 11 + 3),
    # 97 / 0.51 = 190 and ventilated, 121 k platelets, bilirubin 12, dobutamine, coma scale below 6, creatinine 209 / 88.4
    "id/000035": (("0.51 (fraction)", "pressure of 97", "121885", "bilirubin of 12.0", "dobutamine", "score of 4 points", "209 umol/l"), 3 + 1 + 4 + 2 + 4 + 2),
    # a woman of 44; cancer, heart, kidneys; confusion, 46 breaths; pH 7.2, sodium 119, glucose 330, effusion; 103 F is 39.4 C
    "id/000040": (("Age of 44", "female", "active cancer", "heart failure", "ph of 7.2.", "Sodium of 119", "effusion", "103.0 f"), 44 - 10 + 30 + 10 + 10 + 20 + 20 + 30 + 20 + 10 + 10),
    # 13 December is 280 days after 8 March; a cycle of 33 days adds five
    "id/000042": (("last menses began on 03/08/2018", "33 days"), "12/18/2018"),
    # 24 + 31 + 28 + 31 + 7 = 121 days
    "id/000044": (("last menses began on 12/07/2017", "Examined on 04/07/2018"), [121 // 7, 121 % 7]),
    "id/000046": (("hydromorphone 7 mg three", "hydrocodone 5 mg four", "tramadol 55 mg once a day, given up"), 7 * 3 * 5 + 5 * 4 * 1),
    "ood/000004": (("Sodium of 112", "Chloride of 113", "Bicarbonate of 15", "Albumin of 33 g/l"), (112 - 113 - 15 + 2.5 * (4 - 3.3) - 12) / (24 - 15)),
}  # fmt: skip


@pytest.mark.parametrize("id_", BY_HAND)
def test_a_note_read_and_worked_by_hand(whole, id_):
    """Ten of the test, of every kind of answer, by the published formulas and score sheets alone."""
    (task, gold) = next(pair for pair in whole if pair[0].id == f"medcalc/test-{id_}")
    said, worked = BY_HAND[id_]
    [note] = task.prompt.documents
    assert [words for words in said if words not in note] == [], "another note is drawn: read it, and work it out anew"
    assert gold.answer == (pytest.approx(worked, rel=1e-4) if isinstance(worked, float) else worked)
    assert judge(task.oracle, " weeks ".join(map(str, worked)) + " days" if isinstance(worked, list) else str(worked), gold.answer).passed  # fmt: skip

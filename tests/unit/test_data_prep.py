"""The hospital, its MIMIC-III view, and the two families: against the published schema, templates and rows."""

import json
import re
import sqlite3
import zipfile

import pytest

from data_prep import ehrsql, medcalc
from data_prep.build import build
from data_prep.ehrsql.build import select
from data_prep.ehrsql.mimic import MIMIC
from data_prep.ehrsql.questions import QUESTIONS, UNDEMONSTRATED
from data_prep.ehrsql.times import make
from data_prep.given import Sources
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate
from data_prep.hospital.model import NOW
from data_prep.medcalc import bench
from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s
from data_prep.medcalc.facts import FINDINGS, QUANTITIES
from data_prep.mimic_iii.view import write_sqlite
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from data_prep.wordings import Part, wordings
from galen.errors import UserError
from galen.oracles import judge
from galen.tasks.store import GoldStore, read_tasks


@pytest.fixture(scope="module")
def database(data):
    db = sqlite3.connect(data / "resources" / "mimic_iii.sqlite")
    yield db
    db.close()


def test_the_schema_is_ehrsqls_to_the_letter(database, shared):
    published = sqlite3.connect(":memory:")
    published.executescript((shared / "schemas" / "ehrsql_mimic_iii.sql").read_text())
    tables = [r[0] for r in published.execute("select name from sqlite_master where type = 'table'")]
    assert len(tables) == 17
    for table in tables:
        for pragma in ("table_info", "foreign_key_list"):
            ask = f"pragma {pragma}({table})"
            assert database.execute(ask).fetchall() == published.execute(ask).fetchall(), table


def test_references_hold_and_costs_point_into_the_table_they_name(database):
    broken = [r for r in database.execute("pragma foreign_key_check") if r[0] != "COST"]
    assert broken == []
    for table in ("diagnoses_icd", "procedures_icd", "labevents", "prescriptions"):
        ask = f"select count(*), count(t.row_id) from cost c left join {table} t on t.row_id = c.event_id and t.hadm_id = c.hadm_id where c.event_type = '{table}'"
        rows, found = database.execute(ask).fetchone()
        assert rows == found > 0


def test_the_hospital_is_plausible():
    hospital = generate(400, 3)
    stays = [a for p in hospital.patients for a in p.admissions]
    current = sum(any(a.end is None for a in p.admissions) for p in hospital.patients) / 400
    assert 0.05 < current < 0.15
    for p in hospital.patients:
        for before, after in zip(p.admissions, p.admissions[1:], strict=False):
            assert before.end and before.end < after.start
        assert all(p.birth < a.start <= NOW and (a.end is None or a.start < a.end <= NOW) for a in p.admissions)
        assert p.death is None or all(a.end and a.end <= p.death.replace(hour=23, minute=59) for a in p.admissions)
    days = sorted((a.end - a.start).days for a in stays if a.end)
    assert days[len(days) // 2] < sum(days) / len(days), "stays are skewed: the median lies below the mean"
    sugar = {
        d: [
            m.value
            for a in stays
            if any(x.code == "25000" for x in a.diagnoses) is d
            for m in a.labs
            if m.item == "glucose" and m.value
        ]
        for d in (True, False)
    }
    assert sum(sugar[True]) / len(sugar[True]) > 20 + sum(sugar[False]) / len(sugar[False]), "diabetics have more sugar"
    assert any(m.value is None for a in stays for m in a.labs)


def test_demonstrations_show_less_than_training_and_tests_speak_anew():
    every = (
        [q.phrases for q in QUESTIONS]
        + [q.wordings for q in QUANTITIES.values()]
        + [w for f in FINDINGS.values() for w in f]
    )
    for options in every:
        shown, trained, tested = (set(wordings(options, p)) for p in (Part.DEMONSTRATIONS, Part.TRAIN, Part.TEST))
        assert shown < trained and tested.isdisjoint(trained) and shown | trained | tested == set(options)


@pytest.mark.parametrize("family", ["mimic_iii", "medcalc"])
def test_every_reference_solution_passes_in_the_sandbox_and_its_oracle(data, backend, family):
    from galen.sandbox.base import Mount, SandboxSpec

    gold = GoldStore(data)
    for split in ("train", "test"):
        found = read_tasks(data, family, split)
        mounts = tuple(Mount(data / r.path, r.mount) for r in found[0].resources)
        sandbox = backend.create(SandboxSpec(mounts=mounts, database="/data/mimic_iii.sqlite"))
        for task in found[:80]:
            known = gold.get(task)
            done = sandbox.run(known.solution, lang=known.lang, timeout_s=20)
            assert judge(task.oracle, done.stdout, known.answer).passed, (task.id, known.solution, done)
        sandbox.close()


def test_the_first_training_tasks_keep_to_what_demonstrations_show(data):
    train = read_tasks(data, "mimic_iii", "train")
    first = train[:40]  # the size that conftest gives
    undemonstrated = {t.tag for t in select(MIMIC, "brief") if t.key in UNDEMONSTRATED}
    assert {t.metadata["q_tag"] for t in first}.isdisjoint(undemonstrated)
    assert {t.metadata["q_tag"] for t in train[len(first) :]} & undemonstrated
    assert len({t.id for t in train}) == len(train)


def test_held_out_means_unseen(data):
    train, test = (read_tasks(data, "mimic_iii", x) for x in ("train", "test"))
    patients = lambda ts: {t.cluster for t in ts if t.cluster.startswith("patient")}
    held = [t for t in test if t.distribution == "id"]
    assert patients(train).isdisjoint(patients(held))
    assert {t.prompt.question for t in train}.isdisjoint(t.prompt.question for t in test)
    tags = {t.metadata["q_tag"] for t in train}
    assert tags.isdisjoint(t.metadata["q_tag"] for t in test if t.distribution == "ood")
    notes = {t.prompt.documents for t in read_tasks(data, "medcalc", "train")}
    assert notes.isdisjoint(t.prompt.documents for t in read_tasks(data, "medcalc", "test"))


def test_time_filters_equal_ehrsqls_datetime_form(database):
    time = "2103-05-06 07:08:00"
    forms = {
        "abs-year-in": "strftime('%Y', {c}) = '2103'", "abs-year-since": "strftime('%Y', {c}) >= '2103'",
        "abs-year-until": "strftime('%Y', {c}) <= '2103'", "abs-month-in": "strftime('%Y-%m', {c}) = '2103-05'",
        "abs-month-since": "strftime('%Y-%m', {c}) >= '2103-05'", "abs-month-until": "strftime('%Y-%m', {c}) <= '2103-05'",
        "abs-day-in": "strftime('%Y-%m-%d', {c}) = '2103-05-06'",
        "rel-year-this": "datetime({c}, 'start of year') = datetime('2105-12-31 23:59:00', 'start of year', '-0 year')",
        "rel-year-last": "datetime({c}, 'start of year') = datetime('2105-12-31 23:59:00', 'start of year', '-1 year')",
        "rel-month-this": "datetime({c}, 'start of month') = datetime('2105-12-31 23:59:00', 'start of month', '-0 month')",
        "rel-month-last": "datetime({c}, 'start of month') = datetime('2105-12-31 23:59:00', 'start of month', '-1 month')",
        "rel-year-since": "datetime({c}) >= datetime('2105-12-31 23:59:00', '-2 year')",
        "mix-month-this_year": "datetime({c}, 'start of year') = datetime('2105-12-31 23:59:00', 'start of year') and strftime('%m', {c}) = '05'",
    }  # fmt: skip
    for tag, published in forms.items():
        ours = make(tag, time, 2).condition
        count = lambda condition: database.execute(
            "select count(*) from labevents where " + condition.replace("{c}", "charttime")
        ).fetchone()
        assert count(ours) == count(published), tag


def test_fhir_becomes_a_hospital_and_a_gym(shared, tmp_path):
    bundles = shared / "synthea_fhir" / "r4_bundles.zip"
    hospital = from_fhir(bundles)
    assert len(hospital.patients) == 111
    dead = [p for p in hospital.patients if p.death]
    assert all(a.start < p.death and a.end for p in dead for a in p.admissions), "no stay begins after death or goes on"
    assert any("encounters left out: after the patient's death" in note for note in hospital.notes)
    write_sqlite(hospital, tmp_path / "f.sqlite")
    size = FamilySize(train=40, valid=4, test=20, ood=5)
    build(
        tmp_path / "gym",
        0,
        DataSettings(mimic_iii=MimicSize(**size.model_dump()), medcalc=MedCalcSize(**size.model_dump())),
        Sources(fhir=bundles),
    )
    assert len(read_tasks(tmp_path / "gym", "mimic_iii", "test")) == 25


def test_who_dies_in_a_stay_is_said_to_and_has_none_after(tmp_path):
    encounters = [
        {"resourceType": "Encounter", "id": str(day), "class": {"code": "IMP"}, "period": {"start": f"2020-01-{day:02}", "end": f"2020-01-{day + 2:02}"}}
        for day in (1, 8, 20)
    ]  # fmt: skip
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01", "deceasedDateTime": "2020-01-10"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in (person, *encounters)]}
    (tmp_path / "p.json").write_text(json.dumps(bundle))
    hospital = from_fhir(tmp_path)
    assert [a.destination for a in hospital.patients[0].admissions] == ["home", "dead/expired"]
    assert hospital.notes == (f"{tmp_path}: 1 encounters left out: after the patient's death",)


def test_broken_bundles_are_named(tmp_path):
    path = tmp_path / "b.zip"
    for text, said in (
        ("{", "x.json: not JSON"),
        ('{"resourceType": "Patient"}', "x.json: resourceType"),
        (
            json.dumps({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "p1"}}]}),
            r"Patient/p1: birthDate is missing",
        ),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.json", text)
        with pytest.raises(UserError, match=said):
            from_fhir(path)
    with pytest.raises(UserError, match="no such file"):
        from_fhir(tmp_path / "none.zip")


def test_a_broken_task_row_is_named_and_nothing_is_used(data, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    path = copy / "tasks" / "medcalc" / "train.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"family":"medcalc"', '"family":7')
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError, match=r"train.jsonl: row 3: family: .*No row of this file was used"):
        read_tasks(copy, "medcalc", "train")
    path.write_text("\n".join(lines[:2]) + "\n")
    with pytest.raises(UserError, match="2 rows, dataset.json says"):
        read_tasks(copy, "medcalc", "train")
    with pytest.raises(UserError, match=r"unknown family.*'medcal'; did you mean 'medcalc'"):
        read_tasks(copy, "medcal", "train")


@pytest.mark.parametrize(
    ("got", "worked"),
    [
        (f.mean_arterial_pressure(120, 80), 93.333), (f.bmi(70, 175), 22.857), (f.ideal_weight(True, 177.8), 73.0),
        (f.body_surface(70, 175), 1.8447), (f.maintenance_fluid(25), 65), (f.maintenance_fluid(8), 32), (f.qtc_bazett(330, 113), 452.87563),
        (f.qtc_fridericia(373, 161), 518.32325), (f.qtc_framingham(405, 87), 452.79236), (f.qtc_hodges(280, 101), 351.75),
        (f.qtc_rautaharju(321, 68), 335.26667), (f.corrected_calcium(8, 2), 9.6), (f.corrected_sodium(130, 600), 142),
        (f.osmolality(140, 14, 90), 290), (f.homa_ir(14.5, 298), 10.66914), (f.anion_gap(140, 100, 24), 16), (f.delta_gap(140, 100, 24), 4),
        (f.ldl(200, 50, 150), 120), (f.fib4(60, 50, 36, 150), 3.3333), (f.fena(20, 140, 100, 2), 0.2857),
        (f.target_weight(23.2, 182.88), 77.59262), (f.steroid_conversion(65.867, "hydrocortisone", "dexamethasone"), 2.47001),
        (f.morphine_equivalents({"oxymorphone": 10, "fentanyl buccal": 20, "morphine": 50}), 82.6),
        (s.wells_dvt(cancer=True, surgery=True, collateral_veins=True, tenderness=True), 4),
        (s.rcri(surgery=True, insulin=True, creatinine=2.1), 3), (s.glasgow_coma(4, 1, 3), 8), (s.has_bled(hypertension=True, age=43), 1),
        (s.cha2ds2_vasc(76, True, stroke=True), 5), (s.curb65(True, 25, 32, 85, 50, 70), 5), (s.sirs(38.5, 95, 22, 13), 4),
        (s.apache2(38.222, 75.333, 107, 22, 36, 75, 7.29, 136, 4.5, 1.8, 34, 12.3, 13, 64, acute_renal_failure=True), 11),
        (s.psi(67, True, nursing_home=True, renal=True, rate=19, systolic=120, temperature=37.1, pulse=90, ph=7.37, bun=21, sodium=138, glucose=179, hematocrit=40, pao2=79), 77),
        (s.sofa(pao2=79, fio2=52, ventilated=True, platelets=147, bilirubin=1.6, coma=13, dopamine=5, creatinine=1.7, urine=650), 9),
    ],
)  # fmt: skip
def test_calculators_against_worked_examples(got, worked):
    """Hand-worked values; those with five decimals are MedCalc-Bench-Verified's own labels."""
    assert got == pytest.approx(worked, rel=1e-4)


def test_notes_and_labels_repeat_and_differ_by_seed():
    same = [[(t.content_hash, g.answer) for t, g in medcalc.build(30, 5, 4, seed)] for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]
    full = [t for t, _ in medcalc.build(20, 0, 0, 1, style="full")]
    assert all(len(t.prompt.documents[0].split()) > 40 for t in full)


def test_questions_read_like_sentences(data):
    for task in read_tasks(data, "mimic_iii", "train"):
        question = task.prompt.question
        # A real label may hold brackets: arterial bp [systolic].
        for value in filter(None, task.metadata["slots"].values()):
            question = question.replace(str(value), "x")
        assert not re.search(r"[{}\[\]]|  ", question) and question[-1] in ".?"
    assert ehrsql.build is not None


def test_medcalc_benchs_own_rows_load_and_agree(shared):
    path = shared / "medcalc" / "one_shot_template_synthetic.csv"
    pairs = bench.read(path)
    assert len(pairs) == 20 and all(t.prompt.documents[0] for t, _ in pairs)
    findings = bench.audit(path)
    assert len(findings) == 20
    assert {f.row for f in findings if not f.agrees} == set(), [f for f in findings if not f.agrees]


def test_broken_medcalc_files_are_named(shared, tmp_path):
    lines = (shared / "medcalc" / "one_shot_template_synthetic.csv").read_text().splitlines(keepends=True)
    broken = tmp_path / "broken.csv"
    broken.write_text(lines[0].replace("Question", "Query") + "".join(lines[1:]))
    with pytest.raises(UserError, match=r"broken.csv: column 'Question' is missing"):
        bench.read(broken)
    broken.write_text(lines[0] + "".join(lines[1:]).replace("452.87563,", "many,", 1))
    with pytest.raises(UserError, match=r"row 2: Ground Truth Answer: 'many'"):
        bench.read(broken)


def test_medcalc_benchs_own_files_make_a_task_folder(shared, tmp_path):
    path = tmp_path / "train_data.csv"
    path.write_text((shared / "medcalc" / "one_shot_template_synthetic.csv").read_text())
    size = FamilySize(train=4, valid=2, test=1, ood=0)
    build(
        tmp_path / "gym",
        0,
        DataSettings(patients=30, mimic_iii=MimicSize(**size.model_dump()), medcalc=MedCalcSize(**size.model_dump())),
        Sources(medcalc=(path,)),
    )
    train, valid = (read_tasks(tmp_path / "gym", "medcalc", s) for s in ("train", "valid"))
    assert (len(train), len(valid)) == (18, 2) and all(t.prompt.documents[0] for t in train)

"""EHRSQL's questions on eICU: against the published tags, and their answers against plain Python over the rows."""

import csv
import re
import sqlite3
from collections import Counter, defaultdict
from datetime import datetime
from random import Random
from statistics import mean

import pytest

from data_prep.ehrsql import draws, fill, times
from data_prep.ehrsql.build import select
from data_prep.ehrsql.eicu import EICU
from data_prep.ehrsql.events import Events

TEMPLATES = {t.key: t for t in select(EICU, "all")}
TIME = {
    "diagnosis": "diagnosistime", "treatment": "treatmenttime", "medication": "drugstarttime", "lab": "labresulttime",
    "microlab": "culturetakentime", "intakeoutput": "intakeoutputtime", "vitalperiodic": "observationtime",
    "allergy": "allergytime", "cost": "chargetime", "patient": "unitadmittime",
}  # fmt: skip
DAY = 86400


@pytest.fixture(scope="module")
def hospital(eicu):
    return Rows(eicu)


class Rows:
    """All rows as dictionaries; an event carries its patient's columns too, as `who`, `visit` and `stay`."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        self.tables = {t: [dict(r) for r in self.db.execute(f"select * from {t}")] for t in TIME}
        stays = {p["patientunitstayid"]: p for p in self.tables["patient"]}
        for table, rows in self.tables.items():
            for row in rows:
                row["time"] = row[TIME[table]]
                row["stay"] = stays.get(row.get("patientunitstayid"))
                row["who"] = row["stay"]["uniquepid"] if row["stay"] else row["uniquepid"]
                row["visit"] = (row["stay"] or row)["patienthealthsystemstayid"]
        self.events = Events(sqlite3.connect(path), EICU)

    def of(self, table, who=None, **fields):
        """Rows of a table, by patient and columns."""
        found = [r for r in self.tables[table] if who in (None, r["who"])]
        return [r for r in found if all(r[k] == v for k, v in fields.items())]

    def draws(self, key, n=25, **kept):
        """`n` draws of a template, with the global1 filter of `kept` in place of their own."""
        rng, found = Random(key), []
        for _ in range(4000):
            draw = draws.whole(rng, TEMPLATES[key], self.events)
            if draw is not None:
                found.append(
                    draw.__class__(**{**draw.__dict__, "global1": times.ANYTIME, "global2": times.ANYTIME, **kept})
                )
            if len(found) == n:
                return found
        raise AssertionError(f"{key}: {len(found)} draws")

    def ask(self, key, draw):
        return [tuple(r) for r in self.db.execute(fill.sql(TEMPLATES[key], draw, EICU.visit_key))]

    def last_visit(self, who):
        closed = [p for p in self.of("patient", who) if p["hospitaldischargetime"]]
        return max(closed, key=lambda p: p["hospitaladmittime"])["visit"] if closed else None


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def soon(within, a, b):
    """Whether row `b` follows row `a` as the phrase of `within` says."""
    if a["time"] >= b["time"]:
        return False
    if within is times.EVER:
        return True
    if within.tag == "within-hosp":
        return a["visit"] == b["visit"]
    if within.tag in ("within-day", "within-month"):
        return (
            a["time"][: 10 if within.tag == "within-day" else 7] == b["time"][: 10 if within.tag == "within-day" else 7]
        )
    days = int(within.phrase.split()[1])
    return seconds(b["time"]) - seconds(a["time"]) <= days * DAY


AFTER = (times.EVER, *times.SAME[1:], *(w for w in times.SOON if "day" in w.tag))


def test_the_165_questions_are_answered(shared):
    rows = csv.DictReader((shared / "schemas" / "ehrsql_question_templates.csv").open())
    published = [r["q_tag"] for r in rows if r["eicu_count"] != "0"]
    assert len(published) == len(TEMPLATES) == 165 and {t.tag for t in TEMPLATES.values()} == set(published)
    assert set(EICU.sql) == set(TEMPLATES) and set(EICU.bases) == {t.base for t in TEMPLATES.values()}


@pytest.mark.parametrize("key", TEMPLATES)
def test_sql_holds_the_slots_of_the_tag(key):
    template = TEMPLATES[key]
    for slot, kinds in (
        ("global1", "t w p"),
        ("global2", "t2"),
        ("within", "after soon with"),
        ("exact1", "x1"),
        ("exact2", "x2"),
    ):
        assert (f"[time_filter_{slot}]" in template.tag) == bool(template.marks & set(kinds.split())), slot


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_paraphrase_can_be_said(hospital, key):
    (draw,) = hospital.draws(key, 1, global1=times.make("abs-year-in", "2103", 0))
    for phrase in TEMPLATES[key].phrases(whole=True):
        said = fill.question(phrase, draw)
        assert not re.search(r"[{}]|  ", said) and said[-1] in ".?" and ("2103" in said or not TEMPLATES[key].timed)


def test_events_after_events(hospital):
    """Patients, and what is frequent, after a diagnosis or a procedure."""
    causes = {"diagnosis": "diagnosisname", "treatment": "treatmentname"}
    slot = {"diagnosis": "diagnosis_name", "treatment": "procedure_name"}
    for key, first, then in (
        ("patients_drug_after_diagnosis", "diagnosis", "medication"),
        ("patients_diagnosed_after_procedure", "treatment", "diagnosis"),
        ("top_drugs_after_procedure", "treatment", "medication"),
        ("top_labs_after_diagnosis", "diagnosis", "lab"),
    ):
        for i, draw in enumerate(hospital.draws(key, 12)):
            draw = draw.__class__(**{**draw.__dict__, "within": AFTER[i % len(AFTER)]})
            by_patient = defaultdict(list)
            for row in hospital.of(first, **{causes[first]: draw.slots[slot[first]]}):
                by_patient[row["who"]].append(row)
            after = [b for b in hospital.of(then) if any(soon(draw.within, a, b) for a in by_patient[b["who"]])]
            if key.startswith("patients"):
                name = "drugname" if then == "medication" else "diagnosisname"
                value = draw.slots["drug_name" if then == "medication" else "diagnosis_name"]
                assert hospital.ask(key, draw) == [(len({b["who"] for b in after if b[name] == value}),)]
            else:
                counts = Counter(b["drugname" if then == "medication" else "labname"] for b in after)
                top = sorted(counts.values())[::-1][: draw.slots["rank"]]
                assert [counts[name] for (name,) in hospital.ask(key, draw)] == top


def test_survival_mortality_and_return(hospital):
    now, died = seconds(times.NOW), {}
    for p in hospital.of("patient", hospitaldischargestatus="expired"):
        died[p["who"]] = seconds(p["hospitaldischargetime"])
    for key in ("survival", "survival_with_drug"):
        for draw in hospital.draws(key, 15):
            first = {}
            for row in sorted(
                hospital.of("diagnosis", diagnosisname=draw.slots["diagnosis_name"]), key=lambda r: r["time"]
            ):
                first.setdefault(row["who"], row)
            long_ago = {w: r for w, r in first.items() if now - seconds(r["time"]) > draw.slots["days"] * DAY}
            if key == "survival_with_drug":
                drugs = hospital.of("medication", drugname=draw.slots["drug_name"])
                long_ago = {
                    w: r for w, r in long_ago.items() if any(d["who"] == w and d["time"] > r["time"] for d in drugs)
                }
            lived = [
                w not in died or died[w] - seconds(r["time"]) > draw.slots["days"] * DAY for w, r in long_ago.items()
            ]
            (rate,) = hospital.ask(key, draw)[0]
            assert rate == (pytest.approx(100 * mean(lived)) if lived else None)
    for draw in hospital.draws("patients_dead_after", 8, within=times.SOON[1]):
        ill = hospital.of("diagnosis", diagnosisname=draw.slots["diagnosis_name"])
        found = {r["who"] for r in ill if r["who"] in died and 0 < died[r["who"]] - seconds(r["time"]) <= 3 * DAY}
        assert hospital.ask("patients_dead_after", draw) == [(len(found),)]
    for draw in hospital.draws("patients_not_back", 8, within=times.EVER):
        ill = hospital.of("diagnosis", diagnosisname=draw.slots["diagnosis_name"])
        back = {r["who"] for r in ill for p in hospital.of("patient", r["who"]) if p["hospitaladmittime"] > r["time"]}
        assert hospital.ask("patients_not_back", draw) == [(len({r["who"] for r in ill} - back),)]


def test_lengths_and_time_passed(hospital):
    for draw in hospital.draws("hospital_length", 20, exact1=times.LAST):
        visits = {
            (p["hospitaladmittime"], p["hospitaldischargetime"])
            for p in hospital.of("patient", draw.slots["patient_id"])
            if p["hospitaldischargetime"]
        }
        start, end = max(visits)
        assert hospital.ask("hospital_length", draw)[0][0] == pytest.approx(
            (seconds(end) - seconds(start)) / DAY, abs=1e-4
        )
    for draw in hospital.draws("since_drug", 20, exact1=times.FIRST):
        given = [
            d
            for d in hospital.of("medication", draw.slots["patient_id"], drugname=draw.slots["drug_name"])
            if not d["stay"]["hospitaldischargetime"]
        ]
        passed = (seconds(times.NOW) - min(seconds(d["time"]) for d in given)) / DAY * draw.slots["per_day"]
        assert hospital.ask("since_drug", draw)[0][0] == pytest.approx(passed, abs=1e-3)


def test_the_last_hospital_visit_is_a_visit_and_not_a_unit_stay(hospital):
    for key, table, column in (("drug_count", "medication", "drugname"), ("total_cost", "cost", "cost")):
        for draw in hospital.draws(key, 25):
            who = draw.slots["patient_id"]
            draw = draw.__class__(**{**draw.__dict__, "global1": times.visit("rel-hosp-last", EICU.visits, who)})
            rows = [r[column] for r in hospital.of(table, who) if r["visit"] == hospital.last_visit(who)]
            expected = len(set(rows)) if key == "drug_count" else sum(rows) if rows else None
            assert hospital.ask(key, draw)[0][0] == (pytest.approx(expected) if expected else expected)
    for draw in hospital.draws("new_drugs", 25):
        who = draw.slots["patient_id"]
        draw = draw.__class__(
            **{
                **draw.__dict__,
                "global2": times.visit("rel-hosp-last", EICU.visits, who),
                "global1": times.make("abs-year-until", "2103", 0),
            }
        )
        drugs = hospital.of("medication", who)
        new = {d["drugname"] for d in drugs if d["visit"] == hospital.last_visit(who)} - {
            d["drugname"] for d in drugs if d["time"] < "2104"
        }
        assert {r[0] for r in hospital.ask("new_drugs", draw)} == new


def test_measures(hospital):
    for draw in hospital.draws("vital_extreme_time", 20, exact1=times.FIRST):
        column, pick = draw.slots["vital_column"], {"max": max, "min": min}[draw.slots["pick"]]
        rows = [v for v in hospital.of("vitalperiodic", draw.slots["patient_id"]) if v[column] is not None]
        extreme = pick(v[column] for v in rows)
        assert hospital.ask("vital_extreme_time", draw)[0][0] == min(v["time"] for v in rows if v[column] == extreme)
    for draw in hospital.draws("weight_change", 20, exact1=times.FIRST, exact2=times.LAST):
        rows = sorted(
            (p["time"], p["admissionweight"])
            for p in hospital.of("patient", draw.slots["patient_id"])
            if p["admissionweight"]
        )
        assert hospital.ask("weight_change", draw)[0][0] == pytest.approx(rows[-1][1] - rows[0][1])
    for draw in hospital.draws("balance", 20):
        rows = hospital.of("intakeoutput", draw.slots["patient_id"])
        taken, given = ([r["cellvaluenumeric"] for r in rows if word in r["cellpath"]] for word in ("intake", "output"))
        expected = sum(taken) - sum(given) if taken and given else None
        assert hospital.ask("balance", draw) == [(expected,)]
    for draw in hospital.draws("lab_percentile", 20):
        mine = max(hospital.of("patient", draw.slots["patient_id"]), key=lambda p: p["hospitaladmittime"])
        values = [
            v["labresult"]
            for v in hospital.of("lab", labname=draw.slots["lab_name"])
            if v["stay"]["age"] == mine["age"]
        ]
        value = float(draw.slots["lab_value"])
        lower = 100 * sum(v < value for v in values) / max(len(values) - 1, 1)
        assert hospital.ask("lab_percentile", draw) == ([(pytest.approx(lower),)] if value in values else [])


def test_visit_costs_monthly_records_and_ages(hospital):
    for draw in hospital.draws("visit_cost_drug", 10):
        visits, totals = {d["visit"] for d in hospital.of("medication", drugname=draw.slots["drug_name"])}, Counter()
        for row in hospital.of("cost"):
            if row["visit"] in visits:
                totals[row["visit"]] += row["cost"]
        fold = {"avg": mean, "max": max, "min": min}[draw.slots["fn"]]
        assert hospital.ask("visit_cost_drug", draw)[0][0] == pytest.approx(fold(totals.values()))
    for draw in hospital.draws("records_diagnosed", 10):
        ill = hospital.of("diagnosis", diagnosisname=draw.slots["diagnosis_name"])
        counts = Counter(r["time"][: draw.slots["length"]] for r in ill).values()
        fold = {"avg": mean, "max": max, "min": min}[draw.slots["fn"]]
        assert hospital.ask("records_diagnosed", draw)[0][0] == pytest.approx(fold(counts))
    for draw in hospital.draws("top_drugs_aged", 10):
        age = lambda row: int(row["stay"]["age"].removeprefix("> "))
        counts = Counter(
            r["drugname"] for r in hospital.of("medication") if draw.slots["low"] <= age(r) <= draw.slots["high"]
        )
        top = sorted(counts.values())[::-1][: draw.slots["rank"]]
        assert [counts[r[0]] for r in hospital.ask("top_drugs_aged", draw)] == top


def test_allergies_organisms_and_other_hospitals(hospital):
    for draw in hospital.draws("substance", 15):
        drugs = {a["drugname"] for a in hospital.of("allergy", draw.slots["patient_id"])} - {None}
        assert {r[0] for r in hospital.ask("substance", draw)} == drugs
    for draw in hospital.draws("organism_found", 25, exact1=times.LAST):
        tests = hospital.of("microlab", draw.slots["patient_id"], culturesite=draw.slots["culture_name"])
        last = max(tests, key=lambda c: c["time"], default={"organism": "no growth"})
        assert hospital.ask("organism_found", draw) == [(int(last["organism"] != "no growth"),)]
    told = Counter()
    for draw in hospital.draws("procedure_elsewhere", 40):
        who = draw.slots["patient_id"]
        here = {p["hospitalid"] for p in hospital.of("patient", who) if p["hospitaldischargetime"] is None}
        rows = hospital.of("treatment", who, treatmentname=draw.slots["procedure_name"])
        assert len(here) == 1
        expected = int(any(r["stay"]["hospitalid"] not in here for r in rows))
        assert hospital.ask("procedure_elsewhere", draw) == [(expected,)]
        told[expected] += 1
    assert len(told) == 2

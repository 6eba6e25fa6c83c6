"""What somebody who works with hospital records would look for first, on the generated one and in its views."""

import sqlite3
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from data_prep.eicu import view as eicu
from data_prep.hospital import catalog as c
from data_prep.hospital.generate import generate
from data_prep.hospital.model import NOW
from data_prep.mimic_extract.stays import of_hospital
from data_prep.mimic_iii import view as mimic


@pytest.fixture(scope="module")
def hospital():
    return generate(300, 1)


@pytest.fixture(scope="module")
def stays(hospital):
    return [(p, a) for p in hospital.patients for a in p.admissions]


def values(a, *items):
    """Values by time of the labs `items`, where all of them are recorded."""
    found = {}
    for m in a.labs:
        if m.item in items and m.value is not None:
            found.setdefault(m.time, {})[m.item] = m.value
    return {time: v for time, v in found.items() if len(v) == len(items)}


def test_nothing_happens_before_birth_after_death_or_outside_its_stay(stays):
    for p, a in stays:
        end = a.end or NOW
        assert p.birth < a.start < end <= NOW and (p.death is None or end <= p.death)
        times = [x.time for x in (*a.diagnoses, *a.procedures, *a.labs, *a.cultures)]
        times += [t for d in a.drugs for t in (d.start, d.end) if t]
        assert all(a.start <= t <= end for t in times)
        assert all(d.end is None or d.start <= d.end for d in a.drugs)
        for s in a.icu:
            until = s.end or NOW
            assert a.start <= s.start < until <= end
            assert all(s.start <= m.time <= until for m in (*s.vitals, *s.inputs, *s.outputs))


def test_stays_of_one_person_and_in_intensive_care_follow_each_other(hospital, stays):
    for p in hospital.patients:
        assert all(a.end and a.end < b.start for a, b in zip(p.admissions, p.admissions[1:], strict=False))
    for _, a in stays:
        assert all(s.end and s.end < t.start for s, t in zip(a.icu, a.icu[1:], strict=False))
        moves = [t for t in a.transfers if t.event != "discharge"]
        assert moves[0].start == a.start and moves[-1].end == a.end
        assert all(t.end == u.start for t, u in zip(moves, moves[1:], strict=False))
        assert [(t.start, t.end) for t in moves if t.icu] == [(s.start, s.end) for s in a.icu]


def test_the_dead_die_mostly_in_intensive_care_which_then_ends(stays):
    dead = [(p, a) for p, a in stays if a.destination == "dead/expired"]
    assert 0.06 < len(dead) / len(stays) < 0.14
    assert all(p.death == a.end and a is p.admissions[-1] for p, a in dead)
    there = [a for _, a in dead if a.icu and a.icu[-1].end == a.end]
    assert 0.6 < len(there) / len(dead) < 1
    assert not any(a.icu and a.end and a.icu[-1].end == a.end for _, a in stays if a.destination != "dead/expired")


def test_the_severely_ill_need_intensive_care_stay_longer_and_die_more(stays):
    grave = {d.code for d in c.DIAGNOSES if d.risk >= 0.15}
    ill = [a for _, a in stays if grave & {d.code for d in a.diagnoses}]
    well = [a for _, a in stays if not grave & {d.code for d in a.diagnoses}]
    for share in (lambda a: bool(a.icu), lambda a: a.destination == "dead/expired"):
        assert np.mean([share(a) for a in ill]) > 1.5 * np.mean([share(a) for a in well])
    days = lambda found: np.median([(s.end - s.start).total_seconds() for a in found for s in a.icu if s.end])
    assert days(ill) > 1.2 * days(well)


def test_second_intensive_care_stays_are_in_every_view(hospital, stays, tmp_path):
    twice = [a for _, a in stays if len(a.icu) == 2]
    assert 0.03 < len(twice) / len(stays) < 0.09 and max(len(a.icu) for _, a in stays) == 2
    few = replace(hospital, patients=tuple(p for p in hospital.patients if any(a in twice for a in p.admissions)))
    for view in (mimic, eicu):
        view.write_sqlite(few, tmp_path / f"{view.__name__}.sqlite")
    db = sqlite3.connect(tmp_path / f"{mimic.__name__}.sqlite")
    count = lambda table: db.execute(f"select count(*) from (select hadm_id from {table} group by 1 having count(distinct icustay_id) = 2)").fetchone()  # fmt: skip
    assert count("icustays") == count("transfers") == (len(twice),) and count("chartevents")[0] > 0
    same = "select count(*) from transfers t join icustays i using(icustay_id) where t.intime = i.intime and t.outtime is i.outtime"
    assert db.execute(same).fetchone() == db.execute("select count(*) from icustays").fetchone()
    other = sqlite3.connect(tmp_path / f"{eicu.__name__}.sqlite")
    units = Counter(other.execute("select unitadmittime, hospitaladmittime from patient").fetchall())
    assert all((f"{s.start}", f"{a.start}") in units for a in twice for s in a.icu)
    statics, _ = of_hospital(few)
    firsts = {a.icu[0].start for a in twice}
    assert not {a.icu[1].start for a in twice} & set(statics["intime"]) and firsts & set(statics["intime"])


def test_the_principal_diagnosis_is_first_none_is_twice_and_chronic_ones_stay(hospital, stays):
    assert 6 <= np.median([len(a.diagnoses) for _, a in stays]) <= 9
    for _, a in stays:
        codes = [d.code for d in a.diagnoses]
        assert len(set(codes)) == len(codes) and a.diagnoses[0].time == min(d.time for d in a.diagnoses)
        assert codes[0] in (c.ELECTIVE if a.kind == "elective" else c.EMERGENT)
    for p in hospital.patients:
        lasting = [{d.code for d in a.diagnoses} & c.CHRONIC for a in p.admissions]
        assert all(before <= after for before, after in zip(lasting, lasting[1:], strict=False))


def test_a_panel_is_one_draw_whose_values_agree(stays):
    labs = [m for _, a in stays for m in a.labs]
    together = [n for _, a in stays for n in Counter(m.time for m in a.labs).values()]
    assert sum(n for n in together if n > 1) > 0.9 * len(labs)
    blood = [v for _, a in stays for v in values(a, "hemoglobin", "hematocrit").values()]
    assert len(blood) > 300 and all(abs(v["hematocrit"] - 3 * v["hemoglobin"]) < 2.5 for v in blood)
    gaps = [
        v["sodium"] - v["chloride"] - v["bicarbonate"]
        for _, a in stays
        for v in values(a, "sodium", "chloride", "bicarbonate").values()
    ]
    assert 6 < np.median(gaps) < 14 and np.quantile(gaps, 0.01) > 2
    gases = [v for _, a in stays for v in values(a, "ph", "pco2").values()]
    bicarbonate = [0.03 * v["pco2"] * 10 ** (v["ph"] - 6.1) for v in gases]
    assert len(gases) > 100 and 20 < np.median(bicarbonate) < 28


def test_labs_have_long_tails_and_follow_the_course(stays):
    high = {"creatinine": 3, "troponin t": 8, "ast": 5, "lactate": 3, "glucose": 2.5}
    for lab, times in high.items():
        found = [m.value / c.LABS[lab][1] for _, a in stays for m in a.labs if m.item == lab and m.value is not None]
        assert np.quantile(found, 0.5) < times / 2 and max(found) > times, lab
    last = {True: [], False: []}
    for _, a in stays:
        creatinine = [m.value for m in a.labs if m.item == "creatinine" and m.value is not None]
        if "5849" in {d.code for d in a.diagnoses} and len(creatinine) > 2 and a.end:
            last[a.destination == "dead/expired"].append(creatinine[-1] / max(creatinine))
    assert np.mean(last[True]) > np.mean(last[False]) + 0.1


def test_vital_signs_agree_and_follow_the_illness(stays):
    signs, septic, last_day = [], {True: [], False: []}, []
    for p, a in stays:
        for s in a.icu:
            sets = {}
            for m in s.vitals:
                if m.item in c.VITALS:
                    sets.setdefault(m.time, {})[m.item] = m.value
            signs += [v for v in sets.values() if {c.SYSTOLIC, c.DIASTOLIC, c.MEAN} <= set(v)]
            septic["0389" in {d.code for d in a.diagnoses}] += [v[c.WARMTH] for v in sets.values() if c.WARMTH in v]
            last_day += [
                v[c.SYSTOLIC]
                for time, v in sets.items()
                if p.death == s.end and p.death and (p.death - time).total_seconds() < 6 * 3600 and c.SYSTOLIC in v
            ]
    assert len(signs) > 1000
    assert all(abs(v[c.MEAN] - (v[c.SYSTOLIC] + 2 * v[c.DIASTOLIC]) / 3) < 7 for v in signs)
    assert np.mean(septic[True]) > np.mean(septic[False]) + 0.4
    assert np.mean(last_day) < np.mean([v[c.SYSTOLIC] for v in signs]) - 15


def test_a_person_has_one_height_and_a_weight_that_drifts(hospital):
    tall = {"m": [], "f": []}
    for p in hospital.patients:
        charted = [m for a in p.admissions for s in a.icu for m in s.vitals]
        heights = {m.value for m in charted if m.item == c.HEIGHT}
        weights = [m.value for m in charted if m.item == c.WEIGHT]
        assert len(heights) <= 1 and (not weights or max(weights) < 1.3 * min(weights))
        tall[p.sex] += heights
    assert np.mean(tall["m"]) > np.mean(tall["f"]) + 8


def test_values_are_answered(stays):
    given = {True: [], False: []}
    for _, a in stays:
        low = any(m.item == "potassium" and m.value is not None and m.value < 3.4 for m in a.labs)
        given[low].append(any(d.name == "potassium chloride" for d in a.drugs))
    assert np.mean(given[True]) > np.mean(given[False]) + 0.3


def test_the_old_have_medicare_and_planned_stays_begin_in_the_morning(stays):
    old = [a.insurance == "medicare" for _, a in stays if a.age >= 65]
    young = [a.insurance == "medicare" for _, a in stays if a.age < 65]
    assert np.mean(old) > 0.75 and np.mean(young) < 0.35
    planned = [a.start.hour for _, a in stays if a.kind == "elective" and a.end]
    assert np.mean([5 <= hour <= 10 for hour in planned]) > 0.85
    left = [a.end.hour for _, a in stays if a.end and a.destination != "dead/expired"]
    assert np.mean([10 <= hour <= 19 for hour in left]) > 0.9


def test_people_do_not_depend_on_how_many_there_are(hospital):
    assert generate(40, 1).patients == hospital.patients[:40]

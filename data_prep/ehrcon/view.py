"""The EHRCon view of a hospital: the 13 MIMIC-III tables that notes are checked against, in one SQLite file.

It is read from the MIMIC-III view, so every id, value and time is the same there and here. What a patient drinks and is
infused is in INPUTEVENTS_CV or INPUTEVENTS_MV by the system that the admission was charted with, as in MIMIC-III, where
CareVue was followed by MetaVision; MetaVision has items of its own for the same labels.

One file holds all admissions, as MedAgentGym's `EHRCon_combined.db` does: a file an admission would hand the agent the
first join of every question, and thousands of copies of the dictionaries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

SCHEMA = Path(__file__).with_name("schema.sql")
METAVISION_ITEMS = 500_000  # above every item id of MIMIC-III
# Admissions that were charted with MetaVision: an admission has one system in all its stays.
METAVISION = "hadm_id % 2 = 1"
CHEMISTRY = (
    "glucose", "sodium", "potassium", "creatinine", "urea nitrogen", "bicarbonate", "chloride", "magnesium", "calcium",
    "phosphate", "albumin", "bilirubin total", "ast", "alt", "troponin t", "creatine kinase", "ntprobnp", "lipase", "tsh",
    "cholesterol",
)  # fmt: skip
GASES = ("ph", "po2", "pco2", "lactate")
INPUT = "row_id, subject_id, hadm_id, icustay_id, {time}, itemid, amount, amountuom"
FILL = (
    "insert into d_icd_diagnoses select row_id, icd9_code, short_title, long_title from source.d_icd_diagnoses",
    "insert into d_icd_procedures select row_id, icd9_code, short_title, long_title from source.d_icd_procedures",
    f"""insert into d_labitems (row_id, itemid, label, fluid, category) select row_id, itemid, label, 'blood',
        case when label in {CHEMISTRY} then 'chemistry' when label in {GASES} then 'blood gas' else 'hematology' end
        from source.d_labitems""",
    """insert into d_items (row_id, itemid, label, dbsource, linksto)
        select row_id, itemid, label, 'carevue', linksto from source.d_items""",
    f"""insert into d_items (row_id, itemid, label, dbsource, linksto)
        select (select max(row_id) from source.d_items) + row_number() over (order by row_id),
        itemid + {METAVISION_ITEMS}, label, 'metavision', 'inputevents_mv'
        from source.d_items where linksto = 'inputevents_cv'""",
    """insert into diagnoses_icd select row_id, subject_id, hadm_id,
        row_number() over (partition by hadm_id order by row_id), icd9_code from source.diagnoses_icd where {chosen}""",
    """insert into procedures_icd select row_id, subject_id, hadm_id,
        row_number() over (partition by hadm_id order by row_id), icd9_code from source.procedures_icd where {chosen}""",
    """insert into labevents select row_id, subject_id, hadm_id, itemid, charttime,
        cast(valuenum as text), valuenum, valueuom, null from source.labevents where {chosen}""",
    """insert into prescriptions (row_id, subject_id, hadm_id, startdate, enddate, drug_type, drug, drug_name_generic,
        dose_val_rx, dose_unit_rx, route) select row_id, subject_id, hadm_id, startdate, enddate, 'main', drug, drug,
        dose_val_rx, dose_unit_rx, route from source.prescriptions where {chosen}""",
    """insert into chartevents (row_id, subject_id, hadm_id, icustay_id, itemid, charttime, storetime, value, valuenum,
        valueuom) select row_id, subject_id, hadm_id, icustay_id, itemid, charttime, charttime, cast(valuenum as text),
        valuenum, valueuom from source.chartevents where {chosen}""",
    f"""insert into inputevents_cv ({INPUT.format(time="charttime")}) select row_id, subject_id, hadm_id, icustay_id,
        charttime, itemid, amount, 'ml' from source.inputevents_cv where {{chosen}} and not {METAVISION}""",
    f"""insert into inputevents_mv ({INPUT.format(time="starttime")}) select row_id, subject_id, hadm_id, icustay_id,
        charttime, itemid + {METAVISION_ITEMS}, amount, 'ml' from source.inputevents_cv
        where {{chosen}} and {METAVISION}""",
    """insert into outputevents (row_id, subject_id, hadm_id, icustay_id, charttime, itemid, value, valueuom)
        select row_id, subject_id, hadm_id, icustay_id, charttime, itemid, value, 'ml'
        from source.outputevents where {chosen}""",
    """insert into microbiologyevents (row_id, subject_id, hadm_id, chartdate, charttime, spec_type_desc, org_name)
        select row_id, subject_id, hadm_id, date(charttime) || ' 00:00:00', charttime, spec_type_desc, org_name
        from source.microbiologyevents where {chosen}""",
)  # fmt: skip
EVENTS = (
    "diagnoses_icd", "procedures_icd", "labevents", "prescriptions", "chartevents", "inputevents_cv", "inputevents_mv",
    "outputevents", "microbiologyevents",
)  # fmt: skip


def write_sqlite(mimic: Path, path: Path, admissions: Iterable[int]) -> None:
    """Write the 13 tables to a new file `path`: the events of `admissions` (HADM_IDs) in the MIMIC-III view `mimic`.

    Fluids are in millilitres, the unit of the hospital's fluid balance.
    """
    chosen = f"hadm_id in ({','.join(str(int(a)) for a in sorted(admissions))})"
    db = sqlite3.connect(path)
    db.execute("attach ? as source", (str(mimic),))
    with db:
        db.executescript(SCHEMA.read_text())
        for statement in FILL:
            db.execute(statement.format(chosen=chosen))
        for table in EVENTS:
            db.execute(f"create index ix_{table} on {table}(hadm_id)")
    db.execute("detach source")
    db.execute("analyze")
    db.commit()
    db.close()


def keep_only(path: Path, admissions: Iterable[int]) -> None:
    """Remove the events of all other admissions from a file that `write_sqlite` wrote."""
    kept = ",".join(str(int(a)) for a in sorted(admissions))
    db = sqlite3.connect(path)
    with db:
        for table in EVENTS:
            db.execute(f"delete from {table} where hadm_id not in ({kept})")
    db.execute("vacuum")
    db.close()

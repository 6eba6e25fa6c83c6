"""Questions over five joined tables of MIMIC-III (TREQS's MIMICSQL, Wang et al. 2020), answered by SQL or Python."""

from __future__ import annotations

from galen.tasks.database import answers
from galen.tasks.database import vocabulary as vocabulary
from galen.tasks.prompting import poses

CATEGORY_RULE = "the aggregation: count, max, min or avg; plain selections, which have none, are listed with count"
TABLES = (
    "DEMOGRAPHIC holds one row an admission: who the patient is, how and when they came and left, AGE at admission, DAYS_STAY "
    "in whole days, DIAGNOSIS (the primary disease, the reason of admission) and EXPIRE_FLAG (1: the patient has died). "
    "DIAGNOSES and PROCEDURES hold coded entries with short and long titles, PRESCRIPTIONS drugs, LAB test results "
    "(VALUE_UNIT is value and unit in one text). Join tables on HADM_ID only. GENDER is m or f."
)
RULES = (
    "All conditions of a question hold for one and the same joined row, so within one admission, and of one event table "
    "for the same entry. Patients are counted once each (distinct SUBJECT_ID); maximum, minimum and average are taken over "
    "the matching rows. A question that selects values is answered with one row for each matching record, in any order: "
    "records that repeat stay. The answer's rows must equal the reference's: as many, with the same cells in the order "
    "asked, text compared without case, numbers to three decimals."
)
SEARCHED = (
    ("demographic", "diagnosis"), ("demographic", "name"), ("demographic", "admission_type"), ("demographic", "admission_location"),
    ("demographic", "discharge_location"), ("demographic", "insurance"), ("demographic", "ethnicity"), ("demographic", "religion"),
    ("demographic", "language"), ("demographic", "marital_status"), ("diagnoses", "short_title"), ("diagnoses", "long_title"),
    ("procedures", "short_title"), ("procedures", "long_title"), ("prescriptions", "drug"), ("prescriptions", "drug_type"),
    ("prescriptions", "route"), ("lab", "label"), ("lab", "fluid"), ("lab", "category"), ("lab", "flag"),
)  # fmt: skip


pose = poses(f"{TABLES}\n\n{RULES}")
answer_request = answers(SEARCHED)

"""Clinical questions over MIMIC-III (EHRSQL, Lee et al. 2022), answered by SQL or Python on 17 tables."""

from __future__ import annotations

from galen.tasks.database import answers
from galen.tasks.database import vocabulary as vocabulary
from galen.tasks.prompting import EHRSQL_RULES, poses

CATEGORY_RULE = "the form of EHRSQL's template: count, existence, elapsed time, list, comparison, ranking, value, time, abbreviation"
LINKS = (
    "PATIENTS, ADMISSIONS and ICUSTAYS are linked by SUBJECT_ID, HADM_ID and ICUSTAY_ID, which every event table "
    "carries too. D_ICD_DIAGNOSES, D_ICD_PROCEDURES (by ICD9_CODE), D_LABITEMS and D_ITEMS (by ITEMID) hold names. "
    "COST.EVENT_ID is the ROW_ID in the table that EVENT_TYPE names. All text is lower-case. A patient without "
    "DISCHTIME (or OUTTIME) is still here. Age is ADMISSIONS.AGE at the visit, of several visits at the last. Diagnoses "
    "and procedures are called by their SHORT_TITLE. Weight is the item 'admit wt', height 'admit ht'. Normal ranges, ends "
    "included: temperature 35.5-38.1, sao2 95-100, heart rate 60-100, respiration 12-18, systolic bp 90-120, diastolic bp 60-90, "
    "mean bp 60-110."
)
SEARCHED = (
    ("d_icd_diagnoses", "short_title"), ("d_icd_diagnoses", "long_title"), ("d_icd_procedures", "short_title"),
    ("d_icd_procedures", "long_title"), ("d_labitems", "label"), ("d_items", "label"), ("prescriptions", "drug"),
    ("prescriptions", "route"), ("microbiologyevents", "spec_type_desc"), ("microbiologyevents", "org_name"),
    ("admissions", "admission_location"), ("admissions", "admission_type"), ("admissions", "insurance"),
    ("icustays", "first_careunit"),
)  # fmt: skip


pose = poses(f"{LINKS}\n\n{EHRSQL_RULES}")
answer_request = answers(SEARCHED)

"""Clinical questions over eICU (EHRSQL, Lee et al. 2022), answered by SQL or Python on 10 tables."""

from __future__ import annotations

from galen.tasks.database import answers
from galen.tasks.database import vocabulary as vocabulary
from galen.tasks.mimic_iii import CATEGORY_RULE as CATEGORY_RULE
from galen.tasks.prompting import EHRSQL_RULES, poses

LINKS = (
    "patient has a row for each unit stay: uniquepid is the person, patienthealthsystemstayid the hospital visit, "
    "patientunitstayid the unit stay, which every event table but cost carries. Every unit stay is an icu visit. "
    "cost.eventid is the id in the table that eventtype names (diagnosis, treatment, lab, medication). All text is "
    "lower-case. A patient without hospitaldischargetime (or unitdischargetime) is still here; one whose "
    "hospitaldischargestatus is 'expired' died at hospitaldischargetime. age is text, '> 89' for the oldest. The admission "
    "type and route are hospitaladmitsource. Height and weight are admissionheight and admissionweight, measured at "
    "unitadmittime. Treatments are the procedures, whose whole path is the name; a culture's site is its specimen, and "
    "the organism 'no growth' means that none was found. In intakeoutput, cellpath tells intake from output and celllabel "
    "is the name. allergyname names an allergy, and drugname the substance where a drug caused it. The vital signs are "
    "columns of vitalperiodic; systolic, diastolic and mean bp are systemicsystolic, systemicdiastolic and systemicmean. "
    "Normal ranges: temperature 35.5-38.1, sao2 95-100, heart rate 60-100, respiration rate 12-18, systolic bp 90-120, "
    "diastolic bp 60-90, mean bp 60-110; both ends are normal."
)
SEARCHED = (
    ("diagnosis", "diagnosisname"), ("diagnosis", "icd9code"), ("treatment", "treatmentname"), ("lab", "labname"),
    ("medication", "drugname"), ("medication", "routeadmin"), ("allergy", "allergyname"), ("allergy", "drugname"),
    ("intakeoutput", "celllabel"), ("microlab", "culturesite"), ("microlab", "organism"), ("patient", "ethnicity"),
    ("patient", "hospitaladmitsource"), ("patient", "hospitaldischargestatus"), ("cost", "eventtype"),
)  # fmt: skip


pose = poses(f"{LINKS}\n\n{EHRSQL_RULES}")
answer_request = answers(SEARCHED)

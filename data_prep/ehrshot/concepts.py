"""The OMOP concepts of generated records, by the names that the generator uses: (concept_id, name, vocabulary, code)."""

from __future__ import annotations

import pandas as pd

LABS = {  # mean and SD of the values, decimals, unit as the source wrote it, concept
    "platelets": (170.0, 82.0, 0, "10*3/uL", (3024929, "Platelets [#/volume] in Blood by Automated count", "LOINC", "777-3")),
    "potassium": (5.0, 1.05, 1, "mmol/L", (3023103, "Potassium [Moles/volume] in Serum or Plasma", "LOINC", "2823-3")),
    "glucose": (88.0, 33.0, 0, "mg/dL", (3004501, "Glucose [Mass/volume] in Serum or Plasma", "LOINC", "2345-7")),
    "sodium": (136.0, 6.5, 0, "mmol/L", (3019550, "Sodium [Moles/volume] in Serum or Plasma", "LOINC", "2951-2")),
    "hemoglobin": (11.2, 2.9, 1, "g/dL", (3000963, "Hemoglobin [Mass/volume] in Blood", "LOINC", "718-7")),
    "creatinine": (1.3, 0.45, 2, "mg/dL", (3016723, "Creatinine [Mass/volume] in Serum or Plasma", "LOINC", "2160-0")),
    "albumin": (3.6, 0.55, 1, "g/dL", (3024561, "Albumin [Mass/volume] in Serum or Plasma", "LOINC", "1751-7")),
    "lactate": (1.9, 0.6, 1, "mmol/L", (3047181, "Lactate [Moles/volume] in Blood", "LOINC", "2524-7")),
    "leukocytes": (9.0, 2.8, 1, "10*3/uL", (3000905, "Leukocytes [#/volume] in Blood by Automated count", "LOINC", "6690-2")),
    "ldl": (118.0, 34.0, 0, "mg/dL", (3028437, "Cholesterol in LDL [Mass/volume] in Serum or Plasma", "LOINC", "2089-1")),
    "ferritin": (110.0, 45.0, 0, "ng/mL", (3001122, "Ferritin [Mass/volume] in Serum or Plasma", "LOINC", "2276-4")),
    "crp": (24.0, 9.0, 1, "mg/L", (3020460, "C reactive protein [Mass/volume] in Serum or Plasma", "LOINC", "1988-5")),
}  # fmt: skip
VITALS = {
    "temperature": (37.1, 0.7, 1, "Cel", (3020891, "Body temperature", "LOINC", "8310-5")),
    "heart rate": (84.0, 15.0, 0, "/min", (3027018, "Heart rate", "LOINC", "8867-4")),
    "systolic": (128.0, 19.0, 0, "mm[Hg]", (3004249, "Systolic blood pressure", "LOINC", "8480-6")),
    "weight": (79.0, 15.0, 1, "kg", (3025315, "Body weight", "LOINC", "29463-7")),
}  # fmt: skip
MEASURED = LABS | VITALS
TARGETS = ("platelets", "potassium", "glucose", "sodium", "hemoglobin")
CHRONIC = {
    "heart failure": (316139, "Heart failure", "SNOMED", "84114007"),
    "kidney disease": (46271022, "Chronic kidney disease", "SNOMED", "709044004"),
    "diabetes": (201826, "Type 2 diabetes mellitus", "SNOMED", "44054006"),
    "copd": (255573, "Chronic obstructive lung disease", "SNOMED", "13645005"),
    "atrial fibrillation": (313217, "Atrial fibrillation", "SNOMED", "49436004"),
}  # fmt: skip
SYMPTOMS = {
    "diarrhea": (196523, "Diarrhea", "SNOMED", "62315008"),
    "joint pain": (77074, "Joint pain", "SNOMED", "57676002"),
    "abdominal pain": (200219, "Abdominal pain", "SNOMED", "21522001"),
    "chest pain": (77670, "Chest pain", "SNOMED", "29857009"),
    "fatigue": (4223659, "Fatigue", "SNOMED", "84229001"),
}  # fmt: skip
NEW = {  # the diagnosis that a task asks for, and forms of it: a first record may be of either
    "new_hypertension": ((320128, "Essential hypertension", "SNOMED", "59621000"), (312648, "Benign essential hypertension", "SNOMED", "1201005")),
    "new_hyperlipidemia": ((432867, "Hyperlipidemia", "SNOMED", "55822004"), (438720, "Mixed hyperlipidemia", "SNOMED", "267434003")),
    "new_pancan": ((4180793, "Malignant tumor of pancreas", "SNOMED", "372003004"), (4092217, "Malignant tumor of head of pancreas", "SNOMED", "93715005")),
    "new_celiac": ((194992, "Celiac disease", "SNOMED", "396331005"),),
    "new_lupus": ((257628, "Systemic lupus erythematosus", "SNOMED", "55464009"),),
    "new_acutemi": ((312327, "Acute myocardial infarction", "SNOMED", "57054005"), (4270024, "Acute non-ST segment elevation myocardial infarction", "SNOMED", "401314000")),
}  # fmt: skip
DRUGS = {
    "spironolactone": (970250, "spironolactone", "RxNorm", "9997"),
    "hydrochlorothiazide": (974166, "hydrochlorothiazide", "RxNorm", "5487"),
    "insulin": (1502905, "insulin glargine", "RxNorm", "274783"),
    "heparin": (1367571, "heparin", "RxNorm", "5224"),
    "warfarin": (1310149, "warfarin", "RxNorm", "11289"),
    "atorvastatin": (1545958, "atorvastatin", "RxNorm", "83367"),
    "prednisone": (1551099, "prednisone", "RxNorm", "8640"),
}  # fmt: skip
INPATIENT = (9201, "Inpatient Visit", "Visit", "IP")
OUTPATIENT = (9202, "Outpatient Visit", "Visit", "OP")
INTENSIVE = (32037, "Intensive Care", "CMS Place of Service", "OMOP4822460")
SEXES = {"m": (8507, "MALE", "Gender", "M"), "f": (8532, "FEMALE", "Gender", "F")}
COLUMNS = ["concept_id", "concept_name", "vocabulary_id", "concept_code"]


def concept() -> pd.DataFrame:
    """OMOP's CONCEPT of all of the above."""
    rows = [m[4] for m in MEASURED.values()] + [form for forms in NEW.values() for form in forms]
    rows += [*CHRONIC.values(), *SYMPTOMS.values(), *DRUGS.values(), INPATIENT, OUTPATIENT, INTENSIVE, *SEXES.values()]
    return pd.DataFrame(sorted(rows), columns=COLUMNS)


def concept_ancestor() -> pd.DataFrame:
    """OMOP's CONCEPT_ANCESTOR: each diagnosis above its forms, and every concept above itself."""
    pairs = {(form[0], form[0]) for forms in NEW.values() for form in forms}
    pairs |= {(forms[0][0], form[0]) for forms in NEW.values() for form in forms}
    return pd.DataFrame(sorted(pairs), columns=["ancestor_concept_id", "descendant_concept_id"])

"""Consistency of clinical notes with the database (EHRCon, Kwon et al. 2024), checked by SQL or Python on 13 tables.

The original asks whether an entity has an inconsistency, which half of all guesses get right. Here each claim about the
entity is judged and the row that decides it is named: the paper's number of inconsistencies is the number of columns
named over all rows of the answer, and its boolean is whether there is any.
"""

from __future__ import annotations

from galen.tasks.base import Profile
from galen.tasks.database import answers
from galen.tasks.database import vocabulary as vocabulary
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "EHRCon's entity type: 1 numeric value, 2 existence, 3 string value; MedAgentGym's rows do not state it"
ENTITY_TYPES = {1: "numeric value", 2: "existence", 3: "string value"}
UNSTATED = "unstated"
CONTRACT = (
    "one row a claim, tab-separated: its line in the note (from 1), its inconsistent columns in alphabetical order joined "
    "by commas (or ok), and the ROW_ID of the row that decides it (or NULL)"
)
LINES_CONTRACT = (
    "one row a claim, tab-separated: its line in the note (from 1), and its inconsistent columns in alphabetical order "
    "joined by commas (or ok)"
)
COUNT_CONTRACT = "one whole number: the inconsistent columns of all its claims"
SEARCHED = (
    ("d_icd_diagnoses", "short_title"), ("d_icd_diagnoses", "long_title"), ("d_icd_procedures", "short_title"),
    ("d_icd_procedures", "long_title"), ("d_labitems", "label"), ("d_items", "label"), ("prescriptions", "drug"),
    ("prescriptions", "route"), ("microbiologyevents", "spec_type_desc"), ("microbiologyevents", "org_name"),
)  # fmt: skip
TABLES = (
    "Each event table carries HADM_ID. LABEVENTS goes with D_LABITEMS, CHARTEVENTS, OUTPUTEVENTS, INPUTEVENTS_CV and "
    "INPUTEVENTS_MV with D_ITEMS (by ITEMID; an admission's intake is in one of the two), DIAGNOSES_ICD with "
    "D_ICD_DIAGNOSES and PROCEDURES_ICD with D_ICD_PROCEDURES (by ICD9_CODE); PRESCRIPTIONS and MICROBIOLOGYEVENTS hold "
    "names themselves. All text is lower-case."
)
ANNOTATED = (
    "Annotators read each claim of the note about the entity and compared its value, unit and time with the rows of the "
    "admission: a time that is exact as it stands, words such as on admission or the day of charting as that day, and no "
    "time as the whole stay. A column is inconsistent where no row agrees with what the note says of it."
)
RULES = (
    "The question names an entity as LABEL, SHORT_TITLE, DRUG or SPEC_TYPE_DESC, and how the note writes it.\n"
    "A claim is a sentence that says the entity was measured, given, prescribed, done, diagnosed or cultured in "
    "this admission; diagnoses under past history count. No claims are: denials and what was ruled out, "
    "relatives' illnesses, values of last year, of a prior admission or of outpatients, goals, orders and plans.\n"
    "\n"
    "What a claim says is compared with the rows about the entity in the admission:\n"
    "- value: VALUENUM (of LABEVENTS, CHARTEVENTS), AMOUNT, VALUE (of OUTPUTEVENTS), DOSE_VAL_RX; numbers must be"
    " equal. A culture's organism is ORG_NAME; no growth means that it is NULL.\n"
    "- unit: VALUEUOM, AMOUNTUOM, DOSE_UNIT_RX; route: ROUTE; equal but for case. What the claim does not say is "
    "not compared, nor how often a drug is given.\n"
    "- time: CHARTTIME, STARTTIME (of INPUTEVENTS_MV), STARTDATE. A date with a clock means that minute, a clock "
    "alone that minute of the note's day, a date alone that day ([**2103-5-4**] is a date, 05/04 month and day). "
    "On or upon admission, on arrival, at presentation: the day on which the admission began or the next. Today, this "
    "shift: the note's day; yesterday: the day before. This stay or admission, during hospitalization, or no time: any.\n"
    "The row that decides a claim disagrees with it in the fewest columns (of several, the lowest ROW_ID); the "
    "columns in which it disagrees are inconsistent. Where the admission has no row about the entity, the "
    "inconsistent column is the one that names it: ITEMID, ICD9_CODE, DRUG or SPEC_TYPE_DESC, and the ROW_ID is "
    "NULL."
)


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question and the note with its lines numbered; the compact profile leaves the note in its file.

    Tasks from EHRCon's own files, which `source` in their metadata tells, were judged by annotators.
    """
    if profile == "compact":
        return (
            Message(role="system", content="ehrcon sqlite"),
            Message(role="user", content=task.prompt.question),
        )
    mounts = {r.kind: r.mount for r in task.resources}
    system = (
        "You audit electronic health records: does what a clinical note says agree with the database? A SQLite database is "
        f"at {mounts['sqlite']}; ```sql``` blocks query it. The notes are in {mounts['file']} (ROW_ID is the note's number)."
        f"\n\n{TABLES}\n\n{ANNOTATED if 'source' in task.metadata else RULES}\n\n"
        + explain_actions(task.actions, sql=True)
    )
    user = f"Question: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    for text in task.prompt.documents:
        user += "\n\nThe note:\n" + "\n".join(f"{i}: {line}" for i, line in enumerate(text.split("\n"), 1))
    return Message(role="system", content=system), Message(role="user", content=user)


answer_request = answers(SEARCHED)

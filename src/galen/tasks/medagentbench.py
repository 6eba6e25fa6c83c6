"""Work in a hospital's record system over FHIR (MedAgentBench, Jiang et al. 2025): look up, calculate, record and order.

The FHIR R4 server runs inside the sandbox (`galen.fhir`). What an episode posts leaves it with the answer, as the submission;
the oracle `fhir` compares both, so that "no order is due" means no write at all.
"""

from __future__ import annotations

from pathlib import Path

from galen.fhir.parameters import PARAMETERS
from galen.fhir.server import URL
from galen.tasks.base import Profile, Vocabulary
from galen.tasks.prompting import explain_actions
from galen.types import ActionKind, Message, Task

CATEGORY_RULE = "MedAgentBench's task type"
TASKS = {
    "task1": "find a patient", "task2": "age", "task3": "record a vital sign", "task4": "magnesium", "task5": "replace magnesium",
    "task6": "mean glucose", "task7": "latest glucose", "task8": "referral", "task9": "replace potassium", "task10": "hemoglobin A1C",
}  # fmt: skip
ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
NAMES = (
    "fhir",
    "get",
    "post",
    "finish",
    "discard",
    "json",
    "status_code",
    "raise_for_status",
    "params",
    "entry",
    "resource",
)
SERVER = f"""The hospital's FHIR R4 server is reached in ```python``` blocks by the module `fhir` (there is no network, and `requests` does not reach it):
- `fhir.get("Patient", params={{"family": "Stone", "birthdate": "1950-03-02"}})` searches, `fhir.get("Patient/ID")` reads, `fhir.post("ServiceRequest", json={{...}})` creates. Whole URLs below {URL} do as well. Replies are as those of `requests`: `.status_code`, `.json()`, `.text`, `.raise_for_status()`; an error's body is an OperationOutcome that says what is wrong.
- A search gives a Bundle: `total`, `entry[].resource`, and a `next` link in `link` while there is more (50 a page; `_count` up to 1000). Dates take the prefixes eq, ne, gt, ge, lt, le, sa, eb, ap; `_sort=-date` puts the newest first; `code:not=`, `name:contains=`, `family:exact=` and `date:missing=true` work. `fhir.get("metadata")` lists all parameters.
- What you post stays posted from block to block; `fhir.discard()` forgets all of it, to start over. Nothing is signed before you hand it in.
- `fhir.finish(ANSWER)` prints the one line that is handed in: the answer (a list) with everything you have posted.

Functions (* is required):
GET Patient (identifier, name, family, given, birthdate, gender, telecom, address, ...)
GET Condition (patient*, category=problem-list-item, code, ...)
GET Observation (patient*, code* or category=vital-signs, date, ...): labs and vital signs
GET MedicationRequest (patient*, category, date, authoredon, ...)
GET Procedure (patient*, date*, code)
POST Observation (category*, code*, effectiveDateTime*, status*, valueString*, subject*)
POST MedicationRequest (medicationCodeableConcept*, authoredOn*, dosageInstruction*, status*, intent*, subject*)
POST ServiceRequest (code*, authoredOn*, status*, intent*, priority*, subject*, note, occurrenceDateTime)"""
HANDBOOK = """The hospital's handbook:
- A patient's record number (MRN) is the identifier of type MR; references are `Patient/` and the resource's id.
- Codes of Observation: MG magnesium, K potassium, GLU glucose (CBG), A1C hemoglobin A1C. An observation without a valueQuantity is no measurement. The last n hours begin n hours before now and include that moment; the latest value is the one with the latest effectiveDateTime.
- Everything that is recorded or ordered has the current time as effectiveDateTime or authoredOn.
- Vital signs: category one coding with system http://hl7.org/fhir/observation-category, code vital-signs, display Vital Signs; code.text the flowsheet ID (BP blood pressure, HR heart rate); status final; valueString as it was measured, with its unit.
- Orders: status active, intent order; a ServiceRequest has priority stat. Codes and systems: medications NDC (http://hl7.org/fhir/sid/ndc), tests LOINC (http://loinc.org), referrals SNOMED (http://snomed.info/sct), one coding each. A referral's free text is its one note.
- IV magnesium, NDC 0338-1715-40, for a level of 1.9 mg/dL or less: 1 g over 1 h from 1.5 to 1.9, 2 g over 2 h from 1 to below 1.5, 4 g over 4 h below 1. One dosageInstruction: route.text IV, one doseAndRate with doseQuantity (unit g) and rateQuantity (value: the hours, unit h).
- Oral potassium, NDC 40032-917-01, for a level below 3.5 mEq/L: 10 mEq for every 0.1 below 3.5, in one dose. One dosageInstruction: route.text oral, one doseAndRate with doseQuantity (unit mEq).
- Potassium level: LOINC 2823-3, with occurrenceDateTime for when it is to be drawn. HbA1C test: LOINC 4548-4, without one. Orthopedic surgery referral: SNOMED 306181000000106.
- A resource holds what the handbook and the question ask for and nothing else (display texts are free). Where nothing is due, nothing is posted: a write that was not asked for is a mistake, and so is the same one twice."""


def contract(answer: str) -> str:
    """The form of a submission whose answer is `answer`."""
    return f"the line that fhir.finish(ANSWER) prints and nothing else, with ANSWER {answer}; `@last` hands it in if your last code printed only that"


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question; the full profile explains the server and the handbook. Published tasks bring a context of their own."""
    if profile == "compact":
        return (
            Message(role="system", content="medagentbench fhir"),
            Message(role="user", content=task.prompt.question),
        )
    system = (
        f"You work in a hospital's record system with code. It is {task.now} now.\n\n{SERVER}\n\n{HANDBOOK}\n\n"
        + explain_actions(task.actions, sql=False)
    )
    context = "".join(f"\nContext: {text}" for text in task.prompt.documents)
    user = f"Question: {task.prompt.question}{context}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)


def answer_request(task: Task, query: str, data: Path) -> str:
    """The server answers for itself, to code."""
    return 'ask the server by code: fhir.get("metadata") lists its resources and search parameters'


def vocabulary(task: Task, data: Path) -> Vocabulary:
    """Resource types with their search parameters, and the names of the module `fhir`."""
    return Vocabulary(tables={kind: tuple(known) for kind, known in PARAMETERS.items()}, names=NAMES)

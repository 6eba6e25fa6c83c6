"""The words of notes: sentences that state a fact, sentences that only seem to, and what else notes hold.

`{e}` is the entity as written, `{v}` its value, `{t}` the time with a space before it, or nothing. A test note is
written with the last third of each pool, which no training note uses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

STATED: dict[str, tuple[str, ...]] = {
    "labevents": (
        "{e} {v}{t}", "{e} was {v}{t}", "labs notable for {e} of {v}{t}", "{e} noted to be {v}{t}",
        "{e} came back at {v}{t}", "found to have {e} {v}{t}", "lab work showed {e} {v}{t}", "{e}: {v}{t}",
        "{e} measured {v}{t}", "pt's {e} resulted at {v}{t}", "{e} was checked and read {v}{t}",
        "bloods drawn, {e} = {v}{t}",
    ),
    "chartevents": (
        "{e} {v}{t}", "{e} was {v}{t}", "pt with {e} of {v}{t}", "{e} noted at {v}{t}", "{e} running {v}{t}",
        "monitor with {e} {v}{t}", "{e} charted as {v}{t}", "{e} recorded {v}{t}", "vitals show {e} = {v}{t}",
    ),
    "inputevents": (
        "{e} {v} given{t}", "received {e} {v}{t}", "{e} {v} infused{t}", "got {e} {v}{t}", "{e} {v} charted{t}",
        "intake: {e} {v}{t}", "{e}, {v} in{t}", "took in {e} {v}{t}", "in: {e} = {v}{t}",
    ),
    "outputevents": (
        "{e} {v}{t}", "{e} put out {v}{t}", "{e} with {v}{t}", "{e} drained {v}{t}", "{e} emptied for {v}{t}",
        "output: {e} {v}{t}", "{e} measured, {v}{t}", "{e} = {v} out{t}", "out: {e} gave {v}{t}",
    ),
    "prescriptions": (
        "started on {e} {v}{t}", "given {e} {v}{t}", "{e} {v} ordered{t}", "received {e} {v}{t}", "on {e} {v}{t}",
        "tx w/ {e} {v}{t}", "was put on {e} {v}{t}", "{e} {v} begun{t}", "placed on {e} {v}{t}",
    ),
    "diagnoses_icd": (
        "pt w/ {e}", "admitted with {e}", "course c/b {e}", "{e}, stable", "{e} being treated", "known {e}",
        "carries dx of {e}", "active issue: {e}", "managed for {e}",
    ),
    "procedures_icd": (
        "s/p {e}", "underwent {e}", "{e} done this stay", "tolerated {e} well", "had {e} w/ good result",
        "{e} performed by team", "pt had {e}", "{e} completed w/out event", "s/p {e}, tolerated",
    ),
    "microbiologyevents": (
        "{e}{t} grew {v}", "{e} sent{t} grew {v}", "{e}{t}: {v}", "{e} from{t} growing {v}", "{e}{t} showed {v}",
        "micro: {e}{t} with {v}", "{e} taken{t}: {v}", "{e}{t} came back w/ {v}", "final read of {e}{t}: {v}",
    ),
}  # fmt: skip
NOTHING = ("no growth", "no growth to date", "ngtd", "no growth (final)", "no organisms grown", "no growth so far")
SEEMING: dict[str, tuple[str, ...]] = {
    "labevents": (
        "baseline {e} {v} per pcp", "recheck {e} in am", "{e} was {v} last year", "goal {e} above {v}", "trend {e} daily",
        "replete if {e} below {v}", "outpatient {e} around {v}", "will follow {e}", "prior admission {e} {v}",
    ),
    "chartevents": (
        "goal {e} above {v}", "call ho if {e} over {v}", "{e} was {v} last year", "will watch {e}", "keep {e} at goal of {v}",
        "prior admission {e} {v}", "notify md if {e} under {v}", "outpatient {e} {v}", "titrate to goal {e} {v}",
    ),
    "prescriptions": (
        "home {e} {v} will be held", "consider {e} if worse", "hold {e} for now", "never took {e} {v} as outpatient",
        "if needed, {e} {v} tomorrow", "allergy to {e} is listed by osh", "will consider {e} {v}", "plan to add {e} later",
        "pcp had stopped {e} last year",
    ),
    "diagnoses_icd": (
        "no hx of {e}", "denies {e}", "father with {e}", "mother had {e}", "{e} was ruled out", "brother with {e}",
        "negative for {e}", "sister has {e}", "without evidence of {e}",
    ),
    "procedures_icd": (
        "no plan for {e}", "declined {e}, not done", "consider {e} as outpatient", "{e} was not needed",
        "will hold off on {e}", "{e} not indicated",
    ),
}  # fmt: skip
EXAM = (
    "heent: mmm, op clear", "neck supple, jvp flat", "lungs with bibasilar crackles", "ctab, wheezes absent",
    "rrr, nl s1s2", "irreg rhythm, murmur soft", "abd soft, nt/nd, +bs", "ext warm, trace edema", "2+ pedal pulses b/l",
    "skin warm and dry", "a&ox3, moves all ext", "cn ii-xii intact", "gait slow but steady", "perrl, eomi",
    "appears older than stated age", "comfortable in bed", "breathing easily on room air",
    "extremities cool, cap refill brisk",
)  # fmt: skip
STORY = (
    "symptoms began several days before", "pt called ems from home", "family found pt weak", "ate poorly all week",
    "seen in ed and given fluids", "transferred here for further care", "felt lightheaded when standing",
    "reported cough and chills", "took all meds as told", "slept in a recliner", "noticed leg swelling",
    "had felt well before",
    "neighbor drove pt in", "walked with a cane until now", "missed several clinic visits",
)  # fmt: skip
COURSE = (
    "followed by consult team", "improved with treatment", "remained stable on the floor", "pt/ot saw pt and cleared",
    "diet advanced as tolerated", "weaned to room air", "family meeting was held", "pain well controlled",
    "ambulating w/ walker",
    "spirits good, eager to leave", "case mgmt involved early", "cultures were sent", "lines were removed",
    "slept through the night",
    "working with therapy daily",
)  # fmt: skip
SHIFT = (
    "a&ox3, follows commands", "mae, perrl", "lightly sedated, arousable", "ls coarse, suctioned for thick tan",
    "turned q2h, skin intact", "family in to visit, updated", "tolerating diet", "bs present, abd soft",
    "pt comfortable, sleeping in naps", "oob to chair w/ assist", "ivf at kvo", "sr w/ rare pvcs", "pulses by doppler",
    "multipodus boots on", "cough weak, productive", "pleasant and cooperative", "restless early, then settled",
    "mouth care done", "dsg clean and dry", "spouse called, given update", "afebrile, skin warm",
)  # fmt: skip
PLAN = (
    "cont current mgmt", "monitor closely", "f/u with primary team", "pt/ot eval", "wean o2 as tolerated",
    "ppx per protocol",
    "advance diet", "keep family updated", "dispo pending", "code status confirmed: full", "follow up cultures",
    "social work to see",
    "supportive care", "encourage is and oob", "discuss at rounds",
)  # fmt: skip
FREQUENCIES = ("bid", "daily", "tid", "qhs", "prn", "qid", "q6h", "qd", "q8h")
COMPLAINTS = (
    "dyspnea", "weakness", "fever and chills", "chest discomfort", "abdominal pain", "altered mental status",
    "fall at home", "lethargy", "nausea and vomiting", "cough",
)  # fmt: skip
SERVICES = ("MEDICINE", "CARDIOLOGY", "SURGERY", "NEUROLOGY", "MICU", "ONCOLOGY")
SOCIAL = (
    "lives with spouse, retired", "lives alone, two children nearby", "former smoker, rare etoh", "worked as a teacher",
    "in assisted living", "quit tobacco long ago", "retired carpenter", "lives w/ daughter",
    "widowed, active in church",
)  # fmt: skip
HEADINGS: dict[str, tuple[str, ...]] = {
    "complaint": ("Chief Complaint:", "CC:", "Reason for Admission:"),
    "procedure": ("Major Surgical or Invasive Procedure:", "Procedures:", "PROCEDURES THIS STAY:"),
    "hpi": ("History of Present Illness:", "HPI:", "PRESENT ILLNESS:"),
    "pmh": ("Past Medical History:", "PMH:", "PAST HISTORY:"),
    "social": ("Social History:", "SH:", "SOCIAL:"),
    "family": ("Family History:", "FH:", "FAMILY:"),
    "exam": ("Physical Exam:", "Exam:", "EXAMINATION:"),
    "labs": ("Pertinent Results:", "LABS:", "LABORATORY DATA:"),
    "micro": ("Microbiology:", "MICRO:", "CULTURE DATA:"),
    "course": ("Brief Hospital Course:", "HOSPITAL COURSE:", "Course:"),
    "drugs": ("Discharge Medications:", "MEDS:", "MEDICATIONS:"),
    "events": ("24 Hour Events:", "EVENTS:", "INTERVAL EVENTS:"),
    "vitals": ("Vital signs:", "VS:", "VITALS:"),
    "fluids": ("I/O:", "Fluid balance:", "INS AND OUTS:"),
    "assessment": ("Assessment and Plan:", "A/P:", "IMPRESSION/PLAN:"),
    "disposition": ("Discharge Disposition:", "Dispo:", "DISPOSITION:"),
}  # fmt: skip
NURSING = {
    "chartevents": ("CV/Resp:", "Hemodynamics:", "CARDIOPULM:"), "outputevents": ("GU/GI:", "Output:", "ELIMINATION:"),
    "inputevents": ("F/E/N:", "Fluids:", "NUTRITION/FLUIDS:"), "labevents": ("Labs:", "Heme/Lytes:", "LAB:"),
    "prescriptions": ("Meds:", "Pharm:", "MEDS GIVEN:"), "microbiologyevents": ("ID:", "Micro:", "INFECTION:"),
    "diagnoses_icd": ("Hx:", "Assessment:", "PROBLEMS:"),
    "procedures_icd": ("Procedures:", "Events:", "LINES/PROCEDURES:"),
}  # fmt: skip
NURSING_TITLES = ("NPN", "Nursing Progress Note", "RN NOTE")
PHYSICIAN_TITLES = ("Physician Resident Progress Note", "MD Progress Note", "TITLE: Attending Progress Note")
PLANS = ("Plan:", "P:", "PLAN OF CARE:")


def choose(rng: random.Random, pool: Sequence[str], held_out: bool) -> str:
    """One of `pool`: of its last third when `held_out`, else of the rest."""
    return rng.choice(part(pool, held_out))


def part(pool: Sequence[str], held_out: bool) -> Sequence[str]:
    """The last third of `pool` when `held_out`, else the rest."""
    cut = len(pool) - max(1, len(pool) // 3)
    return pool[cut:] if held_out else pool[:cut]

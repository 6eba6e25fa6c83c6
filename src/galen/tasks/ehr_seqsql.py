"""Questions that build on each other over MIMIC-III (EHR-SeqSQL, Ryu et al. 2024); one turn of a conversation is a task."""

from __future__ import annotations

from galen.tasks.base import Profile
from galen.tasks.database import answers
from galen.tasks.database import vocabulary as vocabulary
from galen.tasks.mimic_iii import LINKS, SEARCHED
from galen.tasks.prompting import pose_query
from galen.types import Message, Task

CATEGORY_RULE = (
    "what the turn does with the one before: open (refers to none), narrow (keeps part of its result), follow (finds other "
    "records of its result), compute (a number, an extreme, a ranking or yes/no from it)"
)
RULES = (
    "Earlier turns are given with their SQL, which you may use as it stands. Words such as 'those', 'them' or 'the "
    "previous result' mean the result of the last turn before the question. Answer the question only. Lists hold each id, "
    "name or measurement once, in any order; values and times that are not recorded are left out. Stays are dated by "
    "ADMITTIME or INTIME, drugs by STARTDATE, all else by CHARTTIME. 'First' and 'last' of a list are by that time among all "
    "in it, stays that go on too; such a stay has no length yet, other lengths are in days with fractions. Rankings are by "
    "number of records, ages are ADMISSIONS.AGE, costs are summed over COST. The answer's rows must equal the reference's: as "
    "many, text compared without case, numbers to three decimals."
)


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The turns so far and the question; the full profile explains the tables and the rules."""
    before = "".join(f"{d}\n" for d in task.prompt.documents)
    return pose_query(task, profile, f"{LINKS}\n\n{RULES}", before)


answer_request = answers(SEARCHED)

"""The operations that chains of questions are made of: what each takes from the turn before, and what it gives.

EHR-SeqSQL (Ryu et al. 2024) splits one question into turns that build on each other; so do these chains, over the same
17 tables. An operation is one row: its SQL, its wordings (the last is the test split's), and how it is said in the whole
question. In the SQL `{prev}` is the query of the turn before, `{prev2}` that of the turn before it, `{result}` the single
value that the turn before gave, and `{t:column}` a time condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["open", "narrow", "follow", "compute"]
Kind = Literal[
    "", "stays", "patients", "icu", "values", "volumes", "names", "mean", "extreme", "number", "time", "flag"
]

CONTRACTS: dict[Kind, str] = {
    "stays": "one HADM_ID a line", "patients": "one SUBJECT_ID a line", "icu": "one ICUSTAY_ID a line",
    "values": "value and time of each, separated by a tab, one a line",
    "volumes": "amount and time of each, separated by a tab, one a line", "names": "one name a line",
    "mean": "a number", "extreme": "a number", "number": "a number", "time": "YYYY-MM-DD HH:MM:SS", "flag": "1 for yes, 0 for no",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One step. `pool` names the events that its slots come from; `whole` is its part of the whole question."""

    name: str
    category: Category
    takes: Kind
    gives: Kind
    pool: str
    sql: str
    whole: str
    phrases: tuple[str, ...]

    @property
    def timed(self) -> bool:
        return "{t:" in self.sql


DIAG = "icd9_code in (select icd9_code from d_icd_diagnoses where short_title = '{diagnosis_name}')"
PROC = "icd9_code in (select icd9_code from d_icd_procedures where short_title = '{procedure_name}')"
LAB = "itemid in (select itemid from d_labitems where label = '{lab_name}')"
VITAL = "itemid in (select itemid from d_items where label = '{vital_name}' and linksto = 'chartevents')"
INTAKE = "itemid in (select itemid from d_items where label = '{intake_name}' and linksto = 'inputevents_cv')"
OUTPUT = "itemid in (select itemid from d_items where label = '{output_name}' and linksto = 'outputevents')"


def _cohort(
    key: str, pool: str, table: str, condition: str, column: str, what: str, anew: str
) -> tuple[Operation, Operation]:
    """The stays, and the patients, of an event in a period; `what` says it in training, `anew` in the test split."""
    where = f"{condition}{{t:{column}}}"
    return (
        Operation(
            f"stays_{key}", "open", "", "stays", pool, f"select distinct hadm_id from {table} where {where}", f"the hospital stays {what} {{time}}",
            (
                f"which hospital stays were there {what} {{time}}?", f"list the hospital stays {what} {{time}}.", f"find all hospital stays {what} {{time}}.",
                f"give me the hospital stays {what} {{time}}.", f"let us start with every stay in hospital whose record has {anew} {{time}}.",
            ),
        ),
        Operation(
            f"patients_{key}", "open", "", "patients", pool, f"select distinct subject_id from {table} where {where}", f"the patients {what} {{time}}",
            (
                f"which patients were there {what} {{time}}?", f"list the patients {what} {{time}}.", f"find all patients {what} {{time}}.",
                f"give me the patients {what} {{time}}.", f"let us start with everyone whose record has {anew} {{time}}.",
            ),
        ),
    )  # fmt: skip


def _narrow(name: str, kind: Kind, pool: str, condition: str, whole: str, *phrases: str) -> Operation:
    column, table = {
        "stays": ("hadm_id", "admissions"),
        "patients": ("subject_id", "patients"),
        "icu": ("icustay_id", "icustays"),
    }[kind]
    return Operation(name, "narrow", kind, kind, pool, f"select {column} from {table} where {column} in ({{prev}}) and {condition}", whole, phrases)  # fmt: skip


def _ordered(name: str, kind: Kind, direction: str, word: str) -> Operation:
    column, table, time = {
        "stays": ("hadm_id", "admissions", "admittime"),
        "icu": ("icustay_id", "icustays", "intime"),
    }[kind]
    return Operation(
        name, "narrow", kind, kind, "", f"select {column} from {table} where {column} in ({{prev}}) order by {time}{direction} limit 1",
        f"{{np}}, only the {word}", (f"which of them was the {word}?", f"which was the {word} of those?", f"take the {word} of these.", f"of the previous result, which came {word}?", f"now keep the {word} among them only."),
    )  # fmt: skip


def _extreme(kind: Kind, function: str, word: str, last: str) -> Operation:
    noun = "value" if kind == "values" else "amount"
    gives: Kind = "number" if kind == "volumes" else "mean" if function == "avg" else "extreme"
    return Operation(
        f"{function}_{kind}", "compute", kind, gives, "", f"select {function}(value) from ({{prev}})",
        f"what was the {word} of {{np}}?", (f"what was the {word} {noun}?", f"what is the {word} of those {noun}s?", f"give me the {word} of them.", f"from the previous result, what is the {word} {noun}?", f"of all these, tell me the {last} {noun}."),
    )  # fmt: skip


def _edge(direction: str, word: str) -> Operation:
    return Operation(
        f"{word}_value", "compute", "values", "number", "", f"select value from ({{prev}}) order by time{direction} limit 1", f"what was the {word} of {{np}}?",
        (f"what was the {word} value?", f"which of those values was measured {word}?", f"give me the {word} of these values.", f"from the previous result, what is the {word} value?", f"tell me the value at the {'beginning' if word == 'first' else 'end'} of that series."),
    )  # fmt: skip


def _count(kind: Kind, noun: str) -> Operation:
    return Operation(
        f"count_{kind}", "compute", kind, "number", "", "select count(*) from ({prev})", "what is the number of {np}?",
        (f"how many {noun} are there in the previous result?", f"how many {noun} did you find?", f"count those {noun}.", f"what is the number of these {noun}?", f"give me the size of that list of {noun}."),
    )  # fmt: skip


def _names(name: str, pool: str, sql: str, noun: str, verb: str, asked: str) -> Operation:
    return Operation(
        name, "follow", "stays", "names", pool, sql, f"the {noun} {verb} during {{np}}",
        (f"which {noun} were {verb} during those?", f"what {noun} were {verb} in their course?", f"list the {noun} {verb} during these stays.", f"for the previous result, name the {noun} {verb}.", asked),
    )  # fmt: skip


def _ever(name: str, pool: str, sql: str, noun: str, verb: str) -> Operation:
    return Operation(
        name, "follow", "patients", "names", pool, sql, f"the {noun} ever {verb} for {{np}}",
        (f"which {noun} were ever {verb} for them?", f"what {noun} were {verb} for those patients at any time?", f"list all {noun} ever {verb} for these patients.", f"for the previous result, name the {noun} ever {verb}.", f"and over all their years, which {noun} were {verb} for these people?"),
    )  # fmt: skip


def _frequent(name: str, join: str, column: str, noun: str) -> Operation:
    return Operation(
        name, "compute", "stays", "names", "rank", f"select {column} from {join} where hadm_id in ({{prev}}) group by {column} order by count(*) desc limit {{rank}}",
        f"what were the {{n}} most frequent {noun} during {{np}}?",
        (f"what were the {{n}} most frequent {noun} during those?", f"which {{n}} {noun} were most common in these stays?", f"give me the top {{n}} {noun} among them.", f"for the previous result, name the {{n}} most frequent {noun}.", f"looking at all of these, which {{n}} {noun} lead the ranking by number of records?"),
    )  # fmt: skip


OPENS = (
    Operation(
        "stays_of_patient", "open", "", "stays", "admission", "select hadm_id from admissions where subject_id = {patient_id}{t:admittime}", "the hospital stays of patient {patient_id} {time}",
        ("list the hospital stays of patient {patient_id} {time}.", "which hospital stays did patient {patient_id} have {time}?", "find the hospital stays of patient {patient_id} {time}.", "show the hospital stays of patient {patient_id} {time}.", "pull up every stay in hospital on record for patient {patient_id} {time}."),
    ),
    Operation(
        "icu_of_patient", "open", "", "icu", "icu", "select icustay_id from icustays where subject_id = {patient_id}{t:intime}", "the icu stays of patient {patient_id} {time}",
        ("list the icu stays of patient {patient_id} {time}.", "which icu stays did patient {patient_id} have {time}?", "find the icu stays of patient {patient_id} {time}.", "show the icu stays of patient {patient_id} {time}.", "pull up every stay in intensive care on record for patient {patient_id} {time}."),
    ),
    *_cohort("diagnosed", "diagnosis", "diagnoses_icd", DIAG, "charttime", "with a diagnosis of {diagnosis_name} made", "{diagnosis_name} as a diagnosis"),
    *_cohort("treated", "procedure", "procedures_icd", PROC, "charttime", "with a {procedure_name} procedure done", "{procedure_name} as a procedure"),
    *_cohort("prescribed", "drug", "prescriptions", "drug = '{drug_name}'", "startdate", "with {drug_name} prescribed", "{drug_name} as a drug"),
    *_cohort("tested", "lab", "labevents", LAB, "charttime", "with a {lab_name} lab test done", "{lab_name} as a lab test"),
    *_cohort("cultured", "culture", "microbiologyevents", "spec_type_desc = '{culture_name}'", "charttime", "with a {culture_name} microbiology test done", "{culture_name} as a specimen for microbiology"),
    *_cohort("admitted", "route", "admissions", "admission_location = '{admission_route}'", "admittime", "with an admission via {admission_route}", "{admission_route} as the way of admission"),
)  # fmt: skip

NARROWS = (
    _narrow("of_type", "stays", "admission", "admission_type = '{admission_type}'", "{np} of admission type {admission_type}", "which of those were {admission_type} admissions?", "of them, which had admission type {admission_type}?", "keep those with admission type {admission_type}.", "in the previous result, which are {admission_type} admissions?", "now only the {admission_type} ones, please: which are left?"),
    _narrow("insured", "stays", "admission", "insurance = '{insurance}'", "{np} under {insurance} insurance", "which of those were under {insurance} insurance?", "of them, which had {insurance} insurance?", "keep those with {insurance} insurance.", "in the previous result, which have {insurance} insurance?", "now only what {insurance} pays for: which are left?"),
    _narrow("with_lab", "stays", "lab", f"hadm_id in (select hadm_id from labevents where {LAB})", "{np} with a {lab_name} lab test", "which of those had a {lab_name} lab test?", "of them, in which was {lab_name} tested?", "keep those with a {lab_name} lab test.", "in the previous result, which had {lab_name} tested?", "now only where {lab_name} was measured: which are left?"),
    _narrow("with_drug", "stays", "drug", "hadm_id in (select hadm_id from prescriptions where drug = '{drug_name}')", "{np} with {drug_name} prescribed", "in which of those was {drug_name} prescribed?", "of them, which had a prescription of {drug_name}?", "keep those with {drug_name} prescribed.", "in the previous result, which had {drug_name} prescribed?", "now only where {drug_name} was ordered: which are left?"),
    _narrow("with_diagnosis", "stays", "diagnosis", f"hadm_id in (select hadm_id from diagnoses_icd where {DIAG})", "{np} with the diagnosis {diagnosis_name}", "which of those had the diagnosis {diagnosis_name}?", "of them, in which was {diagnosis_name} diagnosed?", "keep those with the diagnosis {diagnosis_name}.", "in the previous result, which had {diagnosis_name} diagnosed?", "now only where {diagnosis_name} was found: which are left?"),
    _narrow("with_procedure", "stays", "procedure", f"hadm_id in (select hadm_id from procedures_icd where {PROC})", "{np} with a {procedure_name} procedure", "which of those had a {procedure_name} procedure?", "of them, in which was {procedure_name} done?", "keep those with a {procedure_name} procedure.", "in the previous result, which had {procedure_name} done?", "now only where {procedure_name} was performed: which are left?"),
    _narrow("in_unit", "stays", "icu", "hadm_id in (select hadm_id from icustays where first_careunit = '{careunit}')", "{np} with an icu stay that began in {careunit}", "which of those had an icu stay that began in {careunit}?", "of them, which came first to {careunit} for intensive care?", "keep those with an icu stay begun in {careunit}.", "in the previous result, which had an icu stay that started in {careunit}?", "now only where intensive care began in the {careunit}: which are left?"),
    _narrow("longer", "stays", "length", "julianday(dischtime) - julianday(admittime) > {days}", "{np} longer than {days} days", "which of those lasted more than {days} days?", "of them, which were longer than {days} days?", "keep those longer than {days} days.", "in the previous result, which took over {days} days?", "now only those that went on beyond {days} days: which are left?"),
    _narrow("since", "stays", "admission", "admittime >= '{year}-01-01'", "{np} begun in {year} or later", "which of those began in {year} or later?", "of them, which started in or after {year}?", "keep those with an admission since the start of {year}.", "in the previous result, which began no earlier than {year}?", "now only what falls into {year} or the years after: which are left?"),
    _narrow("aged", "stays", "admission", "age >= {old}", "{np} at an age of {old} or more", "which of those were at an age of {old} or more?", "of them, where was the patient at least {old} years old?", "keep those of patients aged {old} or older.", "in the previous result, which are of patients of {old} years or more?", "now only people who had turned {old}: which are left?"),
    _ordered("first_stay", "stays", "", "first"), _ordered("last_stay", "stays", " desc", "last"),
    _ordered("first_icu", "icu", "", "first"), _ordered("last_icu", "icu", " desc", "last"),
    _narrow("of_sex", "patients", "person", "gender = '{gender}'", "{np} who are {sex}", "which of those are {sex}?", "of them, who is {sex}?", "keep the {sex} ones.", "in the previous result, which patients are {sex}?", "now only those of {sex} gender: who is left?"),
    _narrow("died", "patients", "person", "dod is not null", "{np} who have died", "which of those have died?", "of them, who has died?", "keep those who have died.", "in the previous result, which patients are dead?", "now only the ones with a date of death: who is left?"),
    _narrow("also_drug", "patients", "drug", "subject_id in (select subject_id from prescriptions where drug = '{drug_name}')", "{np} who were ever prescribed {drug_name}", "which of those were ever prescribed {drug_name}?", "of them, who ever had {drug_name} prescribed?", "keep those who were ever prescribed {drug_name}.", "in the previous result, which patients were ever prescribed {drug_name}?", "now only who got {drug_name} at any time: who is left?"),
    _narrow("also_diagnosis", "patients", "diagnosis", f"subject_id in (select subject_id from diagnoses_icd where {DIAG})", "{np} who were ever diagnosed with {diagnosis_name}", "which of those were ever diagnosed with {diagnosis_name}?", "of them, who ever had {diagnosis_name} diagnosed?", "keep those who were ever diagnosed with {diagnosis_name}.", "in the previous result, which patients were ever diagnosed with {diagnosis_name}?", "now only who had {diagnosis_name} at any time: who is left?"),
    _narrow("begun_in", "icu", "icu", "first_careunit = '{careunit}'", "{np} begun in {careunit}", "which of those began in {careunit}?", "of them, which started in {careunit}?", "keep those begun in {careunit}.", "in the previous result, which began in {careunit}?", "now only what started in the {careunit}: which are left?"),
    Operation("above", "narrow", "values", "values", "threshold", "select value, time from ({prev}) where value > {threshold}", "{np} above {threshold}", ("which of those were above {threshold}?", "of them, which values exceed {threshold}?", "keep the values above {threshold}.", "in the previous result, which are greater than {threshold}?", "now only what lies over {threshold}: which are left?")),
)  # fmt: skip

FOLLOWS = (
    Operation("lab_values", "follow", "stays", "values", "lab", f"select valuenum as value, charttime as time from labevents where hadm_id in ({{prev}}) and {LAB} and valuenum is not null", "the {lab_name} values during {np}", ("what {lab_name} values were measured during those, and when?", "list the {lab_name} lab values of these stays with their times.", "which {lab_name} values do they have, and at what times?", "for the previous result, give the {lab_name} values and times.", "and the {lab_name} results from that period, each with its time?")),
    Operation("vital_values", "follow", "stays", "values", "vital", f"select valuenum as value, charttime as time from chartevents where hadm_id in ({{prev}}) and {VITAL} and valuenum is not null", "the {vital_name} values during {np}", ("what {vital_name} values were charted during those, and when?", "list the {vital_name} values of these stays with their times.", "which {vital_name} values do they have, and at what times?", "for the previous result, give the {vital_name} values and times.", "and the {vital_name} readings from that period, each with its time?")),
    Operation("icu_vitals", "follow", "icu", "values", "vital", f"select valuenum as value, charttime as time from chartevents where icustay_id in ({{prev}}) and {VITAL} and valuenum is not null", "the {vital_name} values during {np}", ("what {vital_name} values were charted during those, and when?", "list the {vital_name} values of these icu stays with their times.", "which {vital_name} values do they have, and at what times?", "for the previous result, give the {vital_name} values and times.", "and the {vital_name} readings from that period, each with its time?")),
    Operation("icu_intake", "follow", "icu", "volumes", "intake", f"select amount as value, charttime as time from inputevents_cv where icustay_id in ({{prev}}) and {INTAKE} and amount is not null", "the {intake_name} intakes during {np}", ("what {intake_name} intakes were there during those, and when?", "list the {intake_name} intakes of these icu stays with their times.", "which {intake_name} amounts were taken in then, and at what times?", "for the previous result, give the {intake_name} intake amounts and times.", "and what went in as {intake_name} over that period, each with its time?")),
    Operation("icu_output", "follow", "icu", "volumes", "output", f"select value, charttime as time from outputevents where icustay_id in ({{prev}}) and {OUTPUT} and value is not null", "the {output_name} outputs during {np}", ("what {output_name} outputs were there during those, and when?", "list the {output_name} outputs of these icu stays with their times.", "which {output_name} amounts were put out then, and at what times?", "for the previous result, give the {output_name} output amounts and times.", "and what came out as {output_name} over that period, each with its time?")),
    _names("drugs", "drug", "select distinct drug as name from prescriptions where hadm_id in ({prev})", "drugs", "prescribed", "and what was on the medication list over that period?"),
    _names("diagnoses", "diagnosis", "select distinct short_title as name from d_icd_diagnoses where icd9_code in (select icd9_code from diagnoses_icd where hadm_id in ({prev}))", "diagnoses", "made", "and what was on the list of diagnoses over that period?"),
    _names("procedures", "procedure", "select distinct short_title as name from d_icd_procedures where icd9_code in (select icd9_code from procedures_icd where hadm_id in ({prev}))", "procedures", "done", "and what was on the list of procedures over that period?"),
    _names("labs", "lab", "select distinct label as name from d_labitems where itemid in (select itemid from labevents where hadm_id in ({prev}))", "lab tests", "done", "and what was sent to the laboratory over that period?"),
    _names("specimens", "culture", "select distinct spec_type_desc as name from microbiologyevents where hadm_id in ({prev})", "specimens", "tested", "and what was sent to microbiology over that period?"),
    _ever("ever_drugs", "drug", "select distinct drug as name from prescriptions where subject_id in ({prev})", "drugs", "prescribed"),
    _ever("ever_diagnoses", "diagnosis", "select distinct short_title as name from d_icd_diagnoses where icd9_code in (select icd9_code from diagnoses_icd where subject_id in ({prev}))", "diagnoses", "made"),
    Operation("who", "follow", "stays", "patients", "", "select distinct subject_id from admissions where hadm_id in ({prev})", "the patients of {np}", ("which patients were these?", "whose stays are those?", "list their patients.", "for the previous result, who are the patients?", "and the people behind these: who are they?")),
    Operation("icu_of", "follow", "stays", "icu", "icu", "select icustay_id from icustays where hadm_id in ({prev})", "the icu stays during {np}", ("which icu stays were there during those?", "what icu stays belong to them?", "list their icu stays.", "for the previous result, find the icu stays.", "and the parts of them spent in intensive care: which are they?")),
    Operation("stays_of", "follow", "patients", "stays", "admission", "select hadm_id from admissions where subject_id in ({prev}){t:admittime}", "the hospital stays {time} of {np}", ("which hospital stays did they have {time}?", "what are their hospital stays {time}?", "list the hospital stays of those patients {time}.", "for the previous result, find the hospital stays {time}.", "and all the times they were in hospital {time}: which stays are they?")),
)  # fmt: skip

COMPUTES = (
    _count("stays", "stays"), _count("patients", "patients"), _count("names", "entries"), _count("values", "values"), _count("volumes", "amounts"),
    _extreme("values", "max", "maximum", "highest"), _extreme("values", "min", "minimum", "lowest"), _extreme("values", "avg", "average", "mean"),
    _extreme("volumes", "sum", "total", "summed up"), _extreme("volumes", "max", "maximum", "largest"),
    _edge("", "first"), _edge(" desc", "last"),
    Operation("over_mean", "compute", "mean", "number", "", "select count(*) from ({prev2}) where value > {result}", "{np} How many values are above it?", ("how many of the values were above that?", "how many values exceed the previous result?", "count the values greater than this average.", "how many of those values are higher than the previous result?", "and over that mean: how many of the values lie there?")),
    Operation("when_measured", "compute", "extreme", "time", "", "select time from ({prev2}) where value = {result}", "{np} And when was it measured?", ("when was that measured?", "at what time was the previous result measured?", "give me the time of that value.", "when was the value of the previous result taken?", "and the moment at which it was recorded?")),
    Operation("among", "compute", "names", "flag", "name", "select count(*) > 0 from ({prev}) where name = '{name}'", "is {name} among {np}?", ("is {name} among them?", "does the previous result have {name}?", "is {name} one of those?", "check whether {name} is in that list.", "can {name} be found there?")),
    Operation("mean_days", "compute", "stays", "number", "", "select avg(julianday(dischtime) - julianday(admittime)) from admissions where hadm_id in ({prev})", "how many days did {np} last on average?", ("how many days did they last on average?", "what was their average length in days?", "give me the mean length of those stays in days.", "for the previous result, what is the average length in days?", "and typically, as an average in days, how long was that?")),
    Operation("longest_days", "compute", "stays", "number", "", "select max(julianday(dischtime) - julianday(admittime)) from admissions where hadm_id in ({prev})", "how many days did the longest of {np} last?", ("how many days did the longest of them last?", "what was their maximum length in days?", "give me the length of the longest of those stays in days.", "for the previous result, what is the maximum length in days?", "and at most, in days, how long was that?")),
    Operation("mean_age", "compute", "stays", "number", "", "select avg(age) from admissions where hadm_id in ({prev})", "what was the average age at {np}?", ("what was the average age at those admissions?", "how old were the patients then on average?", "give me the mean age at these stays.", "for the previous result, what is the average age?", "and typically, as an average over the stays, how old was the patient?")),
    Operation("total_cost", "compute", "stays", "number", "", "select sum(cost) from cost where hadm_id in ({prev})", "what was the total cost of {np}?", ("what was the total cost of those?", "how much did they cost in all?", "give me the sum of their costs.", "for the previous result, what is the total cost?", "and the bill for all of that together?")),
    _frequent("top_diagnoses", "diagnoses_icd join d_icd_diagnoses using(icd9_code)", "short_title", "diagnoses"),
    _frequent("top_drugs", "prescriptions", "drug", "prescribed drugs"),
    _frequent("top_procedures", "procedures_icd join d_icd_procedures using(icd9_code)", "short_title", "procedures"),
)  # fmt: skip

OPERATIONS = (*OPENS, *NARROWS, *FOLLOWS, *COMPUTES)

# Pairs of operations that never follow each other in training, though each is known from elsewhere: the compositional split.
HELD_OUT = frozenset(
    {
        ("stays_prescribed", "with_lab"), ("stays_diagnosed", "with_drug"), ("patients_treated", "of_sex"), ("patients_diagnosed", "also_drug"),
        ("stays_of_patient", "diagnoses"), ("stays_tested", "top_drugs"), ("stays_admitted", "mean_days"), ("with_diagnosis", "lab_values"),
        ("first_stay", "drugs"), ("last_stay", "vital_values"), ("icu_of_patient", "icu_output"), ("icu_of", "icu_vitals"),
        ("lab_values", "min_values"), ("vital_values", "last_value"), ("icu_vitals", "avg_values"), ("icu_intake", "sum_volumes"),
        ("procedures", "among"), ("drugs", "count_names"), ("of_type", "total_cost"), ("since", "mean_age"),
        ("patients_prescribed", "stays_of"), ("longer", "who"), ("also_diagnosis", "count_patients"), ("in_unit", "top_diagnoses"),
    }
)  # fmt: skip

"""How a TREQS form is said. The last wording of each tuple is the test split's alone (`wordings`)."""

from __future__ import annotations

import random

from data_prep.treqs.forms import Condition, Form
from data_prep.wordings import Part, pick

OPENINGS = {
    "count": (
        "how many patients are there {c}?", "what is the number of patients {c}?", "count the patients {c}.",
        "give me the number of patients {c}.", "find out how many patients there are {c}.", "calculate the total of patients {c}.",
        "i need to know how many people there are {c}.",
    ),
    "extreme": (
        "what is the {a} {n} of patients {c}?", "give me the {a} {n} of the patients {c}.", "find the {a} {n} among patients {c}.",
        "tell me the {a} {n} of patients {c}.", "of all people {c}, i need the {a} {n}.",
    ),
    "": (
        "what is the {n} of {w}{c}?", "give me the {n} of {w}{c}.", "find the {n} for {w}{c}.", "tell me the {n} of {w}{c}.",
        "look up the {n} of {w}{c}.", "i want to see the {n} that is on record for {w}{c}.",
    ),
}  # fmt: skip
EXTREMES = {
    "max": ("maximum", "highest", "greatest", "largest"), "min": ("minimum", "lowest", "least", "smallest"),
    "avg": ("average", "mean", "arithmetic mean", "overall average"),
}  # fmt: skip
WHO = {
    "SUBJECT_ID": ("patient {v}", "the patient with id {v}", "subject id {v}", "patient id {v}", "the patient whose id is {v}"),
    "NAME": ("patient {v}", "{v}", "the patient {v}", "the patient named {v}", "the patient who is called {v}"),
}  # fmt: skip

CLAUSES: dict[str, tuple[str, ...]] = {
    "DEMOGRAPHIC.GENDER =": ("who are {v}", "whose gender is {v}", "of {v} gender", "who have {v} gender", "recorded as {v}"),
    "DEMOGRAPHIC.MARITAL_STATUS =": ("who are {v}", "whose marital status is {v}", "with marital status {v}", "with {v} as marital status", "registered as {v}"),
    "DEMOGRAPHIC.INSURANCE =": ("with {v} insurance", "whose insurance is {v}", "insured by {v}", "who have {v} insurance", "covered by {v}"),
    "DEMOGRAPHIC.LANGUAGE =": ("whose language is {v}", "who speak {v}", "with {v} as language", "speaking {v}", "for whom the language is given as {v}"),
    "DEMOGRAPHIC.RELIGION =": ("whose religion is {v}", "of {v} religion", "with {v} as religion", "who have {v} as their religion", "of {v} faith"),
    "DEMOGRAPHIC.ETHNICITY =": ("whose ethnicity is {v}", "of {v} ethnicity", "with {v} as ethnicity", "of the ethnic group {v}", "with ethnic origin {v}"),
    "DEMOGRAPHIC.ADMISSION_TYPE =": ("whose admission type is {v}", "with {v} admission", "with admission type {v}", "admitted with type {v}", "brought in by {v} admission"),
    "DEMOGRAPHIC.ADMISSION_LOCATION =": ("whose admission location is {v}", "admitted from {v}", "with admission location {v}", "who came in via {v}", "that entered through {v}"),
    "DEMOGRAPHIC.DISCHARGE_LOCATION =": ("whose discharge location is {v}", "discharged to {v}", "with discharge location {v}", "who left for {v}", "released to {v}"),
    "DEMOGRAPHIC.EXPIRE_FLAG =": ("who are {v}", "whose status is {v}", "with {v} as status", "that are {v}", "known to be {v}"),
    "DEMOGRAPHIC.DIAGNOSIS =": ("whose primary disease is {v}", "with {v} as primary disease", "with primary disease {v}", "who had {v} as their primary disease", "with {v} as the reason of admission"),
    "DEMOGRAPHIC.AGE <": ("younger than {v}", "aged below {v}", "less than {v} years old", "under {v} years of age", "who have not yet turned {v}"),
    "DEMOGRAPHIC.AGE >": ("older than {v}", "aged above {v}", "more than {v} years old", "over {v} years of age", "who are past the age of {v}"),
    "DEMOGRAPHIC.AGE >=": ("aged {v} or older", "at least {v} years old", "whose age is {v} or more", "who are {v} years or older", "no younger than {v}"),
    "DEMOGRAPHIC.AGE <=": ("aged {v} or younger", "at most {v} years old", "whose age is {v} or less", "who are {v} years or younger", "no older than {v}"),
    "DEMOGRAPHIC.DAYS_STAY >": ("who stayed in hospital for more than {v} days", "hospitalized for more than {v} days", "with a hospital stay of over {v} days", "whose days of hospital stay are above {v}", "kept in hospital longer than {v} days"),
    "DEMOGRAPHIC.DAYS_STAY <": ("who stayed in hospital for less than {v} days", "hospitalized for less than {v} days", "with a hospital stay of under {v} days", "whose days of hospital stay are below {v}", "kept in hospital fewer than {v} days"),
    "DEMOGRAPHIC.DAYS_STAY >=": ("who stayed in hospital for at least {v} days", "hospitalized for {v} days or more", "with a hospital stay of {v} or more days", "whose days of hospital stay are {v} or above", "kept in hospital no less than {v} days"),
    "DEMOGRAPHIC.ADMITYEAR <": ("admitted before {v}", "whose admission year is before {v}", "admitted before the year {v}", "who were admitted prior to {v}", "hospitalized earlier than {v}"),
    "DEMOGRAPHIC.ADMITYEAR >=": ("admitted in {v} or later", "admitted since {v}", "whose admission year is {v} or later", "who were admitted in or after {v}", "hospitalized from {v} on"),
    "DEMOGRAPHIC.DOB_YEAR <": ("born before {v}", "born before the year {v}", "whose year of birth is before {v}", "who were born prior to {v}", "with a birth earlier than {v}"),
    "DEMOGRAPHIC.DOB_YEAR >": ("born after {v}", "born after the year {v}", "whose year of birth is after {v}", "who were born later than {v}", "with a birth beyond {v}"),
    "DEMOGRAPHIC.DOD_YEAR <=": ("who died in or before {v}", "whose year of death is {v} or before", "deceased in {v} or earlier", "who died by the year {v}", "that passed away no later than {v}"),
    "DIAGNOSES.SHORT_TITLE =": ("diagnosed with {v}", "whose diagnosis short title is {v}", "who have the diagnosis {v}", "with a diagnosis of {v}", "that carry the diagnosis {v}"),
    "DIAGNOSES.LONG_TITLE =": ("diagnosed with {v}", "whose diagnosis long title is {v}", "who have the diagnosis {v}", "with a diagnosis of {v}", "that carry the diagnosis {v}"),
    "DIAGNOSES.ICD9_CODE =": ("with diagnosis icd9 code {v}", "whose diagnosis icd9 code is {v}", "diagnosed under icd9 code {v}", "having the diagnosis icd9 code {v}", "that carry {v} as diagnosis icd9 code"),
    "PROCEDURES.SHORT_TITLE =": ("who underwent {v}", "whose procedure short title is {v}", "with the procedure {v}", "who had the procedure {v}", "on whom {v} was performed"),
    "PROCEDURES.LONG_TITLE =": ("who underwent {v}", "whose procedure long title is {v}", "with the procedure {v}", "who had the procedure {v}", "on whom {v} was performed"),
    "PROCEDURES.ICD9_CODE =": ("with procedure icd9 code {v}", "whose procedure icd9 code is {v}", "treated under procedure icd9 code {v}", "having the procedure icd9 code {v}", "that carry {v} as procedure icd9 code"),
    "PRESCRIPTIONS.DRUG =": ("prescribed {v}", "whose drug is {v}", "who were given the drug {v}", "treated with {v}", "that received {v}"),
    "PRESCRIPTIONS.DRUG_TYPE =": ("whose drug type is {v}", "given a drug of type {v}", "with drug type {v}", "prescribed a {v} type drug", "that received a drug of {v} type"),
    "PRESCRIPTIONS.FORMULARY_DRUG_CD =": ("with drug code {v}", "whose drug code is {v}", "prescribed the drug code {v}", "given a drug with code {v}", "that received formulary code {v}"),
    "PRESCRIPTIONS.ROUTE =": ("whose drug route is {v}", "given a drug via {v} route", "with drug route {v}", "prescribed a drug by {v} route", "that received a drug through {v}"),
    "PRESCRIPTIONS.DRUG_DOSE =": ("with a drug dose of {v}", "whose drug dose is {v}", "given a drug dose of {v}", "prescribed a dose of {v}", "that received {v} of a drug"),
    "LAB.LABEL =": ("who had the lab test {v}", "whose lab test name is {v}", "with a {v} lab test", "who were tested for {v}", "with {v} measured in the laboratory"),
    "LAB.FLAG =": ("whose lab test flag is {v}", "with an {v} lab result", "who had an {v} lab test", "with lab test flag {v}", "with a laboratory finding marked {v}"),
    "LAB.FLUID =": ("whose lab test fluid is {v}", "with a {v} lab test fluid", "who had {v} tested in the lab", "with lab test fluid {v}", "with {v} sent to the laboratory"),
    "LAB.CATEGORY =": ("whose lab test category is {v}", "with a {v} category lab test", "who had a {v} lab test", "with lab test category {v}", "with work of the {v} laboratory"),
    "LAB.ITEMID =": ("with lab item id {v}", "whose lab test item id is {v}", "who had the lab item {v}", "tested under item id {v}", "with laboratory work under item {v}"),
    "LAB.VALUE_UNIT =": ("with a lab value of {v}", "whose lab test value is {v}", "who had a lab result of {v}", "with the lab test value {v}", "with {v} measured in the laboratory"),
}  # fmt: skip

# The second condition of a question about one patient: it picks among that patient's records.
RECORDS: dict[str, tuple[str, ...]] = {
    "DEMOGRAPHIC.ADMISSION_TYPE =": (" for the {v} admission", " regarding the {v} admission", " on the {v} admission", " at the {v} admission", " during the admission of type {v}"),
    "DEMOGRAPHIC.ADMITYEAR =": (" for the admission in {v}", " on the admission in {v}", " regarding the admission year {v}", " at the admission of the year {v}", " during the stay that began in {v}"),
    "DEMOGRAPHIC.ADMITYEAR <": (" for admissions before {v}", " admitted before {v}", " regarding admission years before {v}", " at admissions prior to {v}", " during stays that began earlier than {v}"),
    "DEMOGRAPHIC.DIAGNOSIS =": (" with primary disease {v}", " for the admission with primary disease {v}", " regarding the primary disease {v}", " whose primary disease is {v}", " during the stay for {v}"),
    "DIAGNOSES.SHORT_TITLE =": (" for the diagnosis {v}", " regarding the diagnosis {v}", " with the diagnosis short title {v}", " concerning the diagnosis {v}", " where the diagnosis is {v}"),
    "DIAGNOSES.ICD9_CODE =": (" for the diagnosis icd9 code {v}", " regarding diagnosis icd9 code {v}", " with the diagnosis icd9 code {v}", " concerning the diagnosis code {v}", " where the diagnosis code is {v}"),
    "PROCEDURES.SHORT_TITLE =": (" for the procedure {v}", " regarding the procedure {v}", " with the procedure short title {v}", " concerning the procedure {v}", " where the procedure is {v}"),
    "PRESCRIPTIONS.DRUG =": (" for the drug {v}", " regarding the drug {v}", " with the drug name {v}", " concerning the drug {v}", " where the drug is {v}"),
    "PRESCRIPTIONS.DRUG_DOSE =": (" for the drug dose {v}", " regarding the drug dose {v}", " with a drug dose of {v}", " concerning the dose {v}", " where the dose is {v}"),
    "LAB.LABEL =": (" for the lab test {v}", " regarding the lab test {v}", " with the lab test name {v}", " concerning the {v} lab test", " where the test is {v}"),
    "LAB.FLAG =": (" for {v} lab tests", " regarding {v} lab tests", " with the lab test flag {v}", " concerning {v} lab results", " where the test was found {v}"),
}  # fmt: skip

NOUNS = {
    "DEMOGRAPHIC.NAME": "name", "DEMOGRAPHIC.AGE": "age", "DEMOGRAPHIC.GENDER": "gender", "DEMOGRAPHIC.DOB": "date of birth",
    "DEMOGRAPHIC.LANGUAGE": "language", "DEMOGRAPHIC.RELIGION": "religion", "DEMOGRAPHIC.MARITAL_STATUS": "marital status",
    "DEMOGRAPHIC.ADMISSION_TYPE": "admission type", "DEMOGRAPHIC.DAYS_STAY": "number of days of hospital stay",
    "DEMOGRAPHIC.INSURANCE": "insurance", "DEMOGRAPHIC.ETHNICITY": "ethnicity", "DEMOGRAPHIC.DOD": "date of death",
    "DEMOGRAPHIC.ADMISSION_LOCATION": "admission location", "DEMOGRAPHIC.DISCHARGE_LOCATION": "discharge location",
    "DEMOGRAPHIC.DIAGNOSIS": "primary disease", "DEMOGRAPHIC.DOB_YEAR": "year of birth", "DEMOGRAPHIC.ADMITTIME": "time of admission",
    "DEMOGRAPHIC.DISCHTIME": "time of discharge", "DEMOGRAPHIC.ADMITYEAR": "year of admission",
    "DIAGNOSES.ICD9_CODE": "diagnosis icd9 code", "DIAGNOSES.SHORT_TITLE": "diagnosis short title",
    "DIAGNOSES.LONG_TITLE": "diagnosis long title", "PROCEDURES.ICD9_CODE": "procedure icd9 code",
    "PROCEDURES.SHORT_TITLE": "procedure short title", "PROCEDURES.LONG_TITLE": "procedure long title",
    "PRESCRIPTIONS.DRUG": "drug name", "PRESCRIPTIONS.DRUG_TYPE": "drug type", "PRESCRIPTIONS.DRUG_DOSE": "drug dose",
    "PRESCRIPTIONS.FORMULARY_DRUG_CD": "drug code", "PRESCRIPTIONS.ROUTE": "drug route", "LAB.LABEL": "lab test name",
    "LAB.VALUE_UNIT": "lab test value", "LAB.CHARTTIME": "lab test chart time", "LAB.FLUID": "lab test fluid",
    "LAB.CATEGORY": "lab test category", "LAB.ITEMID": "lab item id",
}  # fmt: skip
SPOKEN = {"DEMOGRAPHIC.GENDER": {"m": "male", "f": "female"}, "DEMOGRAPHIC.EXPIRE_FLAG": {1: "dead", 0: "alive"}}


def say(rng: random.Random, form: Form, part: Part) -> str:
    """A question that means `form`, in the wordings that `part` may use."""

    def one(options: tuple[str, ...]) -> str:
        return pick(rng, options, part)

    if form.aggregation:
        clauses = " and ".join(_clause(one(CLAUSES[c.key]), c) for c in form.conditions)
        if form.aggregation == "count":
            return one(OPENINGS["count"]).format(c=clauses)
        extreme, noun = one(EXTREMES[form.aggregation]), NOUNS[form.selected[0]]
        return one(OPENINGS["extreme"]).format(a=extreme, n=noun, c=clauses)
    first, *others = form.conditions
    who = _clause(one(WHO[first.column]), first)
    records = "".join(_clause(one(RECORDS[c.key]), c) for c in others)
    nouns = " and ".join(NOUNS[s] for s in form.selected)
    return one(OPENINGS[""]).format(n=nouns, w=who, c=records)


def _clause(wording: str, condition: Condition) -> str:
    spoken = SPOKEN.get(f"{condition.table}.{condition.column}", {})
    return wording.format(v=spoken.get(condition.value, condition.value))

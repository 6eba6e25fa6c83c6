"""EHRSQL's question templates (Lee et al. 2022), with reference SQL and paraphrases of our own.

A template is one row: its published tag, where its values are drawn from, its SQL, and its paraphrases.
In the SQL, `{t:column}` becomes ` and <time condition on column>`, `{w:column}` the same after `where`, and
`{dir}` the order that first or last asks for. `wordings` says who uses which paraphrase. `OOD` names the templates
that no training task uses, `UNDEMONSTRATED` those that training tasks use and demonstrations do not.
"""

from __future__ import annotations

from dataclasses import dataclass

DIAG = "icd9_code in (select icd9_code from d_icd_diagnoses where short_title = '{diagnosis_name}')"
PROC = "icd9_code in (select icd9_code from d_icd_procedures where short_title = '{procedure_name}')"
LAB = "itemid in (select itemid from d_labitems where label = '{lab_name}')"
VITAL = "itemid in (select itemid from d_items where label = '{vital_name}')"
INTAKE = "itemid in (select itemid from d_items where label = '{intake_name}')"
OUTPUT = "itemid in (select itemid from d_items where label = '{output_name}')"
P = "subject_id = {patient_id}"


@dataclass(frozen=True)
class Template:
    """`base` names the event table that slot values come from; `answer` is the type of the answer."""

    tag: str
    base: str
    answer: str
    sql: str
    phrases: tuple[str, ...]


def _t(tag: str, base: str, answer: str, sql: str, *phrases: str) -> Template:
    return Template(tag, base, answer, sql, phrases)


def _top(what: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "list", sql,
        f"what are the top {{n}} frequent {what} {{time}}?", f"which {what} were the {{n}} most common {{time}}?",
        f"tell me the {{n}} most frequent {what} {{time}}.", f"give me the top {{n}} {what} {{time}} by count.",
        f"by frequency, what are the top {{n}} {what} {{time}}?", f"name the top {{n}} {what} by frequency {{time}}.",
    )  # fmt: skip


def _any(what: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "bool", sql,
        f"has patient {{patient_id}} {what} {{time}}?", f"is it true that patient {{patient_id}} has {what} {{time}}?",
        f"check whether patient {{patient_id}} has {what} {{time}}.",
        f"tell me if patient {{patient_id}} has {what} {{time}}.",
        f"i need to know whether patient {{patient_id}} has {what} {{time}}.",
        f"i want to know if patient {{patient_id}} has {what} {{time}}.",
    )  # fmt: skip


def _when(what: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "time", sql,
        f"when was the {{nth}} {what} of patient {{patient_id}} {{time}}?",
        f"what time was patient {{patient_id}}'s {{nth}} {what} {{time}}?",
        f"give me the time of the {{nth}} {what} of patient {{patient_id}} {{time}}.",
        f"at what time was the {{nth}} {what} of patient {{patient_id}} {{time}}?",
        f"tell me when patient {{patient_id}} had the {{nth}} {what} {{time}}.",
        f"at what time did patient {{patient_id}} have the {{nth}} {what} {{time}}?",
    )  # fmt: skip


def _count(what: str, who: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "count", sql,
        f"count the number of {what}{who} {{time}}.", f"how many {what}{who} were there {{time}}?",
        f"what is the number of {what}{who} {{time}}?", f"calculate the number of {what}{who} {{time}}.",
        f"tell me how many {what}{who} there were {{time}}.", f"calculate how many {what}{who} there were {{time}}.",
    )  # fmt: skip


def _name(what: str, verb: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "name", sql,
        f"what was the name of the {what} that patient {{patient_id}} {{nth}} {verb} {{time}}?",
        f"which {what} was {{nth}} {verb} by patient {{patient_id}} {{time}}?",
        f"tell me the {what} patient {{patient_id}} {{nth}} {verb} {{time}}.",
        f"name the {what} that patient {{patient_id}} {{nth}} {verb} {{time}}.",
        f"give the name of the {what} that was {{nth}} {verb} by patient {{patient_id}} {{time}}.",
        f"name the {what} that was {{nth}} {verb} by patient {{patient_id}} {{time}}.",
    )  # fmt: skip


def _value(what: str, answer: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, answer, sql,
        f"what was the {what} of patient {{patient_id}} {{time}}?",
        f"tell me patient {{patient_id}}'s {what} {{time}}.",
        f"give the {what} of patient {{patient_id}} {{time}}.",
        f"i need the {what} of patient {{patient_id}} {{time}}.",
        f"what is the {what} that patient {{patient_id}} had {{time}}?",
        f"i want to know the {what} patient {{patient_id}} had {{time}}.",
    )  # fmt: skip


def _cost(what: str, tag: str, base: str, sql: str) -> Template:
    return _t(
        tag, base, "number", sql,
        f"what is the cost of {what}?", f"how much does {what} cost?", f"tell me the price of {what}.",
        f"what is paid for {what}?", f"how much does one pay for {what}?", f"what does one pay for {what}?",
    )  # fmt: skip


G, X = "[time_filter_global1]", "[time_filter_exact1]"

TEMPLATES: tuple[Template, ...] = (
    # --- the person
    _value("gender", "name", "what is the gender of patient {patient_id}?", "patient", f"select gender from patients where {P}"),
    _value("date of birth", "time", "what is the date of birth of patient {patient_id}?", "patient", f"select dob from patients where {P}"),
    _value("insurance", "name", f"what is_verb the name of insurance of patient {{patient_id}} {G}?", "admission", f"select distinct insurance from admissions where {P}{{t:admittime}}"),
    _value("marital status", "name", f"what is_verb the marital status of patient {{patient_id}} {G}?", "admission", f"select distinct marital_status from admissions where {P}{{t:admittime}}"),
    _value("{nth} hospital admission type", "name", f"what was the {X} hospital admission type of patient {{patient_id}} {G}?", "admission", f"select admission_type from admissions where {P}{{t:admittime}} order by admittime{{dir}} limit 1"),
    _value("age", "number", f"what is_verb the age of patient {{patient_id}} {G}?", "admission", f"select age from admissions where {P}{{t:admittime}} order by admittime desc limit 1"),
    # --- visits
    _when("hospital admission", f"when was the {X} hospital admission time of patient {{patient_id}} {G}?", "admission", f"select admittime from admissions where {P}{{t:admittime}} order by admittime{{dir}} limit 1"),
    _when("hospital discharge", f"when was the {X} hospital discharge time of patient {{patient_id}} {G}?", "discharge", f"select dischtime from admissions where {P} and dischtime is not null{{t:dischtime}} order by dischtime{{dir}} limit 1"),
    _when("admission via {admission_route}", f"when was the {X} hospital admission time that patient {{patient_id}} was admitted via {{admission_route}} {G}?", "admission", f"select admittime from admissions where {P} and admission_location = '{{admission_route}}'{{t:admittime}} order by admittime{{dir}} limit 1"),
    _any("been admitted to the hospital", f"has_verb patient {{patient_id}} been admitted to the hospital {G}?", "admission", f"select count(*) > 0 from admissions where {P}{{t:admittime}}"),
    _any("been to an emergency room", f"has_verb patient {{patient_id}} been to an emergency room {G}?", "admission", f"select count(*) > 0 from admissions where {P} and admission_location = 'emergency room admit'{{t:admittime}}"),
    _count("hospital visits", " of patient {patient_id}", f"count the number of hospital visits of patient {{patient_id}} {G}.", "admission", f"select count(distinct hadm_id) from admissions where {P}{{t:admittime}}"),
    _count("icu visits", " of patient {patient_id}", f"count the number of icu visits of patient {{patient_id}} {G}.", "icu", f"select count(distinct icustay_id) from icustays where {P}{{t:intime}}"),
    _count("patients", " admitted to the hospital", f"count the number of patients who were admitted to the hospital {G}.", "admission", "select count(distinct subject_id) from admissions{w:admittime}"),
    _count("patients", " discharged from the hospital", f"count the number of patients who were discharged from the hospital {G}.", "discharge", "select count(distinct subject_id) from admissions where dischtime is not null{t:dischtime}"),
    _t("count the number of current patients aged [age_group].", "none", "count", "select count(distinct subject_id) from admissions where dischtime is null and age between {low} and {high}", "count the number of current patients aged {age_group}.", "how many current patients are aged {age_group}?", "what is the number of patients aged {age_group} in hospital now?", "how many patients in their {age_group} are here now?", "count those aged {age_group} who stay here currently.", "how many patients in their {age_group} stay here currently?"),
    _t("list the hospital admission time of patient {patient_id} [time_filter_global1].", "admission", "list", f"select admittime from admissions where {P}{{t:admittime}}", "list the hospital admission times of patient {patient_id} {time}.", "when was patient {patient_id} admitted {time}? list all.", "give all admission times of patient {patient_id} {time}.", "show the hospital admission times of patient {patient_id} {time}.", "list every admission time that patient {patient_id} had {time}.", "show every hospital admission time patient {patient_id} had {time}."),
    _t(f"what was the {X} length of icu stay of patient {{patient_id}}?", "icu", "number", f"select julianday(outtime) - julianday(intime) from icustays where {P} and outtime is not null order by intime{{dir}} limit 1", "what was the {nth} length of icu stay of patient {patient_id}?", "how many days was patient {patient_id} in the icu the {nth} time?", "tell me the days of patient {patient_id}'s {nth} icu stay.", "how long was the {nth} icu stay of patient {patient_id} in days?", "in days, how long did patient {patient_id} stay in the icu the {nth} time?", "how long did the {nth} icu stay of patient {patient_id} last in days?"),
    _t(f"what was the {X} length of hospital stay of patient {{patient_id}}?", "discharge", "number", f"select julianday(dischtime) - julianday(admittime) from admissions where {P} and dischtime is not null order by admittime{{dir}} limit 1", "what was the {nth} length of hospital stay of patient {patient_id}?", "how many days was patient {patient_id} in the hospital the {nth} time?", "tell me the days of patient {patient_id}'s {nth} hospital stay.", "how long was the {nth} hospital stay of patient {patient_id} in days?", "in days, how long did patient {patient_id} stay in the hospital the {nth} time?", "how long did the {nth} hospital stay of patient {patient_id} last in days?"),
    # --- diagnoses
    _any("been diagnosed with {diagnosis_name}", f"has_verb patient {{patient_id}} been diagnosed with {{diagnosis_name}} {G}?", "diagnosis", f"select count(*) > 0 from diagnoses_icd where {P} and {DIAG}{{t:charttime}}"),
    _any("received any diagnosis", f"has_verb patient {{patient_id}} received any diagnosis {G}?", "diagnosis", f"select count(*) > 0 from diagnoses_icd where {P}{{t:charttime}}"),
    _name("diagnosis", "received", f"what was the name of the diagnosis that patient {{patient_id}} {X} received {G}?", "diagnosis", f"select short_title from diagnoses_icd join d_icd_diagnoses using(icd9_code) where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _count("patients", " diagnosed with {diagnosis_name}", f"count the number of patients who were diagnosed with {{diagnosis_name}} {G}.", "diagnosis", f"select count(distinct subject_id) from diagnoses_icd where {DIAG}{{t:charttime}}"),
    _top("diagnoses", f"what are_verb the top [n_rank] frequent diagnoses {G}?", "diagnosis", "select short_title from diagnoses_icd join d_icd_diagnoses using(icd9_code){w:charttime} group by icd9_code order by count(*) desc limit {rank}"),
    _cost("diagnosing {diagnosis_name}", "what is the cost of diagnosing {diagnosis_name}?", "diagnosis", f"select distinct cost from cost where event_type = 'diagnoses_icd' and event_id in (select row_id from diagnoses_icd where {DIAG})"),
    _t("list the ids of patients diagnosed with {diagnosis_name} [time_filter_global1].", "diagnosis", "list", f"select distinct subject_id from diagnoses_icd where {DIAG}{{t:charttime}}", "list the ids of patients diagnosed with {diagnosis_name} {time}.", "which patients were diagnosed with {diagnosis_name} {time}? give ids.", "give the ids of all patients with {diagnosis_name} {time}.", "show the ids of patients who had {diagnosis_name} {time}.", "what are the ids of patients diagnosed with {diagnosis_name} {time}?", "what are the ids of patients who had {diagnosis_name} {time}?"),
    # --- procedures
    _any("received a {procedure_name} procedure", f"has_verb patient {{patient_id}} received a {{procedure_name}} procedure {G}?", "procedure", f"select count(*) > 0 from procedures_icd where {P} and {PROC}{{t:charttime}}"),
    _any("received any procedure", f"has_verb patient {{patient_id}} received any procedure {G}?", "procedure", f"select count(*) > 0 from procedures_icd where {P}{{t:charttime}}"),
    _name("procedure", "received", f"what was the name of the procedure that patient {{patient_id}} {X} received {G}?", "procedure", f"select short_title from procedures_icd join d_icd_procedures using(icd9_code) where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _when("procedure", f"when was the {X} procedure time of patient {{patient_id}} {G}?", "procedure", f"select charttime from procedures_icd where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _count("times that patient {patient_id} received a {procedure_name} procedure", "", f"count the number of times that patient {{patient_id}} received a {{procedure_name}} procedure {G}.", "procedure", f"select count(*) from procedures_icd where {P} and {PROC}{{t:charttime}}"),
    _count("patients", " who received a {procedure_name} procedure", f"count the number of patients who received a {{procedure_name}} procedure {G}.", "procedure", f"select count(distinct subject_id) from procedures_icd where {PROC}{{t:charttime}}"),
    _count("{procedure_name} procedure cases", "", f"count the number of {{procedure_name}} procedure cases {G}.", "procedure", f"select count(*) from procedures_icd where {PROC}{{t:charttime}}"),
    _top("procedures", f"what are_verb the top [n_rank] frequent procedures {G}?", "procedure", "select short_title from procedures_icd join d_icd_procedures using(icd9_code){w:charttime} group by icd9_code order by count(*) desc limit {rank}"),
    _cost("a procedure named {procedure_name}", "what is the cost of a procedure named {procedure_name}?", "procedure", f"select distinct cost from cost where event_type = 'procedures_icd' and event_id in (select row_id from procedures_icd where {PROC})"),
    # --- drugs
    _any("been prescribed {drug_name}", f"has_verb patient {{patient_id}} been prescribed {{drug_name}} {G}?", "drug", f"select count(*) > 0 from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}"),
    _any("been prescribed any medication", f"has_verb patient {{patient_id}} been prescribed any medication {G}?", "drug", f"select count(*) > 0 from prescriptions where {P}{{t:startdate}}"),
    _name("drug", "got", f"what was the name of the drug that patient {{patient_id}} was {X} prescribed {G}?", "drug", f"select drug from prescriptions where {P}{{t:startdate}} order by startdate{{dir}} limit 1"),
    _name("drug", "got via {drug_route}", f"what was the name of the drug that patient {{patient_id}} was {X} prescribed via {{drug_route}} route {G}?", "drug", f"select drug from prescriptions where {P} and route = '{{drug_route}}'{{t:startdate}} order by startdate{{dir}} limit 1"),
    _when("prescription", f"when was the {X} prescription time of patient {{patient_id}} {G}?", "drug", f"select startdate from prescriptions where {P}{{t:startdate}} order by startdate{{dir}} limit 1"),
    _when("prescription of {drug_name}", f"when was the {X} time that patient {{patient_id}} was prescribed {{drug_name}} {G}?", "drug", f"select startdate from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}} order by startdate{{dir}} limit 1"),
    _count("drugs prescribed", " to patient {patient_id}", f"count the number of drugs patient {{patient_id}} were prescribed {G}.", "drug", f"select count(distinct drug) from prescriptions where {P}{{t:startdate}}"),
    _count("times that patient {patient_id} was prescribed {drug_name}", "", f"count the number of times that patient {{patient_id}} were prescribed {{drug_name}} {G}.", "drug", f"select count(*) from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}"),
    _count("patients", " who were prescribed {drug_name}", f"count the number of patients who were prescribed {{drug_name}} {G}.", "drug", "select count(distinct subject_id) from prescriptions where drug = '{drug_name}'{t:startdate}"),
    _count("{drug_name} prescription cases", "", f"count the number of {{drug_name}} prescription cases {G}.", "drug", "select count(*) from prescriptions where drug = '{drug_name}'{t:startdate}"),
    _top("prescribed drugs", f"what are_verb the top [n_rank] frequently prescribed drugs {G}?", "drug", "select drug from prescriptions{w:startdate} group by drug order by count(*) desc limit {rank}"),
    _t("what is the intake method of {drug_name}?", "drug", "list", "select distinct route from prescriptions where drug = '{drug_name}'", "what is the intake method of {drug_name}?", "how is {drug_name} taken?", "by which route is {drug_name} given?", "what route does {drug_name} use?", "which route of intake is used for {drug_name}?", "what route is used for {drug_name}?"),
    _cost("a drug named {drug_name}", "what is the cost of a drug named {drug_name}?", "drug", "select distinct cost from cost where event_type = 'prescriptions' and event_id in (select row_id from prescriptions where drug = '{drug_name}')"),
    # --- labs
    _any("received a {lab_name} lab test", f"has_verb patient {{patient_id}} received a {{lab_name}} lab test {G}?", "lab", f"select count(*) > 0 from labevents where {P} and {LAB}{{t:charttime}}"),
    _any("received any lab test", f"has_verb patient {{patient_id}} received any lab test {G}?", "lab", f"select count(*) > 0 from labevents where {P}{{t:charttime}}"),
    _value("{nth} measured value of a {lab_name} lab test", "number", f"what was the {X} measured value of a {{lab_name}} lab test of patient {{patient_id}} {G}?", "lab", f"select valuenum from labevents where {P} and {LAB}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _value("{agg} {lab_name} value", "number", f"what was the [agg_function] {{lab_name}} value of patient {{patient_id}} {G}?", "lab", f"select {{fn}}(valuenum) from labevents where {P} and {LAB}{{t:charttime}}"),
    _when("lab test", f"when was the {X} lab test of patient {{patient_id}} {G}?", "lab", f"select charttime from labevents where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _when("{lab_name} lab test", f"when was the {X} time that patient {{patient_id}} received a {{lab_name}} lab test {G}?", "lab", f"select charttime from labevents where {P} and {LAB}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _count("patients", " who received a {lab_name} lab test", f"count the number of patients who received a {{lab_name}} lab test {G}.", "lab", f"select count(distinct subject_id) from labevents where {LAB}{{t:charttime}}"),
    _count("{lab_name} lab tests", " of patient {patient_id}", f"count the number of times that patient {{patient_id}} received a {{lab_name}} lab test {G}.", "lab", f"select count(*) from labevents where {P} and {LAB}{{t:charttime}}"),
    _top("lab tests", f"what are_verb the top [n_rank] frequent lab tests {G}?", "lab", "select label from labevents join d_labitems using(itemid){w:charttime} group by itemid order by count(*) desc limit {rank}"),
    _cost("a {lab_name} lab test", "what is the cost of a {lab_name} lab test?", "lab", f"select distinct cost from cost where event_type = 'labevents' and event_id in (select row_id from labevents where {LAB})"),
    # --- bedside
    _value("{agg} {vital_name}", "number", f"what was the [agg_function] {{vital_name}} of patient {{patient_id}} {G}?", "vital", f"select {{fn}}(valuenum) from chartevents where {P} and {VITAL}{{t:charttime}}"),
    _value("{nth} measured {vital_name}", "number", f"what was the {X} measured {{vital_name}} of patient {{patient_id}} {G}?", "vital", f"select valuenum from chartevents where {P} and {VITAL}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _value("total volume of {intake_name} intake", "number", f"what was the total volume of {{intake_name}} intake that patient {{patient_id}} received {G}?", "intake", f"select sum(amount) from inputevents_cv where {P} and {INTAKE}{{t:charttime}}"),
    _value("total volume of intake", "number", f"what was the total volume of intake that patient {{patient_id}} received {G}?", "intake", f"select sum(amount) from inputevents_cv where {P}{{t:charttime}}"),
    _value("total volume of {output_name} output", "number", f"what was the total volume of {{output_name}} output that patient {{patient_id}} had {G}?", "output", f"select sum(value) from outputevents where {P} and {OUTPUT}{{t:charttime}}"),
    _value("total volume of output", "number", f"what was the total volume of output that patient {{patient_id}} had {G}?", "output", f"select sum(value) from outputevents where {P}{{t:charttime}}"),
    _count("times that patient {patient_id} had a {intake_name} intake", "", f"count the number of times that patient {{patient_id}} had a {{intake_name}} intake {G}.", "intake", f"select count(*) from inputevents_cv where {P} and {INTAKE}{{t:charttime}}"),
    _count("patients", " who had a {intake_name} intake", f"count the number of patients who had a {{intake_name}} intake {G}.", "intake", f"select count(distinct subject_id) from inputevents_cv where {INTAKE}{{t:charttime}}"),
    _any("had any {output_name} output", f"has_verb patient {{patient_id}} had any {{output_name}} output {G}?", "output", f"select count(*) > 0 from outputevents where {P} and {OUTPUT}{{t:charttime}}"),
    _when("{output_name} output", f"when was the {X} time that patient {{patient_id}} had a {{output_name}} output {G}?", "output", f"select charttime from outputevents where {P} and {OUTPUT}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _when("intake", f"when was the {X} intake time of patient {{patient_id}} {G}?", "intake", f"select charttime from inputevents_cv where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    # --- microbiology
    _any("had any microbiology test result", f"has_verb patient {{patient_id}} had any microbiology test result {G}?", "culture", f"select count(*) > 0 from microbiologyevents where {P}{{t:charttime}}"),
    _any("had any {culture_name} microbiology test result", f"has_verb patient {{patient_id}} had any {{culture_name}} microbiology test result {G}?", "culture", f"select count(*) > 0 from microbiologyevents where {P} and spec_type_desc = '{{culture_name}}'{{t:charttime}}"),
    _when("microbiology test", f"when was the {X} microbiology test of patient {{patient_id}} {G}?", "culture", f"select charttime from microbiologyevents where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _name("specimen", "tested", f"what was the name of the specimen that patient {{patient_id}} was {X} tested {G}?", "culture", f"select spec_type_desc from microbiologyevents where {P}{{t:charttime}} order by charttime{{dir}} limit 1"),
    _count("patients", " who received a {culture_name} microbiology test", f"count the number of patients who received a {{culture_name}} microbiology test {G}.", "culture", "select count(distinct subject_id) from microbiologyevents where spec_type_desc = '{culture_name}'{t:charttime}"),
    _top("specimens tested", f"what are_verb the top [n_rank] frequent specimens tested {G}?", "culture", "select spec_type_desc from microbiologyevents{w:charttime} group by spec_type_desc order by count(*) desc limit {rank}"),
)  # fmt: skip

OOD = frozenset(
    {
        "what is_verb the marital status of patient {patient_id} [time_filter_global1]?",
        "count the number of {drug_name} prescription cases [time_filter_global1].",
        "has_verb patient {patient_id} received any procedure [time_filter_global1]?",
        "when was the [time_filter_exact1] time that patient {patient_id} was prescribed {drug_name} [time_filter_global1]?",
        "what was the total volume of output that patient {patient_id} had [time_filter_global1]?",
        "what was the name of the diagnosis that patient {patient_id} [time_filter_exact1] received [time_filter_global1]?",
        "count the number of patients who received a {lab_name} lab test [time_filter_global1].",
        "what are_verb the top [n_rank] frequent procedures [time_filter_global1]?",
    }
)

UNDEMONSTRATED = frozenset(
    {
        "when was the [time_filter_exact1] hospital discharge time of patient {patient_id} [time_filter_global1]?",
        "count the number of hospital visits of patient {patient_id} [time_filter_global1].",
        "count the number of patients who were admitted to the hospital [time_filter_global1].",
        "has_verb patient {patient_id} received any diagnosis [time_filter_global1]?",
        "count the number of patients who were diagnosed with {diagnosis_name} [time_filter_global1].",
        "when was the [time_filter_exact1] procedure time of patient {patient_id} [time_filter_global1]?",
        "count the number of times that patient {patient_id} received a {procedure_name} procedure [time_filter_global1].",
        "what is the cost of a procedure named {procedure_name}?",
        "has_verb patient {patient_id} been prescribed any medication [time_filter_global1]?",
        "what was the name of the drug that patient {patient_id} was [time_filter_exact1] prescribed via {drug_route} route [time_filter_global1]?",
        "count the number of patients who were prescribed {drug_name} [time_filter_global1].",
        "has_verb patient {patient_id} received a {lab_name} lab test [time_filter_global1]?",
        "when was the [time_filter_exact1] lab test of patient {patient_id} [time_filter_global1]?",
        "count the number of times that patient {patient_id} received a {lab_name} lab test [time_filter_global1].",
        "what are_verb the top [n_rank] frequent lab tests [time_filter_global1]?",
        "what was the [agg_function] {vital_name} of patient {patient_id} [time_filter_global1]?",
        "what was the total volume of {output_name} output that patient {patient_id} had [time_filter_global1]?",
        "count the number of times that patient {patient_id} had a {intake_name} intake [time_filter_global1].",
        "when was the [time_filter_exact1] intake time of patient {patient_id} [time_filter_global1]?",
        "has_verb patient {patient_id} had any {culture_name} microbiology test result [time_filter_global1]?",
    }
)

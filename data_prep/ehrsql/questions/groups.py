"""Questions about all patients: counts, ranks, sequences, survival and costs."""

from __future__ import annotations

from data_prep.ehrsql.questions import phrases as say
from data_prep.ehrsql.questions.events import BOTH, CHARGED, W
from data_prep.ehrsql.questions.person import G
from data_prep.ehrsql.template import Question

TOP = "what are_verb the top [n_rank]"
AGED, AGE = "patients aged [age_group]", "patients aged {age_group}"
DIAGNOSED, PROCEDURE = "diagnosed with {diagnosis_name}", "received a {procedure_name} procedure"
AFTER_DIAGNOSIS = ("been diagnosed with {diagnosis_name}", "a diagnosis of {diagnosis_name}")
AFTER_PROCEDURE = ("received a {procedure_name} procedure", "a {procedure_name} procedure")
AFTER_DRUG = ("been prescribed {drug_name}", "a prescription of {drug_name}")
RATE = "a percentage from 0 to 100: of the patients first diagnosed more than n years (of 365 days) ago, those alive n years later"
COUNT = f"a number; {BOTH}"
LATER = f"one value a line, order does not matter; {BOTH}, and counts once"

COUNTS = (
    Question("patients_diagnosed", f"count the number of patients who were diagnosed with {{diagnosis_name}} {G}.", "diagnosis", "count", say.count("patients", " diagnosed with {diagnosis_name}"), more=say.count_anew("patients diagnosed with {diagnosis_name}")),
    Question("patients_with_procedure", f"count the number of patients who received a {{procedure_name}} procedure {G}.", "procedure", "count", say.count("patients", " who received a {procedure_name} procedure"), more=say.count_anew("patients who received a {procedure_name} procedure")),
    Question("patients_with_procedures", f"count the number of patients who received a {{procedure_name}} procedure [n_times] {G}.", "procedure", "count", say.count("patients", " who received a {procedure_name} procedure {times}"), more=say.count_anew("patients who received a {procedure_name} procedure {times}")),
    Question("procedure_cases", f"count the number of {{procedure_name}} procedure cases {G}.", "procedure", "count", say.count("{procedure_name} procedure cases", "")),
    Question("patients_prescribed", f"count the number of patients who were prescribed {{drug_name}} {G}.", "drug", "count", say.count("patients", " who were prescribed {drug_name}"), more=say.count_anew("patients who were prescribed {drug_name}")),
    Question("prescription_cases", f"count the number of {{drug_name}} prescription cases {G}.", "drug", "count", say.count("{drug_name} prescription cases", "")),
    Question("patients_with_lab", f"count the number of patients who received a {{lab_name}} lab test {G}.", "lab", "count", say.count("patients", " who received a {lab_name} lab test"), more=say.count_anew("patients who received a {lab_name} lab test")),
    Question("patients_with_intake", f"count the number of patients who had a {{intake_name}} intake {G}.", "intake", "count", say.count("patients", " who had a {intake_name} intake"), more=say.count_anew("patients who had a {intake_name} intake")),
    Question("patients_with_culture", f"count the number of patients who received a {{culture_name}} microbiology test {G}.", "culture", "count", say.count("patients", " who received a {culture_name} microbiology test"), more=say.count_anew("patients who received a {culture_name} microbiology test")),
    Question("ids_diagnosed", f"list the ids of patients diagnosed with {{diagnosis_name}} {G}.", "diagnosis", "list", (
        "list the ids of patients diagnosed with {diagnosis_name} {time}.", "which patients were diagnosed with {diagnosis_name} {time}? give ids.",
        "give the ids of all patients with {diagnosis_name} {time}.", "show the ids of patients who had {diagnosis_name} {time}.",
        "what are the ids of patients diagnosed with {diagnosis_name} {time}?", "what are the ids of patients who had {diagnosis_name} {time}?",
    )),
    Question("route", "what is the intake method of {drug_name}?", "drug", "list", (
        "what is the intake method of {drug_name}?", "how is {drug_name} taken?", "by which route is {drug_name} given?",
        "what route does {drug_name} use?", "which route of intake is used for {drug_name}?", "what route is used for {drug_name}?",
    )),
    Question("records_diagnosed", f"what is the [agg_function] [unit_average] number of patient records diagnosed with {{diagnosis_name}} {G}?", "diagnosis", "number", (
        "what is the {agg} {each} number of patient records diagnosed with {diagnosis_name} {time}?",
        "what was the {agg} of the {each} counts of records with a diagnosis of {diagnosis_name} {time}?",
        "tell me the {agg} {each} number of records diagnosed with {diagnosis_name} {time}.",
        "counting the records diagnosed with {diagnosis_name} on a {each} basis, what is the {agg} {time}?",
        "calculate the {agg} number of {each} patient records that were diagnosed with {diagnosis_name} {time}.",
        "of the {each} numbers of {diagnosis_name} diagnoses {time}, what is the {agg}?",
    ), "a number; days, months or years without such a record do not count"),
)  # fmt: skip

RANKS = (
    Question("top_diagnoses", f"{TOP} frequent diagnoses {G}?", "diagnosis", "list", say.top("diagnoses")),
    Question("top_procedures", f"{TOP} frequent procedures {G}?", "procedure", "list", say.top("procedures")),
    Question("top_drugs", f"{TOP} frequently prescribed drugs {G}?", "drug", "list", say.top("prescribed drugs")),
    Question("top_labs", f"{TOP} frequent lab tests {G}?", "lab", "list", say.top("lab tests")),
    Question("top_specimens", f"{TOP} frequent specimens tested {G}?", "culture", "list", say.top("specimens tested")),
    Question("top_outputs", f"{TOP} frequent output events {G}?", "output", "list", say.top("output events")),
    Question("top_intakes", f"{TOP} frequent intake events {G}?", "intake", "list", say.top("intake events")),
    Question("top_diagnoses_aged", f"{TOP} frequent diagnoses of {AGED} {G}?", "diagnosis", "list", say.top(f"diagnoses of {AGE}")),
    Question("top_procedures_aged", f"{TOP} frequent procedures of {AGED} {G}?", "procedure", "list", say.top(f"procedures of {AGE}")),
    Question("top_drugs_aged", f"{TOP} frequently prescribed drugs of {AGED} {G}?", "drug", "list", say.top(f"prescribed drugs of {AGE}")),
    Question("top_labs_aged", f"{TOP} frequent lab tests of {AGED} {G}?", "lab", "list", say.top(f"lab tests of {AGE}")),
    Question("top_drugs_also", f"{TOP} frequent prescribed drugs for patients who were also prescribed {{drug_name}} {W} {G}?", "drug", "list", (
        "what are the top {n} frequent prescribed drugs for patients who were also prescribed {drug_name} {within} {time}?",
        "which {n} drugs were most often prescribed {time} to patients who got {drug_name} too {within}?",
        "tell me the {n} drugs prescribed most frequently {within} together with {drug_name} {time}.",
        "give me the top {n} drugs by count that patients on {drug_name} were prescribed {within} {time}.",
        "by frequency, what are the top {n} other drugs for patients prescribed {drug_name} {within} {time}?",
        "beside {drug_name}, name the top {n} drugs that its patients got {within} {time}.",
    ), "one value a line, order does not matter; a period holds for both prescriptions"),
    Question("top_diagnoses_after_procedure", f"{TOP} frequent diagnoses that patients were diagnosed {W} after having {PROCEDURE} {G}?", "procedure", "list", say.top_after("diagnoses", "patients", *AFTER_PROCEDURE), LATER),
    Question("top_diagnoses_after_diagnosis", f"{TOP} frequent diagnoses that patients were diagnosed {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("diagnoses", "patients", *AFTER_DIAGNOSIS), LATER),
    Question("top_procedures_after_procedure", f"{TOP} frequent procedures that patients received {W} after having {PROCEDURE} {G}?", "procedure", "list", say.top_after("procedures", "patients", *AFTER_PROCEDURE), LATER),
    Question("top_procedures_after_diagnosis", f"{TOP} frequent procedures that patients received {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("procedures", "patients", *AFTER_DIAGNOSIS), LATER),
    Question("top_drugs_after_drug", f"{TOP} frequent drugs that patients were prescribed {W} after having been prescribed with {{drug_name}} {G}?", "drug", "list", say.top_after("drugs", "patients", *AFTER_DRUG), LATER),
    Question("top_drugs_after_procedure", f"{TOP} frequently prescribed drugs that patients were prescribed {W} after having {PROCEDURE} {G}?", "procedure", "list", say.top_after("prescribed drugs", "patients", *AFTER_PROCEDURE), LATER),
    Question("top_drugs_after_diagnosis", f"{TOP} frequently prescribed drugs that patients were prescribed {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("prescribed drugs", "patients", *AFTER_DIAGNOSIS), LATER),
    Question("top_drugs_aged_after_diagnosis", f"{TOP} frequently prescribed drugs that {AGED} were prescribed {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("prescribed drugs", AGE, *AFTER_DIAGNOSIS), LATER),
    Question("top_drugs_sex_aged_after_diagnosis", f"{TOP} frequently prescribed drugs that {{gender}} {AGED} were prescribed {W} after having been {DIAGNOSED} {G}?", "diagnosis_sex", "list", say.top_after("prescribed drugs", "{gender} " + AGE, *AFTER_DIAGNOSIS), LATER),
    Question("top_labs_after_diagnosis", f"{TOP} frequent lab tests that patients had {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("lab tests", "patients", *AFTER_DIAGNOSIS), LATER),
    Question("top_labs_after_procedure", f"{TOP} frequent lab tests that patients had {W} after having {PROCEDURE} {G}?", "procedure", "list", say.top_after("lab tests", "patients", *AFTER_PROCEDURE), LATER),
    Question("top_specimens_after_diagnosis", f"{TOP} frequent specimens that patients were tested {W} after having been {DIAGNOSED} {G}?", "diagnosis", "list", say.top_after("specimens tested", "patients", *AFTER_DIAGNOSIS), LATER),
    Question("top_specimens_after_procedure", f"{TOP} frequent specimens that patients were tested {W} after having {PROCEDURE} {G}?", "procedure", "list", say.top_after("specimens tested", "patients", *AFTER_PROCEDURE), LATER),
)  # fmt: skip

SEQUENCES = (
    Question("patients_diagnosed_again", f"count the number of patients who were diagnosed with {{diagnosis_name2}} {W} after having been diagnosed with {{diagnosis_name1}} {G}.", "diagnosis_pair", "count", say.count_after("were diagnosed with {diagnosis_name2}", "been diagnosed with {diagnosis_name1}", "a diagnosis of {diagnosis_name1}"), COUNT),
    Question("patients_procedure_again", f"count the number of patients who received a {{procedure_name2}} procedure {W} after having received a {{procedure_name1}} procedure {G}.", "procedure_pair", "count", say.count_after("received a {procedure_name2} procedure", "received a {procedure_name1} procedure", "a {procedure_name1} procedure"), COUNT),
    Question("patients_procedure_after_diagnosis", f"count the number of patients who received a {{procedure_name}} procedure {W} after having been {DIAGNOSED} {G}.", "diagnosis_procedure", "count", say.count_after("received a {procedure_name} procedure", *AFTER_DIAGNOSIS), COUNT),
    Question("patients_drug_after_procedure", f"count the number of patients who were prescribed {{drug_name}} {W} after having {PROCEDURE} {G}.", "procedure_drug", "count", say.count_after("were prescribed {drug_name}", *AFTER_PROCEDURE), COUNT),
    Question("patients_drug_after_diagnosis", f"count the number of patients who were prescribed {{drug_name}} {W} after having been {DIAGNOSED} {G}.", "diagnosis_drug", "count", say.count_after("were prescribed {drug_name}", *AFTER_DIAGNOSIS), COUNT),
    Question("patients_diagnosed_after_procedure", f"count the number of patients who were diagnosed with {{diagnosis_name}} {W} after having {PROCEDURE} {G}.", "procedure_diagnosis", "count", say.count_after("were diagnosed with {diagnosis_name}", *AFTER_PROCEDURE), COUNT),
    Question("patients_dead_after", f"count the number of patients who were dead after having been {DIAGNOSED} {W} {G}.", "diagnosis", "count", say.count_after("died", *AFTER_DIAGNOSIS), "a number; a period is that of the diagnosis"),
    Question("patients_not_back", f"count the number of patients who did not come back to the hospital {W} after {DIAGNOSED} {G}.", "diagnosis", "count", say.count_after("did not come back to the hospital", *AFTER_DIAGNOSIS), "a number; a period is that of the diagnosis"),
)  # fmt: skip

SURVIVAL = (
    Question("survival", f"what is the [n_survival_period] survival rate of patients {DIAGNOSED}?", "diagnosis", "number", (
        "what is the {period} survival rate of patients diagnosed with {diagnosis_name}?", "how high is the {period} survival rate with {diagnosis_name}?",
        "tell me the {period} survival rate for {diagnosis_name} patients.", "calculate the {period} survival rate after a diagnosis of {diagnosis_name}.",
        "give me the {period} survival rate of those who had {diagnosis_name}.", "with {diagnosis_name}, what is the {period} rate of survival?",
    ), RATE),
    Question("survival_with_drug", f"what is the [n_survival_period] survival rate of patients who were prescribed {{drug_name}} after having been {DIAGNOSED}?", "diagnosis_drug", "number", (
        "what is the {period} survival rate of patients who were prescribed {drug_name} after having been diagnosed with {diagnosis_name}?",
        "how high is the {period} survival rate of patients given {drug_name} after a diagnosis of {diagnosis_name}?",
        "tell me the {period} survival rate for {diagnosis_name} patients who were then prescribed {drug_name}.",
        "calculate the {period} survival rate of those prescribed {drug_name} after {diagnosis_name}.",
        "give me the {period} survival rate with {drug_name} prescribed after a diagnosis of {diagnosis_name}.",
        "for {diagnosis_name} with {drug_name} prescribed later, what is the {period} rate of survival?",
    ), RATE),
    Question("top_mortality", "what are the top [n_rank] diagnoses that have the highest [n_survival_period] mortality rate?", "none", "list", (
        "what are the top {n} diagnoses that have the highest {period} mortality rate?", "which {n} diagnoses have the highest {period} mortality?",
        "tell me the {n} diagnoses with the worst {period} mortality rate.", "give me the {n} diagnoses whose {period} mortality rate is the highest.",
        "by {period} mortality rate, what are the top {n} diagnoses?", "name the {n} deadliest diagnoses by {period} mortality.",
    ), "one value a line, order does not matter; of the patients first diagnosed more than n years (of 365 days) ago, those dead n years later"),
)  # fmt: skip

PRICES = (
    Question("diagnosis_cost", "what is the cost of diagnosing {diagnosis_name}?", "diagnosis", "number", say.cost("diagnosing {diagnosis_name}")),
    Question("procedure_cost", "what is the cost of a procedure named {procedure_name}?", "procedure", "number", say.cost("a procedure named {procedure_name}")),
    Question("drug_cost", "what is the cost of a drug named {drug_name}?", "drug", "number", say.cost("a drug named {drug_name}")),
    Question("lab_cost", "what is the cost of a {lab_name} lab test?", "lab", "number", say.cost("a {lab_name} lab test")),
    Question("visit_cost_procedure", f"what is_verb the [agg_function] total hospital cost that involves a procedure named {{procedure_name}} {G}?", "procedure", "number", say.visit_cost("a procedure named {procedure_name}"), CHARGED),
    Question("visit_cost_lab", f"what is_verb the [agg_function] total hospital cost that involves a {{lab_name}} lab test {G}?", "lab", "number", say.visit_cost("a {lab_name} lab test"), CHARGED),
    Question("visit_cost_drug", f"what is_verb the [agg_function] total hospital cost that involves a drug named {{drug_name}} {G}?", "drug", "number", say.visit_cost("a drug named {drug_name}"), CHARGED),
    Question("visit_cost_diagnosis", f"what is_verb the [agg_function] total hospital cost that involves a diagnosis named {{diagnosis_name}} {G}?", "diagnosis", "number", say.visit_cost("a diagnosis named {diagnosis_name}"), CHARGED),
)  # fmt: skip

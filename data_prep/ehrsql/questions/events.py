"""Questions about what one patient received, had measured, took in and gave out."""

from __future__ import annotations

from data_prep.ehrsql.questions import phrases as say
from data_prep.ehrsql.questions.person import FRACTION, HERE, G, U, X
from data_prep.ehrsql.template import Question

X2, G2, W = "[time_filter_exact2]", "[time_filter_global2]", "[time_filter_within]"
CHARGED = "a number; a period is that of the charges"
BOTH = "a period holds for both events, and the second is strictly later"
LOWER = "a number, negative if the value named first is the lower one"

DIAGNOSES = (
    Question("diagnosed", f"has_verb patient {{patient_id}} been diagnosed with {{diagnosis_name}} {G}?", "diagnosis", "bool", say.has("been diagnosed with {diagnosis_name}")),
    Question("any_diagnosis", f"has_verb patient {{patient_id}} received any diagnosis {G}?", "diagnosis", "bool", say.has("received any diagnosis")),
    Question("diagnosis_name", f"what was the name of the diagnosis that patient {{patient_id}} {X} received {G}?", "diagnosis", "name", say.name("diagnosis", "received")),
    Question("diagnosis_time", f"when was the {X} time that patient {{patient_id}} was diagnosed with {{diagnosis_name}} {G}?", "diagnosis", "time", say.when("diagnosis of {diagnosis_name}")),
    Question("since_diagnosis", f"how many {U} have passed since the {X} time patient {{patient_id}} was diagnosed with {{diagnosis_name}} {HERE}?", "diagnosis_now", "number", say.passed("the {nth} time patient {patient_id} was diagnosed with {diagnosis_name} on the current hospital visit"), FRACTION),
)  # fmt: skip

PROCEDURES = (
    Question("had_procedure", f"has_verb patient {{patient_id}} received a {{procedure_name}} procedure {G}?", "procedure", "bool", say.has("received a {procedure_name} procedure")),
    Question("any_procedure", f"has_verb patient {{patient_id}} received any procedure {G}?", "procedure", "bool", say.has("received any procedure")),
    Question("procedure_name", f"what was the name of the procedure that patient {{patient_id}} {X} received {G}?", "procedure", "name", say.name("procedure", "received")),
    Question("procedures_repeated", f"what was the name of the procedure that patient {{patient_id}} received [n_times] {G}?", "procedure_twice", "list", say.names_repeated("procedure", "received")),
    Question("procedure_time", f"when was the {X} procedure time of patient {{patient_id}} {G}?", "procedure", "time", say.when("procedure")),
    Question("procedure_time_of", f"when was the {X} time that patient {{patient_id}} received a {{procedure_name}} procedure {G}?", "procedure", "time", say.when("{procedure_name} procedure")),
    Question("procedure_times", f"count the number of times that patient {{patient_id}} received a {{procedure_name}} procedure {G}.", "procedure", "count", say.count("times that patient {patient_id} received a {procedure_name} procedure", "")),
    Question("procedure_elsewhere", f"has_verb patient {{patient_id}} received a {{procedure_name}} procedure in other than the current hospital {G}?", "procedure_elsewhere", "bool", say.has("received a {procedure_name} procedure in a hospital other than the current one")),
    Question("since_procedure", f"how many {U} have passed since the {X} time patient {{patient_id}} received a procedure {HERE}?", "procedure_now", "number", say.passed("the {nth} time patient {patient_id} received a procedure on the current hospital visit"), FRACTION),
    Question("since_procedure_of", f"how many {U} have passed since the {X} time patient {{patient_id}} received a {{procedure_name}} procedure {HERE}?", "procedure_now", "number", say.passed("the {nth} time patient {patient_id} received a {procedure_name} procedure on the current hospital visit"), FRACTION),
)  # fmt: skip

DRUGS = (
    Question("prescribed", f"has_verb patient {{patient_id}} been prescribed {{drug_name}} {G}?", "drug", "bool", say.has("been prescribed {drug_name}")),
    Question("prescribed_any_of", f"has_verb patient {{patient_id}} been prescribed {{drug_name1}}, {{drug_name2}}, or {{drug_name3}} {G}?", "drug_three", "bool", say.has("been prescribed {drug_name1}, {drug_name2}, or {drug_name3}")),
    Question("any_drug", f"has_verb patient {{patient_id}} been prescribed any medication {G}?", "drug", "bool", say.has("been prescribed any medication")),
    Question("drug_name", f"what was the name of the drug that patient {{patient_id}} was {X} prescribed {G}?", "drug", "name", say.name("drug", "got")),
    Question("drug_via", f"what was the name of the drug that patient {{patient_id}} was {X} prescribed via {{drug_route}} route {G}?", "drug", "name", say.name("drug", "got via {drug_route}")),
    Question("drugs_after_diagnosis", f"what was the name of the drug that patient {{patient_id}} was prescribed {W} after having been diagnosed with {{diagnosis_name}} {G}?", "diagnosis", "list", say.names_after("been diagnosed with {diagnosis_name}", "a diagnosis of {diagnosis_name}"), f"one value a line, order does not matter; {BOTH}"),
    Question("drugs_after_procedure", f"what was the name of the drug that patient {{patient_id}} was prescribed {W} after having received a {{procedure_name}} procedure {G}?", "procedure", "list", say.names_after("received a {procedure_name} procedure", "a {procedure_name} procedure"), f"one value a line, order does not matter; {BOTH}"),
    Question("drugs_repeated", f"what was the name of the drug that patient {{patient_id}} were prescribed [n_times] {G}?", "drug_twice", "list", say.names_repeated("drug", "got")),
    Question("new_drugs", f"what is the new prescription of patient {{patient_id}} {G2} compared to the prescription {G}?", "drug", "list", (
        "what is the new prescription of patient {patient_id} {time2} compared to the prescription {time}?",
        "which drugs of patient {patient_id} {time2} are new compared to those prescribed {time}?",
        "tell me what patient {patient_id} was prescribed {time2} that was not prescribed {time}.",
        "list the drugs patient {patient_id} got {time2} but not {time}.",
        "what drugs did patient {patient_id} get {time2} without having got them {time}?",
        "of patient {patient_id}'s drugs {time2}, name those not prescribed {time}.",
    )),
    Question("prescription_time", f"when was the {X} prescription time of patient {{patient_id}} {G}?", "drug", "time", say.when("prescription")),
    Question("prescription_time_of", f"when was the {X} time that patient {{patient_id}} was prescribed {{drug_name}} {G}?", "drug", "time", say.when("prescription of {drug_name}")),
    Question("prescription_time_via", f"when was the {X} time that patient {{patient_id}} was prescribed a medication via {{drug_route}} route {G}?", "drug", "time", say.when("prescription via the {drug_route} route")),
    Question("prescription_time_both", f"when was the {X} time that patient {{patient_id}} was prescribed {{drug_name1}} and {{drug_name2}} {W} {G}?", "drug_pair", "time", say.when("prescription of {drug_name1} with {drug_name2} {within}"), "YYYY-MM-DD HH:MM:SS, the start of the one named first"),
    Question("drug_count", f"count the number of drugs patient {{patient_id}} were prescribed {G}.", "drug", "count", say.count("drugs prescribed", " to patient {patient_id}")),
    Question("drug_times", f"count the number of times that patient {{patient_id}} were prescribed {{drug_name}} {G}.", "drug", "count", say.count("times that patient {patient_id} was prescribed {drug_name}", "")),
    Question("drug_dose", f"what was the dose of {{drug_name}} that patient {{patient_id}} was {X} prescribed {G}?", "drug", "name", say.value("{nth} prescribed dose of {drug_name}"), "the dose as in the database, without its unit"),
    Question("drug_total", f"what was the total amount of dose of {{drug_name}} that patient {{patient_id}} were prescribed {G}?", "drug", "number", say.value("total amount of the prescribed doses of {drug_name}")),
    Question("since_drug", f"how many {U} have passed since the {X} time patient {{patient_id}} was prescribed {{drug_name}} {HERE}?", "drug_now", "number", say.passed("the {nth} time patient {patient_id} was prescribed {drug_name} on the current hospital visit"), FRACTION),
)  # fmt: skip

LABS = (
    Question("had_lab", f"has_verb patient {{patient_id}} received a {{lab_name}} lab test {G}?", "lab", "bool", say.has("received a {lab_name} lab test")),
    Question("any_lab", f"has_verb patient {{patient_id}} received any lab test {G}?", "lab", "bool", say.has("received any lab test")),
    Question("lab_name", f"what was the name of the lab test that patient {{patient_id}} {X} received {G}?", "lab", "name", say.name("lab test", "received")),
    Question("lab_value", f"what was the {X} measured value of a {{lab_name}} lab test of patient {{patient_id}} {G}?", "lab", "number", say.value("{nth} measured value of a {lab_name} lab test")),
    Question("lab_agg", f"what was the [agg_function] {{lab_name}} value of patient {{patient_id}} {G}?", "lab", "number", say.value("{agg} {lab_name} value")),
    Question("lab_values", f"list the [unit_average] [agg_function] {{lab_name}} lab value of patient {{patient_id}} {G}.", "lab", "list", say.values("{lab_name} lab value")),
    Question("lab_change", f"what is the change in the value of {{lab_name}} of patient {{patient_id}} from the {X2} value measured {G2} compared to the {X} value measured {G}?", "lab", "number", say.change("value of {lab_name}"), LOWER),
    Question("lab_compare", f"is the value of {{lab_name}} of patient {{patient_id}} {X2} measured {G2} [comparison] than the {X} value measured {G}?", "lab", "bool", say.compare("value of {lab_name}")),
    Question("lab_percentile", f"what percentile is the value of {{lab_value}} in a {{lab_name}} lab test among patients of the same age as patient {{patient_id}} {G}?", "lab_value", "number", (
        "what percentile is the value of {lab_value} in a {lab_name} lab test among patients of the same age as patient {patient_id} {time}?",
        "among patients as old as patient {patient_id}, at which percentile is a {lab_name} lab value of {lab_value} {time}?",
        "tell me the percentile of {lab_value} in a {lab_name} test for patients of patient {patient_id}'s age {time}.",
        "calculate the percentile that a {lab_name} value of {lab_value} has among patients of the age of patient {patient_id} {time}.",
        "which percentile does {lab_value} reach in {lab_name} lab tests of patients aged like patient {patient_id} {time}?",
        "where does a {lab_name} of {lab_value} stand {time}, in percentiles, among patients of patient {patient_id}'s age?",
    ), "a number from 0 to 1: the share of the other values that are lower (SQL's percent_rank)"),
    Question("lab_time", f"when was the {X} lab test of patient {{patient_id}} {G}?", "lab", "time", say.when("lab test")),
    Question("lab_time_of", f"when was the {X} time that patient {{patient_id}} received a {{lab_name}} lab test {G}?", "lab", "time", say.when("{lab_name} lab test")),
    Question("lab_extreme_time", f"when was the {X} time that patient {{patient_id}} had the [sort] value of {{lab_name}} {G}?", "lab", "time", say.when_value("patient {patient_id} had the {sort} value of {lab_name}")),
    Question("lab_times", f"count the number of times that patient {{patient_id}} received a {{lab_name}} lab test {G}.", "lab", "count", say.count("{lab_name} lab tests", " of patient {patient_id}")),
    Question("since_lab", f"how many {U} have passed since the {X} time patient {{patient_id}} received a {{lab_name}} lab test {HERE}?", "lab_now", "number", say.passed("the {nth} time patient {patient_id} received a {lab_name} lab test on the current hospital visit"), FRACTION),
)  # fmt: skip

VITALS = (
    Question("vital_agg", f"what was the [agg_function] {{vital_name}} of patient {{patient_id}} {G}?", "vital", "number", say.value("{agg} {vital_name}")),
    Question("vital_first", f"what was the {X} measured {{vital_name}} of patient {{patient_id}} {G}?", "vital", "number", say.value("{nth} measured {vital_name}")),
    Question("vital_values", f"list the [unit_average] [agg_function] {{vital_name}} of patient {{patient_id}} {G}.", "vital", "list", say.values("{vital_name}")),
    Question("vital_change", f"what is the change in the {{vital_name}} of patient {{patient_id}} from the {X2} value measured {G2} compared to the {X} value measured {G}?", "vital", "number", say.change("{vital_name}"), LOWER),
    Question("vital_compare", f"is the {{vital_name}} of patient {{patient_id}} {X2} measured {G2} [comparison] than the {X} value measured {G}?", "vital", "bool", say.compare("{vital_name}")),
    Question("vital_time", f"when was the {X} time that patient {{patient_id}} had a {{vital_name}} measured {G}?", "vital", "time", say.when("{vital_name} measurement")),
    Question("vital_extreme_time", f"when was the {X} time that patient {{patient_id}} had the [sort] {{vital_name}} {G}?", "vital", "time", say.when_value("patient {patient_id} had the {sort} {vital_name}")),
    Question("vital_beyond_time", f"when was the {X} time that the {{vital_name}} of patient {{patient_id}} was [comparison] than {{vital_value}} {G}?", "vital_value", "time", say.when_value("the {vital_name} of patient {patient_id} was {comparison} than {vital_value}")),
    Question("vital_beyond", f"has_verb the {{vital_name}} of patient {{patient_id}} been ever [comparison] than {{vital_value}} {G}?", "vital_value", "bool", say.has_value("{comparison} than {vital_value}")),
    Question("vital_normal", f"has_verb the {{vital_name}} of patient {{patient_id}} been normal {G}?", "vital_normal", "bool", say.has_value("in the normal range")),
)  # fmt: skip

FLUIDS = (
    Question("intake_of_total", f"what was the total volume of {{intake_name}} intake that patient {{patient_id}} received {G}?", "intake", "number", say.value("total volume of {intake_name} intake")),
    Question("intake_total", f"what was the total volume of intake that patient {{patient_id}} received {G}?", "intake", "number", say.value("total volume of intake")),
    Question("output_of_total", f"what was the total volume of {{output_name}} output that patient {{patient_id}} had {G}?", "output", "number", say.value("total volume of {output_name} output")),
    Question("output_total", f"what was the total volume of output that patient {{patient_id}} had {G}?", "output", "number", say.value("total volume of output")),
    Question("balance", f"what is the difference between the total volume of intake and output of patient {{patient_id}} {G}?", "intake", "number", (*say.value("difference between the total volume of intake and that of output")[:5], "by what volume did intake exceed output for patient {patient_id} {time}?"), "a number: intake minus output"),
    Question("intake_values", f"list the [unit_average] [agg_function] volume of {{intake_name}} intake that patient {{patient_id}} received {G}.", "intake", "list", say.values("volume of {intake_name} intake")),
    Question("output_values", f"list the [unit_average] [agg_function] volume of {{output_name}} output that patient {{patient_id}} had {G}.", "output", "list", say.values("volume of {output_name} output")),
    Question("intake_times", f"count the number of times that patient {{patient_id}} had a {{intake_name}} intake {G}.", "intake", "count", say.count("times that patient {patient_id} had a {intake_name} intake", "")),
    Question("output_times", f"count the number of times that patient {{patient_id}} had a {{output_name}} output {G}.", "output", "count", say.count("times that patient {patient_id} had a {output_name} output", "")),
    Question("had_intake", f"has_verb patient {{patient_id}} had any {{intake_name}} intake {G}?", "intake", "bool", say.has("had any {intake_name} intake")),
    Question("had_output", f"has_verb patient {{patient_id}} had any {{output_name}} output {G}?", "output", "bool", say.has("had any {output_name} output")),
    Question("intake_name", f"what was the name of the intake that patient {{patient_id}} {X} had {G}?", "intake", "name", say.name("intake", "received")),
    Question("output_name", f"what was the name of the output that patient {{patient_id}} {X} had {G}?", "output", "name", say.name("output", "given")),
    Question("intake_time", f"when was the {X} intake time of patient {{patient_id}} {G}?", "intake", "time", say.when("intake")),
    Question("intake_time_of", f"when was the {X} time that patient {{patient_id}} had a {{intake_name}} intake {G}?", "intake", "time", say.when("{intake_name} intake")),
    Question("output_time_of", f"when was the {X} time that patient {{patient_id}} had a {{output_name}} output {G}?", "output", "time", say.when("{output_name} output")),
    Question("since_intake", f"how many {U} have passed since the {X} time patient {{patient_id}} had a {{intake_name}} intake on the current icu visit?", "intake_now", "number", say.passed("the {nth} time patient {patient_id} had a {intake_name} intake on the current icu visit"), FRACTION),
)  # fmt: skip

CULTURES = (
    Question("any_culture", f"has_verb patient {{patient_id}} had any microbiology test result {G}?", "culture", "bool", say.has("had any microbiology test result")),
    Question("had_culture", f"has_verb patient {{patient_id}} had any {{culture_name}} microbiology test result {G}?", "culture", "bool", say.has("had any {culture_name} microbiology test result")),
    Question("organism_found", f"has_verb there been any organism found in the {X} {{culture_name}} microbiology test of patient {{patient_id}} {G}?", "culture", "bool", (*say.has("had any organism found in the {nth} {culture_name} microbiology test")[:5], "did anything grow in patient {patient_id}'s {nth} {culture_name} microbiology test {time}?")),
    Question("organism", f"what was the organism name found in the {X} {{culture_name}} microbiology test of patient {{patient_id}} {G}?", "culture_grown", "name", say.value("organism found in the {nth} {culture_name} microbiology test")),
    Question("specimen", f"what was the name of the specimen that patient {{patient_id}} was {X} tested {G}?", "culture", "name", say.name("specimen", "tested")),
    Question("culture_time", f"when was the {X} microbiology test of patient {{patient_id}} {G}?", "culture", "time", say.when("microbiology test")),
    Question("culture_time_of", f"when was patient {{patient_id}}'s {X} {{culture_name}} microbiology test {G}?", "culture", "time", say.when("{culture_name} microbiology test")),
)  # fmt: skip

ALLERGIES = (
    Question("allergy", f"what was the name of the allergy that patient {{patient_id}} had {G}?", "allergy", "list", say.value("name of the allergy")),
    Question("substance", f"what was the name of the substance that patient {{patient_id}} was allergic to {G}?", "allergy", "list", say.value("name of the substance that caused an allergy")),
    Question("any_allergy", f"has_verb patient {{patient_id}} had any allergy {G}?", "allergy", "bool", say.has("had any allergy")),
)  # fmt: skip

COSTS = (
    Question("total_cost", f"what is_verb the total hospital cost of patient {{patient_id}} {G}?", "charge", "number", say.value("total hospital cost"), CHARGED),
)  # fmt: skip

"""Questions about a person, and about visits, wards and stays."""

from __future__ import annotations

from data_prep.ehrsql.questions import phrases as say
from data_prep.ehrsql.template import Question

G, X, U = "[time_filter_global1]", "[time_filter_exact1]", "[unit_count]"
HERE = "on the current hospital visit"
FRACTION = "a number with its decimals"

PERSON = (
    Question("gender", "what is the gender of patient {patient_id}?", "patient", "name", say.value("gender")),
    Question("birth", "what is the date of birth of patient {patient_id}?", "patient", "time", say.value("date of birth")),
    Question("insurance", f"what is_verb the name of insurance of patient {{patient_id}} {G}?", "admission", "name", say.value("insurance")),
    Question("marital", f"what is_verb the marital status of patient {{patient_id}} {G}?", "admission", "name", say.value("marital status")),
    Question("admission_type", f"what was the {X} hospital admission type of patient {{patient_id}} {G}?", "admission", "name", say.value("{nth} hospital admission type")),
    Question("age", f"what is_verb the age of patient {{patient_id}} {G}?", "admission", "number", say.value("age")),
    Question("height", f"what was the {X} measured height of patient {{patient_id}} {G}?", "height", "number", say.value("{nth} measured height")),
    Question("weight", f"what was the {X} measured weight of patient {{patient_id}} {G}?", "weight", "number", say.value("{nth} measured weight")),
    Question("weights", f"list the [unit_average] [agg_function] weight of patient {{patient_id}} {G}.", "weight", "list", say.values("weight")),
    Question("weight_change", f"what is the change in the weight of patient {{patient_id}} from the [time_filter_exact2] value measured [time_filter_global2] compared to the {X} value measured {G}?", "weight", "number", say.change("weight"), "a number, negative if the value named first is the lower one"),
    Question("abbreviation", "what does {abbreviation} stand for?", "abbreviation", "name", (
        "what does {abbreviation} stand for?", "what is the full name of {abbreviation}?", "tell me the meaning of {abbreviation}.",
        "what is meant by {abbreviation}?", "spell out {abbreviation} for me.", "write {abbreviation} without abbreviations.",
    ), "the long title as in the database"),
)  # fmt: skip

VISITS = (
    Question("admission_time", f"when was the {X} hospital admission time of patient {{patient_id}} {G}?", "admission", "time", say.when("hospital admission")),
    Question("discharge_time", f"when was the {X} hospital discharge time of patient {{patient_id}} {G}?", "discharge", "time", say.when("hospital discharge")),
    Question("admission_via", f"when was the {X} hospital admission time that patient {{patient_id}} was admitted via {{admission_route}} {G}?", "admission", "time", say.when("admission via {admission_route}")),
    Question("been_admitted", f"has_verb patient {{patient_id}} been admitted to the hospital {G}?", "admission", "bool", say.has("been admitted to the hospital")),
    Question("been_to_er", f"has_verb patient {{patient_id}} been to an emergency room {G}?", "admission", "bool", say.has("been to an emergency room")),
    Question("hospital_visits", f"count the number of hospital visits of patient {{patient_id}} {G}.", "admission", "count", say.count("hospital visits", " of patient {patient_id}")),
    Question("icu_visits", f"count the number of icu visits of patient {{patient_id}} {G}.", "icu", "count", say.count("icu visits", " of patient {patient_id}")),
    Question("patients_admitted", f"count the number of patients who were admitted to the hospital {G}.", "admission", "count", say.count("patients", " admitted to the hospital"), more=say.count_anew("patients admitted to the hospital")),
    Question("patients_discharged", f"count the number of patients who were discharged from the hospital {G}.", "discharge", "count", say.count("patients", " discharged from the hospital"), more=say.count_anew("patients discharged from the hospital")),
    Question("current_patients", "count the number of current patients.", "none", "count", (
        "count the number of current patients.", "how many current patients are there?", "what is the number of patients in hospital now?",
        "tell me how many patients are here at present.", "calculate the number of patients who are here now.", "how many people stay in this hospital right now?",
    )),
    Question("current_aged", "count the number of current patients aged [age_group].", "none", "count", (
        "count the number of current patients aged {age_group}.", "how many current patients are aged {age_group}?",
        "what is the number of patients aged {age_group} in hospital now?", "how many patients in their {age_group} are here now?",
        "count those aged {age_group} who stay here currently.", "how many patients in their {age_group} stay here currently?",
    )),
    Question("admission_times", f"list the hospital admission time of patient {{patient_id}} {G}.", "admission", "list", (
        "list the hospital admission times of patient {patient_id} {time}.", "when was patient {patient_id} admitted {time}? list all.",
        "give all admission times of patient {patient_id} {time}.", "show the hospital admission times of patient {patient_id} {time}.",
        "list every admission time that patient {patient_id} had {time}.", "show every hospital admission time patient {patient_id} had {time}.",
    )),
    Question("icu_length", f"what was the {X} length of icu stay of patient {{patient_id}}?", "icu", "number", (
        "what was the {nth} length of icu stay of patient {patient_id}?", "how many days was patient {patient_id} in the icu the {nth} time?",
        "tell me the days of patient {patient_id}'s {nth} icu stay.", "how long was the {nth} icu stay of patient {patient_id} in days?",
        "in days, how long did patient {patient_id} stay in the icu the {nth} time?", "how long did the {nth} icu stay of patient {patient_id} last in days?",
    )),
    Question("hospital_length", f"what was the {X} length of hospital stay of patient {{patient_id}}?", "discharge", "number", (
        "what was the {nth} length of hospital stay of patient {patient_id}?", "how many days was patient {patient_id} in the hospital the {nth} time?",
        "tell me the days of patient {patient_id}'s {nth} hospital stay.", "how long was the {nth} hospital stay of patient {patient_id} in days?",
        "in days, how long did patient {patient_id} stay in the hospital the {nth} time?", "how long did the {nth} hospital stay of patient {patient_id} last in days?",
    )),
    Question("since_admitted", f"how many {U} have passed since patient {{patient_id}} was admitted to the hospital currently?", "admission_now", "number", say.passed("the time patient {patient_id} was admitted to the hospital for the current stay"), FRACTION),
    Question("since_icu", f"how many {U} have passed since patient {{patient_id}} was admitted to the icu currently?", "icu_now", "number", say.passed("the time patient {patient_id} was admitted to the icu for the current stay"), FRACTION),
    Question("ward", f"what was the {X} ward of patient {{patient_id}} {G}?", "ward", "name", say.value("{nth} ward id"), "the ward's id"),
    Question("careunit", f"what was the {X} careunit of patient {{patient_id}} {G}?", "careunit", "name", say.value("{nth} careunit")),
    Question("since_ward", f"how many {U} have passed since the {X} time patient {{patient_id}} stayed in ward {{ward_id}} {HERE}?", "ward_now", "number", say.passed("the {nth} time patient {patient_id} came to ward {ward_id} on the current hospital visit"), FRACTION),
    Question("since_careunit", f"how many {U} have passed since the {X} time patient {{patient_id}} stayed in careunit {{careunit}} {HERE}?", "careunit_now", "number", say.passed("the {nth} time patient {patient_id} came to careunit {careunit} on the current hospital visit"), FRACTION),
    Question("patients_in_ward", f"count the number of patients who stayed in ward {{ward_id}} {G}.", "ward", "count", say.count("patients", " who came to ward {ward_id}"), more=say.count_anew("patients who came to ward {ward_id}")),
    Question("patients_in_careunit", f"count the number of patients who stayed in careunit {{careunit}} {G}.", "careunit", "count", say.count("patients", " who came to careunit {careunit}"), more=say.count_anew("patients who came to careunit {careunit}")),
)  # fmt: skip

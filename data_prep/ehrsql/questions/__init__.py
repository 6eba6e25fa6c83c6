"""EHRSQL's 174 questions (Lee et al. 2022): published tags with paraphrases of our own, for any database.

`BRIEF` are the questions of the small sizes, in the order in which they take turns; `OOD` those that no training task
uses; `UNDEMONSTRATED` those that training tasks use and demonstrations do not.
"""

from __future__ import annotations

from data_prep.ehrsql.questions import events, groups, person

QUESTIONS = (
    *person.PERSON, *person.VISITS, *events.DIAGNOSES, *events.PROCEDURES, *events.DRUGS, *events.LABS, *events.VITALS,
    *events.FLUIDS, *events.CULTURES, *events.ALLERGIES, *events.COSTS, *groups.COUNTS, *groups.RANKS, *groups.SEQUENCES,
    *groups.SURVIVAL, *groups.PRICES,
)  # fmt: skip

BRIEF = (
    "gender", "birth", "insurance", "marital", "admission_type", "age", "admission_time", "discharge_time", "admission_via",
    "been_admitted", "been_to_er", "hospital_visits", "icu_visits", "patients_admitted", "patients_discharged",
    "current_aged", "admission_times", "icu_length", "hospital_length", "diagnosed", "any_diagnosis", "diagnosis_name",
    "patients_diagnosed", "top_diagnoses", "diagnosis_cost", "ids_diagnosed", "had_procedure", "any_procedure",
    "procedure_name", "procedure_time", "procedure_times", "patients_with_procedure", "procedure_cases", "top_procedures",
    "procedure_cost", "prescribed", "any_drug", "drug_name", "drug_via", "prescription_time", "prescription_time_of",
    "drug_count", "drug_times", "patients_prescribed", "prescription_cases", "top_drugs", "route", "drug_cost", "had_lab",
    "any_lab", "lab_value", "lab_agg", "lab_time", "lab_time_of", "patients_with_lab", "lab_times", "top_labs", "lab_cost",
    "vital_agg", "vital_first", "intake_of_total", "intake_total", "output_of_total", "output_total", "intake_times",
    "patients_with_intake", "had_output", "output_time_of", "intake_time", "any_culture", "had_culture", "culture_time",
    "specimen", "patients_with_culture", "top_specimens",
)  # fmt: skip

OOD = frozenset(
    {
        "marital", "prescription_cases", "any_procedure", "prescription_time_of", "output_total", "diagnosis_name",
        "patients_with_lab", "top_procedures",
    }
)  # fmt: skip

UNDEMONSTRATED = frozenset(
    {
        "discharge_time", "hospital_visits", "patients_admitted", "any_diagnosis", "patients_diagnosed", "procedure_time",
        "procedure_times", "procedure_cost", "any_drug", "drug_via", "patients_prescribed", "had_lab", "lab_time",
        "lab_times", "top_labs", "vital_agg", "output_of_total", "intake_times", "intake_time", "had_culture",
    }
)  # fmt: skip

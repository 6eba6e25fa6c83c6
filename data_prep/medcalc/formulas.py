"""MedCalc-Bench's equation calculators (Khandekar et al. 2024). Each names the published source of its formula."""

from __future__ import annotations

from datetime import date, timedelta


def mean_arterial_pressure(systolic: float, diastolic: float) -> float:
    """mm Hg. One third of the pulse pressure above diastolic (Meaney 2000)."""
    return (systolic + 2 * diastolic) / 3


def bmi(weight: float, height: float) -> float:
    """kg/m2 from kg and cm (Quetelet; Keys 1972)."""
    return weight / (height / 100) ** 2


def ideal_weight(male: bool, height: float) -> float:
    """kg from cm (Devine 1974): 50 or 45.5 kg plus 2.3 kg an inch over 60."""
    return (50 if male else 45.5) + 2.3 * (height / 2.54 - 60)


def target_weight(target_bmi: float, height: float) -> float:
    """kg that gives `target_bmi` at `height` cm."""
    return target_bmi * (height / 100) ** 2


def body_surface(weight: float, height: float) -> float:
    """m2 from kg and cm (Mosteller 1987)."""
    return (weight * height / 3600) ** 0.5


def maintenance_fluid(weight: float) -> float:
    """mL/h by the 4-2-1 rule (Holliday and Segar 1957)."""
    return 4 * min(weight, 10) + 2 * min(max(weight - 10, 0), 10) + max(weight - 20, 0)


def qtc_bazett(qt: float, rate: float) -> float:
    """ms from ms and beats/min (Bazett 1920)."""
    return qt / (60 / rate) ** 0.5


def qtc_fridericia(qt: float, rate: float) -> float:
    """ms from ms and beats/min (Fridericia 1920)."""
    return qt / (60 / rate) ** (1 / 3)


def qtc_framingham(qt: float, rate: float) -> float:
    """ms from ms and beats/min (Sagie 1992)."""
    return qt + 154 * (1 - 60 / rate)


def qtc_hodges(qt: float, rate: float) -> float:
    """ms from ms and beats/min (Hodges 1983)."""
    return qt + 1.75 * (rate - 60)


def qtc_rautaharju(qt: float, rate: float) -> float:
    """ms from ms and beats/min (Rautaharju 2014)."""
    return qt * (120 + rate) / 180


def corrected_calcium(calcium: float, albumin: float) -> float:
    """mg/dL from mg/dL and g/dL (Payne 1973)."""
    return calcium + 0.8 * (4 - albumin)


def corrected_sodium(sodium: float, glucose: float) -> float:
    """mEq/L from mEq/L and mg/dL (Hillier 1999)."""
    return sodium + 0.024 * (glucose - 100)


def osmolality(sodium: float, bun: float, glucose: float) -> float:
    """mOsm/kg from mEq/L, mg/dL, mg/dL (Dorwart and Chalmers 1975)."""
    return 2 * sodium + bun / 2.8 + glucose / 18


def homa_ir(insulin: float, glucose: float) -> float:
    """From uIU/mL and mg/dL (Matthews 1985)."""
    return insulin * glucose / 405


def anion_gap(sodium: float, chloride: float, bicarbonate: float) -> float:
    """mEq/L (Emmett and Narins 1977)."""
    return sodium - chloride - bicarbonate


def delta_gap(sodium: float, chloride: float, bicarbonate: float) -> float:
    """mEq/L above a normal gap of 12 (Wrenn 1990)."""
    return anion_gap(sodium, chloride, bicarbonate) - 12


def ldl(total: float, hdl: float, triglycerides: float) -> float:
    """mg/dL (Friedewald 1972)."""
    return total - hdl - triglycerides / 5


def fib4(age: float, ast: float, alt: float, platelets: float) -> float:
    """From years, U/L, U/L, 10^9/L (Sterling 2006)."""
    return age * ast / (platelets * alt**0.5)


def fena(urine_sodium: float, sodium: float, urine_creatinine: float, creatinine: float) -> float:
    """Fractional excretion of sodium, percent (Espinel 1976)."""
    return 100 * urine_sodium * creatinine / (sodium * urine_creatinine)


STEROIDS = {  # mg equivalent to 5 mg of prednisone (Meikle and Tyler 1977)
    "betamethasone": 0.75, "cortisone": 25, "dexamethasone": 0.75, "hydrocortisone": 20, "methylprednisolone": 4,
    "prednisolone": 5, "prednisone": 5, "triamcinolone": 4,
}  # fmt: skip


def steroid_conversion(dose: float, given: str, wanted: str) -> float:
    """mg of `wanted` equal to `dose` mg of `given` (Meikle and Tyler 1977)."""
    return dose * STEROIDS[wanted] / STEROIDS[given]


OPIOIDS = {  # MME per mg (fentanyl buccal: per ug) (CDC 2022)
    "codeine": 0.15, "fentanyl buccal": 0.13, "hydrocodone": 1, "hydromorphone": 5, "methadone": 4.7, "morphine": 1,
    "oxycodone": 1.5, "oxymorphone": 3, "tapentadol": 0.4, "tramadol": 0.2, "buprenorphine": 10,
}  # fmt: skip


def morphine_equivalents(daily: dict[str, float]) -> float:
    """MME/day from mg/day (fentanyl buccal ug/day) of each drug (CDC guideline 2022)."""
    return sum(amount * OPIOIDS[drug] for drug, amount in daily.items())


def due_date(last_period: date, cycle: int = 28) -> date:
    """Naegele's rule with cycle correction: 280 days, and the cycle's days beyond 28."""
    return last_period + timedelta(days=280 + cycle - 28)


def conception_date(last_period: date) -> date:
    """Two weeks after the last menstrual period."""
    return last_period + timedelta(days=14)


def gestational_age(last_period: date, today: date) -> tuple[int, int]:
    """Completed weeks, and days over."""
    return divmod((today - last_period).days, 7)

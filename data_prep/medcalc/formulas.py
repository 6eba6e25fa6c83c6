"""MedCalc-Bench's equation calculators (Khandekar et al. 2024). Each names the published source of its formula."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, log


def mean_arterial_pressure(systolic: float, diastolic: float) -> float:
    """mm Hg. One third of the pulse pressure above diastolic (Meaney 2000)."""
    return (systolic + 2 * diastolic) / 3


def bmi(weight: float, height: float) -> float:
    """kg/m2 from kg and cm (Quetelet; Keys 1972)."""
    return weight / (height / 100) ** 2


def ideal_weight(male: bool, height: float) -> float:
    """kg from cm (Devine 1974): 50 or 45.5 kg plus 2.3 kg an inch over 60."""
    return (50 if male else 45.5) + 2.3 * (height / 2.54 - 60)


def adjusted_weight(male: bool, height: float, weight: float) -> float:
    """kg from cm and kg: ideal weight and 40 % of what exceeds it (Bauer 2008)."""
    ideal = ideal_weight(male, height)
    return ideal + 0.4 * (weight - ideal)


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


def delta_ratio(sodium: float, chloride: float, bicarbonate: float) -> float:
    """The gap above 12 over the bicarbonate missing from 24 (Wrenn 1990); ZeroDivisionError at a bicarbonate of 24."""
    return delta_gap(sodium, chloride, bicarbonate) / (24 - bicarbonate)


def corrected_gap(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> float:
    """Anion gap at an albumin of 4 g/dL, mEq/L (Figge 1998): 2.5 more for each g/dL below it."""
    return anion_gap(sodium, chloride, bicarbonate) + 2.5 * (4 - albumin)


def corrected_delta_gap(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> float:
    """mEq/L by which the albumin-corrected gap exceeds 12 (Wrenn 1990, Figge 1998)."""
    return corrected_gap(sodium, chloride, bicarbonate, albumin) - 12


def corrected_delta_ratio(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> float:
    """The delta ratio with the albumin-corrected gap (Wrenn 1990, Figge 1998); ZeroDivisionError as there."""
    return corrected_delta_gap(sodium, chloride, bicarbonate, albumin) / (24 - bicarbonate)


def ldl(total: float, hdl: float, triglycerides: float) -> float:
    """mg/dL (Friedewald 1972)."""
    return total - hdl - triglycerides / 5


def fib4(age: float, ast: float, alt: float, platelets: float) -> float:
    """From years, U/L, U/L, 10^9/L (Sterling 2006)."""
    return age * ast / (platelets * alt**0.5)


def fena(urine_sodium: float, sodium: float, urine_creatinine: float, creatinine: float) -> float:
    """Fractional excretion of sodium, percent (Espinel 1976)."""
    return 100 * urine_sodium * creatinine / (sodium * urine_creatinine)


def creatinine_clearance(age: float, female: bool, weight: float, height: float, creatinine: float) -> float:
    """mL/min (Cockcroft and Gault 1976); kg, cm, mg/dL.

    The weight is the actual one below a BMI of 18.5, the lesser of ideal and actual below 25, the adjusted one from there
    (Winter 2012).
    """
    index = bmi(weight, height)
    if index >= 25:
        weight = adjusted_weight(not female, height, weight)
    elif index >= 18.5:
        weight = min(weight, ideal_weight(not female, height))
    return (140 - age) * weight * (0.85 if female else 1) / (72 * creatinine)


def ckd_epi(age: float, female: bool, creatinine: float) -> float:
    """GFR in mL/min/1.73 m2 from mg/dL: the race-free CKD-EPI equation (Inker 2021)."""
    ratio = creatinine / (0.7 if female else 0.9)
    power = (-0.241 if female else -0.302) if ratio <= 1 else -1.2
    return 142 * ratio**power * 0.9938**age * (1.012 if female else 1)


def mdrd(age: float, female: bool, creatinine: float, black: bool = False) -> float:
    """GFR in mL/min/1.73 m2 from mg/dL: the four-variable, IDMS-traceable MDRD equation (Levey 2006)."""
    return 175 * creatinine**-1.154 * age**-0.203 * (0.742 if female else 1) * (1.212 if black else 1)


def meld_na(creatinine: float, bilirubin: float, inr: float, sodium: float, dialysis: bool = False) -> int:
    """MELD-Na as UNOS allocated by from 2016 (Kim 2008; OPTN policy 9.1): mg/dL, mg/dL, ratio, mEq/L.

    Values below 1 count as 1, creatinine above 4 or on dialysis (twice, or 24 h of CVVHD, in a week) as 4, sodium as
    within 125-137. MELD(i) is rounded to a tenth, then times ten; sodium counts where it exceeds 11; at most 40.
    """
    creatinine = 4 if dialysis else min(max(creatinine, 1), 4)
    raw = 0.957 * log(creatinine) + 0.378 * log(max(bilirubin, 1)) + 1.12 * log(max(inr, 1)) + 0.643
    score = round(round(raw, 1) * 10)
    if score > 11:
        lack = 137 - min(max(sodium, 125), 137)
        return min(round(score + 1.32 * lack - 0.033 * score * lack), 40)
    return score


def free_water_deficit(age: float, female: bool, weight: float, sodium: float) -> float:
    """L to bring sodium (mEq/L) to 140 (Adrogue and Madias 2000).

    Body water is 0.6 of the weight (kg) in children under 18 and men, 0.5 in women and men from 65, 0.45 in women from 65.
    """
    if age < 18:
        water = 0.6
    elif age < 65:
        water = 0.5 if female else 0.6
    else:
        water = 0.45 if female else 0.5
    return water * weight * (sodium / 140 - 1)


def framingham(
    age: float, female: bool, total: float, hdl: float, systolic: float, treated: bool = False, smoker: bool = False
) -> float:
    """Ten-year risk of a hard coronary event, percent, from mg/dL and mm Hg (ATP III 2002, Wilson 1998).

    The age that meets smoking is at most 70 in men and 78 in women.
    """
    years, fats = log(age), log(total)
    if female:
        risk = 31.764001 * years + 22.465206 * fats - 1.187731 * log(hdl) + 2.552905 * log(systolic)
        risk += 0.420251 * treated + (13.07543 - 2.996945 * log(min(age, 78))) * smoker
        risk += -5.060998 * years * fats - 146.5933061
        return 100 * (1 - 0.98767 ** exp(risk))
    risk = 52.00961 * years + 20.014077 * fats - 0.905964 * log(hdl) + 1.305784 * log(systolic)
    risk += 0.241549 * treated + (12.096316 - 2.84367 * log(min(age, 70))) * smoker
    risk += -4.605038 * years * fats - 2.93323 * years**2 - 172.300168
    return 100 * (1 - 0.9402 ** exp(risk))


STEROIDS = {  # mg equivalent to 5 mg of prednisone (Meikle and Tyler 1977)
    "betamethasone": 0.75, "cortisone": 25, "dexamethasone": 0.75, "hydrocortisone": 20, "methylprednisolone": 4,
    "prednisolone": 5, "prednisone": 5, "triamcinolone": 4,
}  # fmt: skip


def steroid_conversion(dose: float, given: str, wanted: str) -> float:
    """mg of `wanted` equal to `dose` mg of `given` (Meikle and Tyler 1977)."""
    return dose * STEROIDS[wanted] / STEROIDS[given]


OPIOIDS = {  # MME per mg (fentanyl buccal: per ug, patch: per ug/h) (CDC 2022)
    "codeine": 0.15, "fentanyl buccal": 0.13, "hydrocodone": 1, "hydromorphone": 5, "methadone": 4.7, "morphine": 1,
    "oxycodone": 1.5, "oxymorphone": 3, "tapentadol": 0.4, "tramadol": 0.2, "buprenorphine": 10,
    "fentanyl patch": 2.4,
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

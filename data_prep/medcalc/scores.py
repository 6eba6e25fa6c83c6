"""MedCalc-Bench's integer scores (Khandekar et al. 2024). Each names the published source of its points."""

from __future__ import annotations


def wells_dvt(
    cancer: bool = False, bedridden: bool = False, surgery: bool = False, calf_swelling: bool = False,
    collateral_veins: bool = False, leg_swollen: bool = False, tenderness: bool = False, pitting_edema: bool = False,
    paralysis: bool = False, previous_dvt: bool = False, alternative: bool = False,
) -> int:  # fmt: skip
    """Wells 2003: one point each, bedridden or surgery together one; a likelier alternative takes two."""
    points = [cancer, bedridden or surgery, calf_swelling, collateral_veins, leg_swollen, tenderness, pitting_edema]
    return sum(points) + paralysis + previous_dvt - 2 * alternative


def rcri(
    surgery: bool = False, ischemia: bool = False, failure: bool = False, stroke: bool = False, insulin: bool = False,
    creatinine: float = 1.0,
) -> int:  # fmt: skip
    """Revised cardiac risk index (Lee 1999); creatinine in mg/dL, a point above 2."""
    return surgery + ischemia + failure + stroke + insulin + (creatinine > 2)


def glasgow_coma(eye: int, verbal: int, motor: int) -> int:
    """Teasdale and Jennett 1974: eye 1-4, verbal 1-5, motor 1-6."""
    return eye + verbal + motor


def has_bled(
    hypertension: bool = False, renal: bool = False, liver: bool = False, stroke: bool = False, bleeding: bool = False,
    labile_inr: bool = False, age: float = 50, drugs: bool = False, drinks: float = 0,
) -> int:  # fmt: skip
    """Pisters 2010; age above 65, eight or more drinks a week."""
    return hypertension + renal + liver + stroke + bleeding + labile_inr + (age > 65) + drugs + (drinks >= 8)


def cha2ds2_vasc(
    age: float, female: bool, failure: bool = False, hypertension: bool = False, stroke: bool = False,
    vascular: bool = False, diabetes: bool = False,
) -> int:  # fmt: skip
    """Lip 2010: two points for stroke and for 75 or older, one for 65-74 and each other."""
    return 2 * (age >= 75) + (65 <= age < 75) + female + failure + hypertension + 2 * stroke + vascular + diabetes


def curb65(confusion: bool, bun: float, rate: float, systolic: float, diastolic: float, age: float) -> int:
    """Lim 2003; BUN mg/dL above 19, respiration 30 or more, pressure below 90 or diastolic 60 or less, age 65."""
    return confusion + (bun > 19) + (rate >= 30) + (systolic < 90 or diastolic <= 60) + (age >= 65)


def sirs(temperature: float, pulse: float, rate: float, white: float, paco2: float = 40) -> int:
    """Bone 1992; degrees C, beats, breaths or PaCO2 below 32 mm Hg, 10^3/uL."""
    breath = rate > 20 or paco2 < 32
    return (temperature > 38 or temperature < 36) + (pulse > 90) + breath + (white > 12 or white < 4)


def caprini(
    age: float, female: bool, surgery: str | None = None, recent: int = 0, mobility: str | None = None,
    five: int = 0, three: int = 0, two: int = 0, one: int = 0, bmi: float = 20,
) -> int:  # fmt: skip
    """Caprini 2005. `one`, `two`, `three`, `five` count the present factors of that weight."""
    points = 3 if age >= 75 else 2 if age > 60 else 1 if age > 40 else 0
    points += {None: 0, "none": 0, "minor": 1, "major": 2, "laparoscopic": 2, "arthroscopic": 2, "arthroplasty": 5}[
        surgery
    ]
    points += {None: 0, "normal": 0, "on bed rest": 1, "confined to bed >72 hours": 2}[mobility]
    return points + female + five * 5 + three * 3 + two * 2 + one + (bmi > 25)


def wells_pe(
    dvt_signs: bool = False, likeliest: bool = False, pulse: float = 80, immobile: bool = False, surgery: bool = False,
    previous_pe: bool = False, previous_dvt: bool = False, hemoptysis: bool = False, malignancy: bool = False,
) -> float:  # fmt: skip
    """Wells 2000: 3 points for signs of DVT and for PE as the likeliest diagnosis; 1.5 for a pulse above 100, for
    immobility or surgery, for an earlier PE or DVT; 1 for hemoptysis and for malignancy.
    """
    points = 1.5 * ((pulse > 100) + (immobile or surgery) + (previous_pe or previous_dvt))
    return 3 * (dvt_signs + likeliest) + points + hemoptysis + malignancy


def heart(history: int, ecg: int, age: float, risk_factors: int, troponin: int, atherosclerosis: bool = False) -> int:
    """Six 2008. History, ECG and troponin are graded 0-2; age from 45 one, from 65 two; any risk factor one, three of
    them or atherosclerotic disease (stroke and TIA too) two.
    """
    risk = 2 if atherosclerosis or risk_factors >= 3 else 1 if risk_factors else 0
    return history + ecg + (age >= 45) + (age >= 65) + risk + troponin


def blatchford(
    bun: float, hemoglobin: float, female: bool, systolic: float, pulse: float, melena: bool = False,
    syncope: bool = False, liver: bool = False, failure: bool = False,
) -> int:  # fmt: skip
    """Glasgow-Blatchford bleeding score (Blatchford 2000); mg/dL, g/dL, mm Hg, beats."""
    points = 0 if bun < 18.2 else 2 if bun < 22.4 else 3 if bun < 28 else 4 if bun < 70 else 6
    if hemoglobin < 10:
        points += 6
    elif female:
        points += hemoglobin < 12
    else:
        points += 3 if hemoglobin < 12 else int(hemoglobin < 13)
    points += 3 if systolic < 90 else 2 if systolic < 100 else int(systolic < 110)
    return points + (pulse >= 100) + melena + 2 * (syncope + liver + failure)


def charlson(
    age: float, one: int = 0, two: int = 0, liver: int = 0, diabetes: int = 0, tumor: int = 0, aids: bool = False
) -> int:
    """Charlson 1987, with a point a decade from 50, at most 4 (Charlson 1994).

    `one` counts infarction, heart failure, peripheral vascular disease, stroke or TIA, dementia, lung disease, connective
    tissue disease, ulcer; `two` hemiplegia, renal disease, leukemia, lymphoma. `liver` is 0, 1 mild, 3 moderate or severe;
    `diabetes` 0, 1, 2 with organ damage; `tumor` 0, 2 localized, 6 metastatic.
    """
    return min(max(int(age // 10) - 4, 0), 4) + one + 2 * two + liver + diabetes + tumor + 6 * aids


def child_pugh(bilirubin: float, albumin: float, inr: float, ascites: int, encephalopathy: int) -> int:
    """Pugh 1973; mg/dL below 2 or to 3, g/dL above 3.5 or from 2.8, INR below 1.7 or to 2.3; the signs graded 1-3."""
    points = 1 if bilirubin < 2 else 2 if bilirubin <= 3 else 3
    points += 1 if albumin > 3.5 else 2 if albumin >= 2.8 else 3
    points += 1 if inr < 1.7 else 2 if inr <= 2.3 else 3
    return points + ascites + encephalopathy


def centor(age: float, temperature: float, exudate: bool = False, nodes: bool = False, no_cough: bool = False) -> int:
    """McIsaac 1998; a point for 3-14 years, one less from 45; degrees C above 38."""
    return (3 <= age < 15) - (age >= 45) + (temperature > 38) + exudate + nodes + no_cough


def feverpain(
    fever: bool = False, no_cough: bool = False, onset: bool = False, purulent: bool = False, inflamed: bool = False
) -> int:
    """Little 2013: fever in 24 h, no cough or coryza, onset within 3 days, purulent tonsils, severe inflammation."""
    return fever + no_cough + onset + purulent + inflamed


def perc(
    age: float, pulse: float, saturation: float, leg_swelling: bool = False, hemoptysis: bool = False,
    surgery: bool = False, previous: bool = False, hormones: bool = False,
) -> int:  # fmt: skip
    """PERC rule (Kline 2004): criteria that are met, among them 50 years, 100 beats, saturation below 95 percent."""
    points = (age >= 50) + (pulse >= 100) + (saturation < 95)
    return points + leg_swelling + hemoptysis + surgery + previous + hormones


def _band(value: float, bands: list[tuple[float, int]], above: int) -> int:
    """Points of the first band whose upper edge is not below `value`."""
    return next((points for edge, points in bands if value < edge), above)


def apache2(
    temperature: float, pressure: float, pulse: float, rate: float, fio2: float, pao2: float, ph: float, sodium: float,
    potassium: float, creatinine: float, hematocrit: float, white: float, coma: int, age: float,
    acute_renal_failure: bool = False, organ_failure: bool = False, surgery: str | None = None,
    gradient: float | None = None,
) -> int:  # fmt: skip
    """Knaus 1985. Degrees C, mean pressure mm Hg, FiO2 in percent, PaO2 mm Hg, white cells 10^3/uL."""
    points = _band(temperature, [(30, 4), (32, 3), (34, 2), (36, 1), (38.5, 0), (39, 1), (41, 3)], 4)
    points += _band(pressure, [(50, 4), (70, 2), (110, 0), (130, 2), (160, 3)], 4)
    points += _band(pulse, [(40, 4), (55, 3), (70, 2), (110, 0), (140, 2), (180, 3)], 4)
    points += _band(rate, [(6, 4), (10, 2), (12, 1), (25, 0), (35, 1), (50, 3)], 4)
    if fio2 >= 50 and gradient is not None:
        points += _band(gradient, [(200, 0), (350, 2), (500, 3)], 4)
    else:
        points += _band(pao2, [(55, 4), (61, 3), (70.0001, 1)], 0)
    points += _band(ph, [(7.15, 4), (7.25, 3), (7.33, 2), (7.5, 0), (7.6, 1), (7.7, 3)], 4)
    points += _band(sodium, [(111, 4), (120, 3), (130, 2), (150, 0), (155, 1), (160, 2), (180, 3)], 4)
    points += _band(potassium, [(2.5, 4), (3, 2), (3.5, 1), (5.5, 0), (6, 1), (7, 3)], 4)
    kidney = _band(creatinine, [(0.6, 2), (1.5, 0), (2, 2), (3.5, 3)], 4)
    points += kidney * (2 if acute_renal_failure else 1)
    points += _band(hematocrit, [(20, 4), (30, 2), (46, 0), (50, 1), (60, 2)], 4)
    points += _band(white, [(1, 4), (3, 2), (15, 0), (20, 1), (40, 2)], 4)
    points += 15 - coma
    points += _band(age, [(45, 0), (55, 2), (65, 3), (75, 5)], 6)
    if organ_failure:
        points += 2 if surgery == "elective" else 5
    return points


def psi(
    age: float, female: bool, nursing_home: bool = False, neoplastic: bool = False, liver: bool = False,
    failure: bool = False, cerebrovascular: bool = False, renal: bool = False, altered: bool = False,
    rate: float = 16, systolic: float = 120, temperature: float = 37, pulse: float = 80, ph: float = 7.4,
    bun: float = 15, sodium: float = 140, glucose: float = 100, hematocrit: float = 40, pao2: float = 90,
    effusion: bool = False,
) -> int:  # fmt: skip
    """Pneumonia severity index (Fine 1997); degrees C, mg/dL, mEq/L, percent, mm Hg."""
    points = age - 10 * female + 10 * nursing_home + 30 * neoplastic + 20 * liver + 10 * failure + 10 * cerebrovascular
    points += 10 * renal + 20 * altered + 20 * (rate >= 30) + 20 * (systolic < 90) + 10 * (pulse >= 125)
    points += 15 * (temperature < 35 or temperature >= 40) + 30 * (ph < 7.35) + 20 * (bun >= 30) + 20 * (sodium < 130)
    points += 10 * (glucose >= 250) + 10 * (hematocrit < 30) + 10 * (pao2 < 60) + 10 * effusion
    return int(points)


def sofa(
    pao2: float | None = None, fio2: float | None = None, ventilated: bool = False, platelets: float = 200,
    bilirubin: float = 1.0, coma: int = 15, map_below_70: bool = False, dopamine: float = 0, dobutamine: float = 0,
    epinephrine: float = 0, norepinephrine: float = 0, creatinine: float = 1.0, urine: float | None = None,
) -> int:  # fmt: skip
    """Vincent 1996; PaO2 mm Hg, FiO2 in percent, platelets 10^3/uL, pressors ug/kg/min, urine mL/day."""
    points = 0
    if pao2 is not None and fio2:
        ratio = pao2 / (fio2 / 100)
        lungs = _band(ratio, [(100, 4), (200, 3), (300, 2), (400, 1)], 0)
        points += lungs if ventilated else min(lungs, 2)
    points += _band(platelets, [(20, 4), (50, 3), (100, 2), (150, 1)], 0)
    points += _band(bilirubin, [(1.2, 0), (2, 1), (6, 2), (12, 3)], 4)
    points += _band(coma, [(6, 4), (10, 3), (13, 2), (15, 1)], 0)
    if dopamine > 15 or epinephrine > 0.1 or norepinephrine > 0.1:
        points += 4
    elif dopamine > 5 or epinephrine > 0 or norepinephrine > 0:
        points += 3
    elif dopamine > 0 or dobutamine > 0:
        points += 2
    elif map_below_70:
        points += 1
    kidney = _band(creatinine, [(1.2, 0), (2, 1), (3.5, 2), (5, 3)], 4)
    if urine is not None:
        kidney = max(kidney, 4 if urine < 200 else 3 if urine < 500 else 0)
    return points + kidney

"""Facts that notes state: how they read, in which units, and how a program converts them."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """`factor` times the stated value gives the calculator's unit; `code` is that as program text."""

    name: str
    factor: float = 1.0
    code: str = ""
    offset: float = 0.0
    decimals: int = 0


@dataclass(frozen=True)
class Quantity:
    """A measured fact: variable name, wordings (see `wordings`), range in the first unit."""

    var: str
    wordings: tuple[str, ...]
    low: float
    high: float
    units: tuple[Unit, ...]

    def draw(self, rng: random.Random) -> tuple[float, Unit]:
        """A stated value and its unit."""
        unit = rng.choice(self.units)
        value = rng.uniform(self.low, self.high)
        stated = round((value - unit.offset) / unit.factor, unit.decimals)
        return (int(stated) if unit.decimals == 0 else stated), unit


def quantity(var: str, words: str, low: float, high: float, *units: Unit) -> Quantity:
    """A quantity whose wordings `words` parts by a bar."""
    return Quantity(var, tuple(words.split("|")), low, high, units)


MMHG, BPM, MS = Unit("mmhg"), Unit("bpm"), Unit("ms")
QUANTITIES = {
    q.var: q
    for q in (
        quantity("sbp", "systolic bp|systolic pressure|sbp|systolic of|systolic blood pressure", 85, 190, MMHG),
        quantity("dbp", "diastolic bp|diastolic pressure|dbp|diastolic of|diastolic blood pressure", 45, 105, MMHG),
        quantity("hr", "heart rate|pulse|hr|pulse of|heart rate of", 45, 150, BPM),
        quantity("qt", "qt interval|qt|qt time|measured qt of|qt interval of", 280, 520, MS, Unit("s", 1000, "*1000", 0, 2)),
        quantity("w", "weight|body weight|weighs|body weight of|weight of", 45, 130, Unit("kg", decimals=1), Unit("lb", 0.4536, "*.4536")),
        quantity("h", "height|body height|stands|body height of|height of", 148, 200, Unit("cm"), Unit("in", 2.54, "*2.54"), Unit("m", 100, "*100", 0, 2)),
        quantity("b", "target bmi|goal bmi|desired bmi|goal bmi of|bmi goal of", 19, 26, Unit("kg/m2", decimals=1)),
        quantity("na", "sodium|serum sodium|na|na of|sodium of", 122, 152, Unit("meq/l"), Unit("mmol/l")),
        quantity("cl", "chloride|serum chloride|cl|cl of|chloride of", 88, 116, Unit("meq/l")),
        quantity("bic", "bicarbonate|hco3|serum bicarbonate|hco3 of|bicarbonate of", 10, 34, Unit("meq/l")),
        quantity("glu", "glucose|serum glucose|blood sugar|blood sugar of|glucose of", 60, 420, Unit("mg/dl"), Unit("mmol/l", 18, "*18", 0, 1)),
        quantity("bun", "bun|urea nitrogen|blood urea nitrogen|urea nitrogen of|bun of", 6, 60, Unit("mg/dl")),
        quantity("cr", "creatinine|serum creatinine|cr|cr of|creatinine of", 0.5, 4.5, Unit("mg/dl", decimals=1), Unit("umol/l", 1 / 88.4, "/88.4")),
        quantity("ca", "calcium|serum calcium|total calcium|total calcium of|calcium of", 6.8, 11.5, Unit("mg/dl", decimals=1)),
        quantity("alb", "albumin|serum albumin|alb|alb of|albumin of", 1.6, 4.4, Unit("g/dl", decimals=1), Unit("g/l", 0.1, "/10")),
        quantity("ins", "insulin|fasting insulin|serum insulin|fasting insulin of|insulin of", 3, 40, Unit("uiu/ml", decimals=1)),
        quantity("tc", "total cholesterol|cholesterol|serum cholesterol|total cholesterol of|cholesterol of", 130, 290, Unit("mg/dl")),
        quantity("hdl", "hdl|hdl cholesterol|hdl-c|hdl-c of|hdl of", 28, 75, Unit("mg/dl")),
        quantity("tg", "triglycerides|tg|serum triglycerides|tg of|triglycerides of", 60, 320, Unit("mg/dl")),
        quantity("ast", "ast|sgot|serum ast|sgot of|ast of", 12, 160, Unit("u/l")),
        quantity("alt", "alt|sgpt|serum alt|sgpt of|alt of", 12, 160, Unit("u/l")),
        quantity("plt", "platelets|platelet count|plt|plt of|platelets of", 60, 380, Unit("k/ul")),
        quantity("una", "urine sodium|sodium in urine|u-na|u-na of|urine sodium of", 8, 90, Unit("meq/l")),
        quantity("ucr", "urine creatinine|creatinine in urine|u-cr|u-cr of|urine creatinine of", 20, 180, Unit("mg/dl")),
        quantity("rr", "respiratory rate|breathing rate|rr|rr of|respiratory rate of", 10, 38, Unit("/min")),
        quantity("t", "temperature|temp|body temperature|temp of|temperature of", 35, 40.4, Unit("c", decimals=1)),
        quantity("wbc", "white cells|wbc|white blood cells|wbc of|white cells of", 2, 22, Unit("k/ul", decimals=1)),
        quantity("age", "age|years of age|aged|years of age are|age of", 22, 92, Unit("years")),
        quantity("hct", "hematocrit|hct|serum hematocrit|hct of|hematocrit of", 22, 50, Unit("%")),
        quantity("k", "potassium|serum potassium|k|k of|potassium of", 2.8, 6.0, Unit("meq/l", decimals=1)),
    )
}  # fmt: skip

# Yes-or-no findings: present wordings, absent wordings.
FINDINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "chf": (("has heart failure", "known heart failure", "positive for heart failure", "heart failure present"), ("no heart failure", "denies heart failure", "negative for heart failure", "heart failure absent")),
    "htn": (("has hypertension", "known hypertension", "positive for hypertension", "hypertension present"), ("no hypertension", "denies hypertension", "negative for hypertension", "hypertension absent")),
    "dm": (("has diabetes", "known diabetes", "positive for diabetes", "diabetes present"), ("no diabetes", "denies diabetes", "negative for diabetes", "diabetes absent")),
    "stroke": (("had a stroke", "prior stroke", "positive for past stroke", "stroke in the past"), ("no stroke", "never had a stroke", "negative for past stroke", "stroke absent")),
    "vasc": (("has vascular disease", "known vascular disease", "positive for vascular disease", "vascular disease present"), ("no vascular disease", "denies vascular disease", "negative for vascular disease", "vascular disease absent")),
    "female": (("a woman", "female", "this is a woman", "she is female"), ("a man", "male", "this is a man", "he is male")),
    "confused": (("is confused", "new confusion", "positive for confusion", "confusion present"), ("not confused", "no confusion", "negative for confusion", "confusion absent")),
    "ischemia": (("has ischemic heart disease", "known ischemic heart disease", "positive for ischemic heart disease", "ischemic heart disease present"), ("no ischemic heart disease", "denies ischemic heart disease", "negative for ischemic heart disease", "ischemic heart disease absent")),
    "insulin": (("on insulin", "takes insulin", "insulin in use", "insulin treated"), ("not on insulin", "no insulin", "insulin not in use", "insulin never used")),
    "riskop": (("high-risk surgery planned", "intrathoracic surgery planned", "high-risk surgery ahead", "awaits high-risk surgery"), ("low-risk surgery planned", "minor surgery planned", "low-risk surgery ahead", "awaits low-risk surgery")),
    "renal": (("has renal disease", "known renal disease", "positive for renal disease", "renal disease present"), ("no renal disease", "denies renal disease", "negative for renal disease", "renal disease absent")),
    "liver": (("has liver disease", "known liver disease", "positive for liver disease", "liver disease present"), ("no liver disease", "denies liver disease", "negative for liver disease", "liver disease absent")),
    "bleed": (("had major bleeding", "prior major bleeding", "positive for past bleeding", "major bleeding in the past"), ("no bleeding", "never bled", "negative for past bleeding", "bleeding absent")),
    "inr": (("labile inr", "unstable inr", "inr swings", "inr is labile"), ("stable inr", "inr in range", "inr steady", "inr is stable")),
    "nsaid": (("takes nsaids", "on nsaids", "uses nsaids", "nsaid use present"), ("no nsaids", "not on nsaids", "avoids nsaids", "nsaid use absent")),
    "cancer": (("has active cancer", "active cancer", "positive for cancer", "cancer present"), ("no cancer", "denies cancer", "negative for cancer", "cancer absent")),
    "bed": (("bedridden this week", "recently bedridden", "confined to bed lately", "bed-bound recently"), ("walks daily", "fully mobile", "out of bed daily", "mobile recently")),
    "calf": (("calf swollen by 4 cm", "calf swelling over 3 cm", "swollen calf, 4 cm", "one calf 4 cm wider"), ("no calf swelling", "calves equal", "calf swelling absent", "calves same size")),
    "tender": (("deep vein tenderness", "tender deep veins", "deep veins are tender", "tenderness along deep veins"), ("no tenderness", "veins not tender", "deep veins not tender", "tenderness absent")),
    "edema": (("pitting edema of one leg", "one leg has pitting edema", "edema in one leg", "unilateral pitting edema"), ("no edema", "legs without edema", "edema in neither leg", "edema absent")),
    "altdx": (("another diagnosis is likelier", "cellulitis is likelier", "a different diagnosis is likelier", "an alternative diagnosis is likelier"), ("no likelier diagnosis", "nothing else is likelier", "different diagnosis unlikely", "alternative diagnosis unlikely")),
}  # fmt: skip

"""What a generated MedCalc task is made of: a calculator, the facts its note must state, and a short program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s


@dataclass(frozen=True)
class Recipe:
    """One calculator. `program` is Python over the facts' variables; `truth` is the calculator over the same values.

    `ask` is the brief wording of the question, `long` MedCalc-Bench's; `kind` is the oracle.
    """

    id: int
    name: str
    category: str
    kind: str
    ask: str
    long: str
    quantities: tuple[str, ...]
    findings: tuple[str, ...]
    program: str
    truth: Callable[[dict[str, Any]], float]


def _e(
    id_: int,
    name: str,
    category: str,
    ask: str,
    unit: str,
    facts: str,
    program: str,
    truth: Callable[[dict[str, Any]], float],
) -> Recipe:
    long = f"What is the patient's {name}" + (f" in terms of {unit}?" if unit else "?")
    return Recipe(id_, name, category, "decimal", ask, long, tuple(facts.split()), (), program, truth)


def _s(
    id_: int,
    name: str,
    ask: str,
    quantities: str,
    findings: str,
    program: str,
    truth: Callable[[dict[str, Any]], int],
    category: str = "risk",
) -> Recipe:
    return Recipe(
        id_,
        name,
        category,
        "integer",
        ask,
        f"What is the patient's {name}?",
        tuple(quantities.split()),
        tuple(findings.split()),
        program,
        truth,
    )


RECIPES = (
    _e(5, "Mean Arterial Pressure (MAP)", "physical", "map", "mm Hg", "sbp dbp", "(sbp+2*dbp)/3", lambda v: f.mean_arterial_pressure(v["sbp"], v["dbp"])),
    _e(6, "Body Mass Index (BMI)", "physical", "bmi", "kg/m^2", "w h", "w/(h/100)**2", lambda v: f.bmi(v["w"], v["h"])),
    _e(60, "Body Surface Area Calculator", "physical", "body surface", "m^2", "w h", "(w*h/3600)**.5", lambda v: f.body_surface(v["w"], v["h"])),
    _e(61, "Target weight", "physical", "target weight in kg", "kg", "b h", "b*(h/100)**2", lambda v: f.target_weight(v["b"], v["h"])),
    _e(22, "Maintenance Fluids Calculations", "physical", "maintenance fluid in ml/h", "mL/hr", "w", "w+40", lambda v: f.maintenance_fluid(v["w"])),
    _e(11, "QTc Bazett Calculator", "physical", "qtc bazett", "msec", "qt hr", "qt/(60/hr)**.5", lambda v: f.qtc_bazett(v["qt"], v["hr"])),
    _e(56, "QTc Fridericia Calculator", "physical", "qtc fridericia", "msec", "qt hr", "qt/(60/hr)**(1/3)", lambda v: f.qtc_fridericia(v["qt"], v["hr"])),
    _e(57, "QTc Framingham Calculator", "physical", "qtc framingham", "msec", "qt hr", "qt+154*(1-60/hr)", lambda v: f.qtc_framingham(v["qt"], v["hr"])),
    _e(58, "QTc Hodges Calculator", "physical", "qtc hodges", "msec", "qt hr", "qt+1.75*(hr-60)", lambda v: f.qtc_hodges(v["qt"], v["hr"])),
    _e(59, "QTc Rautaharju Calculator", "physical", "qtc rautaharju", "msec", "qt hr", "qt*(120+hr)/180", lambda v: f.qtc_rautaharju(v["qt"], v["hr"])),
    _e(7, "Calcium Correction for Hypoalbuminemia", "lab test", "corrected calcium", "mg/dL", "ca alb", "ca+.8*(4-alb)", lambda v: f.corrected_calcium(v["ca"], v["alb"])),
    _e(26, "Sodium Correction for Hyperglycemia", "lab test", "corrected sodium", "mEq/L", "na glu", "na+.024*(glu-100)", lambda v: f.corrected_sodium(v["na"], v["glu"])),
    _e(30, "Serum Osmolality", "lab test", "osmolality", "mmol/L", "na bun glu", "2*na+bun/2.8+glu/18", lambda v: f.osmolality(v["na"], v["bun"], v["glu"])),
    _e(31, "HOMA-IR (Homeostatic Model Assessment for Insulin Resistance)", "lab test", "homa-ir", "", "ins glu", "ins*glu/405", lambda v: f.homa_ir(v["ins"], v["glu"])),
    _e(39, "Anion Gap", "lab test", "anion gap", "mEq/L", "na cl bic", "na-cl-bic", lambda v: f.anion_gap(v["na"], v["cl"], v["bic"])),
    _e(63, "Delta Gap", "lab test", "delta gap", "mEq/L", "na cl bic", "na-cl-bic-12", lambda v: f.delta_gap(v["na"], v["cl"], v["bic"])),
    _e(44, "LDL Calculated", "lab test", "ldl", "mg/dL", "tc hdl tg", "tc-hdl-tg/5", lambda v: f.ldl(v["tc"], v["hdl"], v["tg"])),
    _e(19, "Fibrosis-4 (FIB-4) Index for Liver Fibrosis", "lab test", "fib-4", "", "age ast alt plt", "age*ast/(plt*alt**.5)", lambda v: f.fib4(v["age"], v["ast"], v["alt"], v["plt"])),
    _e(40, "Fractional Excretion of Sodium (FENa)", "lab test", "fena in percent", "%", "una na ucr cr", "100*una*cr/(na*ucr)", lambda v: f.fena(v["una"], v["na"], v["ucr"], v["cr"])),
    _s(51, "SIRS Criteria", "sirs points", "t hr rr wbc", "", "(t>38 or t<36)+(hr>90)+(rr>20)+(wbc>12 or wbc<4)", lambda v: s.sirs(v["t"], v["hr"], v["rr"], v["wbc"]), "diagnosis"),
    _s(45, "CURB-65 Score for Pneumonia Severity", "curb-65", "bun rr sbp dbp age", "confused", "confused+(bun>19)+(rr>=30)+(sbp<90 or dbp<=60)+(age>=65)", lambda v: s.curb65(v["confused"], v["bun"], v["rr"], v["sbp"], v["dbp"], v["age"])),
    _s(4, "CHA2DS2-VASc Score for Atrial Fibrillation Stroke Risk", "cha2ds2-vasc", "age", "female chf htn stroke vasc dm", "(age>64)+(age>74)+female+chf+htn+2*stroke+vasc+dm", lambda v: s.cha2ds2_vasc(v["age"], v["female"], v["chf"], v["htn"], v["stroke"], v["vasc"], v["dm"])),
    _s(17, "Revised Cardiac Risk Index for Pre-Operative Risk", "rcri", "cr", "riskop ischemia chf stroke insulin", "riskop+ischemia+chf+stroke+insulin+(cr>2)", lambda v: s.rcri(v["riskop"], v["ischemia"], v["chf"], v["stroke"], v["insulin"], v["cr"])),
    _s(25, "HAS-BLED Score for Major Bleeding Risk", "has-bled", "age", "htn renal liver stroke bleed inr nsaid", "htn+renal+liver+stroke+bleed+inr+(age>65)+nsaid", lambda v: s.has_bled(v["htn"], v["renal"], v["liver"], v["stroke"], v["bleed"], v["inr"], v["age"], v["nsaid"])),
    _s(16, "Wells' Criteria for DVT", "wells dvt", "", "cancer bed calf tender edema altdx", "cancer+bed+calf+tender+edema-2*altdx", lambda v: s.wells_dvt(cancer=v["cancer"], bedridden=v["bed"], calf_swelling=v["calf"], tenderness=v["tender"], pitting_edema=v["edema"], alternative=v["altdx"])),
)  # fmt: skip
DATE_RECIPES = {13: ("Estimated Due Date", "due date"), 68: ("Estimated Date of Conception", "conception date"), 69: ("Estimated Gestational Age", "gestational age")}  # fmt: skip
OOD = frozenset({57, 63, 30, 16})

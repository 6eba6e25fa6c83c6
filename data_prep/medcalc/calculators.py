"""The 50 calculators of numbers and findings as whole tasks state them: all criteria, and a question without a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s
from data_prep.medcalc.recipes import RECIPES

Values = dict[str, Any]


@dataclass(frozen=True)
class Calculator:
    """`quantities` and `facts` are keys of `signs`; `program` ends in an expression over their variables.

    `truth` computes the same from the same values by the published calculator.
    """

    id: int
    name: str
    group: str
    kind: str
    question: str
    quantities: tuple[str, ...]
    facts: tuple[str, ...]
    program: str
    truth: Callable[[Values], float]


def _c(
    id_: int, name: str, group: str, kind: str, question: str, quantities: str, facts: str, program: str,
    truth: Callable[[Values], float],
) -> Calculator:  # fmt: skip
    return Calculator(id_, name, group, kind, question, tuple(quantities.split()), tuple(facts.split()), program, truth)


def _sum(v: Values, names: str) -> int:
    return sum(v[name] for name in names.split())


CHARLSON_ONE = "mi chf pvd stroke dementia copd ctd ulcer"
CHARLSON_TWO = "hemiplegia ckd leukemia lymphoma"
CAPRINI_FIVE = "fracture stroke30 trauma"
CAPRINI_THREE = "dvt pe clots leiden lupus_ac hit"
CAPRINI_TWO = "cast line cancer"
CAPRINI_ONE = "major30 chf30 sepsis30 pneumonia30 varicose legs bowel mi30 copd"
CAPRINI_OPERATION = {0: None, 1: "minor", 2: "major", 5: "arthroplasty"}
CAPRINI_MOBILITY = {0: None, 1: "on bed rest", 2: "confined to bed >72 hours"}
PRESSORS = {0: {}, 2: {"dopamine": 4}, 3: {"norepinephrine": 0.08}, 4: {"norepinephrine": 0.3}}
GAP = "na-cl-bic"
IDEAL = "i=(45.5 if female else 50)+2.3*(h/2.54-60)"


def _plus(names: str) -> str:
    return "+".join(names.split())


def _banded(variable: str, *bands: tuple[str, float, int]) -> str:
    """Program text: the points of the first band whose comparison holds, else none."""
    return "(" + " else ".join([*(f"{n} if {variable}{sign}{edge}" for sign, edge, n in bands), "0"]) + ")"


APACHE = "\n".join((
    "b=lambda x,edges,points:points[sum(x>=e for e in edges)]",
    "p=b(t,(30,32,34,36,38.5,39,41),(4,3,2,1,0,1,3,4))+b((sbp+2*dbp)/3,(50,70,110,130,160),(4,2,0,2,3,4))",
    "p+=b(hr,(40,55,70,110,140,180),(4,3,2,0,2,3,4))+b(rr,(6,10,12,25,35,50),(4,2,1,0,1,3,4))",
    "p+=(4 if pao2<55 else 3 if pao2<61 else 1 if pao2<=70 else 0)+b(ph,(7.15,7.25,7.33,7.5,7.6,7.7),(4,3,2,0,1,3,4))",
    "p+=b(na,(111,120,130,150,155,160,180),(4,3,2,0,1,2,3,4))+b(k,(2.5,3,3.5,5.5,6,7),(4,2,1,0,1,3,4))",
    "p+=b(cr,(.6,1.5,2,3.5),(2,0,2,3,4))*(1+arf)+b(hct,(20,30,46,50,60),(4,2,0,1,2,4))",
    "p+=b(wbc,(1,3,15,20,40),(4,2,0,1,2,4))+15-gcs+b(age,(45,55,65,75),(0,2,3,5,6))+5*organ",
    "p",
))  # fmt: skip
SOFA = "\n".join((
    "b=lambda x,edges,points:points[sum(x>=e for e in edges)]",
    "lungs=b(pao2/(fio2/100),(100,200,300,400),(4,3,2,1,0))",
    "p=lungs if ventilated else min(lungs,2)",
    "p+=b(plt,(20,50,100,150),(4,3,2,1,0))+b(bili,(1.2,2,6,12),(0,1,2,3,4))+b(gcs,(6,10,13,15),(4,3,2,1,0))",
    "p+=pressor or ((sbp+2*dbp)/3<70)",
    "p+max(b(cr,(1.2,2,3.5,5),(0,1,2,3,4)),b(urine,(200,500),(4,3,0)))",
))  # fmt: skip
FRAMINGHAM = "\n".join((
    "from math import log,exp",
    "a,c=log(age),log(tc)",
    "m=52.00961*a+20.014077*c-.905964*log(hdl)+1.305784*log(sbp)+.241549*treated+12.096316*smoker-4.605038*a*c-2.84367*log(min(age,70))*smoker-2.93323*a*a-172.300168",
    "w=31.764001*a+22.465206*c-1.187731*log(hdl)+2.552905*log(sbp)+.420251*treated+13.07543*smoker-5.060998*a*c-2.996945*log(min(age,78))*smoker-146.5933061",
    "100*(1-(.98767**exp(w) if female else .9402**exp(m)))",
))  # fmt: skip
MELD = "\n".join((
    "from math import log",
    "c=4 if dialysis else min(max(cr,1),4)",
    "m=round(round(.957*log(c)+.378*log(max(bili,1))+1.12*log(max(inr,1))+.643,1)*10)",
    "d=137-min(max(na,125),137)",
    "min(round(m+1.32*d-.033*m*d),40) if m>11 else m",
))  # fmt: skip

ASKED = {  # of the equations that `recipes` has
    5: "What is the mean arterial pressure in mm Hg, from systolic and diastolic pressure?",
    6: "What is the body mass index in kg/m^2?",
    60: "What is the body surface area in m^2 by Mosteller's formula?",
    61: "What weight in kg gives the target BMI?",
    22: "What is the hourly maintenance fluid in mL/h by the 4-2-1 rule?",
    11: "What is the QT interval corrected by Bazett's formula, in ms?",
    56: "What is the QT interval corrected by Fridericia's formula, in ms?",
    57: "What is the QT interval corrected by the Framingham formula, in ms?",
    58: "What is the QT interval corrected by Hodges' formula, in ms?",
    59: "What is the QT interval corrected by Rautaharju's formula QT x (120 + rate) / 180, in ms?",
    7: "What is the calcium corrected for albumin in mg/dL (Payne, normal albumin 4 g/dL)?",
    26: "What is the sodium corrected for glucose in mEq/L (Hillier: 2.4 mEq/L for each 100 mg/dL above 100)?",
    30: "What is the calculated serum osmolality in mOsm/kg (2 Na + BUN / 2.8 + glucose / 18)?",
    31: "What is the HOMA-IR?",
    39: "What is the anion gap in mEq/L, without potassium and albumin?",
    63: "What is the delta gap in mEq/L (normal anion gap 12, without potassium and albumin)?",
    44: "What is the LDL cholesterol in mg/dL by Friedewald's formula?",
    19: "What is the FIB-4 index?",
    40: "What is the fractional excretion of sodium in percent?",
    51: "How many SIRS criteria are met?",
}  # fmt: skip
EQUATIONS = tuple(
    Calculator(r.id, r.name, r.category, r.kind, ASKED[r.id], r.quantities, (), r.program, r.truth)
    for r in RECIPES
    if r.id in ASKED
)

CALCULATORS = (
    *EQUATIONS,
    _c(10, "Ideal Body Weight", "physical", "decimal", "What is the ideal body weight in kg by Devine's formula?", "h w", "female", IDEAL + "\ni", lambda v: f.ideal_weight(not v["female"], v["h"])),
    _c(62, "Adjusted Body Weight", "physical", "decimal", "What is the adjusted body weight in kg (Devine's ideal weight plus 40 % of the excess)?", "h w", "female", IDEAL + "\ni+.4*(w-i)", lambda v: f.adjusted_weight(not v["female"], v["h"], v["w"])),
    _c(2, "Creatinine Clearance (Cockcroft-Gault Equation)", "lab test", "decimal", "What is the creatinine clearance in mL/min by Cockcroft and Gault? Take the actual weight at a BMI below 18.5, the lesser of actual and Devine's ideal weight below 25, and the adjusted weight (ideal plus 40 % of the excess) from 25.", "age w h cr", "female", IDEAL + "\nm=w/(h/100)**2\nk=w if m<18.5 else min(w,i) if m<25 else i+.4*(w-i)\n(140-age)*k*(.85 if female else 1)/(72*cr)", lambda v: f.creatinine_clearance(v["age"], v["female"], v["w"], v["h"], v["cr"])),
    _c(3, "CKD-EPI Equations for Glomerular Filtration Rate", "lab test", "decimal", "What is the GFR in mL/min/1.73 m^2 by the 2021 CKD-EPI creatinine equation?", "age cr", "female", "x=cr/(.7 if female else .9)\n142*x**(-1.2 if x>1 else -.241 if female else -.302)*.9938**age*(1.012 if female else 1)", lambda v: f.ckd_epi(v["age"], v["female"], v["cr"])),
    _c(9, "MDRD GFR Equation", "lab test", "decimal", "What is the GFR in mL/min/1.73 m^2 by the four-variable MDRD equation with the factor 175, and with its factor 1.212 for Black patients?", "age cr", "female black", "175*cr**-1.154*age**-.203*(.742 if female else 1)*(1.212 if black else 1)", lambda v: f.mdrd(v["age"], v["female"], v["cr"], v["black"])),
    _c(23, "MELD Na (UNOS/OPTN)", "lab test", "decimal", "What is the MELD-Na score by UNOS's rule of 2016, MELD(i) rounded to a tenth before it is multiplied by ten?", "cr bili inr na_liver", "dialysis", MELD, lambda v: f.meld_na(v["cr"], v["bili"], v["inr"], v["na"], v["dialysis"])),
    _c(38, "Free Water Deficit", "lab test", "decimal", "What is the free water deficit in L to a sodium of 140 mEq/L (body water 0.6 of the weight in men, 0.5 in women, from 65 years on 0.5 and 0.45)?", "age w na_high", "female", "(.45+.05*(age<65) if female else .5+.1*(age<65))*w*(na/140-1)", lambda v: f.free_water_deficit(v["age"], v["female"], v["w"], v["na"])),
    _c(64, "Delta Ratio", "lab test", "decimal", "What is the delta ratio (normal anion gap 12, normal bicarbonate 24; without potassium and albumin)?", "na cl bic_low", "", f"({GAP}-12)/(24-bic)", lambda v: f.delta_ratio(v["na"], v["cl"], v["bic"])),
    _c(65, "Albumin Corrected Anion Gap", "lab test", "decimal", "What is the anion gap in mEq/L corrected for albumin (2.5 for each g/dL below 4; without potassium)?", "na cl bic alb", "", f"{GAP}+2.5*(4-alb)", lambda v: f.corrected_gap(v["na"], v["cl"], v["bic"], v["alb"])),
    _c(66, "Albumin Corrected Delta Gap", "lab test", "decimal", "What is the delta gap in mEq/L of the albumin-corrected anion gap (2.5 for each g/dL below 4; normal gap 12; without potassium)?", "na cl bic alb", "", f"{GAP}+2.5*(4-alb)-12", lambda v: f.corrected_delta_gap(v["na"], v["cl"], v["bic"], v["alb"])),
    _c(67, "Albumin Corrected Delta Ratio", "lab test", "decimal", "What is the delta ratio of the albumin-corrected anion gap (2.5 for each g/dL below 4; normal gap 12, normal bicarbonate 24; without potassium)?", "na cl bic_low alb", "", f"({GAP}+2.5*(4-alb)-12)/(24-bic)", lambda v: f.corrected_delta_ratio(v["na"], v["cl"], v["bic"], v["alb"])),
    _c(46, "Framingham Risk Score for Hard Coronary Heart Disease", "lab test", "decimal", "What is the ten-year risk of hard coronary heart disease in percent by the Framingham equation of ATP III, the age that meets smoking at most 70 in men and 78 in women?", "age_mid tc hdl sbp", "female treated smoker", FRAMINGHAM, lambda v: f.framingham(v["age"], v["female"], v["tc"], v["hdl"], v["sbp"], v["treated"], v["smoker"])),
    _c(4, "CHA2DS2-VASc Score for Atrial Fibrillation Stroke Risk", "risk", "integer", "What is the CHA2DS2-VASc score?", "age", "female chf htn stroke tia embolism vasc dm", "(age>=65)+(age>=75)+female+chf+htn+2*(stroke or tia or embolism)+vasc+dm", lambda v: s.cha2ds2_vasc(v["age"], v["female"], v["chf"], v["htn"], v["stroke"] or v["tia"] or v["embolism"], v["vasc"], v["dm"])),
    _c(8, "Wells' Criteria for Pulmonary Embolism", "risk", "decimal", "What is the score of Wells' criteria for pulmonary embolism?", "hr", "leg_signs likeliest immobile surg4 pe dvt hemoptysis cancer", "3*(leg_signs+likeliest)+1.5*((hr>100)+(immobile or surg4)+(pe or dvt))+hemoptysis+cancer", lambda v: s.wells_pe(v["leg_signs"], v["likeliest"], v["hr"], v["immobile"], v["surg4"], v["pe"], v["dvt"], v["hemoptysis"], v["cancer"])),
    _c(16, "Wells' Criteria for DVT", "risk", "integer", "What is the score of Wells' criteria for deep vein thrombosis?", "", "cancer immobile surg12 calf veins leg_swollen tender edema plaster dvt altdx", "cancer+(immobile or surg12)+calf+veins+leg_swollen+tender+edema+plaster+dvt-2*altdx", lambda v: s.wells_dvt(v["cancer"], v["immobile"], v["surg12"], v["calf"], v["veins"], v["leg_swollen"], v["tender"], v["edema"], v["plaster"], v["dvt"], v["altdx"])),
    _c(17, "Revised Cardiac Risk Index for Pre-Operative Risk", "risk", "integer", "What is the score of the Revised Cardiac Risk Index?", "cr", "riskop ischemia chf stroke tia insulin", "riskop+ischemia+chf+(stroke or tia)+insulin+(cr>2)", lambda v: s.rcri(v["riskop"], v["ischemia"], v["chf"], v["stroke"] or v["tia"], v["insulin"], v["cr"])),
    _c(18, "HEART Score for Major Cardiac Events", "risk", "integer", "What is the HEART score (risk factors: hypertension, hypercholesterolemia, diabetes, obesity, smoking, a parent or sibling with cardiovascular disease before 65; atherosclerotic disease counts two points)?", "age", "suspicion ecg troponin htn chol dm obese smoker heart_kin athero", "r=htn+chol+dm+obese+smoker+heart_kin\nsuspicion+ecg+(age>=45)+(age>=65)+(2 if athero or r>2 else min(r,1))+troponin", lambda v: s.heart(v["suspicion"], v["ecg"], v["age"], _sum(v, "htn chol dm obese smoker heart_kin"), v["troponin"], bool(v["athero"]))),
    _c(25, "HAS-BLED Score for Major Bleeding Risk", "risk", "integer", "What is the HAS-BLED score (a point for eight or more drinks a week, and for an age above 65)?", "age drinks", "htn_wild dialysed cirrhotic stroke bled labile drugs", "htn_wild+dialysed+cirrhotic+stroke+bled+labile+(age>65)+drugs+(drinks>=8)", lambda v: s.has_bled(v["htn_wild"], v["dialysed"], v["cirrhotic"], v["stroke"], v["bled"], v["labile"], v["age"], v["drugs"], v["drinks"])),
    _c(27, "Glasgow-Blatchford Bleeding Score (GBS)", "risk", "integer", "What is the Glasgow-Blatchford bleeding score?", "urea hgb sbp hr", "female melena syncope liver chf", f"{_banded('bun', ('<', 18.2, 0), ('<', 22.4, 2), ('<', 28, 3), ('<', 70, 4))}+6*(bun>=70)+(6 if hgb<10 else (hgb<12) if female else 3 if hgb<12 else (hgb<13))+{_banded('sbp', ('<', 90, 3), ('<', 100, 2), ('<', 110, 1))}+(hr>=100)+melena+2*(syncope+liver+chf)", lambda v: s.blatchford(v["bun"], v["hgb"], v["female"], v["sbp"], v["hr"], v["melena"], v["syncope"], v["liver"], v["chf"])),
    _c(28, "APACHE II Score", "risk", "integer", "What is the APACHE II score of this non-operative patient (mean pressure from systolic and diastolic; FiO2 below 50 %, so PaO2 counts; creatinine counts double in acute renal failure)?", "t sbp dbp hr rr fio2_low pao2 ph na k cr hct wbc gcs age", "arf organ", APACHE, lambda v: s.apache2(v["t"], (v["sbp"] + 2 * v["dbp"]) / 3, v["hr"], v["rr"], v["fio2"], v["pao2"], v["ph"], v["na"], v["k"], v["cr"], v["hct"], v["wbc"], v["gcs"], v["age"], v["arf"], v["organ"])),
    _c(32, "Charlson Comorbidity Index (CCI)", "risk", "integer", "What is the age-adjusted Charlson comorbidity index (localized tumor 2, metastatic 6; liver disease 1 or 3; diabetes 1 or 2)?", "age", f"{CHARLSON_ONE} {CHARLSON_TWO} aids cirrhosis sugar tumor", f"min(max(age//10-4,0),4)+{_plus(CHARLSON_ONE)}+2*({_plus(CHARLSON_TWO)})+6*aids+cirrhosis+sugar+tumor", lambda v: s.charlson(v["age"], _sum(v, CHARLSON_ONE), _sum(v, CHARLSON_TWO), v["cirrhosis"], v["sugar"], v["tumor"], v["aids"])),
    _c(36, "Caprini Score for Venous Thromboembolism (2005)", "risk", "integer", "What is the Caprini score of 2005, with a point for female sex?", "age bmi", f"female {CAPRINI_FIVE} {CAPRINI_THREE} {CAPRINI_TWO} {CAPRINI_ONE} operation mobility", f"(age>40)+(age>60)+(age>=75)+female+5*({_plus(CAPRINI_FIVE)})+3*({_plus(CAPRINI_THREE)})+2*({_plus(CAPRINI_TWO)})+{_plus(CAPRINI_ONE)}+operation+mobility+(bmi>25)", lambda v: s.caprini(v["age"], v["female"], CAPRINI_OPERATION[v["operation"]], 0, CAPRINI_MOBILITY[v["mobility"]], _sum(v, CAPRINI_FIVE), _sum(v, CAPRINI_THREE), _sum(v, CAPRINI_TWO), _sum(v, CAPRINI_ONE), v["bmi"])),
    _c(43, "Sequential Organ Failure Assessment (SOFA) Score", "risk", "integer", "What is the SOFA score (mean pressure from systolic and diastolic; three or four points for the lungs need ventilation)?", "pao2 fio2 plt bili gcs sbp dbp cr urine", "ventilated pressor", SOFA, lambda v: s.sofa(v["pao2"], v["fio2"], bool(v["ventilated"]), v["plt"], v["bili"], v["gcs"], (v["sbp"] + 2 * v["dbp"]) / 3 < 70, creatinine=v["cr"], urine=v["urine"], **PRESSORS[v["pressor"]])),
    _c(45, "CURB-65 Score for Pneumonia Severity", "risk", "integer", "What is the CURB-65 score?", "bun rr sbp dbp age", "confused", "confused+(bun>19)+(rr>=30)+(sbp<90 or dbp<=60)+(age>=65)", lambda v: s.curb65(v["confused"], v["bun"], v["rr"], v["sbp"], v["dbp"], v["age"])),
    _c(15, "Child-Pugh Score for Cirrhosis Mortality", "severity", "integer", "What is the Child-Pugh score (bilirubin 2 to 3 mg/dL, albumin 2.8 to 3.5 g/dL and INR 1.7 to 2.3 are two points each)?", "bili alb inr", "ascites encephalopathy", "(1 if bili<2 else 2 if bili<=3 else 3)+(1 if alb>3.5 else 2 if alb>=2.8 else 3)+(1 if inr<1.7 else 2 if inr<=2.3 else 3)+ascites+encephalopathy", lambda v: s.child_pugh(v["bili"], v["alb"], v["inr"], v["ascites"], v["encephalopathy"])),
    _c(20, "Centor Score (Modified/McIsaac) for Strep Pharyngitis", "severity", "integer", "What is the modified Centor (McIsaac) score?", "age_any t", "exudate nodes cough", "(3<=age<15)-(age>=45)+(t>38)+exudate+nodes+(not cough)", lambda v: s.centor(v["age"], v["t"], v["exudate"], v["nodes"], not v["cough"])),
    _c(21, "Glasgow Coma Score (GCS)", "severity", "integer", "What is the Glasgow coma score?", "", "eye verbal motor", "eye+verbal+motor", lambda v: s.glasgow_coma(v["eye"], v["verbal"], v["motor"])),
    _c(29, "PSI Score: Pneumonia Severity Index for CAP", "severity", "integer", "What is the Pneumonia Severity Index?", "age rr sbp t hr ph bun na glu hct pao2", "female home cancer liver chf stroke renal confused effusion", "age-10*female+10*home+30*cancer+20*liver+10*(chf+stroke+renal)+20*confused+20*(rr>=30)+20*(sbp<90)+15*(t<35 or t>=40)+10*(hr>=125)+30*(ph<7.35)+20*(bun>=30)+20*(na<130)+10*(glu>=250)+10*(hct<30)+10*(pao2<60)+10*effusion", lambda v: s.psi(v["age"], v["female"], v["home"], v["cancer"], v["liver"], v["chf"], v["stroke"], v["renal"], v["confused"], v["rr"], v["sbp"], v["t"], v["hr"], v["ph"], v["bun"], v["na"], v["glu"], v["hct"], v["pao2"], v["effusion"])),
    _c(33, "FeverPAIN Score for Strep Pharyngitis", "diagnosis", "integer", "What is the FeverPAIN score?", "", "fever24 coryza onset3 purulent inflamed", "fever24+(not coryza)+onset3+purulent+inflamed", lambda v: s.feverpain(v["fever24"], not v["coryza"], v["onset3"], v["purulent"], v["inflamed"])),
    _c(48, "PERC Rule for Pulmonary Embolism", "diagnosis", "integer", "How many criteria of the PERC rule are met?", "age_young hr spo2", "one_leg hemoptysis surg4 pe dvt hormones", "(age>=50)+(hr>=100)+(spo2<95)+one_leg+hemoptysis+surg4+(pe or dvt)+hormones", lambda v: s.perc(v["age"], v["hr"], v["spo2"], v["one_leg"], v["hemoptysis"], v["surg4"], v["pe"] or v["dvt"], v["hormones"])),
)  # fmt: skip

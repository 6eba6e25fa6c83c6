"""What the generated hospital knows of medicine: diagnoses with what follows from them, items, ranges and units.

Codes and titles are ICD-9-CM's; ranges are usual adult reference intervals. Prices are invented.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """A disease: code, short and long title, how common, at what age, and what it brings with it.

    `labs` shifts a lab by so many standard deviations at the worst of the course; `links` names diagnoses that tend to
    come along; `risk` is what it adds to severity.
    """

    code: str
    short: str
    title: str
    weight: float
    age: int
    drugs: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    labs: tuple[tuple[str, float], ...] = ()
    links: tuple[str, ...] = ()
    cultures: tuple[str, ...] = ()
    risk: float = 0.02


def _labs(text: str) -> tuple[tuple[str, float], ...]:
    return tuple((p[0], float(p[1])) for p in (w.split(":") for w in text.split(",")) if len(p) == 2)


def _d(row: str) -> Diagnosis:
    code, short, title, weight, age, drugs, procedures, labs, links, cultures, risk = (
        c.strip() for c in row.split("|")
    )
    split = lambda s: tuple(x.strip() for x in s.split(",") if x.strip())  # noqa: E731
    return Diagnosis(
        code, short, title, float(weight), int(age), split(drugs), split(procedures), _labs(labs), split(links),
        split(cultures), float(risk),
    )  # fmt: skip


DIAGNOSES = tuple(
    _d(row)
    for row in """
4019 | hypertension nos | unspecified essential hypertension | 30 | 62 | metoprolol,lisinopril,amlodipine | | | 25000,2724 | | .01
25000 | dmii wo cmp nt st uncntr | diabetes mellitus type ii without complication | 18 | 60 | insulin,metformin | | glucose:3.6,hemoglobin a1c:2.5 | 4019,2724 | | .01
2724 | hyperlipidemia nec/nos | other and unspecified hyperlipidemia | 16 | 62 | atorvastatin,simvastatin | | cholesterol:1.8 | 41401 | | .01
41401 | crnry athrscl natve vssl | coronary atherosclerosis of native coronary artery | 15 | 66 | aspirin,metoprolol,atorvastatin | 3722,8856,3961 | troponin t:.8 | 4019,2724 | | .03
42731 | atrial fibrillation | atrial fibrillation | 14 | 72 | warfarin,metoprolol,diltiazem | 9962 | inr:6 | 4280 | | .03
4280 | chf nos | congestive heart failure unspecified | 15 | 71 | furosemide,lisinopril,potassium chloride | 8872 | ntprobnp:3,sodium:-.8 | 42731,5849 | | .07
5849 | acute kidney failure nos | acute kidney failure unspecified | 13 | 66 | sodium bicarbonate,furosemide | 3995,3895 | creatinine:3,urea nitrogen:2.5,potassium:1.2,phosphate:1.5 | 4280,2762 | urine | .07
5859 | chronic kidney dis nos | chronic kidney disease unspecified | 9 | 67 | calcium acetate,furosemide | 3995 | creatinine:2.2,urea nitrogen:2,hemoglobin:-1.2,phosphate:1.2 | 4019 | | .04
486 | pneumonia organism nos | pneumonia organism unspecified | 11 | 64 | levofloxacin,ceftriaxone,vancomycin | 9604,3324 | white blood cells:2 | 51881 | sputum,blood culture | .06
51881 | acute respiratry failure | acute respiratory failure | 10 | 65 | propofol,midazolam,albuterol | 9671,9604 | lactate:1,po2:-2,pco2:1 | 486 | sputum | .15
0389 | septicemia nos | unspecified septicemia | 9 | 66 | vancomycin,piperacillin-tazobactam,norepinephrine | 3893 | lactate:2,white blood cells:2.5,platelet count:-1 | 99592,5849 | blood culture,urine | .18
99592 | severe sepsis | severe sepsis | 6 | 66 | norepinephrine,vancomycin | 3893,9671 | lactate:2.2,creatinine:1.5,bicarbonate:-1.2,ast:1.5,alt:1.5 | 0389 | blood culture | .2
5990 | urin tract infection nos | urinary tract infection site not specified | 10 | 68 | ciprofloxacin,ceftriaxone | | white blood cells:1 | | urine | .02
2851 | ac posthemorrhag anemia | acute posthemorrhagic anemia | 8 | 63 | ferrous sulfate | 9904 | hemoglobin:-2.5,hematocrit:-2.5 | 5789 | | .03
2859 | anemia nos | anemia unspecified | 9 | 61 | ferrous sulfate,folic acid | 9904 | hemoglobin:-2,hematocrit:-2 | | | .02
5789 | gastrointest hemorr nos | hemorrhage of gastrointestinal tract unspecified | 6 | 65 | pantoprazole,octreotide | 4513,9904 | hemoglobin:-2,urea nitrogen:1 | 2851 | | .05
2449 | hypothyroidism nos | unspecified acquired hypothyroidism | 8 | 63 | levothyroxine | | tsh:1.2 | | | .01
53081 | esophageal reflux | esophageal reflux | 10 | 56 | omeprazole,pantoprazole | 4516 | | | | .01
496 | chr airway obstruct nec | chronic airway obstruction not elsewhere classified | 8 | 68 | albuterol,ipratropium,prednisone | 9390 | pco2:2.5 | 51881 | sputum | .04
49390 | asthma nos | asthma unspecified type | 5 | 42 | albuterol,prednisone,fluticasone | 9394 | | | | .01
41071 | subendo infarct initial | subendocardial infarction initial episode of care | 7 | 68 | aspirin,heparin,clopidogrel,nitroglycerin | 3722,0066 | troponin t:3.2,creatine kinase:2.5 | 41401 | | .08
4241 | aortic valve disorder | aortic valve disorders | 5 | 70 | furosemide,aspirin | 3521,3961 | | 4280 | | .04
2762 | acidosis | acidosis | 7 | 60 | sodium bicarbonate | | bicarbonate:-2.5,lactate:1.5,ph:-2 | 5849 | | .08
2761 | hyposmolality | hyposmolality and or hyponatremia | 6 | 64 | sodium chloride | | sodium:-2.8 | | | .03
2767 | hyperpotassemia | hyperpotassemia | 5 | 62 | calcium gluconate,insulin | 3995 | potassium:3 | 5849 | | .04
2768 | hypopotassemia | hypopotassemia | 5 | 58 | potassium chloride | | potassium:-2.5 | | | .02
4275 | cardiac arrest | cardiac arrest | 3 | 66 | epinephrine,amiodarone | 9960,9671 | lactate:3,troponin t:2,ast:3,alt:3,bicarbonate:-1.5 | 51881 | | .45
431 | intracerebral hemorrhage | intracerebral hemorrhage | 4 | 66 | phenytoin,nicardipine | 8703,0239 | | 4019 | | .2
43491 | crbl art ocl nos w infrc | cerebral artery occlusion unspecified with cerebral infarction | 5 | 69 | aspirin,heparin | 8703,9910 | | 42731 | | .09
34590 | epilep nos w/o intr epil | epilepsy unspecified without intractable epilepsy | 4 | 45 | levetiracetam,phenytoin | 8914 | | | | .01
311 | depressive disorder nec | depressive disorder not elsewhere classified | 7 | 50 | sertraline,citalopram | | | | | .01
30390 | alcoh dep nec/nos-unspec | other and unspecified alcohol dependence | 5 | 47 | thiamine,folic acid,lorazepam | 9462 | ast:1.8,alt:1.2,magnesium:-1.5 | 5715 | | .02
5715 | cirrhosis of liver nos | cirrhosis of liver without mention of alcohol | 4 | 56 | lactulose,spironolactone | 5491 | bilirubin total:2,albumin:-2,platelet count:-2,inr:3.5,ast:1.2 | | ascites fluid | .1
5770 | acute pancreatitis | acute pancreatitis | 4 | 52 | morphine sulfate,ondansetron | 5110 | lipase:4 | | | .03
00845 | int inf clstrdium dfcile | intestinal infection due to clostridium difficile | 4 | 66 | metronidazole,vancomycin | | white blood cells:1.8 | | stool | .05
V4581 | aortocoronary bypass | aortocoronary bypass status | 5 | 69 | aspirin,atorvastatin | | | 41401 | | .01
1985 | secondary malig neo bone | secondary malignant neoplasm of bone and bone marrow | 3 | 63 | morphine sulfate,dexamethasone | 9925 | calcium:2 | | | .12
1623 | mal neo upper lobe lung | malignant neoplasm of upper lobe bronchus or lung | 3 | 66 | morphine sulfate,ondansetron | 3324,9925 | | 1985 | | .1
41519 | pulm embol/infarct nec | other pulmonary embolism and infarction | 4 | 60 | heparin,warfarin | 387 | po2:-1.5,troponin t:1 | 45340 | | .06
45340 | dvt low ext vessl nos | acute venous embolism and thrombosis of deep vessels of lower extremity | 3 | 60 | heparin,enoxaparin | 387 | | | | .02
""".strip().splitlines()
)

# Illnesses that a person keeps; all others are acute.
CHRONIC = frozenset((
    "4019", "25000", "2724", "41401", "42731", "4280", "5859", "2859", "2449", "53081", "496", "49390",
    "4241", "34590", "311", "30390", "5715", "V4581", "1985", "1623",
))  # fmt: skip
# Why people come: principal diagnoses of planned and of all other stays, with their weights.
ELECTIVE = {"41401": 9, "4241": 9, "1623": 5, "1985": 2, "42731": 3, "34590": 2}
EMERGENT = {
    "486": 9, "0389": 9, "41071": 8, "4280": 8, "51881": 5, "5789": 7, "5849": 5, "5990": 5, "43491": 6, "431": 5,
    "5770": 5, "496": 4, "42731": 4, "41519": 4, "30390": 3, "49390": 3, "5715": 3, "4275": 2, "41401": 3, "34590": 2,
    "00845": 3, "45340": 2, "2761": 2, "25000": 2, "2762": 1, "2767": 1, "2768": 1, "311": 2, "4019": 1, "2859": 1,
}  # fmt: skip
COMPLICATIONS = {
    "5849": 8, "5990": 10, "51881": 6, "2851": 8, "2762": 5, "2761": 7, "2767": 6, "2768": 6, "486": 5, "00845": 4,
    "45340": 3, "0389": 3, "4275": 2, "41519": 1,
}  # fmt: skip
# What never comes by itself, unless it is the principal diagnosis.
CAUSED_BY = {"99592": ("0389", "486", "5990"), "2767": ("5849", "5859"), "4275": ("51881", "41071", "41401", "4280")}
INFECTIONS = {"blood culture": ("0389", "99592"), "urine": ("5990",), "sputum": ("486",), "stool": ("00845",)}
OPERATED = ("41401", "4241")  # planned operations of the heart, with intensive care after most
UNITS = {  # intensive-care units by principal diagnosis; others go to a medical unit or to any
    "41071": "ccu", "42731": "ccu", "4280": "ccu", "4275": "ccu", "41401": "csru", "4241": "csru", "431": "sicu",
    "43491": "sicu", "5789": "sicu", "2851": "tsicu",
}  # fmt: skip

PROCEDURES: dict[str, tuple[str, str]] = {
    p[0].strip(): (p[1].strip(), p[2].strip())
    for p in (
        r.split("|")
        for r in """
3722|left heart cardiac cath|left heart cardiac catheterization
8856|coronar arteriogr-2 cath|coronary arteriography using two catheters
3961|extracorporeal circulat|extracorporeal circulation auxiliary to open heart surgery
9962|heart countershock nec|other electric countershock of heart
8872|dx ultrasound-heart|diagnostic ultrasound of heart
3995|hemodialysis|hemodialysis
3895|ven cath renal dialysis|venous catheterization for renal dialysis
9604|insert endotracheal tube|insertion of endotracheal tube
3324|closed bronchial biopsy|closed biopsy of bronchus
9671|cont inv mec ven <96 hrs|continuous invasive mechanical ventilation for less than 96 consecutive hours
3893|venous cath nec|venous catheterization not elsewhere classified
9904|packed cell transfusion|transfusion of packed cells
4513|sm bowel endoscopy nec|other endoscopy of small intestine
4516|egd with closed biopsy|esophagogastroduodenoscopy with closed biopsy
9390|non-invasive mech vent|non-invasive mechanical ventilation
9394|nebulizer therapy|respiratory medication administered by nebulizer
0066|ptca|percutaneous transluminal coronary angioplasty
3521|replace aortic valve-tis|open and other replacement of aortic valve with tissue graft
9960|cardiopulm resuscita nos|cardiopulmonary resuscitation not otherwise specified
8703|c.a.t. scan of head|computerized axial tomography of head
0239|vent shunt extracran nec|other operations to establish drainage of ventricle
9910|inject/infus thrombo|injection or infusion of thrombolytic agent
8914|electroencephalogram|electroencephalogram
9462|alcohol detoxification|alcohol detoxification
5491|percu abdominal drainage|percutaneous abdominal drainage
5110|endosc retro cholangiopa|endoscopic retrograde cholangiopancreatography
9925|inject ca chemother nec|injection or infusion of cancer chemotherapeutic substance
387|interruption vena cava|interruption of the vena cava
966|entral infus nutrit sub|enteral infusion of concentrated nutritional substances
9915|parent infus nutrit sub|parenteral infusion of concentrated nutritional substances
""".strip().splitlines()
    )
}
COMMON_PROCEDURES = ("3893", "966", "9904", "8872")

# name: dose choices, unit, route
DRUGS: dict[str, tuple[tuple[str, ...], str, str]] = {
    p[0].strip(): (tuple(p[1].split(",")), p[2].strip(), p[3].strip())
    for p in (
        r.split("|")
        for r in """
metoprolol|12.5,25,50|mg|po
lisinopril|5,10,20|mg|po
amlodipine|5,10|mg|po
insulin|2,4,6,10|unit|sc
metformin|500,850,1000|mg|po
atorvastatin|20,40,80|mg|po
simvastatin|20,40|mg|po
aspirin|81,325|mg|po
warfarin|1,2,5|mg|po
diltiazem|30,60|mg|po
furosemide|20,40,80|mg|iv
potassium chloride|20,40|meq|po
sodium bicarbonate|50,100|meq|iv
calcium acetate|667,1334|mg|po
levofloxacin|250,500,750|mg|iv
ceftriaxone|1,2|g|iv
vancomycin|750,1000,1250|mg|iv
propofol|100,200|mg|iv drip
midazolam|1,2,5|mg|iv
albuterol|1,2|neb|ih
piperacillin-tazobactam|2.25,4.5|g|iv
norepinephrine|4,8|mg|iv drip
ciprofloxacin|250,400,500|mg|po
ferrous sulfate|325|mg|po
folic acid|1|mg|po
pantoprazole|40|mg|iv
octreotide|50,100|mcg|sc
levothyroxine|25,50,100|mcg|po
omeprazole|20,40|mg|po
ipratropium|1,2|neb|ih
prednisone|10,20,40|mg|po
fluticasone|1,2|puff|ih
heparin|5000|unit|sc
clopidogrel|75|mg|po
nitroglycerin|0.3,0.4|mg|sl
sodium chloride|500,1000|ml|iv
calcium gluconate|1,2|g|iv
epinephrine|1|mg|iv
amiodarone|150,200,400|mg|iv
phenytoin|100,200|mg|iv
nicardipine|20,25|mg|iv drip
levetiracetam|500,1000|mg|po
sertraline|50,100|mg|po
citalopram|10,20|mg|po
thiamine|100|mg|iv
lorazepam|0.5,1,2|mg|iv
lactulose|15,30|ml|po
spironolactone|25,50|mg|po
morphine sulfate|1,2,4|mg|iv
ondansetron|4,8|mg|iv
metronidazole|250,500|mg|po
dexamethasone|2,4,10|mg|iv
enoxaparin|40,60,80|mg|sc
acetaminophen|325,650|mg|po
docusate sodium|100|mg|po
senna|1,2|tab|po
bisacodyl|10|mg|pr
magnesium sulfate|2,4|g|iv
""".strip().splitlines()
    )
}
COMMON_DRUGS = (
    "acetaminophen",
    "docusate sodium",
    "heparin",
    "senna",
    "bisacodyl",
    "magnesium sulfate",
    "pantoprazole",
)

# name: low, high, unit, decimals
LABS: dict[str, tuple[float, float, str, int]] = {
    "glucose": (70, 105, "mg/dl", 0),
    "sodium": (133, 145, "meq/l", 0),
    "potassium": (3.3, 5.1, "meq/l", 1),
    "creatinine": (0.5, 1.2, "mg/dl", 1),
    "urea nitrogen": (6, 20, "mg/dl", 0),
    "bicarbonate": (22, 32, "meq/l", 0),
    "chloride": (96, 108, "meq/l", 0),
    "hemoglobin": (12, 16, "g/dl", 1),
    "hematocrit": (36, 48, "%", 1),
    "white blood cells": (4, 11, "k/ul", 1),
    "platelet count": (150, 440, "k/ul", 0),
    "magnesium": (1.6, 2.6, "mg/dl", 1),
    "calcium": (8.4, 10.3, "mg/dl", 1),
    "phosphate": (2.7, 4.5, "mg/dl", 1),
    "inr": (0.9, 1.2, "", 1),
    "lactate": (0.5, 2.0, "mmol/l", 1),
    "albumin": (3.4, 4.8, "g/dl", 1),
    "bilirubin total": (0.1, 1.5, "mg/dl", 1),
    "ast": (5, 40, "iu/l", 0),
    "alt": (5, 40, "iu/l", 0),
    "troponin t": (0.01, 0.1, "ng/ml", 2),
    "creatine kinase": (38, 174, "iu/l", 0),
    "ntprobnp": (50, 450, "pg/ml", 0),
    "lipase": (10, 60, "iu/l", 0),
    "tsh": (0.3, 4.2, "uiu/ml", 1),
    "hemoglobin a1c": (4.0, 6.0, "%", 1),
    "cholesterol": (120, 200, "mg/dl", 0),
    "ph": (7.35, 7.45, "units", 2),
    "po2": (80, 105, "mm hg", 0),
    "pco2": (35, 45, "mm hg", 0),
}

# Labs whose values spread by factors: what illness adds is a power, so that some are many times the usual range.
LOGARITHMIC = frozenset((
    "glucose", "creatinine", "urea nitrogen", "white blood cells", "inr", "lactate", "bilirubin total", "ast", "alt", "troponin t",
    "creatine kinase", "ntprobnp", "lipase", "tsh",
))  # fmt: skip
# What a laboratory would report at the least and the most.
LIMITS = {
    "glucose": (28, 960), "sodium": (108, 168), "potassium": (1.9, 8.9), "creatinine": (0.2, 16.5), "urea nitrogen": (2, 220),
    "bicarbonate": (6, 48), "chloride": (74, 134), "hemoglobin": (4.2, 19), "hematocrit": (12, 58), "white blood cells": (0.3, 78),
    "platelet count": (8, 980), "magnesium": (0.7, 4.8), "calcium": (5.6, 14.5), "phosphate": (0.9, 10.5), "inr": (0.8, 11),
    "lactate": (0.3, 22), "albumin": (1.1, 5.4), "bilirubin total": (0.1, 42), "ast": (4, 9800), "alt": (3, 7400),
    "troponin t": (0.01, 18), "creatine kinase": (12, 48000), "ntprobnp": (10, 68000), "lipase": (4, 5600), "tsh": (0.1, 92),
    "hemoglobin a1c": (3.8, 15), "cholesterol": (58, 390), "ph": (6.82, 7.72), "po2": (34, 420), "pco2": (17, 112),
}  # fmt: skip
# What being ill does whatever the illness, in standard deviations at severity 1.
SICK = {
    "hemoglobin": -1.5, "albumin": -1.0, "glucose": 0.8, "white blood cells": 0.4, "calcium": -0.6, "lactate": 0.3, "urea nitrogen": 0.3,
    "po2": -0.3,
}  # fmt: skip
BY_SEX = {"hemoglobin": (0.2, -0.9), "creatinine": (0.3, -0.4), "creatine kinase": (0.3, -0.3)}  # men, women
SCATTER = {"glucose": 1.5, "po2": 1.2, "troponin t": 0.5}  # of one value, in standard deviations; others 0.45

# Labs of one tube, and how often they are asked for when somebody comes in.
PANELS: dict[str, tuple[tuple[str, ...], float]] = {
    "chemistry": (("glucose", "sodium", "potassium", "creatinine", "urea nitrogen", "bicarbonate", "chloride"), 0.9),
    "minerals": (("magnesium", "calcium", "phosphate"), 0.35),
    "blood count": (("hemoglobin", "hematocrit", "white blood cells", "platelet count"), 0.85),
    "coagulation": (("inr",), 0.4),
    "liver": (("ast", "alt", "bilirubin total", "albumin"), 0.2),
    "blood gas": (("ph", "pco2", "po2", "lactate"), 0.08),
    "heart": (("troponin t", "creatine kinase"), 0.1),
    "natriuretic peptide": (("ntprobnp",), 0.07),
    "pancreas": (("lipase",), 0.07),
    "thyroid": (("tsh",), 0.08),
    "sugar": (("hemoglobin a1c",), 0.08),
    "lipids": (("cholesterol",), 0.09),
}

# name: mean, standard deviation, decimals, unit; the label is what D_ITEMS carries
VITALS: dict[str, tuple[float, float, int, str]] = {
    "temperature c (calc)": (36.7, 0.5, 1, "deg. c"),
    "sao2": (97.3, 1.8, 0, "%"),
    "heart rate": (78, 14, 0, "bpm"),
    "respiratory rate": (15.5, 3.5, 0, "insp/min"),
    "arterial bp [systolic]": (120, 18, 0, "mmhg"),
    "arterial bp [diastolic]": (62, 11, 0, "mmhg"),
    "arterial bp mean": (81, 12, 0, "mmhg"),
}
WEIGHT, HEIGHT = "admit wt", "admit ht"
BEATS, BREATHS, WARMTH, OXYGEN, SYSTOLIC, DIASTOLIC, MEAN = (
    "heart rate", "respiratory rate", "temperature c (calc)", "sao2", "arterial bp [systolic]", "arterial bp [diastolic]", "arterial bp mean",
)  # fmt: skip
# What an illness does to the vital signs, in their units, at the worst of its course; a chronic one always.
SIGNS: dict[str, dict[str, float]] = {
    "0389": {WARMTH: 1.3, BEATS: 18, BREATHS: 4, SYSTOLIC: -14, DIASTOLIC: -8, OXYGEN: -1},
    "99592": {WARMTH: 0.5, BEATS: 10, BREATHS: 3, SYSTOLIC: -16, DIASTOLIC: -9},
    "486": {WARMTH: 0.9, BEATS: 8, BREATHS: 5, OXYGEN: -2.5}, "51881": {BREATHS: 7, OXYGEN: -4, BEATS: 8},
    "5990": {WARMTH: 0.6, BEATS: 5}, "00845": {WARMTH: 0.5, BEATS: 8, SYSTOLIC: -6, DIASTOLIC: -3},
    "5770": {WARMTH: 0.6, BEATS: 12}, "496": {OXYGEN: -2, BREATHS: 2}, "49390": {OXYGEN: -0.5, BREATHS: 1},
    "4280": {BREATHS: 2, OXYGEN: -1}, "41519": {BEATS: 15, BREATHS: 6, OXYGEN: -3.5, SYSTOLIC: -6}, "45340": {BEATS: 4},
    "4019": {SYSTOLIC: 17, DIASTOLIC: 9}, "431": {SYSTOLIC: 24, DIASTOLIC: 10, BEATS: -6}, "43491": {SYSTOLIC: 16, DIASTOLIC: 6},
    "5789": {BEATS: 14, SYSTOLIC: -14, DIASTOLIC: -7}, "2851": {BEATS: 9, SYSTOLIC: -8, DIASTOLIC: -4}, "42731": {BEATS: 8},
    "4275": {SYSTOLIC: -16, DIASTOLIC: -9, WARMTH: -1.3, BEATS: 5}, "41071": {BEATS: 6, SYSTOLIC: -6},
    "5715": {SYSTOLIC: -8, DIASTOLIC: -4, BEATS: 4}, "30390": {BEATS: 6}, "2762": {BREATHS: 4}, "2449": {BEATS: -3},
}  # fmt: skip
SHOCK = {SYSTOLIC: -42, DIASTOLIC: -20, BEATS: 16, BREATHS: 4, OXYGEN: -9, WARMTH: -0.8}  # at the death
SIGN_LIMITS = {
    BEATS: (24, 190), BREATHS: (4, 52), WARMTH: (32.5, 41.6), OXYGEN: (55, 100), SYSTOLIC: (42, 232), DIASTOLIC: (18, 128),
}  # fmt: skip

INPUTS: dict[str, tuple[int, ...]] = {
    "d5w": (50, 100, 250), "po intake": (120, 240, 360), "normal saline": (100, 250, 500, 1000),
    "lactated ringers": (250, 500, 1000), "packed rbc's": (350, 375), "tpn": (70, 80), "fentanyl": (2, 5, 10),
    "propofol drip": (10, 15, 20), "insulin drip": (2, 4, 6), "albumin 5%": (250, 500), "piggyback": (50, 100),
    "tube feeding": (40, 60, 80),
}  # fmt: skip
OUTPUTS: dict[str, tuple[int, ...]] = {
    "urine out foley": (30, 40, 60, 80, 120, 200), "urine out void": (100, 200, 300, 450), "stool out": (50, 100, 200),
    "gastric oral gastric": (25, 50, 100), "chest tube 1": (10, 20, 40, 80), "emesis": (50, 100, 150),
    "jackson pratt 1": (5, 10, 20, 40), "ultrafiltrate": (100, 200, 350),
}  # fmt: skip
ORGANISMS: dict[str, tuple[str, ...]] = {
    "blood culture": ("staph aureus coag +", "escherichia coli", "staphylococcus, coagulase negative", "klebsiella pneumoniae"),
    "urine": ("escherichia coli", "enterococcus sp.", "klebsiella pneumoniae", "yeast"),
    "sputum": ("staph aureus coag +", "pseudomonas aeruginosa", "yeast", "haemophilus influenzae"),
    "stool": ("clostridium difficile",),
    "ascites fluid": ("escherichia coli", "enterococcus sp."),
    "mrsa screen": ("positive for methicillin resistant staph aureus",),
    "swab": ("staph aureus coag +", "enterococcus sp."),
}  # fmt: skip
COMMON_CULTURES = ("blood culture", "urine", "mrsa screen")

ICU_UNITS = ("micu", "sicu", "ccu", "csru", "tsicu")
ADMISSION_KINDS = (("emergency", 0.78), ("elective", 0.17), ("urgent", 0.05))
SOURCES = (
    ("emergency room admit", 0.5), ("phys referral/normal deli", 0.22), ("transfer from hosp/extram", 0.16),
    ("clinic referral/premature", 0.12),
)  # fmt: skip
DESTINATIONS = (
    ("home", 0.4),
    ("home health care", 0.25),
    ("snf", 0.18),
    ("rehab/distinct part hosp", 0.12),
    ("short term hospital", 0.05),
)
INSURANCES = (("private", 0.56), ("medicaid", 0.21), ("medicare", 0.13), ("government", 0.06), ("self pay", 0.04))
MEDICARE = 0.88  # share of those aged 65 and more
LANGUAGES = (("engl", 0.75), ("span", 0.06), ("russ", 0.04), ("port", 0.03), ("cant", 0.02), (None, 0.1))
MARITAL = (("married", 0.46), ("single", 0.27), ("widowed", 0.16), ("divorced", 0.07), (None, 0.04))
ETHNICITIES = (
    ("white", 0.7), ("black/african american", 0.1), ("hispanic or latino", 0.05), ("asian", 0.04),
    ("unknown/not specified", 0.08), ("other", 0.03),
)  # fmt: skip

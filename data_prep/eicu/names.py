"""How eICU writes what the hospital knows: diagnoses, treatments, labs, drugs, fluids, sites, and places.

Each table goes from the hospital's own name or code (data_prep.hospital.catalog) to eICU's, one to one unless it says
otherwise, so that a price stays a price of one thing. A name that is not listed (a source other than the generator)
is kept as it is. Style: eICU-CRD (Pollard et al. 2018) as EHRSQL has it, in lower-case: the end of a diagnosis or
treatment path, the whole path of a flowsheet cell, ICD-9 with dots and ICD-10 beside it.
"""

from __future__ import annotations

from data_prep.hospital.catalog import ICU_UNITS


def _table(text: str) -> dict[str, tuple[str, ...]]:
    rows = (tuple(cell.strip() for cell in line.split(" = ")) for line in text.strip().splitlines())
    return {row[0]: row[1:] for row in rows}


def _pairs(text: str) -> dict[str, str]:
    return {key: values[0] for key, values in _table(text).items()}


def split_path(path: str) -> tuple[str, str]:
    """Where a path's name stands (its first two parts), and the name: the third and fourth part, or the last there is."""
    parts = [part.strip() for part in path.split("|")]
    return "|".join(parts[:2]), " - ".join(parts[2:4]) if len(parts) > 2 else parts[-1]


# ICD-9 code without dot: name, ICD-10 code
DIAGNOSES = _table("""
4019 = hypertension = i10
25000 = diabetes mellitus - type ii = e11.9
2724 = hyperlipidemia = e78.5
41401 = coronary artery disease = i25.10
42731 = atrial fibrillation = i48.0
4280 = congestive heart failure = i50.9
5849 = acute renal failure = n17.9
5859 = chronic kidney disease = n18.9
486 = pneumonia = j18.9
51881 = acute respiratory failure = j96.00
0389 = sepsis = a41.9
99592 = sepsis - with multi-organ dysfunction = r65.20
5990 = urinary tract infection = n39.0
2851 = anemia - acute blood loss anemia = d62
2859 = anemia = d64.9
5789 = upper gi bleeding = k92.2
2449 = hypothyroidism = e03.9
53081 = gerd = k21.9
496 = copd = j44.9
49390 = asthma / bronchospasm = j45.909
41071 = acute coronary syndrome - acute myocardial infarction (no st elevation) = i21.4
4241 = valvular disease - aortic stenosis = i35.0
2762 = metabolic acidosis = e87.2
2761 = hyponatremia = e87.1
2767 = hyperkalemia = e87.5
2768 = hypokalemia = e87.6
4275 = cardiac arrest = i46.9
431 = hemorrhagic stroke - intraparenchymal = i61.9
43491 = ischemic stroke = i63.50
34590 = seizures = g40.909
311 = depression = f32.9
30390 = alcohol dependence = f10.20
5715 = cirrhosis - hepatic = k74.60
5770 = pancreatitis - acute = k85.9
00845 = colitis - c. difficile = a04.7
V4581 = coronary artery disease - s/p cabg = z95.1
1985 = bone metastases = c79.51
1623 = primary lung cancer = c34.10
41519 = pulmonary embolism = i26.99
45340 = deep vein thrombosis - lower extremity = i82.409
""")

# ICD-9 procedure code: path
PATHS = _pairs("""
3722 = cardiovascular|myocardial ischemia / infarction|coronary angiography|left heart catheterization
8856 = cardiovascular|myocardial ischemia / infarction|coronary angiography
3961 = surgery|cardiac therapies|cardiopulmonary bypass
9962 = cardiovascular|arrhythmias|cardioversion|electrical
8872 = cardiovascular|non-operative procedures|diagnostic ultrasound of heart|transthoracic echocardiography
3995 = renal|dialysis|hemodialysis
3895 = renal|dialysis|arteriovenous shunt for renal dialysis|venous dialysis catheter
9604 = pulmonary|ventilation and oxygenation|mechanical ventilation|endotracheal tube placement
3324 = pulmonary|radiologic procedures / bronchoscopy|bronchoscopy|transbronchial biopsy
9671 = pulmonary|ventilation and oxygenation|mechanical ventilation|assist controlled
3893 = cardiovascular|vascular disorders|vascular access|central venous catheter
9904 = hematology|red blood cell disorders|blood product administration|packed red blood cells
4513 = gastrointestinal|endoscopy/gastric instrumentation|esophagogastroduodenoscopy
4516 = gastrointestinal|endoscopy/gastric instrumentation|esophagogastroduodenoscopy|with biopsy
9390 = pulmonary|ventilation and oxygenation|non-invasive ventilation|bipap
9394 = pulmonary|medications|bronchodilator|nebulized beta-agonist
0066 = cardiovascular|myocardial ischemia / infarction|percutaneous coronary intervention
3521 = surgery|cardiac therapies|valve replacement or repair|aortic
9960 = cardiovascular|cardiac arrest|cardiopulmonary resuscitation
8703 = neurologic|procedures / diagnostics|head ct scan
0239 = neurologic|procedures / diagnostics|ventriculostomy
9910 = neurologic|ischemic therapy|thrombolytics
8914 = neurologic|procedures / diagnostics|eeg monitoring
9462 = toxicology|drug overdose|withdrawal therapy|alcohol detoxification
5491 = gastrointestinal|exploratory surgery|paracentesis
5110 = gastrointestinal|endoscopy/gastric instrumentation|ercp
9925 = oncology|medications|chemotherapy
387 = cardiovascular|vascular disorders|vena cava filter
966 = gastrointestinal|nutrition|enteral feeds|tube feeding
9915 = gastrointestinal|nutrition|parenteral feeds|tpn
""")
TREATMENTS = {code: split_path(path)[1] for code, path in PATHS.items()}

LABS = _pairs("""
urea nitrogen = bun
hemoglobin = hgb
hematocrit = hct
white blood cells = wbc x 1000
platelet count = platelets x 1000
inr = pt - inr
bilirubin total = total bilirubin
ast = ast (sgot)
alt = alt (sgpt)
troponin t = troponin - t
creatine kinase = cpk
ntprobnp = bnp
cholesterol = total cholesterol
po2 = pao2
pco2 = paco2
""")

DRUGS = _pairs("""
metoprolol = metoprolol tartrate
insulin = insulin lispro (human)
amlodipine = amlodipine besylate
metformin = metformin hcl
warfarin = warfarin sodium
diltiazem = diltiazem hcl
potassium chloride = potassium chloride er
vancomycin = vancomycin hcl
midazolam = midazolam hcl
albuterol = albuterol sulfate
piperacillin-tazobactam = piperacillin-tazobactam in dextrose
norepinephrine = norepinephrine bitartrate
ciprofloxacin = ciprofloxacin hcl
pantoprazole = pantoprazole sodium
octreotide = octreotide acetate
levothyroxine = levothyroxine sodium
ipratropium = ipratropium bromide
fluticasone = fluticasone propionate
heparin = heparin sodium (porcine)
clopidogrel = clopidogrel bisulfate
sodium chloride = sodium chloride 0.9%
amiodarone = amiodarone hcl
phenytoin = phenytoin sodium
nicardipine = nicardipine hcl
sertraline = sertraline hcl
citalopram = citalopram hydrobromide
thiamine = thiamine hcl
ondansetron = ondansetron hcl
dexamethasone = dexamethasone sodium phosphate
enoxaparin = enoxaparin sodium
""")
ROUTES = {
    "iv": "iv push",
    "iv drip": "iv continuous infusion",
    "sc": "subcutaneous",
    "ih": "inhalation",
    "pr": "rectal",
}
UNITS = {"unit": "units", "tab": "tabs", "neb": "nebs", "puff": "puffs"}

INTAKE = "flowsheet|flowsheet cell labels|i&o|intake (ml)|"
OUTPUT = "flowsheet|flowsheet cell labels|i&o|output (ml)|"
# the hospital's item: cell label, and the group that its path names, if any
INTAKES = _table("""
d5w = d5w = crystalloids (ml)
po intake = p.o. = oral (ml)
normal saline = 0.9% ns = crystalloids (ml)
lactated ringers = lactated ringers = crystalloids (ml)
packed rbc's = prbcs = blood products (ml)
tpn = tpn = nutrition (ml)
fentanyl = fentanyl drip volume = medications (ml)
propofol drip = propofol drip volume = medications (ml)
insulin drip = insulin drip volume = medications (ml)
albumin 5% = albumin 5% = colloids (ml)
piggyback = ivpb = generic intake (ml)
tube feeding = enteral formula volume = nutrition (ml)
""")
OUTPUTS = _table("""
urine out foley = foley = urine (ml)
urine out void = urine = urine (ml)
stool out = stool = generic output (ml)
gastric oral gastric = gastric (og) = generic output (ml)
chest tube 1 = chest tube 1 = drains (ml)
emesis = emesis = generic output (ml)
jackson pratt 1 = jp drain 1 = drains (ml)
ultrafiltrate = crrt ultrafiltrate = dialysis (ml)
""")

# specimen: sites, of which a culture names one; no site serves two specimens
SITES = _table("""
blood culture = blood, venipuncture = blood, central line
urine = urine, catheter specimen = urine, voided specimen
sputum = sputum, expectorated = sputum, tracheal specimen
stool = stool
ascites fluid = peritoneal fluid
mrsa screen = nasopharynx
swab = wound, surgical = wound, decubitus
""")
NO_GROWTH = "no growth"
ORGANISMS = _pairs("""
staph aureus coag + = staphylococcus aureus
staphylococcus, coagulase negative = staphylococcus epidermidis
enterococcus sp. = enterococcus faecalis
yeast = candida albicans
haemophilus influenzae = hemophilus influenzae
positive for methicillin resistant staph aureus = mrsa
""")

VITALS = {
    "temperature c (calc)": "temperature", "sao2": "sao2", "heart rate": "heartrate", "respiratory rate": "respiration",
    "arterial bp [systolic]": "systemicsystolic", "arterial bp [diastolic]": "systemicdiastolic",
    "arterial bp mean": "systemicmean",
    # LOINC's displays, as Synthea writes them
    "body temperature": "temperature", "oxygen saturation in arterial blood": "sao2",
    "systolic blood pressure": "systemicsystolic", "diastolic blood pressure": "systemicdiastolic",
}  # fmt: skip
WEIGHTS, HEIGHTS = ("admit wt", "body weight"), ("admit ht", "body height")

# allergy: the drug behind it, or none where it is no drug; how common
ALLERGIES = (
    ("penicillins", "penicillin g", 10), ("sulfa antibiotics", "sulfamethoxazole", 7), ("opioids", "codeine", 6),
    ("opioids", "morphine sulfate", 4), ("cephalosporins", "cephalexin", 3), ("fluoroquinolones", "levofloxacin", 3),
    ("nsaids", "ibuprofen", 3), ("salicylates", "aspirin", 3), ("ace inhibitors", "lisinopril", 2),
    ("statins", "simvastatin", 2), ("macrolides", "erythromycin", 2), ("glycopeptides", "vancomycin hcl", 1), ("contrast dye", None, 4), ("latex", None, 4),
    ("shellfish", None, 3), ("adhesive tape", None, 2), ("peanuts", None, 1), ("eggs", None, 1),
)  # fmt: skip

SOURCES = {
    "emergency room admit": "emergency department", "phys referral/normal deli": "direct admit",
    "transfer from hosp/extram": "other hospital", "clinic referral/premature": "acute care/floor",
}  # fmt: skip
ETHNICITIES = {
    "white": "caucasian", "black/african american": "african american", "hispanic or latino": "hispanic",
    "unknown/not specified": "other/unknown", "other": "other/unknown",
}  # fmt: skip
SEXES = {"m": "male", "f": "female"}

HOSPITALS = (73, 142, 167, 188, 208, 243, 264, 420)
STEP_DOWN = 3  # step-down wards a hospital has, after one ward for each intensive-care unit


def ward(hospital: int, unit: str | None, which: int = 0) -> int:
    """The ward of an intensive-care `unit` in a hospital, or its step-down ward number `which`; no two are alike."""
    place = ICU_UNITS.index(unit) if unit in ICU_UNITS else len(ICU_UNITS) + which % STEP_DOWN
    return 81 + HOSPITALS.index(hospital) * (len(ICU_UNITS) + STEP_DOWN) + place


def icd(code: str) -> str:
    """'4019' as eICU writes it: '401.9, i10'; a code that is no ICD-9 code stays as it is."""
    if code not in DIAGNOSES:
        return code.lower()
    dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 else code
    return f"{dotted.lower()}, {DIAGNOSES[code][1]}"

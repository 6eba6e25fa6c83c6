"""How clinicians write what the database names: the usual short forms, by table and name.

No form is a word, or a run of words, of another entity's form, so that a form in a note names one entity. A name that
is not listed here is written as the database has it.
"""

from __future__ import annotations


def _read(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.partition(":") for line in text.strip().splitlines())
    return {name.strip(): tuple(f.strip() for f in forms.split(",")) for name, _, forms in rows}


LABS = _read("""
glucose: gluc, serum glucose
sodium: na, serum na
potassium: k, serum k
creatinine: cr, creat
urea nitrogen: bun, urean
bicarbonate: hco3, bicarb
chloride: cl, serum cl
hemoglobin: hgb, hb
hematocrit: hct, crit
white blood cells: wbc, white count
platelet count: plt, plts
magnesium: mag, serum mag
calcium: ca, serum ca
phosphate: phos, po4
inr: inr, inr(pt)
lactate: lactate, lac
albumin: alb, serum alb
bilirubin total: tbili, t bili
ast: ast, ast(sgot)
alt: alt, alt(sgpt)
troponin t: trop, ctropnt
creatine kinase: ck, cpk
ntprobnp: bnp, probnp
lipase: lipase, serum lipase
tsh: tsh, tsh level
hemoglobin a1c: a1c, hba1c
cholesterol: chol, total chol
ph: ph, abg ph
po2: po2, pao2
pco2: pco2, paco2
""")
VITALS = _read("""
temperature c (calc): temp, temperature
sao2: spo2, o2 sat
heart rate: hr, heart rate
respiratory rate: rr, resp rate
arterial bp [systolic]: sbp, systolic bp
arterial bp [diastolic]: dbp, diastolic bp
arterial bp mean: map, mean bp
admit wt: wt, weight
admit ht: ht, height
""")
INPUTS = _read("""
d5w: d5w, dextrose 5% water
po intake: po intake, oral intake
normal saline: ns, normal saline
lactated ringers: lr, ringers
packed rbc's: prbc, prbcs
tpn: tpn, tpn infusion
fentanyl: fent gtt, fentanyl
propofol drip: prop gtt, ppf gtt
insulin drip: ins gtt, insul gtt
albumin 5%: albumin 5%, 5% albumin
piggyback: ivpb, piggyback
tube feeding: tf, tube feeds
""")
OUTPUTS = _read("""
urine out foley: foley, foley uop
urine out void: voided urine, void
stool out: stool out, stool output
gastric oral gastric: ogt output, ogt
chest tube 1: ct #1, chest tube #1
emesis: emesis, vomitus
jackson pratt 1: jp #1, jp drain #1
ultrafiltrate: uf, ultrafiltrate
""")
DRUGS = _read("""
metoprolol: metoprolol, lopressor
lisinopril: lisinopril, zestril
amlodipine: amlodipine, norvasc
insulin: insulin, humalog
metformin: metformin, glucophage
atorvastatin: atorvastatin, lipitor
simvastatin: simvastatin, zocor
aspirin: aspirin, asa
warfarin: warfarin, coumadin
diltiazem: diltiazem, cardizem
furosemide: furosemide, lasix
potassium chloride: potassium chloride, kcl
sodium bicarbonate: sodium bicarbonate, nahco3
calcium acetate: calcium acetate, phoslo
levofloxacin: levofloxacin, levaquin
ceftriaxone: ceftriaxone, ctx
vancomycin: vancomycin, vanco
propofol: propofol, diprivan
midazolam: midazolam, versed
albuterol: albuterol, proventil
piperacillin-tazobactam: zosyn, pip-tazo
norepinephrine: norepinephrine, levophed
ciprofloxacin: ciprofloxacin, cipro
ferrous sulfate: ferrous sulfate, feso4
folic acid: folic acid, folate
pantoprazole: pantoprazole, protonix
octreotide: octreotide, sandostatin
levothyroxine: levothyroxine, synthroid
omeprazole: omeprazole, prilosec
ipratropium: ipratropium, atrovent
prednisone: prednisone, deltasone
fluticasone: fluticasone, flovent
heparin: heparin, hep
clopidogrel: clopidogrel, plavix
nitroglycerin: nitroglycerin, ntg
sodium chloride: sodium chloride, nacl
calcium gluconate: calcium gluconate, cagluc
epinephrine: epinephrine, epi
amiodarone: amiodarone, amio
phenytoin: phenytoin, dilantin
nicardipine: nicardipine, cardene
levetiracetam: levetiracetam, keppra
sertraline: sertraline, zoloft
citalopram: citalopram, celexa
thiamine: thiamine, vitamin b1
lorazepam: lorazepam, ativan
lactulose: lactulose, enulose
spironolactone: spironolactone, aldactone
morphine sulfate: morphine, mso4
ondansetron: ondansetron, zofran
metronidazole: metronidazole, flagyl
dexamethasone: dexamethasone, decadron
enoxaparin: enoxaparin, lovenox
acetaminophen: acetaminophen, tylenol
docusate sodium: docusate, colace
senna: senna, senokot
bisacodyl: bisacodyl, dulcolax
magnesium sulfate: magnesium sulfate, mgso4
""")
DIAGNOSES = _read("""
hypertension nos: htn, hypertension
dmii wo cmp nt st uncntr: dm2, t2dm
hyperlipidemia nec/nos: hld, hyperlipidemia
crnry athrscl natve vssl: cad, coronary artery disease
atrial fibrillation: afib, atrial fibrillation
chf nos: chf, congestive heart failure
acute kidney failure nos: arf, acute renal failure
chronic kidney dis nos: ckd, chronic kidney disease
pneumonia organism nos: pna, pneumonia
acute respiratry failure: acute respiratory failure, acute resp failure
septicemia nos: septicemia, bloodstream sepsis
severe sepsis: severe sepsis, sepsis w/ organ dysfunction
urin tract infection nos: uti, urinary tract infection
ac posthemorrhag anemia: abla, acute blood loss anemia
anemia nos: anemia nos, chronic anemia
gastrointest hemorr nos: gib, gi bleed
hypothyroidism nos: hypothyroidism, hypothyroid
esophageal reflux: gerd, reflux
chr airway obstruct nec: copd, chronic obstructive pulmonary disease
asthma nos: asthma, reactive airways
subendo infarct initial: nstemi, non-st elevation mi
aortic valve disorder: aortic valve disease, av disease
acidosis: acidosis, acidemia
hyposmolality: hyponatremia, low serum sodium
hyperpotassemia: hyperkalemia, hyperk
hypopotassemia: hypokalemia, hypok
cardiac arrest: cardiac arrest, pea arrest
intracerebral hemorrhage: ich, intracerebral hemorrhage
crbl art ocl nos w infrc: cva, ischemic stroke
epilep nos w/o intr epil: epilepsy, seizure disorder
depressive disorder nec: depression, mdd
alcoh dep nec/nos-unspec: etoh dependence, alcohol dependence
cirrhosis of liver nos: cirrhosis, liver cirrhosis nos
acute pancreatitis: pancreatitis, acute panc
int inf clstrdium dfcile: cdiff, c. diff colitis
aortocoronary bypass: cabg, bypass graft
secondary malig neo bone: bone mets, bony metastases
mal neo upper lobe lung: lung cancer, nsclc
pulm embol/infarct nec: pe, pulmonary embolism
dvt low ext vessl nos: dvt, le dvt
""")
PROCEDURES = _read("""
left heart cardiac cath: lhc, left heart cath
coronar arteriogr-2 cath: coronary angiogram, coronary angio
extracorporeal circulat: cardiopulmonary bypass, cpb
heart countershock nec: cardioversion, dccv
dx ultrasound-heart: tte, echocardiogram
hemodialysis: hemodialysis, hd
ven cath renal dialysis: dialysis catheter, dialysis line
insert endotracheal tube: intubation, ett placement
closed bronchial biopsy: endobronchial biopsy, bronch w/ biopsy
cont inv mec ven <96 hrs: mechanical ventilation, vent support
venous cath nec: cvl placement, central line
packed cell transfusion: rbc transfusion, transfusion of red cells
sm bowel endoscopy nec: small bowel endoscopy, enteroscopy
egd with closed biopsy: egd, upper endoscopy
non-invasive mech vent: bipap, nippv
nebulizer therapy: nebulizer therapy, nebs
ptca: ptca, pci
replace aortic valve-tis: avr, tissue avr
cardiopulm resuscita nos: cpr, resuscitation
c.a.t. scan of head: head ct, ct head
vent shunt extracran nec: evd, ventricular drain
inject/infus thrombo: tpa, thrombolysis
electroencephalogram: eeg, electroencephalogram
alcohol detoxification: etoh detox, alcohol detox
percu abdominal drainage: paracentesis, para
endosc retro cholangiopa: ercp, ercp study
inject ca chemother nec: chemo, chemotherapy
interruption vena cava: ivc filter, filter in ivc
entral infus nutrit sub: enteral nutrition, enteral feeds
parent infus nutrit sub: parenteral nutrition, iv nutrition
""")
CULTURES = _read("""
blood culture: blood culture, bcx
urine: urine culture, ucx
sputum: sputum culture, sputum cx
stool: stool culture, stool cx
ascites fluid: ascites culture, ascites cx
mrsa screen: mrsa screen, mrsa swab
swab: wound culture, wound cx
""")
FORMS = {
    "labevents": LABS, "chartevents": VITALS, "inputevents": INPUTS, "outputevents": OUTPUTS, "prescriptions": DRUGS,
    "diagnoses_icd": DIAGNOSES, "procedures_icd": PROCEDURES, "microbiologyevents": CULTURES,
}  # fmt: skip


def forms(group: str, name: str) -> tuple[str, ...]:
    """How a note may write `name`, a name in the tables of `group`."""
    return FORMS[group].get(name, (name,))

"""Facts of all 55 calculators' notes: further quantities, yes-or-no findings, and signs that come in degrees.

Of every list of wordings the last is the test split's (`data_prep.wordings`).
"""

from __future__ import annotations

from dataclasses import dataclass

from data_prep.medcalc.facts import QUANTITIES, Quantity, Unit, quantity

MG, GRAM = Unit("mg/dl", decimals=1), Unit("g/dl", decimals=1)
CELSIUS, FAHRENHEIT = Unit("c", decimals=1), Unit("f", 5 / 9, "*5/9-160/9", -160 / 9, 1)
YEARS = Unit("years")


def _wider(key: str, low: float, high: float, *units: Unit) -> Quantity:
    """The quantity `key` over another range, in `units` as well."""
    known = QUANTITIES[key]
    return Quantity(known.var, known.wordings, low, high, known.units + units)


# By key; `var` is the name in a program, and keys of one var differ in range.
ALL: dict[str, Quantity] = QUANTITIES | {
    "t": _wider("t", 35, 40.4, FAHRENHEIT),
    "wbc": _wider("wbc", 0.6, 45, Unit("/mm3", 0.001, "/1000")),
    "plt": _wider("plt", 12, 380, Unit("/ul", 0.001, "/1000")),
    "urea": _wider("bun", 6, 85, Unit("mmol/l urea", 2.8, "*2.8", 0, 1)),
    "tc": _wider("tc", 130, 290, Unit("mmol/l", 38.67, "*38.67", 0, 2)),
    "hdl": _wider("hdl", 28, 75, Unit("mmol/l", 38.67, "*38.67", 0, 2)),
    "k": _wider("k", 2.2, 7.4),
    "hct": _wider("hct", 18, 62),
    "hr": _wider("hr", 38, 185),
    "rr": _wider("rr", 6, 48),
    "na": _wider("na", 108, 165),
    "na_high": _wider("na", 143, 172),
    "na_liver": _wider("na", 120, 142),
    "bic_low": _wider("bic", 8, 21),
    "age_any": _wider("age", 4, 80),
    "age_mid": _wider("age", 35, 79),
    "age_young": _wider("age", 20, 70),
    "bmi": quantity("bmi", "bmi|body mass index|current bmi|bmi of|body mass index of", 18, 38, Unit("kg/m2", decimals=1)),
    "bili": quantity("bili", "bilirubin|total bilirubin|serum bilirubin|bilirubin of|total bilirubin of", 0.4, 14, MG, Unit("umol/l", 1 / 17.1, "/17.1")),
    "inr": quantity("inr", "inr|international normalized ratio|inr value|inr of|international normalized ratio of", 0.8, 3.2, Unit("", decimals=1)),
    "hgb": quantity("hgb", "hemoglobin|hgb|serum hemoglobin|hgb of|hemoglobin of", 7, 15.5, GRAM, Unit("g/l", 0.1, "/10")),
    "spo2": quantity("spo2", "oxygen saturation|spo2|saturation|spo2 of|oxygen saturation of", 88, 100, Unit("%")),
    "ph": quantity("ph", "arterial ph|ph|blood ph|ph of|arterial ph of", 7.05, 7.68, Unit("", decimals=2)),
    "pao2": quantity("pao2", "pao2|arterial oxygen pressure|po2 arterial|pao2 of|arterial oxygen pressure of", 46, 115, Unit("mmhg")),
    "fio2": quantity("fio2", "fio2|inspired oxygen|oxygen fraction|fio2 of|inspired oxygen of", 21, 90, Unit("%"), Unit("(fraction)", 100, "*100", 0, 2)),
    "fio2_low": quantity("fio2", "fio2|inspired oxygen|oxygen fraction|fio2 of|inspired oxygen of", 21, 45, Unit("%"), Unit("(fraction)", 100, "*100", 0, 2)),
    "gcs": quantity("gcs", "glasgow coma score|gcs|coma score|gcs of|glasgow coma score of", 4, 15, Unit("points")),
    "urine": quantity("urine", "urine output|urine volume|diuresis|urine output of|urine volume of", 80, 2600, Unit("ml/day"), Unit("l/day", 1000, "*1000", 0, 2)),
    "drinks": quantity("drinks", "alcohol use|alcohol|drinking|alcohol use of|alcohol intake of", 0, 18, Unit("drinks per week")),
}  # fmt: skip
FIXED = frozenset({"age", "h", "b", "bmi", "drinks"})  # has no earlier value worth a mention
NEUTRAL = ("ca", "cl", "k", "una", "ucr", "qt")  # what bears on no yes-or-no criterion


@dataclass(frozen=True)
class Finding:
    """A yes-or-no fact: what is said of it, by the templates of its kind. One that is `always` told is never left out."""

    nouns: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    always: bool = False
    inherited: bool = False  # a relative's case may be told as a distractor


def _disease(nouns: str) -> Finding:
    return Finding(
        tuple(nouns.split("|")),
        ("history of {}", "known {}", "the chart lists {}", "medical history includes {}", "has been diagnosed with {}"),
        ("no history of {}", "denies any {}", "the chart lists no {}", "medical history is free of {}", "has never been diagnosed with {}"),
        inherited=True,
    )  # fmt: skip


def _sign(nouns: str) -> Finding:
    return Finding(
        tuple(nouns.split("|")),
        ("{} found today", "presents with {}", "{} is evident", "examination shows {}", "is positive for {}"),
        ("no {} found today", "presents without {}", "{} is absent", "examination shows no {}", "is negative for {}"),
    )  # fmt: skip


def _event(nouns: str) -> Finding:
    return Finding(
        tuple(nouns.split("|")),
        ("had {}", "reports {}", "records mention {}", "there was {}", "course was marked by {}"),
        ("had no {}", "reports no {}", "records mention no {}", "there was no {}", "course was free of {}"),
    )  # fmt: skip


def _drug(nouns: str) -> Finding:
    return Finding(
        tuple(nouns.split("|")),
        ("takes {}", "is on {}", "medication includes {}", "currently uses {}", "is being treated with {}"),
        ("takes no {}", "is not on {}", "medication includes no {}", "currently uses no {}", "is not being treated with {}"),
    )  # fmt: skip


def _said(yes: str, no: str) -> Finding:
    return Finding(("",), tuple(yes.split("|")), tuple(no.split("|")))


def _told(yes: str, no: str) -> Finding:
    return Finding(("",), tuple(yes.split("|")), tuple(no.split("|")), always=True)


RELATIVES = (
    "mother had {}",
    "father had {}",
    "sister was diagnosed with {}",
    "brother suffers from {}",
    "grandmother had {}",
)
EXCLUDED = ("{} was suspected and ruled out", "workup for {} came back negative", "{} was considered but excluded", "tests spoke against {}", "{} could be excluded")  # fmt: skip
FINDINGS: dict[str, Finding] = {
    "female": _told("a woman|female|this is a woman|sex female|she is female", "a man|male|this is a man|sex male|he is male"),
    "black": _told("Black|African American|race Black|identifies as Black|is African American", "White|Asian|race White|identifies as Hispanic|is Asian"),
    "chf": _disease("congestive heart failure"),
    "htn": _disease("hypertension|arterial hypertension"),
    "htn_wild": _disease("uncontrolled hypertension with systolic pressure above 160"),
    "dm": _disease("diabetes mellitus|type 2 diabetes"),
    "stroke": _disease("stroke|cerebral infarction"),
    "tia": _disease("transient ischemic attack"),
    "embolism": _disease("systemic thromboembolism"),
    "vasc": _disease("peripheral artery disease|aortic plaque"),
    "ischemia": _disease("ischemic heart disease|coronary artery disease"),
    "athero": _disease("peripheral artery disease|prior myocardial infarction"),
    "chol": _disease("hypercholesterolemia"),
    "obese": _disease("obesity"),
    "pe": _disease("pulmonary embolism"),
    "dvt": _disease("deep vein thrombosis"),
    "mi": _disease("myocardial infarction"),
    "pvd": _disease("peripheral vascular disease"),
    "dementia": _disease("dementia"),
    "copd": _disease("chronic obstructive pulmonary disease"),
    "ctd": _disease("systemic lupus erythematosus|rheumatoid arthritis"),
    "ulcer": _disease("peptic ulcer disease"),
    "hemiplegia": _disease("hemiplegia"),
    "ckd": _disease("severe chronic kidney disease"),
    "leukemia": _disease("leukemia"),
    "lymphoma": _disease("lymphoma"),
    "aids": _disease("aids"),
    "renal": _disease("chronic kidney disease"),
    "dialysed": _disease("dialysis-dependent renal failure"),
    "liver": _disease("chronic liver disease|cirrhosis"),
    "cirrhotic": _disease("cirrhosis of the liver"),
    "bled": _disease("major bleeding"),
    "cancer": _disease("active cancer|metastatic cancer"),
    "organ": _disease("cirrhosis with portal hypertension|heart failure of NYHA class IV"),
    "bowel": _disease("inflammatory bowel disease|ulcerative colitis"),
    "varicose": _disease("varicose veins"),
    "leiden": _disease("factor V Leiden mutation"),
    "lupus_ac": _disease("lupus anticoagulant"),
    "hit": _disease("heparin-induced thrombocytopenia"),
    "arf": _sign("acute renal failure"),
    "confused": _sign("new confusion|altered mental status"),
    "hemoptysis": _sign("hemoptysis"),
    "melena": _sign("melena"),
    "effusion": _sign("pleural effusion on chest x-ray"),
    "leg_signs": _sign("swelling and deep vein tenderness of one leg"),
    "leg_swollen": _sign("swelling of one entire leg"),
    "one_leg": _sign("unilateral leg swelling"),
    "legs": _sign("swollen legs"),
    "calf": _sign("calf swelling of 4 cm beside the other calf"),
    "veins": _sign("collateral nonvaricose superficial veins"),
    "tender": _sign("tenderness along the deep veins"),
    "edema": _sign("pitting edema confined to the symptomatic leg"),
    "exudate": _sign("tonsillar exudate|tonsillar swelling"),
    "nodes": _sign("tender anterior cervical lymph nodes"),
    "cough": _sign("cough"),
    "coryza": _sign("cough with coryza|coryza"),
    "purulent": _sign("purulent tonsils"),
    "inflamed": _sign("severe tonsillar inflammation"),
    "line": _said("central venous catheter in place|has a central line|central venous line in use|a central venous catheter is in place|a central line lies in the jugular vein", "no central venous catheter|has no central line|no central venous line in use|a central venous catheter was never placed|venous access is peripheral only"),
    "labile": _said("labile inr|inr values are unstable|inr swings widely|inr is often out of range|inr control is erratic", "stable inr|inr values are steady|inr is in range|inr is rarely out of range|inr control is good"),
    "altdx": _said("another diagnosis is at least as likely as dvt|an alternative diagnosis is as likely|cellulitis is likelier than dvt|a muscle tear is more likely than dvt|a ruptured cyst explains it at least as well as dvt", "no other diagnosis is as likely as dvt|alternatives are less likely than dvt|nothing is likelier than dvt|dvt is the most likely diagnosis|dvt explains it better than anything else"),
    "likeliest": _said("pulmonary embolism is the leading diagnosis|pe is the most likely diagnosis|pulmonary embolism ranks first|nothing is likelier than pe|pulmonary embolism explains it best", "pneumonia is likelier than pulmonary embolism|pe is not the leading diagnosis|another diagnosis is likelier than pe|pulmonary embolism ranks below asthma|heart failure explains it better than pulmonary embolism"),
    "syncope": _event("syncope yesterday|syncope on the day of admission"),
    "surg4": _event("surgery two weeks ago|surgery ten days ago"),
    "surg12": _event("major surgery eight weeks ago|major surgery six weeks ago"),
    "immobile": _event("bed confinement for the past four days|immobilization for the past five days"),
    "plaster": _event("recent plaster immobilization of the leg|paresis of the leg"),
    "fever24": _event("fever within the past 24 hours"),
    "onset3": _event("symptom onset within the past 3 days"),
    "dialysis": _event("two dialysis sessions in the past week|three dialysis sessions in the past week"),
    "fracture": _event("hip fracture in the last month|pelvic fracture in the last month"),
    "stroke30": _event("stroke in the last month"),
    "trauma": _event("multiple trauma in the last month"),
    "cast": _event("plaster cast in the last month"),
    "major30": _event("another major operation in the last month"),
    "chf30": _event("heart failure decompensation in the last month"),
    "mi30": _event("acute myocardial infarction in the last month"),
    "sepsis30": _event("sepsis in the last month"),
    "pneumonia30": _event("pneumonia in the last month"),
    "clots": _said("a brother had venous thrombosis|mother had deep vein thrombosis|thrombosis runs in the family|family history of thrombosis|father had venous thromboembolism", "no thrombosis in the family|no relative had a thrombosis|family free of thrombosis|family history negative for thrombosis|parents and siblings never had thromboembolism"),
    "heart_kin": _said("father had a myocardial infarction at 52|brother has coronary disease since 48|mother had a heart attack at 50|sister had coronary bypass at 47|a brother died of myocardial infarction at 44", "no heart disease among parents and siblings|parents and siblings have healthy hearts|family free of heart disease|no relative with early heart disease|parents and siblings never had coronary disease"),
    "riskop": _said("intrathoracic surgery is planned|awaits an intraperitoneal operation|suprainguinal vascular surgery is planned|scheduled for open aortic repair|lobectomy is scheduled", "cataract surgery is planned|awaits a superficial skin operation|hernia repair of the groin is planned|scheduled for carpal tunnel release|knee arthroscopy is scheduled"),
    "insulin": _drug("insulin"),
    "drugs": _drug("aspirin|naproxen"),
    "treated": _drug("antihypertensive drugs|medicine for high blood pressure"),
    "hormones": _drug("oral contraceptives with estrogen|estrogen replacement"),
    "ventilated": _drug("mechanical ventilation"),
    "smoker": _told("smokes daily|current smoker|smoking a pack a day|smoking continues|is an active smoker", "never smoked|non-smoker|no tobacco use|tobacco never used|is a lifelong non-smoker"),
    "home": _told("lives in a nursing home|nursing home resident|admitted from a nursing home|resides in a nursing home|home is a nursing facility", "lives at home|lives with family|admitted from home|resides in an apartment|home is a family house"),
}  # fmt: skip


# A sign in degrees: the wordings of each value. One whose 0 has no wording may be left out.
GRADES: dict[str, dict[int, tuple[str, ...]]] = {
    "eye": {
        4: ("opens eyes spontaneously", "eyes open on their own", "spontaneous eye opening", "eyes are open unprompted"),
        3: ("opens eyes to voice", "eyes open when called", "eye opening to speech", "eyes open on verbal command"),
        2: ("opens eyes to pain only", "eyes open to pressure", "eye opening to painful stimulus", "eyes open on pinching"),
        1: ("does not open eyes", "eyes stay closed", "no eye opening", "eyes remain shut to any stimulus"),
    },
    "verbal": {
        5: ("oriented in speech", "answers are oriented", "speech is oriented", "converses, fully oriented"),
        4: ("confused in conversation", "answers are confused", "speech is confused", "converses, but confused"),
        3: ("speaks inappropriate words", "answers with random words", "speech is single inappropriate words", "utters words out of place"),
        2: ("makes incomprehensible sounds", "answers by moaning", "speech is only groans", "utters sounds without words"),
        1: ("makes no sound", "no verbal response", "speech is absent", "utters nothing"),
    },
    "motor": {
        6: ("obeys commands", "follows instructions to move", "moves limbs on request", "squeezes the hand when asked"),
        5: ("localizes pain", "reaches for the painful site", "hand moves to the source of pain", "pushes the painful stimulus away"),
        4: ("withdraws from pain", "pulls the limb from pain", "normal flexion withdrawal to pain", "draws the arm back from pain"),
        3: ("abnormal flexion to pain", "decorticate posture to pain", "flexes abnormally when pinched", "decorticate flexion on pain"),
        2: ("extends to pain", "decerebrate posture to pain", "extension when pinched", "decerebrate extension on pain"),
        1: ("no motor response", "does not move to pain", "limbs stay flaccid", "no movement to any stimulus"),
    },
    "ascites": {
        1: ("no ascites", "ascites absent", "abdomen free of fluid", "ascites is not seen"),
        2: ("slight ascites", "mild ascites", "a little ascites", "ascites is slight"),
        3: ("moderate ascites", "tense ascites", "marked ascites", "ascites is moderate to severe"),
    },
    "encephalopathy": {
        1: ("no encephalopathy", "encephalopathy absent", "free of encephalopathy", "encephalopathy is not seen"),
        2: ("encephalopathy of grade 1", "grade 2 encephalopathy", "encephalopathy grade 2", "encephalopathy is of grade 1"),
        3: ("encephalopathy of grade 3", "grade 4 encephalopathy", "encephalopathy grade 4", "encephalopathy is of grade 3"),
    },
    "suspicion": {
        0: ("history slightly suspicious of coronary syndrome", "slightly suspicious history", "story is slightly suspicious", "the history is only slightly suspicious"),
        1: ("history moderately suspicious of coronary syndrome", "moderately suspicious history", "story is moderately suspicious", "the history is moderately suspicious"),
        2: ("history highly suspicious of coronary syndrome", "highly suspicious history", "story is highly suspicious", "the history is highly suspicious"),
    },
    "ecg": {
        0: ("ecg normal", "normal ecg", "ecg without changes", "the ecg reads normal"),
        1: ("ecg with nonspecific repolarization disturbance", "nonspecific repolarization changes on ecg", "ecg shows nonspecific repolarization", "the ecg reads nonspecific repolarization disturbance"),
        2: ("ecg with significant st deviation", "significant st depression on ecg", "ecg shows significant st deviation", "the ecg reads significant st deviation"),
    },
    "troponin": {
        0: ("troponin within the normal limit", "normal troponin", "troponin not raised", "the troponin is normal"),
        1: ("troponin at twice the normal limit", "troponin 2.5 times the normal limit", "troponin raised to double the limit", "the troponin is 1.5 times the limit"),
        2: ("troponin at five times the normal limit", "troponin 8 times the normal limit", "troponin raised to six times the limit", "the troponin is 10 times the limit"),
    },
    "cirrhosis": {
        0: (),
        1: ("mild liver disease", "chronic hepatitis without portal hypertension", "liver disease, mild", "the liver disease is mild"),
        3: ("moderate to severe liver disease", "cirrhosis with portal hypertension", "liver disease, severe", "the liver disease is severe"),
    },
    "sugar": {
        0: (),
        1: ("uncomplicated diabetes on metformin", "diabetes without organ damage, on metformin", "medicated diabetes, uncomplicated", "the diabetes is uncomplicated, on metformin"),
        2: ("diabetes with retinopathy and nephropathy", "diabetes with end-organ damage", "diabetes, end-organ damage present", "the diabetes has damaged organs"),
    },
    "tumor": {
        0: (),
        2: ("localized solid tumor", "colon cancer without metastases", "solid tumor, localized", "the solid tumor is localized"),
        6: ("metastatic solid tumor", "colon cancer with liver metastases", "solid tumor, metastatic", "the solid tumor has metastasized"),
    },
    "operation": {
        0: (),
        1: ("minor surgery is planned", "a minor operation is planned", "booked for minor surgery", "awaits a minor operation"),
        2: ("major open surgery over 45 minutes is planned", "laparoscopic surgery over 45 minutes is planned", "booked for arthroscopic surgery", "awaits laparoscopic surgery over 45 minutes"),
        5: ("elective hip arthroplasty is planned", "elective knee arthroplasty is planned", "booked for elective hip arthroplasty", "awaits elective knee arthroplasty"),
    },
    "mobility": {
        0: (),
        1: ("on bed rest since this morning", "bed rest ordered today", "on bed rest for one day", "bed rest began today"),
        2: ("confined to bed for 4 days", "in bed for more than 72 hours", "bedfast for five days", "confined to bed for 96 hours"),
    },
    "pressor": {
        0: (),
        2: ("dopamine runs at 4 ug/kg/min", "dobutamine runs at 5 ug/kg/min", "on dopamine 3 ug/kg/min", "receives dobutamine at 6 ug/kg/min"),
        3: ("norepinephrine runs at 0.08 ug/kg/min", "dopamine runs at 9 ug/kg/min", "on epinephrine 0.05 ug/kg/min", "receives norepinephrine at 0.06 ug/kg/min"),
        4: ("norepinephrine runs at 0.3 ug/kg/min", "epinephrine runs at 0.2 ug/kg/min", "on norepinephrine 0.25 ug/kg/min", "receives norepinephrine at 0.4 ug/kg/min"),
    },
}  # fmt: skip

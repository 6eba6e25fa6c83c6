"""How questions are said, by form. Of each list the test split has the last, demonstrations the first two (`wordings`)."""

from __future__ import annotations

WORDINGS: dict[str, tuple[str, ...]] = {
    "mrn by name and birth date": (
        "What is the MRN of the patient with name {name} and date of birth {birth}?",
        "Find the MRN of {name}, born on {birth}.",
        "Which MRN has the patient {name} (DOB {birth})?",
        "Look up the medical record number of {name}, whose birthday is {birth}.",
        "The front desk has {name} on the phone, date of birth {birth}, and needs the medical record number.",
    ),
    "mrn by name and phone": (
        "A caller gives the name {name} and the home phone number {phone}. Which MRN is it?",
    ),
    "age now": (
        "What is the age of the patient with MRN of {mrn}?",
        "How old is the patient with MRN {mrn} now?",
        "Give the age in whole years of patient {mrn}.",
        "State how many years old the patient with the record number {mrn} is today.",
    ),
    "age on a day": ("How old, in whole years, was the patient with MRN {mrn} on {day}?",),
    "record blood pressure": (
        'I just measured the blood pressure for patient with MRN of {mrn}, and it is "{text}". Help me record it.',
        'Record a blood pressure of "{text}" for the patient with MRN {mrn}, taken just now.',
        'Please chart "{text}" as the blood pressure of patient {mrn}; I took it this minute.',
        'The cuff on patient {mrn} has this moment shown "{text}". Put that blood pressure into the flowsheet.',
    ),
    "record heart rate": ('I have just counted the heart rate of patient {mrn}: "{text}". Record it in the flowsheet.',),
    "magnesium of the last day": (
        "What is the most recent magnesium level of the patient {mrn} within the last 24 hours?",
        "Give the latest serum magnesium of patient {mrn} from the last 24 hours.",
        "Within the last 24 hours, what was the newest magnesium of the patient with MRN {mrn}?",
        "Tell me patient {mrn}'s newest magnesium, provided that it was measured no more than 24 hours ago.",
    ),
    "lowest magnesium": ("What was the lowest magnesium of the patient with MRN {mrn} over the last 72 hours?",),
    "replace magnesium": (
        "Check patient {mrn}'s last serum magnesium level within the last 24 hours. If it is low, order replacement IV magnesium "
        "according to the dosing instructions. If none has been recorded in the last 24 hours, don't order anything.",
        "Look at the latest magnesium of patient {mrn} from the last 24 hours and, if it is low, order IV magnesium as the dosing "
        "instructions say; without a level in that time order nothing.",
        "For patient {mrn}: if the newest magnesium of the last 24 hours is low, replace it by vein as the protocol has it. No "
        "recorded level in 24 hours means no order.",
        "Does patient {mrn} need IV magnesium by protocol, going by the newest level of the past 24 hours? Place the order if so, "
        "and none where there is no such level.",
    ),
    "replace magnesium of two days": (
        "Check patient {mrn}'s last magnesium within the last 48 hours; if low, order IV magnesium by the dosing instructions. With "
        "no level in those 48 hours, order nothing.",
    ),
    "mean glucose": (
        "What is the average glucose (CBG) of the patient {mrn} over the last 24 hours?",
        "Give the mean of all glucose values of patient {mrn} in the last 24 hours.",
        "Over the last 24 hours, what did the glucose of the patient with MRN {mrn} average?",
        "Average every CBG that patient {mrn} had during the past 24 hours.",
    ),
    "highest glucose": ("What was the highest glucose of patient {mrn} in the last 24 hours?",),
    "last glucose": (
        "What is the most recent glucose (CBG) of the patient {mrn}?",
        "Give the latest glucose value of the patient with MRN {mrn}, however old.",
        "Which glucose was measured last in patient {mrn}?",
        "Tell me the newest CBG on file for {mrn}.",
    ),
    "last potassium": ("What is the most recent potassium of the patient with MRN {mrn}, however old?",),
    "refer to orthopedics": (
        'Order an orthopedic surgery referral for patient {mrn}. Specify within the free text of the referral, "{note}"',
        'Refer the patient with MRN {mrn} to orthopedic surgery, with this free text: "{note}"',
        'Patient {mrn} needs an orthopedic surgery referral; its note shall read "{note}"',
        'Please send {mrn} on to the orthopedic surgeons. Copy this into the referral as it stands: "{note}"',
    ),
    "refer to cardiology": (
        'Order a cardiology referral (SNOMED 183519002) for the patient with MRN {mrn}. Its free text is "{note}"',
    ),
    "replace potassium": (
        "Check patient {mrn}'s most recent potassium level. If it is low, order replacement potassium according to the dosing "
        "instructions, and pair this order with a morning serum potassium level to be completed the next day at 8am.",
        "If the latest potassium of patient {mrn} is low, order oral potassium as the dosing instructions say and a serum potassium "
        "level for tomorrow at 8am.",
        "Look up the newest potassium of {mrn}; where it is low, replace it by mouth by protocol and have the level drawn again "
        "tomorrow morning at 8am.",
        "Does patient {mrn} need potassium, going by the last level on file? If so, order the protocol's dose by mouth together "
        "with a serum level at 8am tomorrow.",
    ),
    "replace potassium, recheck tonight": (
        "Check the most recent potassium of patient {mrn}. If it is low, order oral potassium by the dosing instructions, with a serum "
        "potassium level today at 20:00 (8pm).",
    ),
    "renew a1c": (
        "What's the last HbA1C (hemoglobin A1C) value in the chart for patient {mrn} and when was it recorded? If it is more than 1 year "
        "old, or there is none, order a new HbA1C lab test.",
        "Give the latest hemoglobin A1C of patient {mrn} with its time. Order a new HbA1C where it is older than 1 year or missing.",
        "For patient {mrn}, report the newest HbA1C and when it was taken; if that is over 1 year ago, or never, order the test.",
        "Is the HbA1C of {mrn} up to date? Tell its last value and time, and order the lab if it dates back more than 1 year or does not "
        "exist.",
    ),
    "renew a1c of half a year": (
        "What is the last HbA1C of patient {mrn}, and when was it recorded? Order a new one if it is more than 180 days old or missing.",
    ),
}  # fmt: skip
SIDES = ("left", "right")
# (injury, report, assessment), those of training and those of the test split
INJURIES = (
    ("{side} knee injury", "radiology report indicates ACL tear", "ACL tear grade {grade}"),
    ("{side} shoulder pain after a fall", "ultrasound shows a rotator cuff tear", "rotator cuff tear stage {grade}"),
    (
        "{side} ankle injury",
        "radiograph shows a fracture of the lateral malleolus",
        "ankle fracture Weber type B, day {day}",
    ),
    ("{side} wrist pain", "radiograph shows a scaphoid fracture", "scaphoid fracture, day {day}"),
    ("{side} hip pain", "radiograph shows advanced loss of joint space", "osteoarthritis grade {grade}"),
)
TEST_INJURIES = (
    (
        "{side} elbow swelling",
        "MRI shows a partial rupture of the distal biceps tendon",
        "tendon rupture, {day} days old",
    ),
    (
        "{side} heel pain on tiptoe",
        "sonogram finds a gap in the Achilles tendon",
        "Achilles tendon rupture since {day} days",
    ),
)
HEARTS = (
    (
        "palpitations for {day} days",
        "Holter monitor shows runs of atrial fibrillation",
        "paroxysmal atrial fibrillation",
    ),
    (
        "shortness of breath for {day} days",
        "echocardiogram shows an ejection fraction of {percent} percent",
        "new heart failure",
    ),
)
SBAR = "Situation: {situation}, Background: {background}. Assessment: {assessment}. Recommendation: request for {service} service to evaluate and provide management recommendations."

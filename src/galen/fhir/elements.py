"""The elements of the resources that may be created and of their data types (https://hl7.org/fhir/R4/), as data.

An element's type ends in `*` for a list and `!` where it is required; `code(a|b)` is one of a required value set;
`value[x]` is one of the elements valueString, valueQuantity and so on. Every element may have `id` and `extension`.
"""

from collections.abc import Mapping

_STATUS = "active|on-hold|cancelled|completed|entered-in-error|stopped|draft|unknown"
_PRIORITY = "routine|urgent|asap|stat"
_QUANTITY = {
    "value": "decimal", "comparator": "code(<|<=|>=|>)", "unit": "string", "system": "uri", "code": "code",
}  # fmt: skip
_RESOURCE = {
    "resourceType": "string!", "meta": "Meta", "implicitRules": "uri", "language": "code", "text": "Narrative", "contained": "any*",
    "modifierExtension": "any*", "identifier": "Identifier*",
}  # fmt: skip
_VALUES = (
    "Quantity",
    "CodeableConcept",
    "string",
    "boolean",
    "integer",
    "Range",
    "Ratio",
    "time",
    "dateTime",
    "Period",
)

TYPES: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {
    "Meta": {"versionId": "string", "lastUpdated": "dateTime", "source": "uri", "profile": "uri*", "security": "Coding*", "tag": "Coding*"},
    "Narrative": {"status": "code(generated|extensions|additional|empty)!", "div": "string!"},
    "Coding": {"system": "uri", "version": "string", "code": "code", "display": "string", "userSelected": "boolean"},
    "CodeableConcept": {"coding": "Coding*", "text": "string"},
    "Identifier": {
        "use": "code(usual|official|temp|secondary|old)", "type": "CodeableConcept", "system": "uri", "value": "string",
        "period": "Period", "assigner": "Reference",
    },
    "Reference": {"reference": "string", "type": "uri", "identifier": "Identifier", "display": "string"},
    "Period": {"start": "dateTime", "end": "dateTime"},
    "Quantity": _QUANTITY,
    "Range": {"low": "Quantity", "high": "Quantity"},
    "Ratio": {"numerator": "Quantity", "denominator": "Quantity"},
    "Annotation": {"author[x]": ("Reference", "string"), "time": "dateTime", "text": "string!"},
    "Timing": {"event": "dateTime*", "repeat": "TimingRepeat", "code": "CodeableConcept"},
    "TimingRepeat": {
        "bounds[x]": ("Duration", "Range", "Period"), "count": "integer", "countMax": "integer", "duration": "decimal",
        "durationMax": "decimal", "durationUnit": "code(s|min|h|d|wk|mo|a)", "frequency": "integer", "frequencyMax": "integer",
        "period": "decimal", "periodMax": "decimal", "periodUnit": "code(s|min|h|d|wk|mo|a)", "dayOfWeek": "code*",
        "timeOfDay": "time*", "when": "code*", "offset": "integer",
    },
    "Duration": _QUANTITY,
    "Dosage": {
        "sequence": "integer", "text": "string", "additionalInstruction": "CodeableConcept*", "patientInstruction": "string",
        "timing": "Timing", "asNeeded[x]": ("boolean", "CodeableConcept"), "site": "CodeableConcept", "route": "CodeableConcept",
        "method": "CodeableConcept", "doseAndRate": "DoseAndRate*", "maxDosePerPeriod": "Ratio", "maxDosePerAdministration": "Quantity",
        "maxDosePerLifetime": "Quantity",
    },
    "DoseAndRate": {"type": "CodeableConcept", "dose[x]": ("Range", "Quantity"), "rate[x]": ("Ratio", "Range", "Quantity")},
    "DispenseRequest": {
        "initialFill": "any", "dispenseInterval": "Duration", "validityPeriod": "Period", "numberOfRepeatsAllowed": "integer",
        "quantity": "Quantity", "expectedSupplyDuration": "Duration", "performer": "Reference",
    },
    "Substitution": {"allowed[x]": ("boolean", "CodeableConcept"), "reason": "CodeableConcept"},
    "Component": {
        "code": "CodeableConcept!", "value[x]": _VALUES, "dataAbsentReason": "CodeableConcept", "interpretation": "CodeableConcept*",
        "referenceRange": "any*",
    },
    "Observation": {
        **_RESOURCE, "basedOn": "Reference*", "partOf": "Reference*",
        "status": "code(registered|preliminary|final|amended|corrected|cancelled|entered-in-error|unknown)!",
        "category": "CodeableConcept*", "code": "CodeableConcept!", "subject": "Reference!", "focus": "Reference*",
        "encounter": "Reference", "effective[x]": ("dateTime", "Period", "Timing", "instant"), "issued": "instant",
        "performer": "Reference*", "value[x]": _VALUES, "dataAbsentReason": "CodeableConcept", "interpretation": "CodeableConcept*",
        "note": "Annotation*", "bodySite": "CodeableConcept", "method": "CodeableConcept", "specimen": "Reference",
        "device": "Reference", "referenceRange": "any*", "hasMember": "Reference*", "derivedFrom": "Reference*", "component": "Component*",
    },
    "MedicationRequest": {
        **_RESOURCE, "status": f"code({_STATUS})!", "statusReason": "CodeableConcept",
        "intent": "code(proposal|plan|order|original-order|reflex-order|filler-order|instance-order|option)!",
        "category": "CodeableConcept*", "priority": f"code({_PRIORITY})", "doNotPerform": "boolean",
        "reported[x]": ("boolean", "Reference"), "medication[x]!": ("CodeableConcept", "Reference"), "subject": "Reference!",
        "encounter": "Reference", "supportingInformation": "Reference*", "authoredOn": "dateTime", "requester": "Reference",
        "performer": "Reference", "performerType": "CodeableConcept", "recorder": "Reference", "reasonCode": "CodeableConcept*",
        "reasonReference": "Reference*", "instantiatesCanonical": "uri*", "instantiatesUri": "uri*", "basedOn": "Reference*",
        "groupIdentifier": "Identifier", "courseOfTherapyType": "CodeableConcept", "insurance": "Reference*", "note": "Annotation*",
        "dosageInstruction": "Dosage*", "dispenseRequest": "DispenseRequest", "substitution": "Substitution",
        "priorPrescription": "Reference", "detectedIssue": "Reference*", "eventHistory": "Reference*",
    },
    "ServiceRequest": {
        **_RESOURCE, "instantiatesCanonical": "uri*", "instantiatesUri": "uri*", "basedOn": "Reference*", "replaces": "Reference*",
        "requisition": "Identifier", "status": "code(draft|active|on-hold|revoked|completed|entered-in-error|unknown)!",
        "intent": "code(proposal|plan|directive|order|original-order|reflex-order|filler-order|instance-order|option)!",
        "category": "CodeableConcept*", "priority": f"code({_PRIORITY})", "doNotPerform": "boolean", "code": "CodeableConcept",
        "orderDetail": "CodeableConcept*", "quantity[x]": ("Quantity", "Ratio", "Range"), "subject": "Reference!",
        "encounter": "Reference", "occurrence[x]": ("dateTime", "Period", "Timing"), "asNeeded[x]": ("boolean", "CodeableConcept"),
        "authoredOn": "dateTime", "requester": "Reference", "performerType": "CodeableConcept", "performer": "Reference*",
        "locationCode": "CodeableConcept*", "locationReference": "Reference*", "reasonCode": "CodeableConcept*",
        "reasonReference": "Reference*", "insurance": "Reference*", "supportingInfo": "Reference*", "specimen": "Reference*",
        "bodySite": "CodeableConcept*", "note": "Annotation*", "patientInstruction": "string", "relevantHistory": "Reference*",
    },
}  # fmt: skip
CREATABLE = ("Observation", "MedicationRequest", "ServiceRequest")

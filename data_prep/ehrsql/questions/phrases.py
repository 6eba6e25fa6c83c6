"""Six ways to say each kind of question. The last is the test split's own (`wordings.py`), so it is built otherwise."""

from __future__ import annotations

Phrases = tuple[str, ...]


def top(what: str) -> Phrases:
    return (
        f"what are the top {{n}} frequent {what} {{time}}?", f"which {what} were the {{n}} most common {{time}}?",
        f"tell me the {{n}} most frequent {what} {{time}}.", f"give me the top {{n}} {what} {{time}} by count.",
        f"by frequency, what are the top {{n}} {what} {{time}}?", f"name the top {{n}} {what} by frequency {{time}}.",
    )  # fmt: skip


def top_after(what: str, who: str, cause: str, event: str) -> Phrases:
    """`cause` follows 'having' and `event` is the same thing as a noun."""
    return (
        f"what are the top {{n}} frequent {what} that {who} had {{within}} after having {cause} {{time}}?",
        f"tell me the {{n}} most frequent {what} of {who} {{within}} after they had {cause} {{time}}.",
        f"{{within}} after having {cause} {{time}}, which {{n}} {what} were most common among {who}?",
        f"give me the top {{n}} {what} for {who} who had {cause} {{time}}, counting those {{within}} afterwards.",
        f"by count, what are the {{n}} commonest {what} that {who} got {{within}} once they had {cause} {{time}}?",
        f"after {event} {{time}}, name the top {{n}} {what} by frequency among {who} {{within}}.",
    )


def has(what: str) -> Phrases:
    return (
        f"has patient {{patient_id}} {what} {{time}}?", f"is it true that patient {{patient_id}} has {what} {{time}}?",
        f"check whether patient {{patient_id}} has {what} {{time}}.",
        f"tell me if patient {{patient_id}} has {what} {{time}}.",
        f"i need to know whether patient {{patient_id}} has {what} {{time}}.",
        f"i want to know if patient {{patient_id}} has {what} {{time}}.",
    )  # fmt: skip


def has_value(what: str) -> Phrases:
    return (
        f"has the {{vital_name}} of patient {{patient_id}} ever been {what} {{time}}?",
        f"was patient {{patient_id}}'s {{vital_name}} ever {what} {{time}}?",
        f"is it true that the {{vital_name}} of patient {{patient_id}} has once been {what} {{time}}?",
        f"check if patient {{patient_id}} has had a {{vital_name}} that was {what} {{time}}.",
        f"tell me whether any {{vital_name}} of patient {{patient_id}} was {what} {{time}}.",
        f"did patient {{patient_id}} at any time have a {{vital_name}} {what} {{time}}?",
    )


def when(what: str) -> Phrases:
    return (
        f"when was the {{nth}} {what} of patient {{patient_id}} {{time}}?",
        f"what time was patient {{patient_id}}'s {{nth}} {what} {{time}}?",
        f"give me the time of the {{nth}} {what} of patient {{patient_id}} {{time}}.",
        f"at what time was the {{nth}} {what} of patient {{patient_id}} {{time}}?",
        f"tell me when patient {{patient_id}} had the {{nth}} {what} {{time}}.",
        f"at what time did patient {{patient_id}} have the {{nth}} {what} {{time}}?",
    )


def when_value(what: str) -> Phrases:
    """The time of a value of the patient's that is `what`."""
    return (
        f"when was the {{nth}} time that {what} {{time}}?", f"at what time was it the {{nth}} time that {what} {{time}}?",
        f"tell me when, for the {{nth}} time, {what} {{time}}.", f"give me the {{nth}} time that {what} {{time}}.",
        f"i need the {{nth}} time at which {what} {{time}}.", f"on which date and time, the {{nth}} time, {what} {{time}}?",
    )  # fmt: skip


def count(what: str, who: str) -> Phrases:
    return (
        f"count the number of {what}{who} {{time}}.", f"how many {what}{who} were there {{time}}?",
        f"what is the number of {what}{who} {{time}}?", f"calculate the number of {what}{who} {{time}}.",
        f"tell me how many {what}{who} there were {{time}}.", f"calculate how many {what}{who} there were {{time}}.",
    )  # fmt: skip


def count_anew(what: str) -> Phrases:
    """A seventh way: a long `what` and a long time after it would be ten words in a row that training knows."""
    return (f"{{time}} how many were the {what}?",)


def count_after(then: str, cause: str, event: str) -> Phrases:
    return (
        f"count the number of patients who {then} {{within}} after having {cause} {{time}}.",
        f"how many patients {then} {{within}} after they had {cause} {{time}}?",
        f"what is the number of patients that {then} {{within}} after having {cause} {{time}}?",
        f"calculate how many patients {then} {{within}} once they had {cause} {{time}}.",
        f"tell me the number of patients who had {cause} and {then} {{within}} afterwards {{time}}.",
        f"after {event} {{time}}, how many are the patients who {then} {{within}}?",
    )


def name(what: str, verb: str) -> Phrases:
    return (
        f"what was the name of the {what} that patient {{patient_id}} {{nth}} {verb} {{time}}?",
        f"which {what} was {{nth}} {verb} by patient {{patient_id}} {{time}}?",
        f"tell me the {what} patient {{patient_id}} {{nth}} {verb} {{time}}.",
        f"name the {what} that patient {{patient_id}} {{nth}} {verb} {{time}}.",
        f"give the name of the {what} that was {{nth}} {verb} by patient {{patient_id}} {{time}}.",
        f"name the {what} that was {{nth}} {verb} by patient {{patient_id}} {{time}}.",
    )


def names_after(cause: str, event: str) -> Phrases:
    return (
        f"what was the name of the drug that patient {{patient_id}} was prescribed {{within}} after having {cause} {{time}}?",
        f"which drugs was patient {{patient_id}} prescribed {{within}} after having {cause} {{time}}?",
        f"tell me what patient {{patient_id}} was prescribed {{within}} after {event} {{time}}.",
        f"list the drugs that patient {{patient_id}} got {{within}} after {event} {{time}}.",
        f"{{within}} after having {cause} {{time}}, which drugs was patient {{patient_id}} prescribed?",
        f"name each drug given to patient {{patient_id}} {{within}} after {event} {{time}}.",
    )


def names_repeated(what: str, verb: str) -> Phrases:
    return (
        f"what was the name of the {what} that patient {{patient_id}} {verb} {{times}} {{time}}?",
        f"which {what} has patient {{patient_id}} {verb} {{times}} {{time}}?",
        f"tell me every {what} that patient {{patient_id}} {verb} {{times}} {{time}}.",
        f"list each {what} that was {verb} {{times}} by patient {{patient_id}} {{time}}.",
        f"give the names of what patient {{patient_id}} {verb} as a {what} {{times}} {{time}}.",
        f"of patient {{patient_id}}, name every {what} {verb} {{times}} {{time}}.",
    )


def value(what: str) -> Phrases:
    return (
        f"what was the {what} of patient {{patient_id}} {{time}}?",
        f"tell me patient {{patient_id}}'s {what} {{time}}.",
        f"give the {what} of patient {{patient_id}} {{time}}.",
        f"i need the {what} of patient {{patient_id}} {{time}}.",
        f"what is the {what} that patient {{patient_id}} had {{time}}?",
        f"i want to know the {what} patient {{patient_id}} had {{time}}.",
    )


def values(what: str) -> Phrases:
    """One value a day, month or year."""
    return (
        f"list the {{each}} {{agg}} {what} of patient {{patient_id}} {{time}}.",
        f"what were the {{each}} {{agg}} values of {what} of patient {{patient_id}} {{time}}?",
        f"give me patient {{patient_id}}'s {{agg}} {what} on a {{each}} basis {{time}}.",
        f"show the {{agg}} {{each}} {what} of patient {{patient_id}} {{time}}.",
        f"tell me the {{each}} {{agg}} of the {what} that patient {{patient_id}} had {{time}}.",
        f"for patient {{patient_id}}, report the {{agg}} {what} as {{each}} figures {{time}}.",
    )


def change(what: str) -> Phrases:
    """The value named first (exact2, global2) minus the other one."""
    return (
        f"what is the change in the {what} of patient {{patient_id}} from the {{nth2}} value measured {{time2}} compared to "
        "the {nth} value measured {time}?",
        f"how much does the {{nth2}} {what} of patient {{patient_id}} measured {{time2}} differ from the {{nth}} value "
        "measured {time}?",
        f"tell me by how much the {{nth2}} {what} that patient {{patient_id}} had {{time2}} is above the {{nth}} one measured "
        "{time}.",
        f"calculate the {{nth2}} {what} of patient {{patient_id}} {{time2}} minus the {{nth}} value measured {{time}}.",
        f"give me the difference of patient {{patient_id}}'s {{nth2}} {what} measured {{time2}} and the {{nth}} one measured "
        "{time}.",
        f"of patient {{patient_id}}, subtract from the {{nth2}} {what} {{time2}} the {{nth}} reading {{time}}.",
    )


def compare(what: str) -> Phrases:
    return (
        f"is the {what} of patient {{patient_id}} {{nth2}} measured {{time2}} {{comparison}} than the {{nth}} value measured "
        "{time}?",
        f"was patient {{patient_id}}'s {{nth2}} {what} {{time2}} {{comparison}} than the {{nth}} one measured {{time}}?",
        f"check whether the {{nth2}} {what} measured {{time2}} of patient {{patient_id}} is {{comparison}} than the {{nth}} value "
        "{time}.",
        f"is it true that the {{nth2}} {what} of patient {{patient_id}} {{time2}} was {{comparison}} than the {{nth}} value that "
        "was measured {time}?",
        f"tell me if the {{nth2}} {what} that patient {{patient_id}} had {{time2}} is {{comparison}} than the {{nth}} one {{time}}.",
        f"of patient {{patient_id}}, is the {{nth2}} {what} {{time2}} {{comparison}} than the {{nth}} reading {{time}}?",
    )


def passed(what: str) -> Phrases:
    """The time from `what`, an event of the current stay, till now."""
    return (
        f"how many {{unit}} have passed since {what}?", f"how many {{unit}} ago was {what}?",
        f"tell me the number of {{unit}} since {what}.", f"in {{unit}}, how long ago was {what}?",
        f"count the {{unit}} that have gone by since {what}.", f"give the {{unit}} from {what} until now.",
    )  # fmt: skip


def cost(what: str) -> Phrases:
    return (
        f"what is the cost of {what}?", f"how much does {what} cost?", f"tell me the price of {what}.",
        f"what is paid for {what}?", f"how much does one pay for {what}?", f"what does one pay for {what}?",
    )  # fmt: skip


def visit_cost(what: str) -> Phrases:
    return (
        f"what is the {{agg}} total hospital cost that involves {what} {{time}}?",
        f"what was the {{agg}} of the total costs of hospital visits with {what} {{time}}?",
        f"tell me the {{agg}} total cost of a hospital visit that involves {what} {{time}}.",
        f"how much is the {{agg}} total hospital cost when it involves {what} {{time}}?",
        f"calculate the {{agg}} cost in total over hospital visits that had {what} {{time}}.",
        f"summing costs by hospital visit, what is the {{agg}} over those with {what} {{time}}?",
    )

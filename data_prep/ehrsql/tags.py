"""What EHRSQL's own files call `t_tag` and `o_tag`, and the category of a template."""

from __future__ import annotations

from data_prep.ehrsql.fill import Draw
from data_prep.ehrsql.operations import PUBLISHED, SLOTS
from data_prep.ehrsql.template import Template

FORMS = {
    "count": "count", "has_verb": "existence", "how many": "elapsed time", "list": "list", "is the": "comparison",
    "what does": "abbreviation", "when": "time",
}  # fmt: skip


def t_tag(template: Template, draw: Draw) -> list[str]:
    """The five time tags: global1, global2, within, exact1, exact2; empty where none was drawn or there is no slot."""
    marks = template.marks
    return [
        draw.global1.tag, draw.global2.tag, draw.within.tag, draw.exact1.tag if "x1" in marks else "",
        draw.exact2.tag if "x2" in marks else "",
    ]  # fmt: skip


def o_tag(template: Template, draw: Draw) -> list[str]:
    """The nine operation tags; empty where the template has no such slot."""
    said = [str(draw.slots[ours]) if f"[{slot}]" in template.tag else "" for slot, ours in SLOTS.items()]
    return [PUBLISHED.get(w, w) if slot == "sort" else w for slot, w in zip(SLOTS, said, strict=True)]


def form(tag: str) -> str:
    """The category of a template: the form of its question. Nine forms cover all of EHRSQL's templates."""
    if "[n_rank]" in tag:
        return "ranking"
    return next((name for start, name in FORMS.items() if tag.startswith(start)), "value")

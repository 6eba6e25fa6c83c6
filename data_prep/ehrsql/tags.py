"""What EHRSQL's own files call `t_tag` and `o_tag`, and the category that follows from the latter."""

from __future__ import annotations

from data_prep.ehrsql.fill import Draw
from data_prep.ehrsql.operations import PUBLISHED, SLOTS
from data_prep.ehrsql.template import Template

RARE = ("unit_average", "n_survival_period", "age_group")  # slots that come along with a more common one


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


def operation(tag: str) -> str:
    """The category of a template of the whole set: its operation slot, of two the rarer; `plain` where there is none."""
    return next((slot for slot in (*RARE, *SLOTS) if f"[{slot}]" in tag), "plain")


def brief_category(template: Template) -> str:
    """The category of a template of the brief subset: its operation slot, else the type of its answer."""
    return next((s for s in ("age_group", "agg_function", "n_rank") if f"[{s}]" in template.tag), template.answer)

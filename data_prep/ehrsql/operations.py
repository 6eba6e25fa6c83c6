"""EHRSQL's operation tags: the words of a question and what they are in SQL.

Slots of a paraphrase, then of SQL: age_group `{age_group}` → `{low}`, `{high}`; agg_function `{agg}` → `{fn}`; comparison
`{comparison}` → `{op}`; n_rank `{n}` → `{rank}`; n_survival_period `{period}` → `{days}`; n_times `{times}` →
`{having}`; sort `{sort}` → `{pick}`; unit_average `{each}` → `{length}` (of the prefix of a time); unit_count `{unit}` →
`{per_day}`.
"""

from __future__ import annotations

AGES = {"20s": (20, 29), "30s": (30, 39), "40s": (40, 49), "50s": (50, 59), "60 or above": (60, 150)}
RANKS = {"three": 3, "four": 4, "five": 5}
AGGREGATES = {"average": "avg", "maximum": "max", "minimum": "min"}
COMPARISONS = {"less": "<", "greater": ">"}
PERIODS = {"one year": 365, "two year": 730, "three year": 1095, "four year": 1460, "five year": 1825}
TIMES = {"two times": "= 2", "two or more times": ">= 2"}
SORTS = {"maximum": "max", "minimum": "min"}
AVERAGES = {"daily": 10, "monthly": 7, "yearly": 4}
UNITS = {"days": 1, "hours": 24}

# The published slots in their order in `o_tag`, and the slot of our paraphrases that says each.
SLOTS = {
    "age_group": "age_group", "agg_function": "agg", "comparison": "comparison", "n_rank": "n",
    "n_survival_period": "period", "n_times": "times", "sort": "sort", "unit_average": "each", "unit_count": "unit",
}  # fmt: skip
PUBLISHED = {"maximum": "max", "minimum": "min"}  # how o_tag writes our words of `sort`

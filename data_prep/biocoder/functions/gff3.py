"""GFF3: attributes, and what belongs to a feature."""

from __future__ import annotations

import random
from urllib.parse import unquote

from data_prep.biocoder.contexts.gff3 import data_lines, fields, pairs, whole
from data_prep.biocoder.draws import feature_line
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def gff_attributes(text: str, *, decode: str, several: str, bare: str, twice: str) -> dict:
    found: dict = {}
    for part in text.split(";"):
        part = part.strip()
        if not part:
            continue
        key, equals, value = part.partition("=")
        if not equals:
            if bare == "error":
                raise ValueError("no value")
            if bare == "skip":
                continue
        values = value.split(",") if several == "list" else [value]
        if decode == "yes":
            key, values = unquote(key), [unquote(v) for v in values]
        if key in found and twice == "error":
            raise ValueError("given twice")
        if key in found and twice == "first":
            continue
        found[key] = values if several == "list" else values[0]
    return found


def gff_tree(text: str, *, depth: str, roots: str, orphan: str, unit: str) -> dict[str, dict[str, int]]:
    above: dict[str, list[str]] = {}
    rows = []
    for line in data_lines(text):
        row = fields(line, 9)
        tags = pairs(row[8])
        linked = tags["Parent"].split(",") if "Parent" in tags else []
        if "ID" in tags:
            above.setdefault(tags["ID"], linked)
        rows.append((row[2], linked, whole(row[4]) - whole(row[3]) + 1))
    if orphan == "error" and any(parent not in above for _, linked, _ in rows for parent in linked):
        raise ValueError("an unknown parent")
    found: dict[str, dict[str, int]] = {i: {} for i in above if roots == "all" or not above[i]}
    for kind, linked, size in rows:
        reached: set[str] = set()
        waiting = list(linked)
        while waiting:
            one = waiting.pop()
            if one in above and one not in reached:
                reached.add(one)
                if depth == "all":
                    waiting += above[one]
        for one in sorted(reached & found.keys()):
            found[one][kind] = found[one].get(kind, 0) + (size if unit == "bases" else 1)
    return found


def _attributes(rng: random.Random) -> tuple[str]:
    parts = []
    for _ in range(rng.randint(1, 5)):
        key = rng.choice(["ID", "Name", "Note", "Dbxref", "a%20b"])
        value = rng.choice(["x", "kinase%2C putative", "GO:1,GO:2", "50%25", "a=b", "", "p%3Bq"])
        parts.append(key if rng.random() < 0.12 else f"{rng.choice(['', ' '])}{key}={value}")
    return (";".join(parts) + rng.choice(["", ";"]),)


def _gff(rng: random.Random) -> tuple[str]:
    rows = [("gene", "ID=g1"), ("mRNA", "ID=t1;Parent=g1"), ("mRNA", "ID=t2;Parent=g1")][: rng.randint(1, 3)]
    if rng.random() < 0.4:
        rows.append(("gene", "ID=g2"))
    for _ in range(rng.randint(1, 4)):
        parent = rng.choice(["t1", "t1,t2", "t2", "g2", "g1", "t9" if rng.random() < 0.3 else "t1"])
        rows.append((rng.choice(["exon", "exon", "CDS"]), f"Parent={parent}"))
    rng.shuffle(rows)
    return (
        "\n".join(
            "\t".join(["1", "x", kind, str(s := rng.randint(1, 9)), str(s + rng.randint(0, 9)), ".", "+", ".", a])
            for kind, a in rows
        ),
    )


GENES = [
    feature_line("gene", 1, 90, "ID=g1"),
    feature_line("mRNA", 1, 40, "ID=t1;Parent=g1"),
    feature_line("mRNA", 2, 50, "ID=t2; Parent=g1"),
    feature_line("exon", 3, 9, "Parent=t1,t2"),
    feature_line("exon", 20, 24, "Parent=t2"),
]

FUNCTIONS = (
    Function(
        gff_attributes,
        says="""The attributes of a GFF3 line, `text`, as a dictionary. They are parted by ';' and white space around
        each is taken off; empty ones mean nothing. Key and value are parted by the first '='. {bare} {several} {decode}
        {twice}""",
        options={
            "bare": {
                "error": "An attribute without '=' raises a ValueError.",
                "skip": "An attribute without '=' is left out.",
                "empty": "An attribute without '=' is a key with an empty value.",
            },
            "several": {
                "list": "Values are lists: what commas part in the value, one text when there is none.",
                "one": "Values are texts, commas and all.",
            },
            "decode": {
                "yes": "Percent-encoded characters (%2C) are decoded in keys and values, after all parting.",
                "no": "Percent-encoded characters stay as they are.",
            },
            "twice": {
                "first": "Of a key that stands there several times (as it is given out) the first counts.",
                "error": "A key that stands there several times (as it is given out) raises a ValueError.",
            },
        },
        edges=(
            ("",),
            ("ID=x;;Name=a=b; ",),
            ("ID=x;Note",),
            ("ID=1,2%2C3;a%20b=%3B",),
            ("ID=1;ID=2",),
            ("Note;Note=",),
            ("=x;ID=,",),
        ),
        draw=_attributes,
    ),
    Function(
        gff_tree,
        says="""What belongs to each feature of the GFF3 file `text`: a dictionary from each ID to a dictionary from the
        type (third field) of {depth} {unit} {roots} Comments and empty lines mean nothing. Attributes are read by
        `pairs`, several Parents are parted by commas; when an ID stands in several lines, the Parent of the first
        counts for what is above it. {orphan} There is no circle. A line that has not 9 fields raises a ValueError.""",
        options={
            "depth": {
                "direct": "the lines that name the ID as Parent",
                "all": "the lines that name as Parent the ID, or another ID that belongs to it, directly or through "
                "others,",
            },
            "unit": {
                "lines": "to their number (a line counts once for an ID).",
                "bases": "to the sum of their lengths, places being 1-based with both ends included (a line counts "
                "once for an ID).",
            },
            "roots": {
                "all": "Every ID has a key, with an empty dictionary when nothing belongs to it.",
                "top": "Only IDs without a Parent have a key, with an empty dictionary when nothing belongs to them.",
            },
            "orphan": {
                "skip": "A Parent that is no ID of the file is ignored.",
                "error": "A Parent that is no ID of the file raises a ValueError.",
            },
        },
        edges=(
            ("",),
            ("\n".join(GENES),),
            ("\n".join(GENES[::-1]) + "\n# x\n",),
            ("\n".join(GENES[1:]),),
            (GENES[0] + "\tx",),
        ),
        draw=_gff,
    ),
)

"""GTF and BED12: parts of a transcript, extents of genes."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.transcript_files import attribute, data_lines, fields, numbers, whole
from data_prep.biocoder.draws import feature_line
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def bed12_blocks(line: str, *, order: str, part: str, places: str, check: str) -> list[list]:
    row = fields(line, 12)
    start, end = whole(row[1]), whole(row[2])
    sizes, starts = numbers(row[10]), numbers(row[11])
    if not whole(row[9]) == len(sizes) == len(starts):
        raise ValueError("not as many blocks as it says")
    blocks = sorted([start + first, start + first + size] for size, first in zip(sizes, starts, strict=True))
    if check == "strict" and (blocks[0][0] != start or blocks[-1][1] != end):
        raise ValueError("the blocks do not fill the interval")
    if part != "exon":
        thick, thin = whole(row[6]), whole(row[7])
        if part == "cds":
            blocks = [[max(a, thick), min(b, thin)] for a, b in blocks]
        else:
            blocks = [piece for a, b in blocks for piece in ([a, min(b, thick)], [max(a, thin), b])]
        blocks = [[a, b] for a, b in blocks if a < b]
    if places == "closed":
        blocks = [[a + 1, b] for a, b in blocks]
    if order == "strand" and row[5] == "-":
        blocks.reverse()
    return [[row[0], a, b] for a, b in blocks]


def gene_extents(text: str, *, feature: str, key: str, unnamed: str, clash: str, places: str) -> dict[str, list]:
    found: dict[str, list] = {}
    for line in data_lines(text):
        row = fields(line, 9)
        if row[2] != feature:
            continue
        name = attribute(row[8], key)
        if not name:
            if unnamed == "error":
                raise ValueError("no name")
            continue
        start, end = whole(row[3]), whole(row[4])
        if start > end:
            raise ValueError("the wrong way round")
        start = start if places == "closed" else start - 1
        known = found.setdefault(name, [row[0], start, end, row[6]])
        if (row[0], row[6]) != (known[0], known[3]):
            if clash == "error":
                raise ValueError("on two chromosomes or strands")
            continue
        known[1], known[2] = min(known[1], start), max(known[2], end)
    return found


def _bed(rng: random.Random) -> tuple[str]:
    start, place = rng.randint(5, 30), 0
    starts, sizes = [], []
    for _ in range(rng.randint(1, 4)):
        starts.append(place)
        sizes.append(rng.randint(3, 9))
        place += sizes[-1] + rng.randint(2, 9)
    end = start + starts[-1] + sizes[-1] + rng.choice([0, 0, 0, 0, 2])
    thick = sorted((rng.randint(start, end), rng.randint(start, end)))
    n = len(sizes) + (rng.random() < 0.08)
    lists = [",".join(map(str, row)) + rng.choice(["", ","]) for row in (sizes, starts)]
    return ("\t".join(map(str, ["chr1", start, end, "t", 0, rng.choice("+--"), *thick, 0, n, *lists])),)


def _gtf(rng: random.Random) -> tuple[str]:
    lines = []
    for _ in range(rng.randint(2, 4)):
        start = rng.randint(1, 60)
        names = [f'gene_id "{rng.choice("AAB")}"', f'gene_name "{rng.choice("XXYZ")}"']
        names = [name for name in names if rng.random() < 0.93]
        row = [
            rng.choice(["1", "1", "1", "2"]),
            "x",
            rng.choice(["exon", "exon", "CDS"]),
            start,
            start + rng.randint(0, 20),
            ".",
        ]
        lines.append("\t".join(map(str, [*row, rng.choice("+++-"), ".", "; ".join(names) + ";"])))
    return ("\n".join(lines),)


BED = "chr1\t10\t40\tt\t0\t-\t14\t33\t0\t2\t10,8,\t0,22"

FUNCTIONS = (
    Function(
        bed12_blocks,
        says="""The {part}, as rows [chrom, start, end]. {places} {order} A line that has not 12 fields, a number that
        is none, or lists that have not blockCount numbers each raise a ValueError (there is at least one block, and no
        two overlap). {check}""",
        options={
            "part": {
                "exon": "exons (blocks) of the BED12 line `line`",
                "cds": "coding parts of the exons (blocks) of the BED12 line `line`: what of them lies between "
                "thickStart and thickEnd",
                "utr": "non-coding parts of the exons (blocks) of the BED12 line `line`: what of each lies before "
                "thickStart, and what lies past thickEnd",
            },
            "places": {
                "open": "Places are 0-based and the end is not included; stretches without a base have no row.",
                "closed": "Places are 1-based and the end is included; stretches without a base have no row.",
            },
            "order": {
                "left": "Rows come from left to right.",
                "strand": "Rows come from left to right, but on strand '-' from right to left.",
            },
            "check": {
                "strict": "So does a first block that does not start at start, and a last block that does not end at "
                "end.",
                "loose": "Whether the blocks fill the stretch from start to end does not matter.",
            },
        },
        edges=(
            (BED,),
            (BED.replace("40", "41"),),
            (BED.replace("-", "+") + ",\n",),
            (BED.replace("\t2\t", "\t3\t"),),
            (BED + "\tx",),
            (BED.replace("14\t33", "10\t10"),),
            (BED.replace("14\t33", "16\t18"),),
        ),
        draw=_bed,
    ),
    Function(
        gene_extents,
        says="""From the lines of the GTF file `text` whose feature is {feature}, the stretch of each gene, by its
        {key}, as a dictionary to [seqname, start, end, strand]: from the smallest start to the greatest end. Comments
        and empty lines mean nothing. {places} {unnamed} {clash} A line (of any feature) that has not 9 fields, a place
        (of that feature, with a name) that is no number, or a start past its end raises a ValueError.""",
        options={
            "feature": {"exon": "'exon'", "CDS": "'CDS'"},
            "key": {"gene_id": "gene_id", "gene_name": "gene_name"},
            "places": {
                "closed": "Places are as in the file.",
                "open": "The start is given 0-based, the end is then not included.",
            },
            "unnamed": {
                "skip": "A line of that feature without that attribute, or with an empty one, is passed over.",
                "error": "A line of that feature without that attribute, or with an empty one, raises a ValueError.",
            },
            "clash": {
                "error": "A gene with lines on several chromosomes or strands raises a ValueError.",
                "first": "Of a gene with lines on several chromosomes or strands only those count that agree with its "
                "first one in both.",
            },
        },
        edges=(
            ("",),
            (
                "#x\n\n"
                + feature_line("exon", 5, 9, 'gene_id "A"; gene_name "B";')
                + "\n"
                + feature_line("CDS", 6, 7, 'gene_id "A"; gene_name "B"'),
            ),
            (feature_line("exon", 9, 5, 'gene_id "A";'),),
            ("1\tx\texon",),
            ("\n".join(feature_line(f, 5, 9, 'gene_id ""; gene_name "N"') for f in ("exon", "CDS")),),
            (
                "\n".join(
                    feature_line(f, 5 + i, 9 + i, 'gene_id "A"; gene_name "A"', s)
                    for f in ("exon", "CDS")
                    for i, s in enumerate("121")
                ),
            ),
        ),
        draw=_gtf,
    ),
)

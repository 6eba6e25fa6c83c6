"""FASTQ files: trimming, quality by cycle, barcodes, mates."""

from __future__ import annotations

import math
import random

from data_prep.biocoder.contexts.fastq import error, name, reads_of, scores
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def trim_reads(text: str, least: int, *, offset: int, method: str, shortest: int) -> list[list[str]]:
    found = []
    for header, bases, qualities in reads_of(text):
        values = scores(qualities, offset)
        end = len(values)
        if method == "tail":
            while end and values[end - 1] < least:
                end -= 1
        elif method == "window":
            for start in range(max(len(values) - 3, 0)):
                if sum(values[start : start + 4]) < 4 * least:
                    end = start
                    break
        else:
            total = best = 0
            for i in range(len(values) - 1, -1, -1):
                total += least - values[i]
                if total < 0:
                    break
                if total > best:
                    best, end = total, i
        if end >= shortest:
            found.append([header, bases[:end], qualities[:end]])
    return found


def cycle_quality(text: str, *, offset: int, mean: str, unread: str, cycles: str) -> list[float]:
    rows = []
    for _, bases, qualities in reads_of(text):
        values = scores(qualities, offset)
        rows.append([None if unread == "skip" and base in "Nn" else q for base, q in zip(bases, values, strict=True)])
    if not rows:
        return []
    length = max(map(len, rows)) if cycles == "longest" else min(map(len, rows))
    found = []
    for cycle in range(length):
        column = [row[cycle] for row in rows if cycle < len(row) and row[cycle] is not None]
        if not column:
            found.append(0.0)
        elif mean == "quality":
            found.append(sum(column) / len(column))
        elif mean == "probability":
            found.append(-10 * math.log10(sum(map(error, column)) / len(column)))
        else:
            found.append(float(min(column)))
    return found


def demultiplex(
    text: str, barcodes: dict[str, str], *, where: str, misses: int, unread: str, tie: str
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {sample: [] for sample in barcodes}
    found["undetermined"] = []
    for header, bases, _ in reads_of(text):
        tag = header.rpartition(":")[2] if where == "header" else bases
        counts = {}
        for sample, barcode in barcodes.items():
            part = tag[: len(barcode)] if where == "start" else tag
            if len(part) == len(barcode):
                pairs = list(zip(part, barcode, strict=True))
                wrong = sum(a != b and not (unread == "free" and a == "N") for a, b in pairs)
                if wrong <= misses:
                    counts[sample] = wrong
        best = [s for s in counts if counts[s] == min(counts.values())]
        sample = best[0] if len(best) == 1 or (tie == "first" and best) else "undetermined"
        found[sample].append(name(header))
    return found


def mate_pairs(first: str, second: str, *, order: str, lone: str, suffix: str, twice: str) -> list[list[str]]:
    tables: list[dict[str, str]] = []
    for text, mark in ((first, "/1"), (second, "/2")):
        table: dict[str, str] = {}
        for header, bases, _ in reads_of(text):
            key = name(header)
            if suffix == "cut":
                key = key.removesuffix(mark)
            if key in table and twice == "error":
                raise ValueError("a name that is given twice")
            if key not in table or twice == "last":
                table[key] = bases
        tables.append(table)
    one, two = tables
    if lone == "error" and one.keys() != two.keys():
        raise ValueError("a read without mate")
    keys = list(one) if order == "first" else sorted(one)
    return [[key, one[key], two[key]] for key in keys if key in two]


def _file(rows: list[tuple[str, str, str]]) -> str:
    return "".join(f"@{header}\n{bases}\n+\n{qualities}\n" for header, bases, qualities in rows)


def _qualities(rng: random.Random, n: int, offset: int) -> str:
    """Good at first, worse towards the end."""
    return "".join(chr(offset + max(2, min(40, rng.randint(18, 38) - 2 * max(0, i - 4)))) for i in range(n))


def _reads(rng: random.Random) -> tuple[str]:
    rows = []
    for i in range(rng.randint(1, 4)):
        bases = dna(rng, 3, 14, "ACGTACGTN")
        rows.append((f"r{i} x", bases, _qualities(rng, len(bases), 64 if rng.random() < 0.7 else 45)))
    return (_file(rows) + ("\n" if rng.random() < 0.2 else ""),)


def _least(rng: random.Random) -> tuple[str, int]:
    return (*_reads(rng), rng.randint(12, 30))


def _barcoded(rng: random.Random) -> tuple[str, dict[str, str]]:
    barcodes = {"s1": "ACGT", "s2": "ACGA" if rng.random() < 0.6 else "TTGC", "s3": "GGCA"}
    rows = []
    for i in range(rng.randint(2, 5)):
        tags = []
        for _ in range(2):
            tag = list(rng.choice(list(barcodes.values())))
            for _ in range(rng.choice([0, 1, 1, 2])):
                tag[rng.randrange(4)] = rng.choice("ACGTNN")
            tags.append("".join(tag))
        bases = tags[0] + dna(rng, 2, 5)
        rows.append((f"r{i} 1:N:0:{tags[1]}", bases, "I" * len(bases)))
    return (_file(rows), barcodes)


def _mates(rng: random.Random) -> tuple[str, str]:
    names = [rng.choice("dbca") + str(i % 3) for i in range(rng.randint(2, 4))]
    files = []
    for mark in "12":
        kept = names if rng.random() < 0.6 else rng.sample(names, len(names) - 1)
        end = rng.choice(["", f"/{mark}", f"/{mark}", f" {mark}:N:0"])
        rows = [(n + end, dna(rng, 3, 5)) for n in kept]
        files.append(_file([(header, bases, "I" * len(bases)) for header, bases in rows]))
    return (files[0], files[1])


RISES = "@a b\nACGTACGT\n+\nhhhhhBhB\n@c\nNN\n+x\nBh\n"
OFFSETS = {33: "Qualities are written with 33 added.", 64: "Qualities are written with 64 added."}
CODES = {"A": "AC", "B": "AG"}
BROKEN = "@a\nAC\n+\nI\n"
UNREAD = "A text that `reads_of` does not take raises a ValueError."

FUNCTIONS = (
    Function(
        trim_reads,
        says="""The reads of the FASTQ file `text` with poor ends cut off, as rows [header, bases, qualities], in their order. {offset} {method} {shortest}
        Also a negative quality raises a ValueError. """
        + UNREAD,
        options={
            "offset": OFFSETS,
            "method": {
                "tail": "Bases are taken off the end while the last one's quality is below `least`.",
                "window": "Windows of 4 bases are looked at from the start on, base by base; at the first one whose "
                "mean quality is below `least` the read "
                "is cut before the window's first base. A read of fewer than 4 bases is not cut.",
                "sum": "Going from the last base to the first, `least` less the quality is added up. As soon as the "
                "sum is below 0 the going ends. The read "
                "is cut before the base at which the sum was greatest, the first one met of several; when it was "
                "never above 0 nothing is cut.",
            },
            "shortest": {
                0: "A read may be left without bases.",
                5: "Reads that are left with fewer than 5 bases are dropped.",
            },
        },
        edges=(
            ("", 20),
            (RISES, 20),
            (BROKEN, 20),
            ("@a\nACGTAC\n+\nIIIIII\n", 5),
            ("@a\nACGTACG\n+\nhhhh^hB\n@b\nACGTAC\n+\nBBBBBB\n", 30),
            ("@\n\n+\n\n", 3),
        ),
        draw=_least,
    ),
    Function(
        cycle_quality,
        says="""The quality of the FASTQ file `text` at each cycle (the first bases of all reads, the second, and so on): {mean} {cycles} {unread} {offset}
        A cycle at which nothing counts has 0.0. An empty list without reads. Also a negative quality raises a ValueError. """
        + UNREAD,
        options={
            "mean": {
                "quality": "the mean of the qualities.",
                "probability": "the quality that stands for the mean of the error probabilities, not rounded.",
                "least": "the smallest quality.",
            },
            "cycles": {
                "longest": "There are as many cycles as the longest read has bases; reads that have ended do not "
                "count.",
                "shortest": "There are as many cycles as the shortest read has bases.",
            },
            "unread": {
                "count": "All bases count.",
                "skip": "Bases N and n do not count.",
            },
            "offset": OFFSETS,
        },
        edges=(
            ("",),
            (RISES,),
            (BROKEN,),
            ("@a\nNA\n+\nhh\n@b\nnCG\n+\nBhi\n",),
            ("@a\nA\n+\nI\n",),
            ("@a\nACG\n+\nhij\n\n\n",),
        ),
        draw=_reads,
    ),
    Function(
        demultiplex,
        says="""Sorts the reads of the FASTQ file `text` by barcode; `barcodes` has that of each sample (none is named 'undetermined'). {where} A barcode
        matches when {misses}. {unread} {tie} The result is a dictionary from each sample, and from 'undetermined' for all
        other reads, to the list of its reads' names (see `name`), in the order of the file, empty where there is none. """
        + UNREAD,
        options={
            "where": {
                "start": "A barcode is compared with as many bases at the start of the read; a shorter read does not "
                "match.",
                "header": "A barcode is compared with what follows the last ':' of the header (the whole header "
                "without one); it does not match when that has "
                "another length.",
            },
            "misses": {0: "none of its letters differs", 1: "at most one of its letters differs"},
            "unread": {
                "wrong": "An N in the read differs from any base.",
                "free": "An N in the read differs from nothing.",
            },
            "tie": {
                "none": "A read belongs to the sample whose barcode matches with the fewest differences, and is "
                "'undetermined' when several match equally well.",
                "first": "A read belongs to the sample whose barcode matches with the fewest differences, the first "
                "of several in the order of `barcodes`.",
            },
        },
        edges=(
            ("", CODES),
            (RISES, CODES),
            (BROKEN, CODES),
            ("@r:AN\nANCT\n+\nIIII\n@q\nA\n+\nI\n", CODES),
            ("@r:AC\nACT\n+\nIII\n@q\nA\n+\nI\n", {"A": "AC", "B": "AC"}),
        ),
        draw=_barcoded,
    ),
    Function(
        mate_pairs,
        says="""Brings the reads of the FASTQ files `first` and `second` together by name (see `name`), as rows [name, bases in `first`, bases in `second`].
        {suffix} {twice} {lone} {order} """
        + UNREAD,
        options={
            "suffix": {
                "cut": "A '/1' at the end of a name in `first`, and a '/2' at the end of one in `second`, is no part "
                "of the name.",
                "keep": "Names are compared as they are.",
            },
            "twice": {
                "error": "A name that stands twice in one file raises a ValueError.",
                "first": "Of reads with the same name in one file the first counts.",
                "last": "Of reads with the same name in one file the last counts (in the place of the first).",
            },
            "lone": {
                "drop": "Reads without a mate in the other file are left out.",
                "error": "A read without a mate in the other file raises a ValueError.",
            },
            "order": {"first": "Rows come in the order of `first`.", "name": "Rows are sorted by name."},
        },
        edges=(
            ("", ""),
            (BROKEN, ""),
            ("@b/1\nA\n+\nI\n@a/1\nC\n+\nI\n", "@a/2\nG\n+\nI\n@b/2\nT\n+\nI\n"),
            ("@b\nA\n+\nI\n@a 1\nC\n+\nI\n", "@a 2\nG\n+\nI\n@b\nT\n+\nI\n"),
            ("@b\nA\n+\nI\n@b\nC\n+\nI\n", "@a 2\nG\n+\nI\n@b\nT\n+\nI\n@b\nG\n+\nI\n"),
            ("@d\nA\n+\nI\n@d\nC\n+\nI\n@c\nG\n+\nI\n", "@c\nGC\n+\nII\n@d\nT\n+\nI\n@d\nG\n+\nI\n"),
            ("@a/2\nA\n+\nI\n", "@a/2\nG\n+\nI\n"),
        ),
        draw=_mates,
    ),
)

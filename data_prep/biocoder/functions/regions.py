"""Regions: their texts, promoters, tiles, bins."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.regions import OFFSETS, SHIFTS, clip, to_number
from data_prep.biocoder.function import Function

CATEGORY = "intervals"


def parse_region(text: str, sizes: dict[str, int], *, prefix: str, single: str, beyond: str) -> list:
    name, colon, rest = text.strip().rpartition(":") if ":" in text else (text.strip(), "", "")
    if name not in sizes and prefix == "either":
        name = name[3:] if name.startswith("chr") else "chr" + name
    if name not in sizes:
        raise ValueError("unknown chromosome")
    size = sizes[name]
    if not colon:
        return [name, 0, size]
    first, dash, last = rest.partition("-")
    start = to_number(first)
    if dash:
        end = to_number(last)
    else:
        end = start if single == "place" else size
    if start < 1 or (dash and end < start):
        raise ValueError("no region")
    if beyond == "error" and max(start, end) > size:
        raise ValueError("past the end")
    start, end = clip(start - 1, end, size)
    return [name, start, end]


def promoters(
    genes: list[list], before: int, after: int, size: int, *, base: str, edge: str, unknown: str, places: str
) -> dict[str, list[int]]:
    found = {}
    for name, start, end, strand in genes:
        if strand == ".":
            if unknown == "error":
                raise ValueError("no strand")
            if unknown == "skip":
                continue
        if strand == "-":
            left, right = end - 1 - after, end + before
        else:
            left, right = start - before, start + after + 1
        if base == "apart":
            left, right = (left, right - 1) if strand != "-" else (left + 1, right)
        if edge == "drop" and (left < 0 or right > size):
            continue
        left, right = clip(left, right, size)
        if left < right:
            found[name] = [left + 1 if places == "closed" else left, right]
    return found


def tile_region(start: int, end: int, size: int, step: int, *, last: str, grid: str, order: str) -> list[list[int]]:
    if size < 1 or step < 1:
        raise ValueError("no tile")
    tiles = []
    place = start - start % step if grid == "genome" else start
    while place < end:
        left, right = place, place + size
        if right > end:
            if last == "shift":
                left, right = end - size, end
            elif last == "short":
                right = end
        if (last != "drop" or right <= end) and left >= start and [left, right] not in tiles:
            tiles.append([left, right])
        place += step
    return tiles if order == "left" else sorted(tiles, key=lambda tile: (-tile[1], tile[0]))


def region_bins(start: int, end: int, *, which: str, order: str, empty: str) -> list[int]:
    if not 0 <= start <= end <= 1 << SHIFTS[-1]:
        raise ValueError("no region")
    if start == end:
        if empty == "error":
            raise ValueError("an empty region")
        if empty == "none":
            return []
        end = start + 1
        if end > 1 << SHIFTS[-1]:
            start, end = start - 1, start
    found = []
    for shift, offset in zip(SHIFTS, OFFSETS, strict=True):
        for number in range(start >> shift, ((end - 1) >> shift) + 1):
            inside = start <= number << shift and (number + 1) << shift <= end
            around = number << shift <= start and end <= (number + 1) << shift
            if which == "touching" or (which == "holding" and around) or (which == "related" and (inside or around)):
                found.append(offset + number)
    return sorted(found) if order == "number" else found


def _text(rng: random.Random) -> tuple[str, dict[str, int]]:
    """A region's text, right or with one thing amiss."""
    name = rng.choice(["chr1", "chr2", "1", "2", "X", "HLA:1", "chr9"])
    start = rng.randint(1, 1500)
    number = f"{start:,}" if rng.random() < 0.4 else str(start)
    end = start + rng.randint(-50, 900)
    tail = rng.choice(
        [f"{number}-{end}", f"{number}-{end:,}", number, "", f"{number}-{end}x" if rng.random() < 0.3 else number]
    )
    return (f"{name}:{tail}" if tail else name, {"chr1": 1200, "2": 1500, "chrX": 900, "HLA:1": 1000})


def _genes(rng: random.Random) -> tuple[list[list], int, int, int]:
    genes = []
    for i in range(rng.randint(1, 5)):
        start = rng.choice([0, 3, 8, 20, 25, 37])
        genes.append([f"g{i}", start, start + rng.randint(2, 12), rng.choice("++--+-.")])
    return (genes, rng.randint(0, 8), rng.randint(0, 4), rng.choice([40, 45, 60]))


def _tiles(rng: random.Random) -> tuple[int, int, int, int]:
    start = rng.randint(0, 15)
    return (start, start + rng.randint(0, 22), rng.randint(2, 8), rng.randint(1, 7))


def _far(rng: random.Random) -> tuple[int, int]:
    unit = 1 << rng.choice([17, 17, 17, 20])
    start = rng.randint(0, 12) * unit + rng.choice([0, 0, 5, -1, 70000])
    start = max(start, 0)
    return (start, start + rng.choice([0, 1, 90, unit - 1, unit, unit + 1, 2 * unit, 2 * unit + 9]))


LIMIT = 1 << 29
NAMES = {"chr1": 1200, "2": 1500, "HLA:1": 1000}

FUNCTIONS = (
    Function(
        parse_region,
        says="""The region that `text` (white space around it means nothing) stands for, as [chromosome, start, end) in
        numbers; `sizes` has the length of each chromosome, by name. In a text with a colon, the chromosome is what
        stands before the last colon; a text without colon is a chromosome alone and means the whole of it. {prefix}
        After the colon stands 'first-last' or one place. {single} A chromosome that is not known, a place that
        `to_number` does not take, a place of 0, or a last before its first raises a ValueError. {beyond}""",
        options={
            "prefix": {
                "exact": "The chromosome is known only under its name in `sizes`.",
                "either": "When the chromosome is not in `sizes`, it is looked for without its 'chr' when it begins "
                "so, and with a 'chr' before it "
                "otherwise; the result has the name as in `sizes`.",
            },
            "single": {
                "place": "One place alone is a region of one base.",
                "onward": "One place alone means from there to the end of the chromosome.",
            },
            "beyond": {
                "clip": "What lies past the end of the chromosome is cut off as `clip` does (a region altogether past "
                "it is empty, both its start "
                "and end being the chromosome's length).",
                "error": "A place past the end of the chromosome raises a ValueError.",
            },
        },
        edges=(
            ("chr1", NAMES),
            ("1:1,001-1,100", NAMES),
            (" chr2:5 ", NAMES),
            ("HLA:1:20-30", NAMES),
            ("chr1:1,300", NAMES),
            ("chr1:1100-2,000", NAMES),
            ("chr1:0-10", NAMES),
            ("chr1:10-", NAMES),
            ("chr1:12-10", NAMES),
            ("chr1:1-1", NAMES),
            ("2:9", NAMES),
        ),
        draw=_text,
    ),
    Function(
        promoters,
        says="""The promoter of each of `genes`, rows [name, start, end, strand] in 0-based numbers without the end, on
        a chromosome of `size` bases: {base} The transcription start is the first base on '+' and the last base on '-';
        upstream is to the left on '+' and to the right on '-'. {unknown} {edge} A promoter without a base is left out.
        The result is a dictionary from name to [start, end]. {places}""",
        options={
            "base": {
                "between": "the `before` bases upstream of the transcription start, the start itself, and the `after` "
                "bases downstream of it.",
                "apart": "the `before` bases upstream of the transcription start, and `after` bases from the start "
                "on, itself included.",
            },
            "unknown": {
                "plus": "A gene of strand '.' is treated as one on '+'.",
                "skip": "A gene of strand '.' is left out.",
                "error": "A gene of strand '.' raises a ValueError.",
            },
            "edge": {
                "clip": "What lies outside the chromosome is cut off.",
                "drop": "A promoter that lies partly outside the chromosome is left out.",
            },
            "places": {
                "open": "Places are 0-based and the end is not part of the promoter.",
                "closed": "Places are 1-based and both ends are part of the promoter.",
            },
        },
        edges=(
            ([], 5, 1, 40),
            ([["a", 3, 9, "+"], ["b", 3, 38, "-"]], 5, 2, 40),
            ([["a", 10, 12, "."]], 3, 3, 40),
            ([["a", 10, 12, "-"], ["b", 10, 12, "+"]], 0, 0, 40),
            ([["a", 35, 52, "-"], ["b", 20, 30, "-"]], 4, 0, 40),
        ),
        draw=_genes,
    ),
    Function(
        tile_region,
        says="""Tiles of `size` bases over the region [start, end), as rows [start, end) in 0-based numbers;
        neighbouring tiles start `step` bases apart. {grid} Tiles start inside the region, before its end. {last}
        {order} A `size` or `step` below 1 raises a ValueError.""",
        options={
            "grid": {
                "region": "The first tile starts at `start`.",
                "genome": "Tiles start at multiples of `step` only, the first at the first multiple that is not "
                "before `start`.",
            },
            "last": {
                "drop": "A tile that would run past the end is left out.",
                "short": "A tile that would run past the end stops there.",
                "long": "A tile that would run past the end is kept as it is.",
                "shift": "A tile that would run past the end is moved left so that it stops there, and is left out "
                "when it would then start before "
                "the region or is a tile that there is already.",
            },
            "order": {
                "left": "Tiles come in the order of their starts before any cutting or moving.",
                "right": "Tiles come by their ends, the greatest first, and those with the same end by their starts, "
                "the smallest first.",
            },
        },
        edges=(
            (5, 5, 3, 3),
            (0, 10, 4, 4),
            (3, 10, 4, 2),
            (2, 5, 8, 3),
            (2, 9, 0, 1),
            (2, 9, 3, 0),
            (6, 12, 3, 3),
        ),
        draw=_tiles,
    ),
    Function(
        region_bins,
        says="""The numbers of those UCSC bins {which} the region [start, end), in 0-based numbers. {order} {empty} A
        negative start, an end before the start, or an end greater than 2**29 raises a ValueError.""",
        options={
            "which": {
                "touching": "that share at least one base with",
                "holding": "that hold the whole of",
                "related": "that hold the whole of, or lie altogether in,",
            },
            "order": {
                "number": "They come sorted from the smallest number on.",
                "level": "Those of the smallest bins come first, then the next larger ones, and so on; those of one "
                "level from left to right.",
            },
            "empty": {
                "none": "A region without a base has no bins.",
                "place": "A region without a base stands for the one base that follows its start (at 2**29, for the "
                "one before it).",
                "error": "A region without a base raises a ValueError.",
            },
        },
        edges=(
            (0, 0),
            (0, 1),
            (LIMIT, LIMIT),
            (1 << 17, 1 << 18),
            ((1 << 17) - 1, (1 << 17) + 1),
            (5, 4),
            (LIMIT - 5, LIMIT + 1),
            (70000, 3 << 17),
        ),
        draw=_far,
    ),
)

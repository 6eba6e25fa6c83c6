"""Lines of GTF and BED12 files, fields parted by tabs.

GTF: seqname, source, feature, start, end, score, strand, phase, attributes; places are 1-based and both ends included.
BED12: chrom, start, end, name, score, strand, thickStart, thickEnd, itemRgb, blockCount, blockSizes, blockStarts; places are 0-based, ends
not included, block starts relative to start; the two lists are parted by commas and may have one more comma at their end.
"""


def fields(line: str, n: int) -> list[str]:
    """The fields of a line (its line break is none).

    Raises:
        ValueError: they are not `n`.
    """
    found = line.rstrip("\r\n").split("\t")
    if len(found) != n:
        raise ValueError(f"{len(found)} fields, not {n}")
    return found


def data_lines(text: str) -> list[str]:
    """The lines that are neither empty nor comments (they begin with '#')."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def whole(text: str) -> int:
    """A whole number.

    Raises:
        ValueError: it is none.
    """
    return int(text)


def numbers(text: str) -> list[int]:
    """The whole numbers of a list with commas, one comma more at its end allowed.

    Raises:
        ValueError: there is anything else.
    """
    return [int(part) for part in text.removesuffix(",").split(",")]


def attribute(attributes: str, key: str) -> str:
    """The first value of `key` in the attributes of a GTF line (`key "value"; ...`), "" without it."""
    for part in attributes.split(";"):
        name, _, value = part.strip().partition(" ")
        if name == key:
            return value.strip().strip('"')
    return ""

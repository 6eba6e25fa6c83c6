"""Lines of GFF3 files, fields parted by tabs: seqname, source, feature, start, end, score, strand, phase, attributes.

Places are 1-based and both ends are included. Attributes are `key=value` parted by ";"; ID names a feature, Parent what it belongs to.
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


def pairs(attributes: str) -> dict[str, str]:
    """The attributes of a GFF3 line (`key=value;...`) as they are written, the last one of a key that stands there several times."""
    return dict(part.strip().split("=", 1) for part in attributes.split(";") if "=" in part)

"""FASTQ: four lines a read: '@' and the header, the bases, '+' and anything, the qualities, one character a base.

A quality q is written as the character with the code q + 33 (Sanger, today's form) or q + 64 (old Illumina). It stands for an error
probability of 10 ** (-q / 10). A read is a row [header, bases, qualities], the header without its '@'.
"""


def reads_of(text: str) -> list[list[str]]:
    """The reads of a file, in order; empty lines at its end mean nothing.

    Raises:
        ValueError: its lines are not such reads, or a read has not as many qualities as bases.
    """
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    if len(lines) % 4:
        raise ValueError("not four lines a read")
    found = []
    for i in range(0, len(lines), 4):
        header, bases, plus, qualities = lines[i : i + 4]
        if header[:1] != "@" or plus[:1] != "+" or len(bases) != len(qualities):
            raise ValueError(f"no read in line {i + 1}")
        found.append([header[1:], bases, qualities])
    return found


def scores(qualities: str, offset: int = 33) -> list[int]:
    """The quality of each base.

    Raises:
        ValueError: one is negative.
    """
    found = [ord(letter) - offset for letter in qualities]
    if any(q < 0 for q in found):
        raise ValueError("a negative quality")
    return found


def error(q: float) -> float:
    """The error probability of a quality."""
    return 10 ** (-q / 10)


def name(header: str) -> str:
    """A read's name: its header up to the first white space, "" of an empty header."""
    return (header.split() or [""])[0]

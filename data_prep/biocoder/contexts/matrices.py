"""Aligned sites of one length: counts by column, entropy, and the IUPAC code of a set of bases."""

import math

CODES = {
    "A": "A", "C": "C", "G": "G", "T": "T", "AG": "R", "CT": "Y", "CG": "S", "AT": "W", "GT": "K", "AC": "M",
    "CGT": "B", "AGT": "D", "ACT": "H", "ACG": "V", "ACGT": "N",
}  # fmt: skip
"""Bases in alphabetical order -> the IUPAC code that stands for exactly these."""

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def reverse_complement(seq: str) -> str:
    """The other strand, read 5' to 3'; a letter other than A, C, G, T stays as it is."""
    return seq[::-1].translate(COMPLEMENT)


def column_counts(sites: list[str], alphabet: str = "ACGT") -> list[dict[str, int]]:
    """For each column of equally long sites, how often each letter of `alphabet` stands in it; other letters do not count.

    Raises:
        ValueError: the sites differ in length.
    """
    if len({len(site) for site in sites}) > 1:
        raise ValueError("the sites differ in length")
    return [{base: column.count(base) for base in alphabet} for column in map(list, zip(*sites, strict=True))]


def entropy(shares: list[float]) -> float:
    """Shannon's entropy in bits; a share of 0 adds nothing."""
    return -sum(p * math.log2(p) for p in shares if p > 0)

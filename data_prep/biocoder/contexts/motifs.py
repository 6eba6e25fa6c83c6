"""Sequence motifs: IUPAC codes, and the recognition sites of restriction enzymes."""

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
"""A code -> the bases that it stands for, in alphabetical order."""

COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


def fits(base: str, code: str) -> bool:
    """Whether a base of a sequence is one that `code` stands for; an N in the sequence fits only the code N."""
    return base in IUPAC[code] or base == code == "N"


def reverse_complement(seq: str) -> str:
    """The other strand, read 5' to 3', of a sequence or a motif (IUPAC codes in upper case)."""
    return seq[::-1].translate(COMPLEMENT)

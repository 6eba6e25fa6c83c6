"""Codons of coding sequences: the genetic code, splitting into codons, translation of one codon."""

BASES = "TCAG"
AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {a + b + c: AMINO_ACIDS[16 * i + 4 * j + k] for i, a in enumerate(BASES) for j, b in enumerate(BASES) for k, c in enumerate(BASES)}  # fmt: skip
"""The standard code: codon (upper case, T not U) -> one-letter amino acid, '*' for a stop."""

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def clean(seq: str) -> str:
    """`seq` in upper case, U written as T, white space removed."""
    return "".join(seq.upper().split()).replace("U", "T")


def reverse_complement(seq: str) -> str:
    """The other strand, read 5' to 3'; letters other than A, C, G, T stay as they are."""
    return seq[::-1].translate(COMPLEMENT)


def codons(seq: str, frame: int = 0) -> list[str]:
    """The whole codons of `seq` from offset `frame` (0, 1 or 2) on; one or two bases that are left over are dropped."""
    return [seq[i : i + 3] for i in range(frame, len(seq) - 2, 3)]


def amino(codon: str) -> str:
    """The amino acid of one codon, '*' for a stop, 'X' for a codon that is not in CODE."""
    return CODE.get(codon, "X")


def synonyms(codon: str) -> list[str]:
    """All codons of `codon`'s amino acid, itself among them, sorted; none for a codon that is not in CODE."""
    return sorted(c for c, a in CODE.items() if a == CODE.get(codon))

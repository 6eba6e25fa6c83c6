"""Coordinates of protein structures, as PDB files have them in ATOM and HETATM lines of fixed columns, and in MODEL and ENDMDL lines.

Columns, counted from 1, both included: 1-6 record, 13-16 atom, 17 alternative location, 18-20 residue, 22 chain, 23-26 residue number,
27 insertion code, 31-38, 39-46, 47-54 x, y, z in angstrom, 55-60 occupancy, 61-66 temperature factor.
"""

import math
from dataclasses import dataclass

ONE_LETTER = {
    "ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E", "GLY": "G", "HIS": "H", "ILE": "I",
    "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F", "PRO": "P", "SER": "S", "THR": "T", "TRP": "W", "TYR": "Y", "VAL": "V",
}  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """An atom; `number` and `code` (the insertion code, "" without one) name its residue in its chain, `other` is its alternative location."""

    record: str
    name: str
    other: str
    residue: str
    chain: str
    number: int
    code: str
    place: tuple[float, float, float]
    occupancy: float
    factor: float


def atoms(text: str) -> list[Atom]:
    """The atoms of the first model of a file, in its order; other lines are passed over.

    Raises:
        ValueError: a number in an ATOM or HETATM line is none.
    """
    found = []
    for line in text.splitlines():
        if line.startswith("ENDMDL"):
            break
        if line[:6].strip() in ("ATOM", "HETATM"):
            x, y, z, occupancy, factor = (
                float(line[a:b]) for a, b in ((30, 38), (38, 46), (46, 54), (54, 60), (60, 66))
            )
            found.append(
                Atom(line[:6].strip(), line[12:16].strip(), line[16].strip(), line[17:20].strip(), line[21], int(line[22:26]),
                     line[26].strip(), (x, y, z), occupancy, factor)
            )  # fmt: skip
    return found


def distance(a: Atom, b: Atom) -> float:
    """How far apart two atoms are, in angstrom."""
    return math.dist(a.place, b.place)


def residues(found: list[Atom]) -> list[list[Atom]]:
    """Atoms by residue (same chain, number and insertion code), in the order in which each first occurs."""
    groups: dict[tuple[str, int, str], list[Atom]] = {}
    for atom in found:
        groups.setdefault((atom.chain, atom.number, atom.code), []).append(atom)
    return list(groups.values())

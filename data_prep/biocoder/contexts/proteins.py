"""Proteins: residue masses, hydropathy, charged groups. Sequences are upper case, one letter a residue, N-terminus first."""

MONOISOTOPIC = {
    "G": 57.02146, "A": 71.03711, "S": 87.03203, "P": 97.05276, "V": 99.06841, "T": 101.04768, "C": 103.00919, "L": 113.08406,
    "I": 113.08406, "N": 114.04293, "D": 115.02694, "Q": 128.05858, "K": 128.09496, "E": 129.04259, "M": 131.04049,
    "H": 137.05891, "F": 147.06841, "R": 156.10111, "Y": 163.06333, "W": 186.07931,
}  # fmt: skip
AVERAGE = {
    "G": 57.0519, "A": 71.0788, "S": 87.0782, "P": 97.1167, "V": 99.1326, "T": 101.1051, "C": 103.1388, "L": 113.1594,
    "I": 113.1594, "N": 114.1038, "D": 115.0886, "Q": 128.1307, "K": 128.1741, "E": 129.1155, "M": 131.1926,
    "H": 137.1411, "F": 147.1766, "R": 156.1875, "Y": 163.1760, "W": 186.2132,
}  # fmt: skip
WATER = {"monoisotopic": 18.01056, "average": 18.01528}
PROTON = 1.007276
HYDROPATHY = {
    "I": 4.5, "V": 4.2, "L": 3.8, "F": 2.8, "C": 2.5, "M": 1.9, "A": 1.8, "G": -0.4, "T": -0.7, "S": -0.8, "W": -0.9,
    "Y": -1.3, "P": -1.6, "H": -3.2, "E": -3.5, "Q": -3.5, "D": -3.5, "N": -3.5, "K": -3.9, "R": -4.5,
}  # fmt: skip
"""Kyte and Doolittle's scale."""

POSITIVE = {"K": 10.5, "R": 12.5, "H": 6.0, "N-terminus": 9.0}
NEGATIVE = {"D": 3.65, "E": 4.25, "C": 8.3, "Y": 10.1, "C-terminus": 3.1}
"""pK values of the groups that can be charged."""


def fraction_charged(pk: float, ph: float, sign: int) -> float:
    """The mean charge of one group at pH `ph` by Henderson and Hasselbalch; `sign` is +1 or -1, and so is the result's."""
    return sign / (1 + 10 ** (sign * (ph - pk)))


def cleavage_sites(protein: str) -> list[int]:
    """The places where trypsin cuts, as numbers of residues before the cut: behind K or R, but not before P or at the end."""
    return [i + 1 for i in range(len(protein) - 1) if protein[i] in "KR" and protein[i + 1] != "P"]

"""Genes of the generated studies: chromosome, Entrez id, length in amino acids, and the changes that recur in a driver."""

from __future__ import annotations

from typing import NamedTuple


class Gene(NamedTuple):
    """`hotspots` are (protein change, weight); `truncated` is the share of its mutations that end the protein."""

    chromosome: str
    entrez: int
    length: int
    truncated: float = 0.12
    hotspots: tuple[tuple[str, float], ...] = ()


_TP53 = (("p.R175H", 4), ("p.R248Q", 4), ("p.R273H", 4), ("p.R248W", 3), ("p.G245S", 2), ("p.R282W", 2))
_PIK3CA = (("p.H1047R", 10), ("p.E545K", 8), ("p.E542K", 5), ("p.N345K", 2))

GENES = {
    "ACVR2A": Gene("2", 92, 513, 0.7), "ALK": Gene("2", 238, 1620), "AMER1": Gene("X", 139285, 1135, 0.7),
    "APC": Gene("5", 324, 2843, 0.85, (("p.R1450*", 3), ("p.R876*", 2))), "AR": Gene("X", 367, 920, 0.05, (("p.T878A", 4), ("p.L702H", 3))),
    "ARID1A": Gene("1", 8289, 2285, 0.75), "ATM": Gene("11", 472, 3056, 0.4), "ATRX": Gene("X", 546, 2492, 0.7),
    "BCL2": Gene("18", 596, 239, 0.02), "BCL6": Gene("3", 604, 706), "BRAF": Gene("7", 673, 766, 0.02, (("p.V600E", 14), ("p.V600K", 3), ("p.G469A", 1))),
    "BRCA1": Gene("17", 672, 1863, 0.7), "BRCA2": Gene("13", 675, 3418, 0.65), "CASP8": Gene("2", 841, 479, 0.5),
    "CCND1": Gene("11", 595, 295), "CCNE1": Gene("19", 898, 410), "CD274": Gene("9", 29126, 290), "CD79B": Gene("17", 974, 229, 0.05, (("p.Y196H", 5), ("p.Y196C", 3))),
    "CDH1": Gene("16", 999, 882, 0.8), "CDK12": Gene("17", 51755, 1490, 0.5), "CDK4": Gene("12", 1019, 303), "CDKN2A": Gene("9", 1029, 156, 0.6, (("p.R80*", 4), ("p.R58*", 3))),
    "CIC": Gene("19", 23152, 1608, 0.5), "CREBBP": Gene("16", 1387, 2442, 0.45), "CSMD3": Gene("8", 114788, 3707), "CTCF": Gene("16", 10664, 727, 0.5),
    "CTNNB1": Gene("3", 1499, 781, 0.02, (("p.S37F", 4), ("p.S33C", 3), ("p.D32N", 2))), "DNAH5": Gene("5", 1767, 4624), "EGFR": Gene("7", 1956, 1210, 0.02, (("p.L858R", 9), ("p.T790M", 2), ("p.A289V", 3))),
    "ELF3": Gene("1", 1999, 371, 0.6), "EML4": Gene("2", 27436, 981), "ERBB2": Gene("17", 2064, 1255, 0.03, (("p.S310F", 5), ("p.V777L", 2))), "ERBB3": Gene("12", 2065, 1342, 0.03, (("p.V104M", 5),)),
    "ERG": Gene("21", 2078, 486), "ETV6": Gene("12", 2120, 452), "EZH2": Gene("7", 2146, 751, 0.05, (("p.Y646N", 5), ("p.Y646F", 4))), "FAT1": Gene("4", 2195, 4588, 0.6),
    "FBXW7": Gene("4", 55294, 707, 0.25, (("p.R465H", 5), ("p.R505G", 3))), "FGFR3": Gene("4", 2261, 806, 0.02, (("p.S249C", 9), ("p.Y373C", 3))), "FOXA1": Gene("14", 3169, 472, 0.2),
    "GATA3": Gene("10", 2625, 444, 0.85), "HRAS": Gene("11", 3265, 189, 0.0, (("p.G12S", 2), ("p.Q61R", 3))), "IDH1": Gene("2", 3417, 414, 0.0, (("p.R132H", 12), ("p.R132C", 1))),
    "KDM6A": Gene("X", 7403, 1401, 0.75), "KEAP1": Gene("19", 9817, 624, 0.25), "KMT2C": Gene("7", 58508, 4911, 0.45), "KMT2D": Gene("12", 8085, 5537, 0.55),
    "KRAS": Gene("12", 3845, 189, 0.0, (("p.G12C", 8), ("p.G12D", 7), ("p.G12V", 6), ("p.G13D", 3), ("p.Q61H", 1))), "LRP1B": Gene("2", 53353, 4599), "MAP2K1": Gene("15", 5604, 393, 0.02, (("p.P124S", 4),)),
    "MAP3K1": Gene("5", 4214, 1512, 0.75), "MDM2": Gene("12", 4193, 491), "MET": Gene("7", 4233, 1390), "MUC16": Gene("19", 94025, 14507), "MYC": Gene("8", 4609, 439),
    "MYD88": Gene("3", 4615, 296, 0.0, (("p.L265P", 9),)), "NF1": Gene("17", 4763, 2818, 0.7), "NOTCH1": Gene("9", 4851, 2555, 0.45), "NRAS": Gene("1", 4893, 189, 0.0, (("p.Q61R", 7), ("p.Q61K", 5))),
    "NSD1": Gene("5", 64324, 2696, 0.6), "PIK3CA": Gene("3", 5290, 1068, 0.0, _PIK3CA), "PIK3R1": Gene("5", 5295, 724, 0.4), "PIM1": Gene("6", 5292, 313), "POLE": Gene("12", 5426, 2286, 0.05, (("p.P286R", 4), ("p.V411L", 2))),
    "PPP6C": Gene("9", 5537, 305, 0.05, (("p.R264C", 4),)), "PTEN": Gene("10", 5728, 403, 0.5, (("p.R130G", 4), ("p.R130Q", 3))), "RAC1": Gene("7", 5879, 192, 0.0, (("p.P29S", 8),)), "RB1": Gene("13", 5925, 928, 0.8),
    "RET": Gene("10", 5979, 1114), "RHOA": Gene("3", 387, 193, 0.02, (("p.Y42C", 5),)), "RNF43": Gene("17", 54894, 783, 0.7, (("p.G659Vfs*41", 6),)), "ROS1": Gene("6", 6098, 2347), "RYR2": Gene("1", 6262, 4967),
    "SMAD4": Gene("18", 4089, 552, 0.4, (("p.R361H", 4),)), "SOCS1": Gene("16", 8651, 211, 0.3), "SOX9": Gene("17", 6662, 509, 0.7), "SPOP": Gene("17", 8405, 374, 0.0, (("p.F133L", 5), ("p.F102C", 3))), "STAG2": Gene("X", 10735, 1231, 0.75),
    "STK11": Gene("19", 6794, 433, 0.6), "TCF7L2": Gene("10", 6934, 602, 0.5), "TERT": Gene("5", 7015, 1132), "TMPRSS2": Gene("21", 7113, 492), "TP53": Gene("17", 7157, 393, 0.22, _TP53), "TTN": Gene("2", 7273, 34350), "USH2A": Gene("1", 7399, 5202),
}  # fmt: skip
PASSENGERS = (
    "TTN",
    "MUC16",
    "RYR2",
    "CSMD3",
    "LRP1B",
    "USH2A",
    "DNAH5",
    "FAT1",
    "KMT2C",
    "KMT2D",
    "APC",
    "NOTCH1",
    "ATM",
    "NF1",
)

"""The generated studies: twelve cohorts of twelve tumours, six to train on and six for the test. All of it is invented;
rates and effects are of the order that is published for the tumour.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Weighted = tuple[tuple[str, float], ...]


class Study(NamedTuple):
    """What a cohort is drawn from.

    `layout`: CSV files, or cBioPortal's own tab-separated ones with their commented head. `groups` are patient columns
    with their values. `genes` are rates of driver mutations outside of linked groups, `effects` log hazard ratios (a gene mutated, or COLUMN=VALUE),
    `linked` factors on a gene's rate in a group. `burden` is the median number of passenger mutations of a sample,
    `hyper` the share of hypermutated samples. `copies`: rates of amplification and deep deletion. `panel_mb`: what was
    sequenced, in megabases. `survival`: median overall survival in months.
    """

    id: str
    prefix: str
    title: str
    part: Literal["train", "test"]
    layout: Literal["csv", "cbioportal"]
    cancer: str
    detailed: tuple[tuple[str, str, float], ...]
    patients: int
    female: float
    age: tuple[float, float]
    groups: dict[str, Weighted]
    genes: dict[str, float]
    effects: dict[str, float]
    linked: tuple[tuple[str, str, str, float], ...]
    burden: float
    hyper: float
    copies: dict[str, tuple[float, float]]
    fusions: tuple[tuple[str, str, float], ...]
    agents: tuple[Weighted, Weighted]
    panel_mb: float
    survival: float
    progression: Literal["DFS", "PFS"]


STUDIES = (
    Study(
        "luad_harbor_2019", "HLA", "Lung adenocarcinoma (Harbor, 2019)", "train", "csv", "Non-Small Cell Lung Cancer",
        (("Lung Adenocarcinoma", "LUAD", 0.9), ("Lung Adenosquamous Carcinoma", "LUAS", 0.1)), 310, 0.54, (65, 10),
        {"SMOKING_HISTORY": (("Never", 0.24), ("Former", 0.48), ("Current", 0.28)), "ECOG": (("PS 0", 0.4), ("PS 1", 0.45), ("PS 2", 0.15))},
        {"TP53": 0.46, "KRAS": 0.3, "EGFR": 0.2, "STK11": 0.16, "KEAP1": 0.15, "NF1": 0.09, "BRAF": 0.06, "RB1": 0.05, "ERBB2": 0.03, "PIK3CA": 0.06, "ATM": 0.07, "SMAD4": 0.04},
        {"TP53": 0.35, "STK11": 0.5, "EGFR": -0.3, "ECOG=PS 2": 0.6}, (("EGFR", "SMOKING_HISTORY", "Never", 3.0), ("KRAS", "SMOKING_HISTORY", "Never", 0.25), ("STK11", "SMOKING_HISTORY", "Never", 0.3)),
        7, 0.02, {"MYC": (0.08, 0), "CDKN2A": (0, 0.16), "EGFR": (0.07, 0), "MET": (0.04, 0), "TERT": (0.11, 0), "STK11": (0, 0.04)},
        (("EML4", "ALK", 0.05), ("ROS1", "EML4", 0.015), ("RET", "EML4", 0.01)),
        ((("Carboplatin", 0.4), ("Cisplatin", 0.25), ("Pembrolizumab", 0.2), ("Osimertinib", 0.15)), (("Docetaxel", 0.45), ("Nivolumab", 0.4), ("Pemetrexed", 0.15))),
        1.22, 38, "PFS",
    ),
    Study(
        "brca_alder_2016", "ALD", "Breast carcinoma (Alder, 2016)", "train", "cbioportal", "Breast Cancer",
        (("Breast Invasive Ductal Carcinoma", "IDC", 0.78), ("Breast Invasive Lobular Carcinoma", "ILC", 0.22)), 360, 0.99, (58, 12),
        {"ER_STATUS": (("Positive", 0.74), ("Negative", 0.26)), "HER2_STATUS": (("Positive", 0.16), ("Negative", 0.84)), "MENOPAUSAL_STATUS": (("Pre", 0.28), ("Peri", 0.1), ("Post", 0.62))},
        {"PIK3CA": 0.36, "TP53": 0.34, "GATA3": 0.12, "CDH1": 0.12, "MAP3K1": 0.09, "KMT2C": 0.07, "PTEN": 0.06, "BRCA2": 0.03, "ARID1A": 0.05, "NF1": 0.04, "ERBB2": 0.03, "RB1": 0.03},
        {"TP53": 0.4, "ER_STATUS=Negative": 0.45, "GATA3": -0.3}, (("TP53", "ER_STATUS", "Negative", 2.2), ("GATA3", "ER_STATUS", "Negative", 0.2), ("PIK3CA", "ER_STATUS", "Negative", 0.5)),
        4, 0.01, {"ERBB2": (0.14, 0), "MYC": (0.18, 0), "CCND1": (0.15, 0), "PTEN": (0, 0.05), "RB1": (0, 0.04), "CDKN2A": (0, 0.03)},
        (("ETV6", "ERBB3", 0.01), ("ERBB2", "CDK12", 0.03)),
        ((("Doxorubicin", 0.4), ("Tamoxifen", 0.35), ("Letrozole", 0.25)), (("Fulvestrant", 0.45), ("Capecitabine", 0.35), ("Trastuzumab", 0.2))),
        1.06, 92, "DFS",
    ),
    Study(
        "coadread_lakes_2018", "LKC", "Colorectal adenocarcinoma (Lakes, 2018)", "train", "csv", "Colorectal Cancer",
        (("Colon Adenocarcinoma", "COAD", 0.7), ("Rectal Adenocarcinoma", "READ", 0.3)), 340, 0.46, (63, 13),
        {"TUMOR_SIDE": (("Left", 0.42), ("Right", 0.36), ("Rectum", 0.22)), "MSI_STATUS": (("MSS", 0.85), ("MSI-H", 0.15))},
        {"APC": 0.7, "TP53": 0.58, "KRAS": 0.42, "PIK3CA": 0.18, "SMAD4": 0.13, "FBXW7": 0.12, "BRAF": 0.1, "SOX9": 0.11, "TCF7L2": 0.09, "AMER1": 0.06, "RNF43": 0.06, "ACVR2A": 0.05},
        {"BRAF": 0.55, "SMAD4": 0.35, "MSI_STATUS=MSI-H": -0.4}, (("BRAF", "TUMOR_SIDE", "Right", 2.6), ("RNF43", "MSI_STATUS", "MSI-H", 6.0), ("ACVR2A", "MSI_STATUS", "MSI-H", 7.0), ("TP53", "MSI_STATUS", "MSI-H", 0.45), ("APC", "TUMOR_SIDE", "Right", 0.8)),
        6, 0.03, {"MYC": (0.06, 0), "ERBB2": (0.04, 0), "SMAD4": (0, 0.05), "PTEN": (0, 0.03), "CCND1": (0.02, 0), "TCF7L2": (0, 0.03)},
        (("TCF7L2", "ERG", 0.012), ("RNF43", "BRAF", 0.012)),
        ((("FOLFOX", 0.55), ("Capecitabine", 0.25), ("FOLFIRI", 0.2)), (("FOLFIRI", 0.5), ("Cetuximab", 0.3), ("Regorafenib", 0.2))),
        1.22, 60, "PFS",
    ),
    Study(
        "blca_meridian_2020", "MBL", "Bladder urothelial carcinoma (Meridian, 2020)", "train", "csv", "Bladder Cancer",
        (("Bladder Urothelial Carcinoma", "BLCA", 0.88), ("Upper Tract Urothelial Carcinoma", "UTUC", 0.12)), 260, 0.26, (68, 10),
        {"GRADE": (("Low Grade", 0.22), ("High Grade", 0.78)), "SMOKING_HISTORY": (("Never", 0.28), ("Former", 0.47), ("Current", 0.25))},
        {"TP53": 0.47, "FGFR3": 0.2, "KDM6A": 0.25, "ARID1A": 0.24, "PIK3CA": 0.2, "KMT2D": 0.22, "RB1": 0.16, "STAG2": 0.13, "ELF3": 0.11, "ERBB2": 0.11, "CREBBP": 0.1, "ERBB3": 0.1},
        {"TP53": 0.35, "FGFR3": -0.45, "GRADE=High Grade": 0.4}, (("FGFR3", "GRADE", "Low Grade", 2.8), ("TP53", "GRADE", "Low Grade", 0.35), ("RB1", "GRADE", "Low Grade", 0.3)),
        10, 0.02, {"CDKN2A": (0, 0.24), "CCND1": (0.12, 0), "ERBB2": (0.08, 0), "MDM2": (0.08, 0), "RB1": (0, 0.05), "MYC": (0.09, 0)},
        (("FGFR3", "CSMD3", 0.03), ("ERBB2", "CDK12", 0.01)),
        ((("Cisplatin", 0.5), ("Gemcitabine", 0.3), ("Carboplatin", 0.2)), (("Atezolizumab", 0.4), ("Pembrolizumab", 0.35), ("Paclitaxel", 0.25))),
        1.22, 34, "DFS",
    ),
    Study(
        "skcm_cedar_2017", "CDM", "Cutaneous melanoma (Cedar, 2017)", "train", "cbioportal", "Melanoma",
        (("Cutaneous Melanoma", "SKCM", 0.85), ("Acral Melanoma", "ACRM", 0.15)), 240, 0.41, (57, 15),
        {"PRIOR_THERAPY": (("No", 0.62), ("Yes", 0.38)), "LDH": (("Normal", 0.66), ("Elevated", 0.34)), "M_STAGE": (("M0", 0.4), ("M1a", 0.2), ("M1b", 0.15), ("M1c", 0.25))},
        {"BRAF": 0.5, "NRAS": 0.27, "NF1": 0.14, "TP53": 0.16, "CDKN2A": 0.13, "PTEN": 0.09, "RAC1": 0.07, "ARID1A": 0.07, "PPP6C": 0.06, "MAP2K1": 0.06, "IDH1": 0.05, "KMT2C": 0.1},
        {"NRAS": 0.35, "LDH=Elevated": 0.6, "PTEN": 0.4}, (("NRAS", "LDH", "Elevated", 1.4), ("BRAF", "PRIOR_THERAPY", "Yes", 1.3)),
        18, 0.04, {"CDKN2A": (0, 0.28), "PTEN": (0, 0.08), "MYC": (0.05, 0), "TERT": (0.05, 0), "CCND1": (0.05, 0), "KDM6A": (0, 0.02)},
        (("BRAF", "EML4", 0.02), ("RAC1", "MET", 0.01)),
        ((("Pembrolizumab", 0.4), ("Ipilimumab", 0.3), ("Dabrafenib", 0.3)), (("Nivolumab", 0.5), ("Trametinib", 0.35), ("Dacarbazine", 0.15))),
        1.06, 30, "PFS",
    ),
    Study(
        "dlbcl_north_2017", "NDL", "Diffuse large B-cell lymphoma (North, 2017)", "train", "csv", "Mature B-Cell Neoplasms",
        (("Diffuse Large B-Cell Lymphoma, NOS", "DLBCLNOS", 0.9), ("Primary Mediastinal Large B-Cell Lymphoma", "PMBL", 0.1)), 300, 0.45, (62, 14),
        {"CELL_OF_ORIGIN": (("GCB", 0.45), ("ABC", 0.4), ("Unclassified", 0.15)), "RESPONSE": (("Complete", 0.7), ("Partial", 0.17), ("Stable or progression", 0.13))},
        {"KMT2D": 0.28, "MYD88": 0.18, "CREBBP": 0.14, "BCL2": 0.14, "PIM1": 0.18, "SOCS1": 0.12, "TP53": 0.14, "CD79B": 0.12, "EZH2": 0.1, "ARID1A": 0.09, "ATM": 0.06, "NOTCH1": 0.05},
        {"MYD88": 0.4, "TP53": 0.45, "CELL_OF_ORIGIN=ABC": 0.4}, (("MYD88", "CELL_OF_ORIGIN", "ABC", 2.4), ("EZH2", "CELL_OF_ORIGIN", "GCB", 2.2), ("CD79B", "CELL_OF_ORIGIN", "ABC", 2.3), ("EZH2", "CELL_OF_ORIGIN", "ABC", 0.1)),
        5, 0.01, {"BCL2": (0.1, 0), "CDKN2A": (0, 0.13), "MYC": (0.05, 0), "CD274": (0.07, 0), "TP53": (0, 0.05), "RB1": (0, 0.03)},
        (("BCL2", "MYC", 0.06), ("BCL6", "CD274", 0.05), ("MYC", "BCL6", 0.04)),
        ((("R-CHOP", 0.8), ("R-EPOCH", 0.2)), (("R-ICE", 0.5), ("R-GemOx", 0.3), ("Lenalidomide", 0.2))),
        1.43, 70, "PFS",
    ),
    Study(
        "ucec_summit_2021", "SUE", "Endometrial carcinoma (Summit, 2021)", "test", "csv", "Endometrial Cancer",
        (("Uterine Endometrioid Carcinoma", "UEC", 0.72), ("Uterine Serous Carcinoma", "USC", 0.28)), 280, 1.0, (64, 10),
        {"HISTOLOGIC_GRADE": (("G1", 0.3), ("G2", 0.28), ("G3", 0.42)), "MSI_STATUS": (("MSS", 0.72), ("MSI-H", 0.28)), "LVSI": (("Absent", 0.6), ("Present", 0.4))},
        {"PTEN": 0.56, "PIK3CA": 0.46, "ARID1A": 0.38, "TP53": 0.36, "PIK3R1": 0.29, "CTNNB1": 0.24, "KRAS": 0.19, "CTCF": 0.2, "FBXW7": 0.15, "POLE": 0.08, "ERBB3": 0.06, "RNF43": 0.07},
        {"TP53": 0.6, "POLE": -0.7, "LVSI=Present": 0.4}, (("TP53", "HISTOLOGIC_GRADE", "G3", 1.9), ("TP53", "HISTOLOGIC_GRADE", "G1", 0.2), ("RNF43", "MSI_STATUS", "MSI-H", 3.5), ("PTEN", "HISTOLOGIC_GRADE", "G3", 0.6)),
        8, 0.05, {"ERBB2": (0.09, 0), "CCNE1": (0.1, 0), "MYC": (0.11, 0), "PTEN": (0, 0.04), "RB1": (0, 0.02), "NF1": (0, 0.02)},
        (("PIK3R1", "CTCF", 0.015), ("ERBB2", "CDK12", 0.015)),
        ((("Carboplatin", 0.5), ("Paclitaxel", 0.35), ("Medroxyprogesterone", 0.15)), (("Pembrolizumab", 0.45), ("Lenvatinib", 0.35), ("Doxorubicin", 0.2))),
        1.22, 80, "PFS",
    ),
    Study(
        "difg_valley_2018", "VGB", "Diffuse glioma (Valley, 2018)", "test", "cbioportal", "Glioma",
        (("Glioblastoma Multiforme", "GBM", 0.6), ("Astrocytoma", "ASTR", 0.25), ("Oligodendroglioma", "ODG", 0.15)), 320, 0.42, (54, 14),
        {"MGMT_STATUS": (("Methylated", 0.46), ("Unmethylated", 0.54)), "EXTENT_OF_RESECTION": (("Biopsy", 0.18), ("Subtotal", 0.4), ("Gross total", 0.42))},
        {"IDH1": 0.32, "TP53": 0.38, "ATRX": 0.2, "EGFR": 0.2, "PTEN": 0.22, "NF1": 0.11, "CIC": 0.09, "PIK3CA": 0.08, "PIK3R1": 0.09, "RB1": 0.07, "NOTCH1": 0.05, "STAG2": 0.04},
        {"IDH1": -1.0, "EGFR": 0.3, "MGMT_STATUS=Unmethylated": 0.45}, (("IDH1", "MGMT_STATUS", "Methylated", 1.5), ("ATRX", "EXTENT_OF_RESECTION", "Gross total", 1.3), ("EGFR", "MGMT_STATUS", "Unmethylated", 1.3)),
        3, 0.02, {"EGFR": (0.32, 0), "CDKN2A": (0, 0.4), "CDK4": (0.12, 0), "MDM2": (0.07, 0), "PTEN": (0, 0.09), "RB1": (0, 0.03)},
        (("EGFR", "CDK4", 0.03), ("FGFR3", "NF1", 0.02), ("EGFR", "MDM2", 0.015)),
        ((("Temozolomide", 0.75), ("Carmustine", 0.25)), (("Bevacizumab", 0.5), ("Lomustine", 0.5))),
        1.06, 22, "PFS",
    ),
    Study(
        "ov_coast_2019", "COV", "Ovarian carcinoma (Coast, 2019)", "test", "csv", "Ovarian Cancer",
        (("High-Grade Serous Ovarian Cancer", "HGSOC", 0.8), ("Clear Cell Ovarian Cancer", "CCOV", 0.2)), 270, 1.0, (60, 11),
        {"PLATINUM_STATUS": (("Sensitive", 0.66), ("Resistant", 0.34)), "RESIDUAL_DISEASE": (("No gross disease", 0.35), ("1-10 mm", 0.4), ("Over 10 mm", 0.25))},
        {"TP53": 0.8, "BRCA1": 0.1, "BRCA2": 0.08, "ARID1A": 0.14, "PIK3CA": 0.12, "CDK12": 0.05, "NF1": 0.07, "RB1": 0.04, "KRAS": 0.06, "PTEN": 0.04, "KMT2D": 0.05, "CTNNB1": 0.03},
        {"BRCA1": -0.5, "BRCA2": -0.6, "PLATINUM_STATUS=Resistant": 0.8}, (("BRCA1", "PLATINUM_STATUS", "Resistant", 0.35), ("BRCA2", "PLATINUM_STATUS", "Resistant", 0.35), ("ARID1A", "PLATINUM_STATUS", "Resistant", 1.8)),
        4, 0.01, {"CCNE1": (0.2, 0), "MYC": (0.28, 0), "RB1": (0, 0.08), "NF1": (0, 0.07), "PTEN": (0, 0.06), "ERBB2": (0.03, 0)},
        (("BRCA1", "NF1", 0.015), ("RB1", "PTEN", 0.02)),
        ((("Carboplatin", 0.7), ("Cisplatin", 0.3)), (("Olaparib", 0.35), ("Bevacizumab", 0.35), ("Topotecan", 0.3))),
        1.22, 44, "PFS",
    ),
    Study(
        "stad_delta_2020", "DST", "Gastric adenocarcinoma (Delta, 2020)", "test", "csv", "Esophagogastric Cancer",
        (("Stomach Adenocarcinoma", "STAD", 0.65), ("Diffuse Type Stomach Adenocarcinoma", "DSTAD", 0.35)), 300, 0.36, (65, 11),
        {"LAUREN_CLASS": (("Intestinal", 0.52), ("Diffuse", 0.33), ("Mixed", 0.15)), "H_PYLORI": (("Negative", 0.58), ("Positive", 0.42))},
        {"TP53": 0.47, "ARID1A": 0.24, "CDH1": 0.11, "PIK3CA": 0.17, "KRAS": 0.1, "RHOA": 0.06, "SMAD4": 0.08, "ERBB3": 0.08, "FBXW7": 0.08, "APC": 0.1, "RNF43": 0.09, "CTNNB1": 0.06},
        {"CDH1": 0.5, "RHOA": 0.4, "LAUREN_CLASS=Diffuse": 0.3}, (("CDH1", "LAUREN_CLASS", "Diffuse", 3.0), ("RHOA", "LAUREN_CLASS", "Diffuse", 3.2), ("RHOA", "LAUREN_CLASS", "Intestinal", 0.2), ("TP53", "LAUREN_CLASS", "Diffuse", 0.7)),
        9, 0.05, {"ERBB2": (0.14, 0), "CCNE1": (0.1, 0), "MYC": (0.11, 0), "EGFR": (0.05, 0), "CDKN2A": (0, 0.08), "SMAD4": (0, 0.04)},
        (("CDH1", "CTNNB1", 0.015), ("ERBB2", "CDK12", 0.02)),
        ((("FOLFOX", 0.55), ("Capecitabine", 0.3), ("Trastuzumab", 0.15)), (("Ramucirumab", 0.4), ("Paclitaxel", 0.35), ("Nivolumab", 0.25))),
        1.22, 24, "DFS",
    ),
    Study(
        "hnsc_ridge_2022", "RHN", "Head and neck squamous cell carcinoma (Ridge, 2022)", "test", "cbioportal", "Head and Neck Cancer",
        (("Oral Cavity Squamous Cell Carcinoma", "OCSC", 0.6), ("Oropharynx Squamous Cell Carcinoma", "OPHSC", 0.4)), 290, 0.27, (61, 11),
        {"HPV_STATUS": (("Negative", 0.7), ("Positive", 0.3)), "ALCOHOL_USE": (("Never", 0.3), ("Moderate", 0.45), ("Heavy", 0.25))},
        {"TP53": 0.64, "CDKN2A": 0.2, "FAT1": 0.2, "PIK3CA": 0.19, "NOTCH1": 0.18, "KMT2D": 0.15, "NSD1": 0.11, "CASP8": 0.1, "HRAS": 0.06, "FBXW7": 0.05, "PTEN": 0.04, "RB1": 0.04},
        {"TP53": 0.4, "HPV_STATUS=Positive": -0.8, "CASP8": -0.2}, (("TP53", "HPV_STATUS", "Positive", 0.1), ("CDKN2A", "HPV_STATUS", "Positive", 0.1), ("PIK3CA", "HPV_STATUS", "Positive", 1.7), ("FAT1", "ALCOHOL_USE", "Heavy", 1.6)),
        6, 0.01, {"CCND1": (0.25, 0), "CDKN2A": (0, 0.28), "EGFR": (0.11, 0), "MYC": (0.08, 0), "FAT1": (0, 0.06), "PIK3CA": (0.16, 0)},
        (("FGFR3", "CSMD3", 0.02), ("NOTCH1", "NSD1", 0.015)),
        ((("Cisplatin", 0.65), ("Cetuximab", 0.35)), (("Pembrolizumab", 0.45), ("Nivolumab", 0.3), ("Docetaxel", 0.25))),
        1.06, 46, "DFS",
    ),
    Study(
        "prad_bay_2020", "BPR", "Prostate adenocarcinoma (Bay, 2020)", "test", "csv", "Prostate Cancer",
        (("Prostate Adenocarcinoma", "PRAD", 0.93), ("Prostate Neuroendocrine Carcinoma", "PRNE", 0.07)), 330, 0.0, (66, 8),
        {"DISEASE_STATE": (("Localized", 0.5), ("Castration-sensitive", 0.27), ("Castration-resistant", 0.23)), "GLEASON_GROUP": (("Up to 7", 0.55), ("8 to 10", 0.45))},
        {"TP53": 0.24, "SPOP": 0.11, "FOXA1": 0.12, "PTEN": 0.09, "AR": 0.07, "KMT2D": 0.08, "APC": 0.07, "BRCA2": 0.06, "CDK12": 0.06, "ATM": 0.06, "RB1": 0.05, "CTNNB1": 0.04},
        {"TP53": 0.5, "RB1": 0.7, "DISEASE_STATE=Castration-resistant": 0.8}, (("AR", "DISEASE_STATE", "Castration-resistant", 4.0), ("AR", "DISEASE_STATE", "Localized", 0.1), ("TP53", "DISEASE_STATE", "Localized", 0.5), ("RB1", "DISEASE_STATE", "Castration-resistant", 2.5)),
        3, 0.02, {"AR": (0.14, 0), "PTEN": (0, 0.18), "MYC": (0.09, 0), "RB1": (0, 0.07), "BRCA2": (0, 0.03), "CCND1": (0.03, 0)},
        (("TMPRSS2", "ERG", 0.3), ("PTEN", "RB1", 0.02)),
        ((("Leuprolide", 0.65), ("Bicalutamide", 0.35)), (("Abiraterone", 0.4), ("Enzalutamide", 0.4), ("Docetaxel", 0.2))),
        1.22, 84, "PFS",
    ),
)  # fmt: skip

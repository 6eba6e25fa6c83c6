"""The analyses that are asked, by category."""

from data_prep.biodsbench.analyses import assembly, association, copies, mutations, survival, timelines
from data_prep.biodsbench.analyses.base import Analysis as Analysis

ANALYSES: tuple[Analysis, ...] = (
    *assembly.ANALYSES, *survival.ANALYSES, *association.ANALYSES, *mutations.ANALYSES, *copies.ANALYSES, *timelines.ANALYSES,
)  # fmt: skip

"""EHR-SeqSQL (Ryu et al. 2024): questions in turns over the MIMIC-III view, and the loader of the published files."""

from data_prep.seqsql.build import build
from data_prep.seqsql.published import read

__all__ = ["build", "read"]

"""EHRSHOT's fifteen prediction tasks over generated records, an OMOP database, or EHRSHOT's own files."""

from data_prep.ehrshot.build import build as build
from data_prep.ehrshot.cohort import Split as Split

__all__ = ["Split", "build"]

"""EHRSHOT's fifteen prediction tasks over generated records, an OMOP database, or EHRSHOT's own files."""

from data_prep.ehrshot.build import build as build

__all__ = ["build"]

"""EHRSQL-style questions over the MIMIC-III view: templates, time tags, and the builder of instances."""

from data_prep.ehrsql.build import build

__all__ = ["build"]

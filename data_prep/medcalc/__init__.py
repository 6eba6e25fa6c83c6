"""MedCalc: calculators with published sources, notes generated from facts, and MedCalc-Bench's own files."""

from data_prep.medcalc.build import build

__all__ = ["build"]

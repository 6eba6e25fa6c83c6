"""BioCoder: functions of a small bioinformatics library, each to be written into its context module."""

from data_prep.biocoder.build import build

__all__ = ["build"]

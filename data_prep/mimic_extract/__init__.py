"""MIMIC-Extract (Wang et al. 2020): hourly frames of intensive-care stays, and prediction tasks on them."""

from data_prep.mimic_extract.build import build as build
from data_prep.mimic_extract.sources import frames as frames

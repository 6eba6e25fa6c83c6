"""MIMIC-Extract (Wang et al. 2020): hourly frames of intensive-care stays, and prediction tasks on them."""

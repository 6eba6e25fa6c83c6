"""EHRCon (Kwon et al. 2024): does what a clinical note says of an entity agree with the database?"""

from data_prep.ehrcon.build import build

__all__ = ["build"]

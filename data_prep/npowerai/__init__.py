"""N-PowerAI: sample size and power of six tests, planned for generated studies, and MedAgentGym's own rows."""

from data_prep.npowerai.build import build

__all__ = ["build"]

"""MedAgentBench (Jiang et al. 2025): a FHIR server's base of a hospital, tasks over it, and the published tasks on any FHIR server."""

from data_prep.medagentbench.build import build

__all__ = ["build"]

"""Galen: a gym and an RL post-training pipeline for code-centric biomedical agents."""

__version__ = "0.1.0"

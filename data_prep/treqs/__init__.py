"""TREQS (MIMICSQL, Wang et al. 2020): the five-table view, questions over it, and the loader of the published files."""

from data_prep.treqs.build import build
from data_prep.treqs.published import prepare, read
from data_prep.treqs.view import write_sqlite

__all__ = ["build", "prepare", "read", "write_sqlite"]

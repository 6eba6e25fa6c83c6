"""What every action finds imported, and used once: a library's first calls import more and fill its caches, and what is
not done here is done again in each fresh process.
"""

import importlib
import io
import sqlite3


def load(modules: list[str]) -> None:
    """Import `modules` and call what agents call first of them."""
    for name in modules:
        importlib.import_module(name)
    if "pandas" in modules:
        _use_pandas()


def _use_pandas() -> None:
    import pandas as pd

    table = pd.read_csv(io.StringIO("key,value,at\n1,2.5,2100-01-01 00:00:00\n2,3.5,2100-01-02 00:00:00\n"))
    table["at"] = pd.to_datetime(table["at"])
    table.groupby("key")[["value"]].mean()
    repr(table.merge(table, on="key").sort_values("key"))
    with sqlite3.connect(":memory:") as connection:
        pd.read_sql_query("SELECT 1 AS one", connection)
    connection.close()

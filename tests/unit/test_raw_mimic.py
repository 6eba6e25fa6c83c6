"""Raw MIMIC-III CSVs, written here from a generated hospital with PhysioNet's full columns, read back."""

import re
import sqlite3

import pandas as pd
import pytest

from data_prep.hospital.generate import generate
from data_prep.mimic_iii import raw
from data_prep.mimic_iii.view import write_sqlite
from galen.errors import UserError

RENAMED = {"TRANSFERS": {"CAREUNIT": "CURR_CAREUNIT", "WARDID": "CURR_WARDID"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shared):
    """PhysioNet's layout: every column of the full schema, upper-case text, one file in two gzipped."""
    out = tmp_path_factory.mktemp("physionet")
    write_sqlite(generate(60, 1), out / "h.sqlite")
    ddl = (shared / "schemas" / "mimic_iii_full_ddl.sql").read_text()
    db = sqlite3.connect(out / "h.sqlite")
    for i, table in enumerate((*raw.TABLES, *raw.DICTIONARIES)):
        body = re.search(rf"CREATE TABLE {table}\b[^(]*\((.*?)\n\s*\)", ddl, re.S | re.I)
        assert body, table
        columns = [m.group(1).upper() for m in re.finditer(r"^\s*,?\s*([A-Za-z]\w+)\s+[A-Za-z]", body.group(1), re.M)]
        frame = pd.read_sql(f"select * from {table}", db).rename(columns=RENAMED.get(table, {}))
        if table == "ADMISSIONS":
            frame["DISCHTIME"] = frame["DISCHTIME"].fillna("2106-01-05 10:00:00")  # the raw files have no open stays
        if table == "CHARTEVENTS":
            frame["ITEMID"] = raw.VITALS[0]
        if table == "D_ITEMS":
            extra = {
                "ROW_ID": len(frame) + 1,
                "ITEMID": raw.VITALS[0],
                "LABEL": "Temperature C",
                "LINKSTO": "chartevents",
            }
            frame = pd.concat([frame, pd.DataFrame([extra])])
        full = frame.reindex(columns=[c for c in columns if c != "CONSTRAINT"])
        full = full.apply(lambda c: c.str.upper() if c.dtype == object or str(c.dtype) == "str" else c)
        full.to_csv(out / f"{table}.csv{'.gz' if i % 2 else ''}", index=False)
    return out


def test_the_17_tables_are_filled_and_times_fit(folder, tmp_path):
    raw.load(folder, tmp_path / "m.sqlite", 50, 0)
    db = sqlite3.connect(tmp_path / "m.sqlite")
    tables = [
        r[0] for r in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    ]
    counts = {t: db.execute(f"select count(*) from {t}").fetchone()[0] for t in tables}
    assert len(counts) == 17 and all(counts.values()), counts
    assert [r for r in db.execute("pragma foreign_key_check") if r[0] != "COST"] == []
    low, high = db.execute("select min(admittime), max(admittime) from admissions").fetchone()
    assert "2100" <= low <= high <= "2105-12-31 23:59:00"
    assert db.execute("select count(*) from labevents where charttime > '2105-12-31 23:59:00'").fetchone() == (0,)
    current = db.execute("select count(*) from admissions where dischtime is null").fetchone()[0]
    assert 0 < current < counts["PATIENTS"] // 3
    assert db.execute("select count(*) from prescriptions where drug <> lower(drug)").fetchone() == (0,)
    assert db.execute(
        "select count(*) from (select event_id from cost group by event_type, event_id having count(*) > 1)"
    ).fetchone() == (0,)


def test_missing_files_and_columns_are_named(folder, tmp_path):
    with pytest.raises(UserError, match=r"PATIENTS.csv \(or .csv.gz\) is missing"):
        raw.load(tmp_path, tmp_path / "m.sqlite", 5, 0)
    for path in folder.glob("*.csv*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    frame = pd.read_csv(tmp_path / "PATIENTS.csv").drop(columns="DOB")
    frame.to_csv(tmp_path / "PATIENTS.csv", index=False)
    with pytest.raises(UserError, match="PATIENTS.csv: column DOB is missing"):
        raw.load(tmp_path, tmp_path / "m.sqlite", 5, 0)

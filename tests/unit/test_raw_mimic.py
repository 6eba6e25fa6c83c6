"""Raw MIMIC-III CSVs, written here from a generated hospital with PhysioNet's full columns, read back."""

import gzip
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
    write_sqlite(generate(30, 1), out / "h.sqlite")
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
    raw.load(folder, tmp_path / "m.sqlite", 25, 0)
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


def _copy(folder, out, *, names=lambda name: name, edit=lambda name, text: text):
    """The folder again, with other file names or contents; all unzipped."""
    for path in folder.glob("*.csv*"):
        raw_bytes = path.read_bytes()
        text = (gzip.decompress(raw_bytes) if path.suffix == ".gz" else raw_bytes).decode()
        name = path.name.removesuffix(".gz").removesuffix(".csv")
        (out / (names(name) + ".csv")).write_text(edit(name, text), encoding="utf-8")
    return out


def _dump(folder, path):
    raw.load(folder, path, 10, 3)
    return list(sqlite3.connect(path).iterdump())


def test_names_in_any_case_a_byte_order_mark_and_an_older_version_read_the_same(folder, tmp_path):
    older = {"STARTDATE": "STARTTIME", "ENDDATE": "ENDTIME", "VALUEUOM": "UOM"}

    def edit(name, text):
        head, body = text.split("\n", 1)
        columns = [older.get(c, c).lower() for c in head.split(",")]
        return "\ufeff" + ",".join(columns) + "\n" + body.replace("\n", "\r\n")

    (tmp_path / "older").mkdir()
    again = _copy(folder, tmp_path / "older", names=lambda n: n.lower() + "_DATA_TABLE", edit=edit)
    assert _dump(again, tmp_path / "b.sqlite") == _dump(folder, tmp_path / "a.sqlite")


def test_a_quoted_line_break_stays_in_its_field(folder, tmp_path):
    def edit(name, text):
        return re.sub(r",,([A-Z][A-Z -]+),", r',,"\1\nX",', text) if name == "PRESCRIPTIONS" else text

    raw.load(_copy(folder, tmp_path, edit=edit), tmp_path / "m.sqlite", 30, 0)
    db = sqlite3.connect(tmp_path / "m.sqlite")
    assert db.execute("select count(*) > 0 from prescriptions where drug like '%' || char(10) || 'x'").fetchone() == (
        1,
    )


def test_what_is_left_out_is_counted_by_reason(folder, tmp_path):
    def edit(name, text):
        lines = text.split("\n")
        if name == "ADMISSIONS":
            cells = lines[1].split(",")
            lines[1] = ",".join([*cells[:4], cells[3].replace("2", "1", 1), *cells[5:]])
            lines.insert(3, lines[2])
        if name == "LABEVENTS":
            lines[-4:-1] = [  # not the first: they are of the stay that is left out
                re.sub(r"^(\d+,\d+,\d+),\d+", rf"\1,{bad}", line)
                for line, bad in zip(lines[-4:-1], ("ten", "999999", ""), strict=True)
            ]
        return "\n".join(lines)

    counts = raw.load(_copy(folder, tmp_path, edit=edit), tmp_path / "m.sqlite", 1000, 0)
    said = counts.left_out
    assert said["ADMISSIONS: DISCHTIME is before ADMITTIME"] == 1
    assert said["ADMISSIONS: HADM_ID is there twice"] == 1
    assert said["LABEVENTS: ITEMID is no number"] == 1
    assert counts.rows["ADMISSIONS"] > 0 and counts.rows["COST"] == sum(
        counts.rows[t] for t in raw.EVENTS if raw.EVENTS[t].code
    )
    assert "  1 left out: ADMISSIONS: HADM_ID is there twice" in counts.report()


def test_a_procedure_is_charted_at_discharge_and_a_diagnosis_at_admission(folder, tmp_path):
    raw.load(folder, tmp_path / "m.sqlite", 30, 0)
    db = sqlite3.connect(tmp_path / "m.sqlite")
    assert db.execute(
        "select count(*) from diagnoses_icd join admissions using (hadm_id) where charttime <> admittime"
    ).fetchone() == (0,)
    assert db.execute(
        "select count(*) from procedures_icd join admissions using (hadm_id) where charttime is not dischtime"
    ).fetchone() == (0,)
    assert db.execute("select count(distinct subject_id) from admissions where dischtime is null").fetchone() == (3,)
    assert db.execute("select min(age) > 10, max(age) < 90 from admissions").fetchone() == (1, 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "ICUSTAYS.csv").write_text(""), "ICUSTAYS.csv: the file is empty; get it again"),
        (lambda f: ((f / "LABEVENTS.csv").unlink(), (f / "LABEVENTS.csv.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])), "LABEVENTS.csv.gz: unreadable after 0 rows"),
        (lambda f: (f / "DIAGNOSES_ICD.csv").open("a").write("1,2,3,4,5,6,7,8,9\n"), r"DIAGNOSES_ICD.csv: Expected 5 fields in line \d+, saw 9"),
        (lambda f: (f / "ADMISSIONS.csv").write_text((f / "ADMISSIONS.csv").read_text().split("\n")[0] + "\n"), "no admission is usable"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_by_place_and_fix(folder, tmp_path, damage, message):
    damage(_copy(folder, tmp_path))
    with pytest.raises(UserError, match=message):
        raw.load(tmp_path, tmp_path / "m.sqlite", 10, 0)

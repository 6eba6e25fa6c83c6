"""The eICU view by itself: the published schema, references, and eICU's own facts."""

import sqlite3

import pytest

from data_prep.eicu import names
from data_prep.eicu.view import write_sqlite
from data_prep.hospital import catalog
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("eicu") / "eicu.sqlite"
    write_sqlite(generate(150, 2), path)
    db = sqlite3.connect(path)
    yield db
    db.close()


def tables(db):
    return [r[0] for r in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")]


def test_the_schema_is_ehrsqls_to_the_letter(database, shared):
    published = sqlite3.connect(":memory:")
    published.executescript((shared / "schemas" / "ehrsql_eicu.sql").read_text())
    assert tables(published) == tables(database) and len(tables(published)) == 10
    for table in tables(published):
        for pragma in ("table_info", "foreign_key_list"):
            ask = f"pragma {pragma}({table})"
            assert database.execute(ask).fetchall() == published.execute(ask).fetchall(), table


def test_references_hold_and_costs_point_into_the_table_they_name(database):
    for table in tables(database):
        if table != "cost":  # its published reference is to a column that repeats, which SQLite refuses to check
            assert database.execute(f"pragma foreign_key_check({table})").fetchall() == []
    for table in ("diagnosis", "treatment", "lab", "medication"):
        rows, found = database.execute(
            f"select count(*), count(p.uniquepid) from cost c left join {table} t on t.{table}id = c.eventid "
            "left join patient p on p.patientunitstayid = t.patientunitstayid and p.uniquepid = c.uniquepid "
            f"and p.patienthealthsystemstayid = c.patienthealthsystemstayid where c.eventtype = '{table}'"
        ).fetchone()
        assert rows == found > 0, table


def test_one_price_for_one_thing(database):
    for table, name in (
        ("diagnosis", "diagnosisname"),
        ("treatment", "treatmentname"),
        ("lab", "labname"),
        ("medication", "drugname"),
    ):
        prices = database.execute(
            f"select {name} from {table} join cost on eventid = {table}id and eventtype = '{table}' "
            f"group by 1 having count(distinct cost) > 1"
        )
        assert prices.fetchall() == [], table


def test_every_name_of_the_hospital_has_one_of_eicus():
    assert set(names.DIAGNOSES) == {d.code for d in catalog.DIAGNOSES} and set(names.TREATMENTS) == set(
        catalog.PROCEDURES
    )
    assert set(names.INTAKES) == set(catalog.INPUTS) and set(names.OUTPUTS) == set(catalog.OUTPUTS)
    assert set(names.SITES) == set(catalog.ORGANISMS) and set(catalog.VITALS) <= set(names.VITALS)
    assert set(names.LABS) <= set(catalog.LABS) and set(names.DRUGS) <= set(catalog.DRUGS)
    for renamed, every in ((names.LABS, catalog.LABS), (names.DRUGS, catalog.DRUGS)):
        assert len({renamed.get(x, x) for x in every}) == len(every)
    for table in (names.DIAGNOSES, names.INTAKES, names.OUTPUTS):
        assert len({row[0] for row in table.values()}) == len(table)
    assert len(set(names.TREATMENTS.values())) == len(names.TREATMENTS)
    places = [
        names.ward(h, u, k)
        for h in names.HOSPITALS
        for u, k in [*((u, 0) for u in catalog.ICU_UNITS), *((None, k) for k in range(3))]
    ]
    assert len(set(places)) == len(places)


def test_it_reads_like_eicu(database):
    one = lambda sql: database.execute(sql).fetchone()[0]
    assert one("select count(*) from patient where uniquepid not glob '0[0-3][0-9]-[0-9]*'") == 0
    assert one("select count(distinct substr(uniquepid, 1, 3)) from patient") > 20
    assert (
        one(
            "select count(*) from (select 1 from patient group by patienthealthsystemstayid "
            "having count(distinct uniquepid || hospitalid) > 1)"
        )
        == 0
    )
    assert (
        one("select count(*) from (select uniquepid from patient group by 1 having count(distinct hospitalid) > 1)") > 5
    )
    assert (
        one("select count(*) from patient where hospitaldischargetime is null and hospitaldischargestatus is not null")
        == 0
    )
    assert one("select count(*) from patient where unitdischargetime is null") > 5
    assert (
        0.2
        < one(
            "select avg(uniquepid in (select uniquepid from patient join allergy using(patientunitstayid))) from patient"
        )
        < 0.6
    )
    assert (
        one("select count(*) from allergy where drugname is null") and one("select max(sao2) from vitalperiodic") <= 100
    )
    assert (
        one(
            "select count(*) from intakeoutput where (cellpath like '%intake%') + (cellpath like '%output%') <> 1 "
            "or cellpath not like '%|' || celllabel"
        )
        == 0
    )
    assert one("select count(*) from microlab where organism = 'no growth'") > one("select count(*) from microlab") / 3
    for table in tables(database):
        for _, column, kind, *_ in database.execute(f"pragma table_info({table})").fetchall():
            if kind.startswith("VARCHAR"):
                width = int(kind[8:-1])
                assert (
                    one(f"select count(*) from {table} where {column} <> lower({column}) or length({column}) > {width}")
                    == 0
                )
            if kind.startswith("TIMESTAMP"):
                low, high = database.execute(f"select min({column}), max({column}) from {table}").fetchone()
                assert "2100" <= low <= high <= "2105-12-31 23:59:00", (table, column)


def test_the_same_seed_gives_the_same_rows_and_the_hospital_stays_as_it_was(tmp_path):
    hospital = generate(20, 4)
    for name in ("a", "b"):
        write_sqlite(hospital, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert hospital == generate(20, 4)


def test_a_hospital_from_fhir_has_an_eicu_view_too(shared, tmp_path):
    write_sqlite(from_fhir(shared / "synthea_fhir" / "r4_bundles.zip"), tmp_path / "f.sqlite")
    db = sqlite3.connect(tmp_path / "f.sqlite")
    people, stays, vitals = (
        db.execute(sql).fetchone()[0]
        for sql in (
            "select count(distinct uniquepid) from patient",
            "select count(*) from patient",
            "select count(*) from vitalperiodic",
        )
    )
    assert people == 111 and stays >= people and vitals > 100
    assert db.execute("pragma foreign_key_check(lab)").fetchall() == []

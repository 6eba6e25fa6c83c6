"""What the reference SQL on eICU is made of: conditions and the shapes that questions share.

The marks are those of `template.py`. Every function returns SQL.
"""

from __future__ import annotations

from data_prep.ehrsql.times import NOW

ME = "uniquepid = '{patient_id}'"
HOSPITAL_NOW, UNIT_NOW = "hospitaldischargetime is null", "unitdischargetime is null"
WITH_PATIENT = "join patient using(patientunitstayid)"
DIAG, PROC = "diagnosisname = '{diagnosis_name}'", "treatmentname = '{procedure_name}'"
DRUG, ROUTE = "drugname = '{drug_name}'", "routeadmin = '{drug_route}'"
LAB, CULTURE = "labname = '{lab_name}'", "culturesite = '{culture_name}'"
IN, OUT = "cellpath like '%intake%'", "cellpath like '%output%'"
INTAKE, OUTPUT = f"{IN} and celllabel = '{{intake_name}}'", f"{OUT} and celllabel = '{{output_name}}'"
MEASURED = "{vital_column} is not null"
AGED = "replace(age, '> ', '') + 0 between {low} and {high}"
AGED_THEN = AGED.replace("age,", "b.age,")  # when the event `b` happened
RANK = "order by count(*) desc limit {rank}"
LONG_AGO = f"julianday('{NOW}') - julianday(min(diagnosistime)) > {{days}}"
DIED = "(select distinct uniquepid, hospitaldischargetime dod from patient where hospitaldischargestatus = 'expired')"
SURVIVED = "dod is null or julianday(dod) - julianday(start) > {days}"
TIMES = {
    "diagnosis": "diagnosistime", "treatment": "treatmenttime", "medication": "drugstarttime", "lab": "labresulttime",
    "microlab": "culturetakentime", "intakeoutput": "intakeoutputtime", "vitalperiodic": "observationtime",
    "allergy": "allergytime", "patient": "unitadmittime",
}  # fmt: skip
NAMES = {
    "diagnosis": "diagnosisname", "treatment": "treatmentname", "medication": "drugname", "lab": "labname",
    "microlab": "culturesite", "intakeoutput": "celllabel",
}  # fmt: skip


def stays(*where: str) -> str:
    """The condition that a row belongs to the patient's unit stays, or to those of them that fit `where`."""
    return f"patientunitstayid in (select patientunitstayid from patient where {' and '.join((ME, *where))})"


P = stays()


def rows_of(table: str, *where: str) -> str:
    """The patient's rows of `table` in the period of global1."""
    mine = ME if table == "patient" else P
    return f"from {table} where {' and '.join((mine, *where))}{{t:{TIMES[table]}}}"


def one(column: str, table: str, *where: str) -> str:
    return f"select {column} {rows_of(table, *where)}{{x1:{TIMES[table]}}}"


def when(table: str, *where: str) -> str:
    return one(TIMES[table], table, *where)


def any_(table: str, *where: str) -> str:
    return f"select count(*) > 0 {rows_of(table, *where)}"


def count(table: str, *where: str) -> str:
    return f"select count(*) {rows_of(table, *where)}"


def each(column: str, table: str, *where: str) -> str:
    return f"select {{fn}}({column}) {rows_of(table, *where)} group by substr({TIMES[table]}, 1, {{length}})"


def repeated(table: str) -> str:
    return f"select {NAMES[table]} {rows_of(table)} group by {NAMES[table]} having count(*) {{having}}"


def since(column: str, table: str, *where: str) -> str:
    return f"select distinct {{per_day}} * (julianday('{NOW}') - julianday({column})) from {table} where {' and '.join(where)}"


def since_now(table: str, *where: str) -> str:
    return since(TIMES[table], table, stays(HOSPITAL_NOW), *where) + f"{{x1:{TIMES[table]}}}"


def two(column: str, table: str, where: str, operator: str) -> str:
    time, mine = TIMES[table], ME if table == "patient" else P
    one = f"select {column} from {table} where {mine} and {where}"
    return f"select ({one}{{t2:{time}}}{{x2:{time}}}) {operator} ({one}{{t:{time}}}{{x1:{time}}})"


def extreme(column: str, table: str, where: str) -> str:
    rows = rows_of(table, where)
    return f"select {TIMES[table]} {rows} and {column} = (select {{pick}}({column}) {rows}){{x1:{TIMES[table]}}}"


def patients(table: str, where: str) -> str:
    return f"select count(distinct uniquepid) from {table} {WITH_PATIENT} where {where}{{t:{TIMES[table]}}}"


def cases(table: str, where: str) -> str:
    return f"select count(*) from {table} where {where}{{t:{TIMES[table]}}}"


def ranked(table: str, *where: str) -> str:
    name, time = NAMES[table], TIMES[table]
    kept = f" where {where[0]}{{t:{time}}}" if where else f"{{w:{time}}}"
    return f"select {name} from {table}{kept} group by {name} {RANK}"


def ranked_aged(table: str) -> str:
    name = NAMES[table]
    return f"select {name} from {table} {WITH_PATIENT} where {AGED}{{t:{TIMES[table]}}} group by {name} {RANK}"


def pairs(first: str, cause: str, then: str, *where: str, order: str = "after") -> str:
    """Pairs of an event `a` of `cause` in table `first` and an event `b` of the same patient's in table `then`."""
    a, b = f"a.{TIMES[first]}", f"b.{TIMES[then]}"
    rows = "(select * from {} " + WITH_PATIENT + ")"
    also = "".join(f" and {w}" for w in where)
    return (
        f"from {rows.format(first)} a join {rows.format(then)} b on b.uniquepid = a.uniquepid "
        f"where a.{cause}{also}{{t:{a}}}{{t:{b}}}{{{order}:{a},{b}}}"
    )


def ranked_after(then: str, first: str, cause: str, *where: str, order: str = "after") -> str:
    """What follows an event of `cause`; each following event counts once."""
    name = NAMES[then]
    once = f"select distinct b.{then}id, b.{name} {pairs(first, cause, then, *where, order=order)}"
    return f"select {name} from ({once}) group by {name} {RANK}"


def patients_after(first: str, cause: str, then: str, event: str) -> str:
    return f"select count(distinct b.uniquepid) {pairs(first, cause, then, 'b.' + event)}"


def drugs_after(first: str, cause: str) -> str:
    return f"select distinct b.drugname {pairs(first, cause, 'medication', 'a.' + ME)}"


def cost(table: str, where: str) -> str:
    events = f"select {table}id from {table} where {where}"
    return f"select distinct cost from cost where eventtype = '{table}' and eventid in ({events})"


def visit_cost(table: str, where: str) -> str:
    visits = f"select patienthealthsystemstayid from {table} {WITH_PATIENT} where {where}"
    total = f"select sum(cost) total from cost where patienthealthsystemstayid in ({visits}){{t:chargetime}}"
    return f"select {{fn}}(total) from ({total} group by patienthealthsystemstayid)"


def survival(where: str) -> str:
    ill = f"select uniquepid, min(diagnosistime) start from diagnosis {WITH_PATIENT} where {DIAG}"
    first = f"{ill} group by uniquepid having {LONG_AGO}"
    return f"select 100.0 * sum({SURVIVED}) / count(*) from ({first}) f left join {DIED} using(uniquepid){where}"

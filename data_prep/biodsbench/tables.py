"""A study's files: CSV, or cBioPortal's tab-separated text, whose clinical files begin with four commented lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from data_prep.biodsbench.people import Row, Tables
from data_prep.biodsbench.studies import Study

MOUNT = "/data"
SHOWN = 3  # values of a column
MEANINGS = {
    "OS_MONTHS": "Overall survival in months since diagnosis", "OS_STATUS": "Overall survival status", "AGE": "Age at diagnosis in years",
    "TUMOR_PURITY": "Tumour purity in percent", "TMB_NONSYNONYMOUS": "Non-silent mutations per megabase", "STAGE": "Stage at diagnosis",
    "FRACTION_GENOME_ALTERED": "Fraction of the genome with a copy number change",
}  # fmt: skip


def file_name(study: Study, table: str) -> str:
    """The name of a table's file."""
    return f"{table}.{'csv' if study.layout == 'csv' else 'txt'}"


def write(study: Study, tables: Tables, folder: Path) -> None:
    """Write every table into `folder`."""
    folder.mkdir(parents=True)
    for table, rows in sorted(tables.items()):
        with (folder / file_name(study, table)).open("w", newline="") as file:
            if study.layout == "cbioportal" and table.startswith("data_clinical"):
                file.writelines(_head(rows))
            out = csv.DictWriter(
                file, list(rows[0]), delimiter="," if study.layout == "csv" else "\t", lineterminator="\n"
            )
            out.writeheader()
            out.writerows(rows)


def _head(rows: list[Row]) -> list[str]:
    names = list(rows[0])
    kinds = ["NUMBER" if _number(rows, name) else "STRING" for name in names]
    told = [MEANINGS.get(name, name.replace("_", " ").capitalize()) for name in names]
    lines = ([name.replace("_", " ").title() for name in names], told, kinds, ["1"] * len(names))
    return ["#" + "\t".join(line) + "\n" for line in lines]


def _number(rows: list[Row], name: str) -> bool:
    return any(isinstance(row[name], int | float) for row in rows)


def describe(study: Study, tables: Tables) -> str:
    """What the agent reads of the files: rows, columns, and a few values of each."""
    how = (
        "CSV"
        if study.layout == "csv"
        else "tab-separated text as cBioPortal ships it; clinical files begin with four lines marked #"
    )
    lines = [f"{study.title}: {how}, in {MOUNT}/{study.id}. An empty field is missing."]
    for table, rows in sorted(tables.items()):
        lines.append(f"{file_name(study, table)} ({len(rows)} rows)")
        names = list(rows[0])
        if table == "data_cna":
            lines.append(
                f"  Hugo_Symbol, Entrez_Gene_Id, then a column a sample ({names[2]}, {names[3]}, …): -2, -1, 0, 1, 2"
            )
        else:
            lines += [f"  {name}: {_values(rows, name)}" for name in names]
    return "\n".join(lines)


def _values(rows: list[Row], name: str) -> str:
    seen: dict[Any, None] = {}
    for row in rows:
        if row[name] is not None:
            seen.setdefault(row[name])
    known = list(seen)
    if _number(rows, name):
        return f"numbers from {min(known):g} to {max(known):g}"
    if not known:
        return "(empty)"
    if len(known) <= 6:
        return " | ".join(sorted(known))
    return ", ".join(known[:SHOWN]) + ", …"


def reads(study: Study, names: tuple[str, ...]) -> str:
    """Python that reads the tables `names` (without data_) into variables."""
    lines = ["import numpy as np", "import pandas as pd", ""]
    for name in names:
        table = f"data_{name}"
        form = "" if study.layout == "csv" else ', sep="\\t", comment="#"'
        lines.append(f'{VARIABLES[name]} = pd.read_csv("{MOUNT}/{study.id}/{file_name(study, table)}"{form})')
    return "\n".join(lines)


VARIABLES = {
    "clinical_patient": "patients", "clinical_sample": "samples", "mutations": "mutations", "cna": "cna", "sv": "sv",
    "timeline_treatment": "treatments", "timeline_status": "statuses",
}  # fmt: skip

"""The tables of an OMOP CDM 5.4 that the tasks are computed from, read from CSVs or a zip of them.

Times are whole: where a `*_datetime` is empty, its date's midnight. A table that a database ships without is named.
"""

from __future__ import annotations

import random
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from data_prep.sources import csvs
from data_prep.sources.counts import Counts
from galen.errors import UserError

SOURCE = "OMOP CDM 5.4"
PERSON = ("person_id", "gender_concept_id", "year_of_birth")
COLUMNS = {
    "person": PERSON,
    "observation_period": ("person_id", "observation_period_start_date", "observation_period_end_date"),
    "visit_occurrence": ("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_datetime", "visit_end_datetime"),
    "visit_detail": ("visit_detail_id", "person_id", "visit_detail_concept_id", "visit_detail_start_datetime", "visit_detail_end_datetime", "visit_occurrence_id"),
    "condition_occurrence": ("person_id", "condition_concept_id", "condition_start_datetime"),
    "drug_exposure": ("person_id", "drug_concept_id", "drug_exposure_start_datetime"),
    "measurement": ("person_id", "measurement_concept_id", "measurement_datetime", "value_as_number", "unit_source_value"),
    "note": ("note_id", "person_id", "note_datetime", "note_title"),
    "note_nlp": ("note_id", "lexical_variant", "term_exists"),
    "concept": ("concept_id", "concept_name", "vocabulary_id", "concept_code"),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
}  # fmt: skip
TEXT = (
    "unit_source_value",
    "note_title",
    "lexical_variant",
    "term_exists",
    "concept_name",
    "vocabulary_id",
    "concept_code",
)
MAY_BE_EMPTY = (
    "visit_occurrence_id",
    "value_as_number",
    "unit_source_value",
    "note_title",
    "lexical_variant",
    "term_exists",
)
TIMED = {  # what happened to a patient, and when
    "visit_occurrence": "visit_start_datetime", "visit_detail": "visit_detail_start_datetime",
    "condition_occurrence": "condition_start_datetime", "drug_exposure": "drug_exposure_start_datetime",
    "measurement": "measurement_datetime",
}  # fmt: skip


@dataclass(frozen=True)
class Cdm:
    """The tables, columns as in `COLUMNS`, times as pandas timestamps."""

    person: pd.DataFrame
    observation_period: pd.DataFrame
    visit_occurrence: pd.DataFrame
    visit_detail: pd.DataFrame
    condition_occurrence: pd.DataFrame
    drug_exposure: pd.DataFrame
    measurement: pd.DataFrame
    note: pd.DataFrame
    note_nlp: pd.DataFrame
    concept: pd.DataFrame
    concept_ancestor: pd.DataFrame


def read(source: Path, most: int | None = None, seed: int = 0) -> tuple[Cdm, Counts]:
    """The database in a folder of CSVs or a zip of them, and what was left out of it and why.

    Of more than `most` patients so many are drawn, and the rest is not kept.

    Raises:
        UserError: no such source, a table or column is missing, or a file is damaged; named.
    """
    counts = Counts()
    with _folder(source) as folder:
        files = csvs.CsvFolder(folder, SOURCE)
        person = _table(files, "person", counts, None)
        kept = set(person.person_id)
        if most and len(kept) > most:
            kept = set(random.Random(f"omop/{seed}").sample(sorted(kept), most))
            counts.leave(f"person: more than {most} patients, so many were drawn", len(person) - most)
        return Cdm(**{field.name: _table(files, field.name, counts, kept) for field in fields(Cdm)}), counts


@contextmanager
def _folder(source: Path) -> Iterator[Path]:
    if source.suffix != ".zip":
        yield source
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"{source}: no readable zip of {SOURCE}'s CSVs: {error}") from None
    with archive, tempfile.TemporaryDirectory() as folder:
        for member in archive.infolist():
            name = Path(member.filename).name
            # One flat folder, whatever the archive calls its own: nothing is written outside it.
            if name.lower().partition(".")[0] in COLUMNS and "__MACOSX" not in member.filename:
                (Path(folder) / name).write_bytes(archive.read(member))
        yield Path(folder)


def of_patients(cdm: Cdm, ids: set[int]) -> Cdm:
    """What `cdm` holds of the patients `ids`."""
    tables = {field.name: getattr(cdm, field.name) for field in fields(Cdm)}
    return Cdm(**{n: t[t.person_id.isin(ids)] if "person_id" in t.columns else t for n, t in tables.items()})


def _table(files: csvs.CsvFolder, table: str, counts: Counts, kept: set[int] | None) -> pd.DataFrame:
    """One table, of the patients `kept`; None is all, uncounted."""
    account = counts if kept is not None else Counts()
    columns = COLUMNS[table]
    text = tuple(c for c in columns if c in TEXT)
    dated = tuple(c for c in columns if c.endswith(("_datetime", "_date")))
    # An empty time of day is common; the date never is.
    days = tuple(c.replace("datetime", "date") for c in dated if c.endswith("_datetime"))
    parts = []
    for chunk in files.chunks(table, (*columns, *days), (*text, *dated, *days)):
        filled = {c: chunk[c].fillna(chunk[c.replace("datetime", "date")]) for c in dated}
        frame = chunk.assign(**filled).loc[:, list(columns)]
        if kept is not None and "person_id" in columns:
            ids = pd.Series(pd.to_numeric(frame["person_id"], errors="coerce"))
            frame = frame.loc[ids.isin(kept)]
        frame = csvs.times(
            csvs.numbers(frame, table, tuple(set(columns) - {*text, *dated}), account), table, dated, account
        )
        parts.append(csvs.present(frame, table, tuple(set(columns) - {*MAY_BE_EMPTY, *_open(table)}), account))
    found = pd.concat(parts, ignore_index=True)
    counts.rows[table] = len(found)
    return found


def _open(table: str) -> tuple[str, ...]:
    """A stay in a unit may go on; a visit has an end, or its length is not known."""
    return ("visit_detail_end_datetime",) if table == "visit_detail" else ()


def descendants(cdm: Cdm, vocabulary: str, codes: tuple[str, ...]) -> set[int]:
    """The concepts with one of `codes` in `vocabulary`, and all below them where `concept_ancestor` is filled."""
    concept = cdm.concept
    own = set(concept.concept_id[(concept.vocabulary_id == vocabulary) & concept.concept_code.isin(codes)])
    below = cdm.concept_ancestor
    return own | set(below.descendant_concept_id[below.ancestor_concept_id.isin(own)])

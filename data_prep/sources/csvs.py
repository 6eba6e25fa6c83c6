"""A folder of CSV files as a source ships them, read in chunks; whatever is wrong is named by file, place and fix.

Names of files and columns may be in any case, files gzipped or not, with a byte order mark or without, OMOP's vocabulary
separated by tabs as Athena ships it. Only an empty field is missing: a drug route 'na' or an organism 'none' stays text.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from data_prep.sources.counts import Counts
from galen.errors import UserError

CHUNK = 500_000  # rows; reading CHARTEVENTS, the largest table, takes 420 MB in all
ENDINGS = (".csv", ".csv.gz", "_data_table.csv", "_data_table.csv.gz")  # the last two: MIMIC-III before v1.4


class CsvFolder:
    """The tables of `root`. `source` names what the folder should hold, for messages."""

    def __init__(self, root: Path, source: str) -> None:
        if not root.is_dir():
            what = "is a file; unpack it and give the folder" if root.is_file() else "no such folder"
            raise UserError(f"{root}: {what} of {source}'s CSV files")
        self.root, self._source = root, source
        self._files = {path.name.lower(): path for path in sorted(root.iterdir()) if path.is_file()}

    def find(self, table: str) -> Path:
        """The file of `table`; UserError when there is none."""
        for ending in ENDINGS:
            if path := self._files.get(table.lower() + ending):
                return path
        found = ", ".join(path.name for name, path in self._files.items() if ".csv" in name) or "no CSV file"
        raise UserError(
            f"{self.root}: {table}.csv (or .csv.gz) is missing; give the folder of {self._source}. Found: {found}"
        )

    def columns(self, table: str) -> dict[str, str]:
        """The file's columns: lower-case name -> name as written."""
        path = self.find(table)
        head = next(self._parts(path, nrows=0, dtype=str))
        return {str(name).strip().strip('"').lower(): str(name) for name in head.columns}

    def require(self, table: str, columns: tuple[str, ...], other: dict[str, str] | None = None) -> dict[str, str]:
        """How the file writes each of `columns`; UserError for the first that it lacks."""
        head = self.columns(table)
        written: dict[str, str] = {}
        for column in columns:
            name = column.lower() if column.lower() in head else (other or {}).get(column, column).lower()
            if name not in head:
                raise UserError(
                    f"{self.find(table)}: column {column} is missing; expected {self._source}'s columns, "
                    f"found {', '.join(head.values())}"
                )
            written[column] = head[name]
        return written

    def chunks(
        self, table: str, columns: tuple[str, ...], text: tuple[str, ...] = (), other: dict[str, str] | None = None
    ) -> Iterator[pd.DataFrame]:
        """Chunks of `columns`, named and ordered as asked. `text` stays text; other columns get the type that fits.

        `other` gives a column's name in another version of the source.
        """
        path, written = self.find(table), self.require(table, columns, other)
        # All columns are parsed: with `usecols` pandas would not see that a row has too many fields.
        types = dict.fromkeys((written[c] for c in columns if c in text), str)
        for part in self._parts(path, dtype=types, chunksize=CHUNK):
            yield part.loc[:, list(written.values())].set_axis(list(columns), axis=1)

    def _parts(self, path: Path, **options: Any) -> Iterator[pd.DataFrame]:
        rows = 0
        try:
            read = pd.read_csv(
                path,
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=[""],
                low_memory=False,
                **_form(path),
                **options,
            )
            for part in [read] if isinstance(read, pd.DataFrame) else read:
                # pandas takes columns that the header does not name for an index.
                if not isinstance(part.index, pd.RangeIndex):
                    raise UserError(f"{path}: row {rows + 2} has more fields than the header: get the file again")
                rows += len(part)
                yield part
        except pd.errors.EmptyDataError:
            raise UserError(f"{path}: the file is empty; get it again from {self._source}") from None
        except (EOFError, zlib.error, OSError) as error:
            raise UserError(
                f"{path}: unreadable after {rows} rows ({error}); it is cut off or damaged: check its sha256 and get it again"
            ) from None
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: after {rows} rows: not UTF-8 ({error}); save it as UTF-8") from None
        except pd.errors.ParserError as error:
            reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
            raise UserError(f"{path}: {reason}; a quote or comma is out of place there: get the file again") from None


def _form(path: Path) -> dict[str, Any]:
    """How pandas is to take `path`: where only tabs divide its header, as text without quotes."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        head = file.readline()
    return {"sep": "\t", "quoting": csv.QUOTE_NONE} if b"\t" in head and b"," not in head else {}


def texts(path: Path, columns: Sequence[str], give: str) -> pd.DataFrame:
    """The `columns` of one small CSV as text; `give` says what to do where the file is missing.

    Raises:
        UserError: no such file, no CSV, or a column is missing; named.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; {give}")
    try:
        frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: no readable CSV: {error}") from None
    for column in columns:
        if column not in frame:
            raise UserError(f"{path}: column {column} is missing; found {', '.join(frame.columns)}")
    return frame.loc[:, list(columns)]


def numbers(frame: pd.DataFrame, table: str, columns: tuple[str, ...], counts: Counts) -> pd.DataFrame:
    """`frame` with `columns` as numbers; rows with something else in one of them are left out and counted."""
    bad = pd.Series(False, index=frame.index)
    made = {}
    for column in columns:
        made[column] = pd.to_numeric(frame[column], errors="coerce")
        wrong = made[column].isna() & frame[column].notna() & ~bad
        counts.leave(f"{table}: {column} is no number", int(wrong.sum()))
        bad |= wrong
    return frame.assign(**made).loc[~bad]


def times(frame: pd.DataFrame, table: str, columns: tuple[str, ...], counts: Counts) -> pd.DataFrame:
    """`frame` with `columns` as times; rows with something else in one of them are left out and counted."""
    bad = pd.Series(False, index=frame.index)
    made = {}
    for column in columns:
        made[column] = pd.to_datetime(frame[column], errors="coerce", format="ISO8601")
        wrong = made[column].isna() & frame[column].notna() & ~bad
        counts.leave(f"{table}: {column} is no time", int(wrong.sum()))
        bad |= wrong
    return frame.assign(**made).loc[~bad]


def present(frame: pd.DataFrame, table: str, columns: tuple[str, ...], counts: Counts) -> pd.DataFrame:
    """The rows of `frame` that have a value in each of `columns`; the others are counted by the first that is empty."""
    for column in columns:
        empty = frame.loc[:, column].isna()
        counts.leave(f"{table}: {column} is empty", int(empty.sum()))
        frame = frame.loc[~empty]
    return frame


def lower(frame: pd.DataFrame) -> pd.DataFrame:
    """Text lower-case and stripped, as EHRSQL stores it; what is then empty is missing."""
    made = {}
    for column in frame.columns:
        values = frame[column]
        if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values):
            plain = values.where(values.isna(), values.astype(str).str.lower().str.strip())
            made[column] = plain.where(plain != "", None)
    return frame.assign(**made)

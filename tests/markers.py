"""Words that stand for a patient's rows, planted wherever a task folder has some, and a search for them in any file."""

import gzip
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as parquet
from fakes import BASE
from pages import blocks

from galen.policy.template import ChatTemplate
from galen.report.viewer.sources import STORES
from galen.tasks.store import GoldStore, write_tasks
from galen.types import Gold, Privacy, Task

QUESTION, DOCUMENT, VALUE, SOLUTION, CLUSTER, SLOT = ROWS = (
    "zqxasked", "zqxnoted", "zqxstored", "zqxsolved", "zqxpatient", "zqxslot",
)  # fmt: skip


def plant(data: Path, tasks: list[Task], out: Path, privacy: Privacy = Privacy.CREDENTIALED) -> list[Task]:
    """`tasks` as a folder of their own: markers in questions, documents, clusters and metadata, in the database that is
    asked, in the answers and the reference solutions. Returns the tasks.
    """
    gold = GoldStore(data)
    pairs = [_planted(task, gold.get(task), privacy) for task in tasks]
    database = out / "resources" / "mimic_iii.sqlite"
    database.parent.mkdir(parents=True)
    shutil.copy(data / "resources" / "mimic_iii.sqlite", database)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("update patients set gender = ?", (VALUE,))
    write_tasks(out, pairs, seed=0, source="marked rows")
    return [task for task, _ in pairs]


def _planted(task: Task, gold: Gold, privacy: Privacy) -> tuple[Task, Gold]:
    prompt = task.prompt.model_copy(update={"question": f"{QUESTION} {task.prompt.question}"})
    if gold.lang == "sql":
        number = task.metadata["slots"].get("patient_id", 1)
        solution = f"select gender from patients where {number} = {number} limit 1 -- {SOLUTION}"
        gold = gold.model_copy(update={"answer": [[VALUE]], "solution": solution})
    else:
        prompt = prompt.model_copy(update={"documents": (*prompt.documents, DOCUMENT)})
        gold = gold.model_copy(update={"solution": f"# {SOLUTION}\n{gold.solution}"})
    marked = {"prompt": prompt, "cluster": CLUSTER, "metadata": task.metadata | {"slot": SLOT}, "privacy": privacy}
    return task.model_copy(update=marked), gold


def leaks(folder: Path) -> dict[str, list[str]]:
    """The markers in each file below `folder`, as text, in compressed blocks, or as token ids. Stores of episodes stay on
    the machine and are not searched.
    """
    stores = {path for pattern in STORES for path in folder.rglob(pattern)}
    found = {p.relative_to(folder): told(read(p)) for p in sorted(folder.rglob("*")) if p.is_file() and p not in stores}
    return {str(path): words for path, words in found.items() if words}


def told(text: str) -> list[str]:
    """The markers that `text` holds."""
    template = ChatTemplate(BASE)
    close = text.replace(" ", "").replace("\n", "")
    ids = {word: ",".join(map(str, template.reply_ids(word)[:-1])) for word in ROWS}
    return [word for word in ROWS if word in text.lower() or ids[word] in close]


def read(path: Path) -> str:
    """What a reader of the file can get out of it."""
    raw = path.read_bytes()
    if path.suffix == ".html":
        found, rest = blocks(path)
        return json.dumps(found) + rest
    if path.suffix == ".parquet":
        return json.dumps(parquet.read_table(path).to_pylist(), default=str)
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    elif zipfile.is_zipfile(path):  # torch's own format among them
        with zipfile.ZipFile(path) as file:
            raw = b"\n".join(file.read(name) for name in file.namelist())
    return raw.decode("utf-8", "replace")

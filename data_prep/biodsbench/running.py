"""Reference programs of this package, run where the sandbox would show their files elsewhere, in one process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from data_prep.biodsbench.tables import MOUNT

RUNNER = """
import contextlib, io, json, sys, warnings
warnings.simplefilter("ignore")
for program in json.load(sys.stdin):
    out, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(program, "<reference>", "exec"), {"__name__": "__main__"})
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    print(json.dumps([out.getvalue(), error]))
"""


def outputs(programs: Sequence[str], root: Path) -> list[tuple[str, str]]:
    """What each program prints, and its error if it fails; `root` stands for the sandbox's `MOUNT`."""
    texts = [program.replace(f'"{MOUNT}', f'"{root.resolve()}') for program in programs]
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", RUNNER], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return [(out.strip(), error) for out, error in map(json.loads, done.stdout.splitlines())]

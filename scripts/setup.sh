#!/usr/bin/env bash
# Make .venv from the pins, once; a second call with the same pins does nothing. Writes only below the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_CACHE_DIR="$PWD/.cache/pip" PIP_DISABLE_PIP_VERSION_CHECK=1
kind=cpu lock=requirements/cpu.lock
if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then kind=gpu lock=requirements/gpu.txt; fi
stamp=".venv/.ready-$kind-$(cat "$lock" pyproject.toml | sha256sum | cut -c1-16)"
[ -e "$stamp" ] && exit 0
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' ||
  { echo "setup: Python 3.11 or 3.12 is needed, $python is $("$python" -V 2>&1). Set PYTHON=/path/to/python3.11." >&2; exit 2; }
"$python" -c 'import venv, ensurepip' ||
  { echo "setup: this Python has no venv. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }
echo "setup: installing the $kind pins into .venv (a few minutes the first time)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
if [ "$kind" = cpu ]; then
  torch=$(grep '^torch==' "$lock")
  .venv/bin/pip install -q --no-deps --no-compile "$torch" ||
    .venv/bin/pip install -q --no-deps --no-compile --index-url https://download.pytorch.org/whl/cpu "$torch"
  .venv/bin/pip install -q --no-deps --no-compile -r "$lock"
  # On all cores, where pip takes one; some packages hold files that are wrong on purpose, hence "|| true".
  .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
  .venv/bin/pip install -q --no-deps --no-build-isolation -e .
else
  .venv/bin/pip install -q setuptools==77.0.3
  .venv/bin/pip install -q --no-build-isolation -e '.[train,serve,tensorboard,slurm,dev]' -c "$lock"
fi
rm -f .venv/.ready-*
touch "$stamp"

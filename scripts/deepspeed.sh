#!/usr/bin/env bash
# Install DeepSpeed for the tests of training in several processes, once, in a folder of its own: from .venv Accelerate
# would import it in every run. Nothing is compiled. Users install the extra: pip install 'galen-rl[deepspeed]'.
set -euo pipefail
cd "$(dirname "$0")/.."
pin=$(sed -n 's/^deepspeed = \["\(.*\)"\].*/\1/p' pyproject.toml)
target=.cache/deepspeed stamp=".cache/deepspeed/.ready-$pin"
[ -e "$stamp" ] && exit 0
rm -rf "$target"
export PIP_CACHE_DIR="$PWD/.cache/pip" PIP_DISABLE_PIP_VERSION_CHECK=1 DS_BUILD_OPS=0
.venv/bin/pip install -q --no-deps --target "$target" "$pin" hjson==3.1.0
touch "$stamp"

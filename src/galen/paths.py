"""Where the checkout keeps things. Everything a run writes stays inside the repository folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
RUNTIME = ROOT / "sandbox" / "runtime"
IMAGES = ROOT / "sandbox" / "images"
RUNS = ROOT / "runs"
DEFAULT_DATA = ROOT / "data" / "default"
CACHE = ROOT / ".cache"

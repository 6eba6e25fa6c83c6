"""The docker backend's images: built from `sandbox/images/<name>/`, named by what they are made of.

`images.lock` keeps the digest of each image's sources: the same digest, the same tag. A run's manifest keeps the
engine's id of what was built from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from galen.errors import UserError, unknown
from galen.paths import IMAGES, RUNTIME

if TYPE_CHECKING:
    import docker

DEFAULT_BASE = "python:3.11-slim"
LOCAL_BASE = "galen/python:3.11-slim"
LOCK = IMAGES / "images.lock"


def known() -> list[str]:
    """The images that can be built."""
    return sorted(path.parent.name for path in IMAGES.glob("*/Dockerfile"))


def digest(name: str) -> str:
    """sha256 over the Dockerfile, the requirements and the runtime, in hex."""
    if name not in known():
        raise unknown("image", name, known())
    files = [*sorted((IMAGES / name).iterdir()), *sorted(RUNTIME.glob("*.py"))]
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def tag(name: str) -> str:
    """The image's name at an engine: other sources, another tag."""
    return f"galen/sandbox-{name}:{digest(name)[:12]}"


def build(client: docker.DockerClient, name: str, base: str | None, say: Callable[[str], None]) -> str:
    """Build `name` at an engine and bring `images.lock` up to date; returns the engine's id of the image.

    `base` None is the public image, or the one that `make-base.sh` made if the engine has it.
    """
    from docker.errors import BuildError, DockerException, ImageNotFound

    if base is None:
        try:
            client.images.get(LOCAL_BASE)
            base = LOCAL_BASE
        except ImageNotFound:
            base = DEFAULT_BASE
    try:
        image, log = client.images.build(
            path=str(IMAGES.parent), dockerfile=f"images/{name}/Dockerfile", tag=tag(name), rm=True,
            buildargs={"BASE_IMAGE": base}, labels={"galen.image": name},
        )  # fmt: skip
    except BuildError as error:
        log: Any = error.build_log
        lines = [str(entry.get("stream") or entry.get("error") or "").strip() for entry in log]
        raise UserError(f"image {name} from {base}: {error}\n" + "\n".join(filter(None, lines[-15:]))) from error
    except DockerException as error:
        raise UserError(f"image {name}: the engine refused: {error}") from error
    for entry in cast(Any, log):
        if text := str(entry.get("stream", "")).strip():
            say(text)
    LOCK.write_text(json.dumps({n: digest(n) for n in known()}, indent=1) + "\n")
    return str(image.id)

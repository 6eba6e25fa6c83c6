"""Which backend a run uses: the `sandbox` section of a recipe, and what this machine offers."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field

from galen.errors import UserError, unknown
from galen.sandbox.base import DoctorReport, SandboxBackend, Tier
from galen.sandbox.local import LocalBackend
from galen.sandbox.pool import MAX_USES, SandboxPool
from galen.types import Frozen


class SandboxSettings(Frozen):
    """`backend` auto is local where it reaches `tier`, else docker. `tier` is the weakest that will do.

    `engines`: base URLs of Docker engines, none for the environment's. `runtime`: another runtime at the engines
    (`runsc`). `pool`: sandboxes at once, 0 for as many as episodes. `max_uses`: episodes before one is replaced.
    `python`: the interpreter of the local backend's sandboxes, none for this one.
    """

    backend: Literal["auto", "local", "docker"] = "auto"
    tier: Literal["landlock", "namespaces", "container", "gvisor"] = "namespaces"
    engines: tuple[str, ...] = ()
    runtime: str | None = None
    pool: int = Field(default=0, ge=0)
    max_uses: int = Field(default=MAX_USES, ge=1)
    python: str | None = None


def plain(backend: str) -> SandboxSettings:
    """The settings of a command that lets its user choose no more than the backend."""
    if backend not in (known := ("auto", "local", "docker")):
        raise unknown("sandbox backend", backend, known)
    return SandboxSettings.model_validate({"backend": backend})


def open_backend(settings: SandboxSettings, concurrency: int, run: str = "") -> SandboxBackend:
    """The backend that `settings` asks for; raises UserError when none reaches the demanded tier."""
    minimum = Tier[settings.tier.upper()]
    if settings.backend == "docker":
        return _docker(settings, minimum, concurrency, run)
    if settings.backend == "local":
        _without_effect(settings)
        return _local(settings, minimum)
    try:
        return _local(settings, minimum)
    except UserError as error:
        try:
            return _docker(settings, minimum, concurrency, run)
        except UserError as other:
            raise UserError(f"no sandbox of tier {settings.tier} or better. local: {error} docker: {other}") from error


def reports() -> list[DoctorReport]:
    """What each backend can do here, at its best."""
    local = LocalBackend(Tier.LANDLOCK)
    found = [local.doctor()]
    local.close()
    try:
        from galen.sandbox.docker import DockerBackend

        docker = DockerBackend()
        found.append(docker.doctor())
        docker.close()
    except UserError as error:
        found.append(DoctorReport("docker", None, notes=(str(error),)))
    return found


def _without_effect(settings: SandboxSettings) -> None:
    for name in ("engines", "runtime", "pool"):
        if getattr(settings, name):
            raise UserError(f"sandbox.{name}: has no effect with sandbox.backend=local; leave it out or use docker")


def _local(settings: SandboxSettings, minimum: Tier) -> LocalBackend:
    backend = LocalBackend(minimum, settings.python) if settings.python else LocalBackend(minimum)
    report = backend.doctor()
    if not report.usable:
        backend.close()
        raise UserError(report.notes[0])
    return backend


def _docker(settings: SandboxSettings, minimum: Tier, concurrency: int, run: str) -> SandboxPool:
    from galen.sandbox.docker import DockerBackend

    if settings.python:
        raise UserError("sandbox.python: has no effect with Docker, whose images have their own; leave it out")
    backend = DockerBackend(settings.engines, settings.runtime, run or str(os.getpid()))
    if backend.tier < minimum:
        backend.close()
        raise UserError(
            f"the docker backend gives tier {backend.tier.name.lower()}; for gvisor set sandbox.runtime=runsc"
        )
    return SandboxPool(backend, settings.pool or concurrency, settings.max_uses)

"""The server over HTTP: `/fhir` for one caller, `/episodes/NAME/fhir` for many that must not see each other's writes."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from galen.fhir.server import Base, Episode

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
DEFAULT = "default"


def application(path: Path) -> Starlette:
    """An ASGI application on the base file at `path`. An episode begins when it is first named.

    `GET /episodes/NAME` lists what it wrote, `DELETE /episodes/NAME` forgets it.
    """
    base = Base(path)
    episodes: dict[str, Episode] = {}

    def episode(request: Request) -> Episode:
        name = request.path_params.get("name", DEFAULT)
        root = f"episodes/{name}/fhir" if "name" in request.path_params else "fhir"
        return episodes.setdefault(name, Episode(base, f"{str(request.base_url).rstrip('/')}/{root}"))

    async def fhir(request: Request) -> Response:
        reply = episode(request).request(request.method, str(request.url), await request.body(), request.headers)
        return Response(reply.body, reply.status, reply.headers)

    async def writes(request: Request) -> Response:
        if request.method == "DELETE":
            if found := episodes.pop(request.path_params["name"], None):
                found.reset()
            return Response(status_code=204)
        return JSONResponse(episode(request).writes)

    return Starlette(
        routes=[
            Route("/episodes/{name}", writes, methods=["GET", "DELETE"]),
            *(
                Route(f"{root}{rest}", fhir, methods=METHODS)
                for root in ("/fhir", "/episodes/{name}/fhir")
                for rest in ("", "/{path:path}")
            ),
        ]
    )

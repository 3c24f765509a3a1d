"""``/healthz`` and ``/readyz``, for whoever keeps the process running."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api.http import parts
from api.http.parts import TheProduct
from api.product import Product
from store import reading
from store.changes import latest_change
from store.errors import StoreError

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """``status``: "ok", or a sentence that says what in this process has stopped."""

    status: str = "ok"


class Readiness(BaseModel):
    """``ready`` says whether questions can be answered, ``reasons`` why not; a channel that is off does not count."""

    ready: bool
    reasons: list[str]
    channels: dict[str, str]


@router.get("/healthz", response_model=Alive, responses={503: {"model": Alive, "description": "To be restarted"}})
async def healthz(request: Request) -> JSONResponse:
    """The process lives, and so do its loops. Asks nobody, so that a slow database does not get it restarted."""
    # Not as a dependency: that takes a thread, and all of them may be waiting for the database.
    alive, is_alive = life(parts.product(request))
    return JSONResponse(alive.model_dump(), status_code=200 if is_alive else 503)


def life(product: Product) -> tuple[Alive, bool]:
    """What there is to say, and whether all is well."""
    if dead := product.dead_loops():
        return Alive(status=f"These loops have not moved for a minute: {', '.join(dead)}. Restart this process."), False
    return Alive(), True


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready"}})
def readyz(product: TheProduct) -> JSONResponse:
    """200 once it can answer and its channels are connected, else 503 with the reasons."""
    reasons = [*product.reasons_not_ready(), *(_database_troubles(product) or _write_troubles(product))]
    found = Readiness(ready=not reasons, reasons=reasons, channels=product.channels)
    return JSONResponse(found.model_dump(), status_code=503 if reasons else 200)


def _write_troubles(product: Product) -> list[str]:
    """Whoever balances the load looks elsewhere while nothing that is said here can be kept."""
    trouble = product.probe.trouble()
    return [trouble] if trouble else []


def _database_troubles(product: Product) -> list[str]:
    try:
        with reading(product.database) as session:
            latest_change(session)
    except StoreError as error:
        return [str(error)]
    except SQLAlchemyError:
        return ["The database cannot be read. Check FIRSTLINE_DATABASE_URL and run `firstline doctor`."]
    return []

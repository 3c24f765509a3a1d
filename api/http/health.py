"""``/healthz`` and ``/readyz``, for whoever keeps the process running."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api.http.parts import TheProduct
from api.product import Product
from store import reading
from store.changes import latest_change
from store.errors import StoreError

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """``ready`` says whether questions can be answered, ``reasons`` why not; a channel that is off does not count."""

    ready: bool
    reasons: list[str]
    channels: dict[str, str]


@router.get("/healthz")
async def healthz() -> Alive:
    """The process lives. Asks nobody, so that a slow database does not get it restarted."""
    return Alive()


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready"}})
def readyz(product: TheProduct) -> JSONResponse:
    """200 once it can answer and its channels are connected, else 503 with the reasons."""
    reasons = [*product.reasons_not_ready(), *_database_troubles(product)]
    found = Readiness(ready=not reasons, reasons=reasons, channels=product.channels)
    return JSONResponse(found.model_dump(), status_code=503 if reasons else 200)


def _database_troubles(product: Product) -> list[str]:
    try:
        with reading(product.database) as session:
            latest_change(session)
    except StoreError as error:
        return [str(error)]
    except SQLAlchemyError:
        return ["The database cannot be read. Check FIRSTLINE_DATABASE_URL and run `firstline doctor`."]
    return []

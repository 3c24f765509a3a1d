"""Who did what to which thing. The database itself refuses to change or delete these rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from store.columns import storable
from store.models import Audit


def record(
    session: Session, actor: str, action: str, kind: str, subject_id: int | None, now: datetime, **detail: Any
) -> None:
    """Write that ``actor`` did ``action`` to the thing ``subject_id`` of ``kind``, in the transaction of the deed.

    ``detail`` is anything that JSON can hold; never put a secret or a customer's words there, it stays for good.
    """
    session.add(Audit(at=now, actor=_short(actor, 120), action=action, kind=kind, subject_id=subject_id, detail=detail))


def _short(text: str, length: int) -> str:
    return str(storable(text))[:length]

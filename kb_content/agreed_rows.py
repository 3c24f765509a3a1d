"""What the knowledge base and its folders last said alike, in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from sqlmodel import Session, col, delete, select

from kb_content.agreement import Named
from kb_content.models import KbAgreed
from kb_content.versions import sha256_of
from store.inserts import insert
from store.models import Audit

_AT_ONCE = 200
_Item = TypeVar("_Item")


def identity(session: Session) -> str:
    """What tells this knowledge base from every other: the first thing that was ever audited here, which nobody can
    change. Empty before anything happened."""
    first = session.exec(select(Audit).order_by(col(Audit.id)).limit(1)).first()
    if first is None:
        return ""
    return sha256_of([first.at.isoformat(), first.actor, first.action, first.detail])[:16]


def agreed(session: Session) -> dict[Named, str]:
    found = session.exec(select(KbAgreed.kind, KbAgreed.name, KbAgreed.language, KbAgreed.sha256))
    return {Named(kind, name, language): sha256 for kind, name, language, sha256 in found}


def agree(session: Session, now_agreed: Mapping[Named, str | None]) -> None:
    """Keep what both say from now on; an empty hash: that it is not there. None: as if they had never met over it."""
    gone = [named for named, sha256 in now_agreed.items() if sha256 is None]
    for kind, language in {(named.kind, named.language) for named in gone}:
        of_kind = (col(KbAgreed.kind) == kind, col(KbAgreed.language) == language)
        for names in _pieces([named.name for named in gone if (named.kind, named.language) == (kind, language)]):
            session.exec(delete(KbAgreed).where(*of_kind, col(KbAgreed.name).in_(names)))
    rows = [
        {"kind": named.kind, "name": named.name, "language": named.language, "sha256": sha256}
        for named, sha256 in now_agreed.items()
        if sha256 is not None
    ]
    for several in _pieces(rows):
        statement = insert(session, KbAgreed).values(several)
        statement = statement.on_conflict_do_update(
            index_elements=["kind", "name", "language"], set_={"sha256": statement.excluded.sha256}
        )
        session.execute(statement)


def _pieces(items: list[_Item]) -> Iterator[list[_Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))

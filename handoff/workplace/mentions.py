"""Who is meant by "@…" in a note: a colleague by name, or everybody of a team. They get a notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.actors import Actor
from handoff.models import Message, Staff, Ticket
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.staffing.models import Team, TeamMember
from handoff.ticketing.models import NoticeKind
from handoff.ticketing.notices import tell

_MARKS = ("@", "＠")


@dataclass(frozen=True)
class Named:
    """What can stand after an "@", and whom it means."""

    name: str
    staff_ids: tuple[int, ...]
    is_team: bool = False


def nameable(session: Session) -> list[Named]:
    """Everybody who can read tickets, by name, and then the teams."""
    staff = session.exec(select(Staff).where(col(Staff.disabled_at).is_(None)).order_by(col(Staff.name))).all()
    here = {id_of(one): one.name for one in staff if allowed(one.role, Permission.READ_TICKETS)}
    members: dict[int, list[int]] = {}
    for one in session.exec(select(TeamMember)):
        if one.staff_id in here:
            members.setdefault(one.team_id, []).append(one.staff_id)
    teams = session.exec(select(Team).order_by(col(Team.name))).all()
    people = [Named(name, (staff_id,)) for staff_id, name in here.items()]
    return [*people, *(Named(team.name, tuple(members.get(id_of(team), ())), is_team=True) for team in teams)]


def mentioned(text: str, names: Iterable[Named]) -> list[Named]:
    """Those whose names stand after an "@", in the order of the text. Of several that fit, the longest is meant.

    A first name is enough where it is only one person's. An address such as ada@example.com names nobody.
    """
    by_name = _by_name(names)
    longest = sorted(by_name, key=len, reverse=True)
    folded, found = text.casefold(), []
    for place, mark in enumerate(folded):
        if mark not in _MARKS or (place and _is_of_address(folded[place - 1])):
            continue
        rest = folded[place + 1 :]
        name = next((one for one in longest if rest.startswith(one) and _ends(rest, len(one))), None)
        if name is not None:
            found.append(by_name[name])
    return list(dict.fromkeys(found))


def tell_mentioned(session: Session, ticket: Ticket, note: Message, actor: Actor, now: datetime) -> list[Named]:
    """Let those who are named in the note know of it, and keep with the note who they are. Nobody is told of their own
    words."""
    if not any(mark in note.text for mark in _MARKS):
        return []
    found = mentioned(note.text, nameable(session))
    ids = {staff_id for one in found for staff_id in one.staff_ids} - {actor.staff_id}
    if found:
        note.detail = {**note.detail, "mentions": [one.name for one in found]}
    tell(session, ids, NoticeKind.MENTION, ticket, now, by=actor.name, message=id_of(note))
    return found


def _by_name(names: Iterable[Named]) -> Mapping[str, Named]:
    whole: dict[str, Named] = {}
    first: dict[str, list[Named]] = {}
    for one in names:
        folded = " ".join(one.name.casefold().split())
        if not folded:
            continue
        whole.setdefault(folded, one)
        whole.setdefault(folded.replace(" ", ""), one)
        if not one.is_team:
            first.setdefault(folded.split()[0], []).append(one)
    alone = {name: found[0] for name, found in first.items() if len(found) == 1}
    return {**alone, **whole}


def _is_of_address(mark: str) -> bool:
    """What stands before the "@" of an address. Scripts without spaces go on right up to it."""
    return mark.isascii() and (mark.isalnum() or mark in "._-+@")


def _ends(rest: str, length: int) -> bool:
    """The name is not the beginning of a longer word, such as bob of bobsled."""
    if length == len(rest):
        return True
    last, after = rest[length - 1], rest[length]
    return not (last.isascii() and after.isascii() and (after.isalnum() or after in "_@"))

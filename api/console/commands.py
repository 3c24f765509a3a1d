"""The command bar: the pages that somebody may open, what a few letters find, and the ticket that comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import JSONResponse, RedirectResponse

from api.console.page import NO_STORE, is_visitor_key, texts_for
from api.console.parts import Reader, Worker
from api.console.refusals import ConsoleRoute
from api.console.search import search
from api.console.settings import CARDS
from api.http.parts import TheProduct
from api.texts import Texts, also
from handoff.accounts import all_accounts
from handoff.models import Staff, TicketStatus
from handoff.people import find_people
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.views import called, ticket_list
from kb_content.catalogue import articles_overview
from store import reading

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

MOST = 5
"""How many of each kind are found."""
_QUEUE = 200
# What is reached from everywhere: the text of its name, its address, who may.
_PAGES = (
    ("inbox.name", "/console", Permission.READ_TICKETS),
    ("view.mine", "/console?view=mine", Permission.READ_TICKETS),
    ("view.open", "/console?view=open", Permission.READ_TICKETS),
    ("view.bot", "/console?view=bot", Permission.READ_TICKETS),
    ("new.title", "/console/new-ticket", Permission.WORK_TICKETS),
    ("articles.name", "/console/articles", Permission.READ_ARTICLES),
    ("articles.new", "/console/articles/new", Permission.EDIT_ARTICLES),
    ("kb.room.drafts", "/console/drafts", Permission.READ_ARTICLES),
    ("kbfiles.name", "/console/kb-files", Permission.READ_ARTICLES),
    ("articles.glossary", "/console/articles/glossary", Permission.READ_ARTICLES),
    ("gold.name", "/console/gold", Permission.READ_ARTICLES),
    ("gold.add", "/console/gold/new", Permission.EDIT_ARTICLES),
    ("intents.name", "/console/intents", Permission.READ_ARTICLES),
    ("sentences.name", "/console/sentences", Permission.READ_ARTICLES),
    ("work.name", "/console/worklist", Permission.READ_ARTICLES),
    ("recalls.name", "/console/recalls", Permission.READ_ARTICLES),
    ("gate.publications", "/console/publications", Permission.READ_ARTICLES),
    ("releases.name", "/console/releases", Permission.READ_ARTICLES),
    ("upload.name", "/console/articles/import", Permission.EDIT_ARTICLES),
    ("accounts.name", "/console/accounts", Permission.READ_TICKETS),
    ("figures.name", "/console/confidence", Permission.READ_TICKETS),
    ("satisfaction.name", "/console/satisfaction", Permission.READ_TICKETS),
    ("kept.name", "/console/kept", Permission.READ_TICKETS),
    ("notices.name", "/console/notices", Permission.READ_TICKETS),
    ("settings.name", "/console/settings", Permission.READ_TICKETS),
    *((f"hub.{card.key}", card.address, card.permission) for card in CARDS),
)


@router.get("/commands")
def pages(request: Request, staff: Reader) -> Response:
    """[{words, also, href}]: the pages of whoever asks; ``also`` is how other languages call them."""
    return JSONResponse(list(_pages(texts_for(request), staff)), headers=NO_STORE)


@router.get("/found")
def found(
    request: Request, product: TheProduct, staff: Reader, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """[{words, about, href}]: tickets, customers, accounts and articles, in this order."""
    asked = q.strip()
    if not asked:
        return JSONResponse([], headers=NO_STORE)
    with reading(product.database) as session:
        lines = list(_found(session, texts_for(request), staff, asked))
    return JSONResponse(lines, headers=NO_STORE)


@router.get("/tickets/{number}/next")
def next_ticket(product: TheProduct, staff: Worker, number: Annotated[int, Path(ge=1, lt=2**53)]) -> Response:
    """To the next ticket that wants work: one's own open ones by their promises, then those that nobody has."""
    with reading(product.database) as session:
        queue = _queue(session, id_of(staff))
    after = following(queue, number)
    return RedirectResponse(f"/console/tickets/{after}" if after else "/console", 303)


def following(queue: list[int], number: int) -> int | None:
    """The one after ``number``, the first one after the last; None where there is no other."""
    if number not in queue:
        return queue[0] if queue else None
    after = queue[(queue.index(number) + 1) % len(queue)]
    return after if after != number else None


def _queue(session: Session, staff_id: int) -> list[int]:
    mine = ticket_list(session, "mine", _QUEUE, staff_id=staff_id)
    new = ticket_list(session, "new", _QUEUE)
    return [row.number for row in (*mine, *new) if row.status is TicketStatus.OPEN]


def _pages(t: Texts, staff: Staff) -> Iterator[dict[str, Any]]:
    for key, address, permission in _PAGES:
        if allowed(staff.role, permission):
            yield {"words": t(key), "also": also(key, t.language), "href": address}


def _found(session: Session, t: Texts, staff: Staff, asked: str) -> Iterator[dict[str, str]]:
    for row in search(session, asked, MOST):
        words = f"#{row.number} {row.title}" if row.number else row.title or t("talk.only_files")
        yield _line(words, _known_as(t, row.channel, row.customer), row.address)
    wanted = asked.casefold()
    if not asked.lstrip("#").isdecimal():
        for customer in find_people(session, asked, None, MOST):
            name, about = _known_as(t, customer.channel, called(customer)), t.named("channel", customer.channel)
            yield _line(name, about, f"/console/customers/{id_of(customer)}")
        accounts = [one for one in all_accounts(session) if wanted in one.name.casefold()]
        for account in accounts[:MOST]:
            yield _line(account.name, t("commands.account"), f"/console/accounts/{id_of(account)}")
    if allowed(staff.role, Permission.READ_ARTICLES):
        yield from _articles(session, t, wanted)


def _known_as(t: Texts, channel: str, name: str) -> str:
    """As the pages call them: a web visitor without a name by a few characters of their key."""
    return t("who.visitor", key=name[:4]) if channel == "web" and is_visitor_key(name) else name


def _articles(session: Session, t: Texts, wanted: str) -> Iterator[dict[str, str]]:
    lines = (line for line in articles_overview(session) if line.archived_at is None)
    said = [line for line in lines if wanted in f"{line.title} {line.article_id}".casefold()]
    for line in said[:MOST]:
        about = f"{t('commands.article')} · {t.named('language', line.language)}"
        yield _line(line.title, about, f"/console/articles/{line.article_id}/{line.language}")


def _line(words: str, about: str, href: str) -> dict[str, str]:
    return {"words": words[:200], "about": about, "href": href}

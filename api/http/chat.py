"""The web chat: a visitor's session, the messages both ways, and the live stream. Used by the page at ``/``."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import structlog
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from api.http.chat_message import OPENAPI_BODY, Posted, posted
from api.http.downloads import download
from api.http.parts import UNAUTHORIZED, Credentials, Now, TheProduct, limit_new_chats, limit_rate
from api.http.problems import ApiProblem, answers
from api.http.stream import RECHECK_SECONDS, Bell, bell
from api.http.words import Language
from api.pages.texts import nearest_language
from api.product import Product
from bot import inbox, web_chat
from bot.models import WebVisitor
from store import files, reading, transaction
from store.crashpoints import reach
from store.errors import FileMissing, StoreError

PAGE = 200
LARGEST_ID = 2**53

router = APIRouter(prefix="/api/v1/chat", tags=["web chat"])
log = structlog.get_logger()


class NewSession(BaseModel):
    """What a new visitor may say about themselves."""

    language: Language | None = None


class SessionMade(BaseModel):
    """The token of a new visitor: keep it, it finds the talk again for 30 days."""

    token: str
    language: str


class Accepted(BaseModel):
    """The message is saved; its answer comes by the stream."""

    accepted: bool = True
    client_id: str


class Citation(BaseModel):
    """The passage that an answer rests on."""

    article: str
    version: int
    passage: str
    title: str
    url: str
    quote: str


class ButtonShown(BaseModel):
    token: str
    label: str
    action: str
    pressed: bool


class FileShown(BaseModel):
    id: int
    name: str
    size: int = Field(description="Bytes.")
    media_type: str


class MessageShown(BaseModel):
    """One message as its customer sees it."""

    id: int
    direction: str = Field(description="`incoming` from the customer, else `outgoing`.")
    author: str = Field(description="`customer`, `bot` or `agent`.")
    name: str | None = None
    text: str
    at: str
    client_id: str | None = None
    citations: list[Citation] = []
    buttons: list[ButtonShown] = []
    files: list[FileShown] = []
    decision: str | None = None
    ticket: int | None = None


class Messages(BaseModel):
    messages: list[MessageShown]


FileId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
TokenInAddress = Annotated[
    str | None, Query(alias="token", description="For EventSource clients, which cannot send headers.")
]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only messages with a higher id.")]


def visitor(request: Request, product: TheProduct, now: Now, credentials: Credentials) -> WebVisitor:
    """The visitor whose token came as Bearer; a 401 problem when it is unknown or was not used for 30 days."""
    return _visitor(request, product, now, credentials.credentials if credentials else None)


def visitor_of_address(
    request: Request, product: TheProduct, now: Now, credentials: Credentials, token: TokenInAddress = None
) -> WebVisitor:
    """The same, with the token in the address where there is no header."""
    return _visitor(request, product, now, credentials.credentials if credentials else token)


def _visitor(request: Request, product: Product, now: datetime, token: str | None) -> WebVisitor:
    if not token:
        raise ApiProblem(401, "Send the token of a chat session: `Authorization: Bearer <token>`.", UNAUTHORIZED)
    limit_rate(request, token)
    with reading(product.database) as session:
        found = web_chat.visitor_of(session, token, now)
    if found is None:
        words = "This chat session is unknown or was not used for 30 days. Start a new one."
        raise ApiProblem(401, words, UNAUTHORIZED)
    if web_chat.is_due_to_be_seen(found, now):
        with transaction(product.database) as session:
            web_chat.see(session, found, now)
    return found


TheVisitor = Annotated[WebVisitor, Depends(visitor)]
VisitorOfAddress = Annotated[WebVisitor, Depends(visitor_of_address)]


@router.post("/sessions", status_code=201, responses=answers(400, 413, 422), dependencies=[Depends(limit_new_chats)])
def start(
    product: TheProduct,
    now: Now,
    body: NewSession | None = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> SessionMade:
    """Start a session. Its token is shown once; send it with everything that follows."""
    language = (body.language if body else None) or nearest_language(accept_language)
    with transaction(product.database) as session:
        token = web_chat.new_visitor(session, language, now)
    return SessionMade(token=token, language=language)


@router.post(
    "/messages",
    status_code=202,
    response_model=Accepted,
    openapi_extra=OPENAPI_BODY,
    responses=answers(400, 401, 409, 413, 415, 422),
)
def send(product: TheProduct, who: TheVisitor, now: Now, message: Annotated[Posted, Depends(posted)]) -> Accepted:
    """Send words, files or a pressed button. It is accepted once saved; with `client_id`, sending again is safe.

    A `client_id` belongs to one message: with another one it is refused, so that nobody takes that for saved.
    """
    client_id = message.client_id or (f"press-{message.press}" if message.press else secrets.token_hex(12))
    # The bytes first: a slow disk must not hold the transaction open.
    kept = [(file, files.keep(product.files, file.stream)) for file in message.files]
    try:
        with transaction(product.database) as session:
            stored = [files.save(product.files, session, file.name, file.media_type, at, now).id for file, at in kept]
            payload = {
                "visitor": who.visitor,
                "text": message.text,
                "files": stored,
                "press": message.press,
                "reply_to": message.reply_to,
                "about": message.about,
                "language": message.language or who.language,
                "client_id": client_id,
            }
            if not inbox.accept(session, web_chat.WEB, f"{who.visitor}:{client_id}", who.visitor, payload, now):
                raise _SeenBefore
        reach("inbox.after_commit")
    except _SeenBefore:
        with reading(product.database) as session:
            before = inbox.kept_under(session, web_chat.WEB, f"{who.visitor}:{client_id}")
        if before is not None and not _is_same(message, before):
            words = f"Another message was sent with the client_id {client_id}. Give each message one of its own."
            raise ApiProblem(409, words) from None
        log.info("a web message came again", visitor=who.visitor)
    return Accepted(client_id=client_id)


def _is_same(message: Posted, before: Mapping[str, Any]) -> bool:
    """Whether it says what was kept. Its files have other ids each time that they come."""
    said = (message.text, message.press, message.reply_to, len(message.files))
    return said == (before["text"], before["press"], before["reply_to"], len(before["files"]))


class _SeenBefore(Exception):
    """Roll back: the files of a message that came before must not be kept twice."""


@router.get("/messages", response_model=Messages, responses=answers(401, 422))
def messages(product: TheProduct, who: VisitorOfAddress, after: After = 0) -> JSONResponse:
    """The talk so far, oldest first, at most 200 at once: go on with the last id as `after`."""
    return JSONResponse({"messages": _visible(product, who, after)})


@router.get("/stream", response_class=EventSourceResponse, responses=answers(401, 422))
async def stream(
    product: TheProduct,
    who: VisitorOfAddress,
    bell: Annotated[Bell, Depends(bell)],
    after: After = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Every new visible message as a server-sent event `message`, its id as the event's id, from `after` on."""
    last = max(after, _number(last_event_id))
    with bell.listen(who.visitor) as listener:
        yield ServerSentEvent(comment="connected", retry=2000)
        while not bell.is_closing:
            try:
                found = await to_thread.run_sync(partial(_visible, product, who, last))
            except StoreError as error:
                # The client comes back by itself, and is told then.
                log.warning("a chat stream ends", error=str(error))
                return
            for message in found:
                last = message["id"]
                yield ServerSentEvent(event="message", id=str(last), data=message)
            if not found:
                await bell.wait(listener, RECHECK_SECONDS)


def _visible(product: Product, who: WebVisitor, after: int) -> list[dict[str, Any]]:
    with reading(product.database) as session:
        return web_chat.visible_messages(session, who.visitor, after, PAGE)


def _number(last_event_id: str | None) -> int:
    """The id in a ``Last-Event-ID`` header; 0 for what is none of ours."""
    text = (last_event_id or "").strip()
    return min(int(text), LARGEST_ID) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


@router.get("/files/{file_id}", response_class=Response, responses=answers(401, 404, 422))
def file(product: TheProduct, who: TheVisitor, file_id: FileId) -> Response:
    """A file of the visitor's own talk, as a download."""
    with reading(product.database) as session:
        stored = web_chat.may_download(session, who.visitor, file_id)
    if stored is None:
        raise ApiProblem(404, "There is no such file in this talk.")
    try:
        return download(product.files, stored)
    except FileMissing:
        raise ApiProblem(404, "This file is no longer kept.") from None

"""What Slack sends: kept first, then acknowledged, then, where somebody looks at the screen, answered at once.

One bolt app serves Socket Mode and HTTP alike. ``KeepFirst`` runs before everything else that bolt does; bolt on its
own would acknowledge an event before anybody has it, and not at all where nobody listens.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context import BoltContext
from slack_bolt.middleware import Middleware
from slack_sdk import WebClient

from bot import inbox, lateness
from bot.channels.base import Event, Nothing
from bot.channels.slack import envelopes, modals
from bot.channels.slack.catching_up import HELD, CatchUp
from bot.channels.slack.envelopes import Kind
from bot.channels.slack.history import Spoken
from bot.channels.slack.names import SLACK
from bot.channels.slack.overtaking import Newest
from bot.channels.slack.pages import WORKSPACE, Pages, customer_of
from bot.channels.slack.words import say
from bot.channels.slack.workspaces import NotIntroduced, Workspace, Workspaces
from bot.models import InboxRow
from store import Database, transaction
from store.crashpoints import reach
from store.errors import StoreError

log = structlog.get_logger()
LATE = 2.0
"""Seconds after which something may have been overtaken by what was said later in its thread."""
KEPT = "kept"
"""Set in bolt's context once nothing of the request can be lost any more."""
# Slack's own questions to the app, which bolt answers.
_BOLTS = ("url_verification", "ssl_check")
# Known, and nothing that a customer says.
_IDLE = ("view_closed", "block_suggestion", "app_rate_limited")


@dataclass(frozen=True)
class Row:
    """Where a payload goes in the inbox."""

    event_key: str
    thread_key: str


class KeepFirst(Middleware):
    """Puts what came into the inbox; only then may anything be acknowledged.

    ``on_gone`` is called with the team when a workspace removed the app or took its token back, ``on_limited`` when
    more was said there than Slack tells of in a minute.
    """

    def __init__(
        self,
        database: Database,
        parse: Callable[[dict[str, Any]], Event],
        workspaces: Workspaces,
        pages: Pages,
        *,
        staff_channel: str | None,
        on_gone: Callable[[str], None],
        on_limited: Callable[[str], None],
        now: Callable[[], datetime],
        catch_up: CatchUp,
    ) -> None:
        self._database = database
        self._parse = parse
        self._workspaces = workspaces
        self._pages = pages
        self._staff_channel = staff_channel
        self._on_gone = on_gone
        self._on_limited = on_limited
        self._now = now
        self._catch_up = catch_up
        self._newest = Newest()

    def process(self, *, req: BoltRequest, resp: BoltResponse, next: Callable[[], BoltResponse]) -> BoltResponse | None:
        if req.body.get("type") in _BOLTS:
            return next()
        kind = envelopes.kind_of(req.body)
        if kind is None:
            return self._idle(req.body) if req.body.get("type") in _IDLE else self.keep_odd(req.body)
        teams = tuple(envelopes.teams_of(kind, req.body))
        workspace = self._workspaces.first_of(teams)
        if workspace is None:
            return self._refuse_stranger(kind, teams[0]) if teams else self.keep_odd(req.body)
        req.context[WORKSPACE] = workspace
        answer = self._take(kind, workspace, req.body)
        req.context[KEPT] = True
        return answer if answer is not None else next()

    def keep_odd(self, body: Any) -> BoltResponse:
        """Keep what is of no shape that we know: it will be parked and shown to a person."""
        name = f"odd:{envelopes.digest(body)}"
        own = self._workspaces.own
        self._accept(Row(name, _nowhere(name)), {"kind": Kind.EVENT.value, "body": body, "me": own.me if own else {}})
        return BoltResponse(status=200)

    def keep_missed(self, workspace: Workspace, body: dict[str, Any]) -> bool:
        """Keep an event that Slack did not bring, if it is a customer's. False also if it was here before."""
        payload = {"kind": Kind.EVENT.value, "body": body, "me": workspace.me}
        row = self._row(Kind.EVENT, workspace, payload)
        return row is not None and self._accept(row, payload, is_late=True)

    def _take(self, kind: Kind, workspace: Workspace, body: dict[str, Any]) -> BoltResponse | None:
        """Keep it if it is a customer's. The answer, None where a listener gives it."""
        if kind is Kind.EVENT and envelopes.says_goodbye(body, workspace.bot_user):
            self._workspaces.forget(workspace.team)
            self._on_gone(workspace.team)
            return BoltResponse(status=200)
        if kind is Kind.VIEW and envelopes.callback_of(body) == modals.ASK:
            language = self._pages.language(customer_of(workspace, kind, body))
            if wrong := modals.problems(body, language):
                return BoltResponse(status=200, body={"response_action": "errors", "errors": wrong})
        payload = {"kind": kind.value, "body": body, "me": workspace.me}
        row = self._row(kind, workspace, payload)
        if row is not None:
            said = envelopes.said_at(kind, body)
            is_late = said is not None and self._is_late(row.thread_key, said)
            self._accept(row, payload, is_late=is_late, after=self._catch_up.awaited(row.thread_key, kind, body))
        needs_listener = kind is not Kind.EVENT or envelopes.event_type(body) in Pages.EVENTS
        return None if needs_listener else BoltResponse(status=200)

    def _is_late(self, thread_key: str, said: float) -> bool:
        """Whether something that was said later may have been kept before, by this process or by another."""
        return self._newest.is_overtaken(thread_key, said) or said < self._now().timestamp() - LATE

    def _row(self, kind: Kind, workspace: Workspace, payload: dict[str, Any]) -> Row | None:
        """None for what concerns no customer, so that nothing of it is kept."""
        body = payload["body"]
        is_ours = self._staff_channel is not None and envelopes.place_of(kind, body) == self._staff_channel
        if kind is Kind.SHORTCUT or (kind is Kind.EVENT and is_ours):
            return None
        try:
            event = self._parse(payload)
        except Exception:
            # Unreadable or worse: the turn finds that out again, parks it and tells a person.
            event = None
        if isinstance(event, Nothing):
            return None
        key = envelopes.event_key(kind, workspace.team, body)
        return Row(key, getattr(event, "thread", None) or _nowhere(key))

    def _accept(self, row: Row, payload: dict[str, Any], *, is_late: bool = False, after: Spoken | None = None) -> bool:
        """``is_late``: others may have been kept that were said after it. ``after``: it waits for a look there."""
        now = self._now()
        with transaction(self._database) as session:
            is_new = inbox.accept(session, SLACK, row.event_key, row.thread_key, payload, now)
            if is_new and is_late:
                lateness.take_place(session, SLACK, row.event_key, _said_at)
            if is_new and after is not None:
                lateness.hold_back(session, SLACK, row.event_key, now + HELD)
        reach("inbox.after_commit")
        if after is not None:
            self._catch_up.fetch(row.thread_key, after)
        return is_new

    def _idle(self, body: dict[str, Any]) -> BoltResponse:
        if body["type"] == "app_rate_limited":
            log.warning("slack holds events back: more came than it delivers in an hour")
            if (workspace := self._workspaces.of(str(body.get("team_id")))) is not None:
                self._on_limited(workspace.team)
        return BoltResponse(status=200)

    def _refuse_stranger(self, kind: Kind, team: str) -> BoltResponse:
        """Acknowledge what comes for a workspace that the app is not in: there is no token to answer with."""
        log.warning("slack event of an unknown workspace", kind=kind.value, team=team)
        return BoltResponse(status=200, body=say("not_connected", None) if kind is Kind.COMMAND else "")


def _said_at(row: InboxRow) -> float:
    """When it was said; of what does not say so, when it came."""
    payload = json.loads(row.payload)
    return envelopes.said_at(Kind(payload["kind"]), payload["body"]) or row.received_at.timestamp()


def _nowhere(key: str) -> str:
    return f"{inbox.NOWHERE}{key}"[: envelopes.LONGEST_KEY]


def make_app(keep: KeepFirst, pages: Pages, client: WebClient, executor: Executor) -> App:
    """The bolt app with all its listeners. ``client`` says where Slack is, and has no token."""
    app = App(
        name="firstline",
        logger=quiet_logger(),
        client=client,
        authorize=_authorize,
        before_authorize=keep,
        # Checked on the raw bytes already; bolt's own check fails on what is not even a number or UTF-8.
        request_verification_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        signing_secret="checked-elsewhere",
        listener_executor=executor,
    )
    app.error(_on_error(keep))
    pages.listen(app)
    return app


def take(app: App, keep: KeepFirst, body: dict[str, Any]) -> BoltResponse:
    """Let the app deal with one payload, whichever way it came. 503: nothing was kept, Slack shall try again."""
    try:
        request = BoltRequest(body=body, mode="socket_mode")
    except Exception as error:
        # Bolt looks into the payload here, and trips over what is not of Slack's shapes.
        log.warning("slack payload of an unknown shape", error=type(error).__name__)
        return _kept_or_not(keep, body)
    response = app.dispatch(request)
    # Nobody listens to it: a press, which is kept, or a link. Slack must not take that for a failure.
    is_done = response.status == 404 and request.context.get(KEPT)
    return BoltResponse(status=200) if is_done else response


def quiet_logger() -> logging.Logger:
    """For bolt and the SDK: at lower levels they would log what customers write."""
    logger = logging.getLogger("firstline.slack")
    logger.setLevel(logging.ERROR)
    return logger


def utc_now() -> datetime:
    return datetime.now(UTC)


def _on_error(keep: KeepFirst) -> Callable[..., BoltResponse | None]:
    def on_error(error: Exception, request: BoltRequest, response: BoltResponse | None) -> BoltResponse | None:
        if isinstance(error, StoreError | NotIntroduced):
            log.warning("slack event not kept", error=type(error).__name__)
            return BoltResponse(status=503) if response is not None else None
        log.error("slack event failed", error=type(error).__name__)
        if response is None:
            return None  # acknowledged already
        return BoltResponse(status=200) if request.context.get(KEPT) else _kept_or_not(keep, request.body)

    return on_error


def _kept_or_not(keep: KeepFirst, body: Any) -> BoltResponse:
    try:
        return keep.keep_odd(body)
    except Exception as error:
        log.warning("slack event not kept", error=type(error).__name__)
        return BoltResponse(status=503)


def _authorize(context: BoltContext) -> AuthorizeResult:
    """Bolt's question who we are there: it was answered before, without asking Slack for each event."""
    workspace: Workspace = context[WORKSPACE]
    return AuthorizeResult(
        enterprise_id=None,
        team_id=workspace.team,
        bot_user_id=workspace.bot_user,
        bot_id=workspace.bot,
        bot_token=workspace.token,
    )

"""What a customer looks at in Slack beside messages: the form, the home tab, the answer to ``/support``.

All of it is bound to a request of theirs, so it goes to Slack from here and not through deliveries. It may be lost: a
form that did not open is asked for again, a home tab is drawn anew when it is next opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.request import Request

import structlog
from slack_bolt import Ack, App
from slack_bolt.context import BoltContext
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlmodel import select

from bot.channels.base import Unreadable
from bot.channels.slack import envelopes, modals
from bot.channels.slack.clients import Clients
from bot.channels.slack.envelopes import Kind
from bot.channels.slack.home import ASK_BUTTON, Home, home_of, home_view, language_of, prompts
from bot.channels.slack.names import SLACK, Person, parse_person
from bot.channels.slack.wire import is_slacks
from bot.channels.slack.words import say
from bot.channels.slack.workspaces import Workspace
from handoff.models import Customer
from store import Database, reading
from store.errors import StoreError

log = structlog.get_logger()
HELP = "help"
QUICK = 2
"""Seconds: a form is opened within the three that Slack gives us for everything."""
FAILURES = (SlackClientError, OSError, HTTPException)
WORKSPACE = "workspace"
"""Where in bolt's context a listener finds its ``Workspace``."""


class Pages:
    """Answers what customers do on Slack's screens. ``on_home`` hears of each customer who looks at the home tab."""

    EVENTS = frozenset({"app_home_opened", "assistant_thread_started"})

    def __init__(self, database: Database, clients: Clients, on_home: Callable[[str], None]) -> None:
        self._database = database
        self._clients = clients
        self._on_home = on_home

    def listen(self, app: App) -> None:
        anything = re.compile("")
        app.command(anything)(self._command)
        app.shortcut(modals.ASK)(self._shortcut)
        app.view_submission(modals.ASK)(self._submission)
        app.action(ASK_BUTTON)(self._ask_button)
        app.event("app_home_opened")(self._opened)
        app.event("assistant_thread_started")(self._thread_started)

    def publish(self, customer: str) -> Home | None:
        """Draw the customer's home tab anew. Returns what it shows, None when it could not be drawn."""
        try:
            home = self.home(customer)
            person = parse_person(customer)
            client = self._clients.of(person.team)
            if client is None:
                return None
            client.views_publish(user_id=person.user, view=home_view(home))
        except (*FAILURES, StoreError, Unreadable) as error:
            log.warning("slack home not published", error=type(error).__name__)
            return None
        return home

    def home(self, customer: str) -> Home:
        """What the customer's home tab shows now. Raises StoreError."""
        with reading(self._database) as session:
            return home_of(session, SLACK, customer, datetime.now(UTC))

    def language(self, customer: str) -> str | None:
        """The customer's language, where it is known. Never raises: the sentence comes in English then."""
        try:
            with reading(self._database) as session:
                query = select(Customer).where(Customer.channel == SLACK, Customer.external_id == customer)
                found = session.exec(query).first()
        except StoreError:
            return None
        return language_of(found) if found else None

    def _command(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        words = envelopes.words_of(body)
        language = self.language(_customer(context, Kind.COMMAND, body))
        if words.lower() == HELP:
            ack(say("help", language))
        elif words:
            ack(say("on_its_way", language))
        elif self._open(context, body, modals.question_view(language)):
            ack()
        else:
            ack(say("try_again", language))

    def _shortcut(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        language = self.language(_customer(context, Kind.SHORTCUT, body))
        if not self._open(context, body, modals.question_view(language, modals.quoted_in(body))):
            self._whisper(body, say("try_again", language))

    def _submission(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        customer = _customer(context, Kind.VIEW, body)
        ack(response_action="update", view=modals.thanks_view(self.language(customer)))
        self._on_home(customer)

    def _ask_button(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._open(context, body, modals.question_view(self.language(_customer(context, Kind.ACTION, body))))

    def _opened(self, body: dict[str, Any], event: dict[str, Any], context: BoltContext) -> None:
        customer = _customer(context, Kind.EVENT, body)
        if event.get("tab") == "messages":
            self._suggest(context, customer, channel_id=event.get("channel"))
        else:
            self._on_home(customer)

    def _thread_started(self, event: dict[str, Any], context: BoltContext) -> None:
        thread = event.get("assistant_thread")
        if isinstance(thread, dict):
            customer = str(Person(_workspace(context).team, str(thread.get("user_id"))))
            place = {"channel_id": thread.get("channel_id"), "thread_ts": thread.get("thread_ts")}
            self._suggest(context, customer, **place)

    def _suggest(self, context: BoltContext, customer: str, **place: Any) -> None:
        """Suggest first questions, in workspaces that have such a thing."""
        language = self.language(customer)
        try:
            self._client(context).assistant_threads_setSuggestedPrompts(
                title=say("prompts", language), prompts=prompts(language), **place
            )
        except FAILURES as error:
            log.info("slack prompts not set", error=type(error).__name__)

    def _open(self, context: BoltContext, body: dict[str, Any], view: dict[str, Any]) -> bool:
        """Open a form. False: Slack no longer waits for it, or did not answer."""
        client = self._client(context)
        client.timeout = QUICK
        try:
            client.views_open(trigger_id=str(body.get("trigger_id")), view=view)
        except FAILURES as error:
            log.warning("slack form not opened", error=type(error).__name__)
            return False
        return True

    def _whisper(self, body: dict[str, Any], text: str) -> None:
        """Say something that only the person who asked sees, where Slack offers that."""
        url = body.get("response_url")
        if not isinstance(url, str) or not is_slacks(url, self._clients.base_url):
            return
        data = json.dumps({"text": text, "response_type": "ephemeral"}).encode()
        try:
            with self._clients.opener.open(Request(url, data, {"Content-Type": "application/json"}), timeout=QUICK):
                pass
        except FAILURES as error:
            log.info("slack answer lost", error=type(error).__name__)

    def _client(self, context: BoltContext) -> WebClient:
        return self._clients.with_token(_workspace(context).token)


def customer_of(workspace: Workspace, kind: Kind, body: dict[str, Any]) -> str:
    """What the customer is called who did this on a screen of ``workspace``, as ``parsing`` calls them."""
    return str(Person(envelopes.author_team(kind, body) or workspace.team, envelopes.person_of(kind, body)))


def _customer(context: BoltContext, kind: Kind, body: dict[str, Any]) -> str:
    return customer_of(_workspace(context), kind, body)


def _workspace(context: BoltContext) -> Workspace:
    found: Workspace = context[WORKSPACE]
    return found

"""The line to Slack: who we are there, the two ways in, and what an admin must know about them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from slack_bolt import BoltResponse

from bot.channels.base import State, Status
from bot.channels.booking import book_of
from bot.channels.slack import intake
from bot.channels.slack.backfill import Backfill
from bot.channels.slack.catching_up import CatchUp
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.slack.homes import Homes
from bot.channels.slack.http import Answer, Http, sentence
from bot.channels.slack.identity import NoAnswer, TokenRefused, identify
from bot.channels.slack.oauth import Installations, Installing, oauth_flow
from bot.channels.slack.pacing import pacer_of_workspaces
from bot.channels.slack.pages import Pages
from bot.channels.slack.socket import Patience, SocketMode
from bot.channels.slack.workspaces import Workspaces
from store import Database

log = structlog.get_logger()
LISTENERS = 4
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
# The later one decides what is said of the channel.
_GRAVITY = (Status.CONNECTED, Status.CONNECTING, Status.TROUBLE, Status.OFF)
_NO_WAY_IN = State(
    Status.OFF,
    "Nothing can come from Slack. Set FIRSTLINE_SLACK_APP_TOKEN for Socket Mode, or FIRSTLINE_SLACK_SIGNING_SECRET for "
    "HTTP, and restart.",
)


class SlackConnection:
    """Brings events into the inbox by Socket Mode, by HTTP, or by both.

    Without ``is_worker`` it only takes what is posted here and answers it: it opens no socket and sends nothing.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        bot_token: str | None,
        app_token: str | None,
        signing_secret: str | None,
        base_url: str | None,
        installations: Installations | None,
        staff_channel: str | None,
        is_worker: bool,
        patience: Patience,
        now: Callable[[], datetime],
    ) -> None:
        self._is_worker = is_worker
        self._patience = patience
        self._has_way_in = bool(app_token or signing_secret)
        self._bot_token = bot_token
        self._has_others = installations is not None
        self._own = State(Status.CONNECTING)
        self._line: State | None = State(Status.CONNECTING) if app_token and is_worker else None
        self._gone: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._doubt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)
        self._workspaces = Workspaces(installations, awaits_own=bot_token is not None)
        self.clients = Clients(self._workspaces.token_of, base_url)
        pacer = pacer_of_workspaces(book_of(database))
        self.channel = SlackChannel(folder, self.clients, on_refused=self._refused, pacer=pacer)
        self._pages = Pages(database, self.clients, self.republish)
        self._homes = Homes(database, self._pages)
        catch_up = CatchUp(database, now)
        self._keep = intake.KeepFirst(
            database,
            self.channel.parse,
            self._workspaces,
            self._pages,
            staff_channel=staff_channel,
            on_gone=self._left,
            now=now,
            catch_up=catch_up,
        )
        self._backfill = Backfill(
            database,
            self.clients,
            self._workspaces,
            self._keep,
            catch_up,
            owner=uuid4().hex,
            now=now,
            pause=patience.between,
            signs=patience.signs,
            can_look=self._is_known,
        )
        self._executor = ThreadPoolExecutor(LISTENERS, thread_name_prefix="slack")
        self._app = intake.make_app(self._keep, self._pages, self.clients.with_token(None), self._executor)
        again = catch_up.doubt
        self._http = Http(signing_secret, self._take, lambda: now().timestamp(), again) if signing_secret else None
        web, token = self.clients.with_token(app_token), app_token if is_worker else None
        self._socket = SocketMode(token, web, self._take, self._line_is, patience, again) if token else None
        self.installing: Installing | None = None

    @property
    def state(self) -> State:
        with self._lock:
            states = [self._own] if self._line is None else [self._own, self._line]
            gone = " ".join(self._gone.values())
        worst = max(states, key=lambda state: _GRAVITY.index(state.status))
        return State(Status.CONNECTED, gone) if worst.status is Status.CONNECTED else worst

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._backfill.start(is_first=self._is_worker)
        self._homes.start()
        self._thread.start()

    def stop(self) -> None:
        """Take nothing new in, and return within a few seconds. What was not acknowledged, Slack brings again."""
        self._stopping.set()
        self._doubt.set()
        if self._socket is not None:
            self._socket.stop()
        self._homes.stop()
        self._backfill.stop()
        if self._thread.is_alive():
            self._thread.join(2)
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.channel.open(False)

    def take_http(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | str = "") -> Answer:
        """What Slack posted to us. Anything but 2xx, and Slack brings it again."""
        if self._http is None:
            return sentence(401, "Without FIRSTLINE_SLACK_SIGNING_SECRET nothing here can be shown to be Slack's.")
        return self._http.take_http(body, headers, query)

    def take_install(self, query: Mapping[str, str] | str, headers: Mapping[str, str]) -> Answer:
        """Somebody wants to add the app to a workspace."""
        return self.installing.take_install(query, headers) if self.installing else _no_installing()

    def take_oauth(self, query: Mapping[str, str] | str, headers: Mapping[str, str]) -> Answer:
        """Slack sent them back."""
        return self.installing.take_oauth(query, headers) if self.installing else _no_installing()

    def republish(self, customer: str) -> None:
        """Draw a customer's home tab anew."""
        self._homes.draw(customer)

    def joined(self, team: str) -> None:
        """A workspace added the app, or added it again."""
        self._workspaces.drop(team)
        with self._lock:
            self._gone.pop(team, None)

    def _run(self) -> None:
        if not self._has_way_in:
            self._own_is(_NO_WAY_IN)
            return
        while not self._introduce() and not self._has_others:
            if self._stopping.wait(self._patience.refused):
                return
        self.channel.open(self._is_worker)
        if self._socket is not None:
            self._socket.start()
        else:
            self._backfill.found()
        while not self._stopping.is_set():
            is_doubted = self._doubt.wait(self._patience.refused)
            self._doubt.clear()
            # A refused token is tried again: whoever installs the app anew may get the same one.
            if not self._stopping.is_set() and (is_doubted or self._own.status is Status.OFF):
                is_taken = self._introduce()
                self.channel.open((is_taken or self._has_others) and self._is_worker)
                self._look_back_if(is_taken)

    def _look_back_if(self, is_taken: bool) -> None:
        """Whether Slack told of anything while it refused the token is its own affair: it is looked up afterwards."""
        if not is_taken:
            (self._backfill.doubted if self._has_others else self._backfill.lost)()
        elif self._line is None or self._line.status is Status.CONNECTED:
            self._backfill.found()

    def _introduce(self) -> bool:
        """Ask Slack who we are until it answers. False: it refuses the token, or we stop."""
        if self._bot_token is None:
            self._own_is(State(Status.CONNECTED))
            return True
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            if self._stopping.is_set():
                return False
            try:
                self._workspaces.introduce(identify(self.clients.with_token(self._bot_token)).workspace)
            except TokenRefused as refused:
                self._own_is(State(Status.OFF, str(refused)))
                return False
            except NoAnswer as trouble:
                self._own_is(State(Status.TROUBLE, str(trouble)))
                self._stopping.wait(pause)
            else:
                self._own_is(State(Status.CONNECTED))
                return True
        raise AssertionError("there is always another try")

    def _take(self, body: dict[str, Any]) -> BoltResponse:
        if self._stopping.is_set():
            return BoltResponse(status=503)
        response = intake.take(self._app, self._keep, body)
        if response.status == 503:
            self._is_missed()
        return response

    def _is_missed(self) -> None:
        """Before Slack told us whose token we were given there is nobody to look back as."""
        (self._backfill.missed if self._is_known() else self._backfill.lost)()

    def _is_known(self) -> bool:
        """Whether Slack takes a token of ours, as far as we know."""
        return self._has_others or self._own.status is Status.CONNECTED

    def _left(self, team: str) -> None:
        """A workspace removed the app: what is to be sent there waits until it adds the app again."""
        log.warning("slack workspace left", team=team)
        said = f"The Slack workspace {team} removed the app; what is to be sent there waits until it adds it again."
        if not self._has_others:
            self._own_is(State(Status.OFF, f"{said} Then set FIRSTLINE_SLACK_BOT_TOKEN and restart."))
            self.channel.open(False)
        elif team == self._workspaces.left:
            # Slack says so itself now, and is asked again until it takes the token.
            self._doubt.set()
        else:
            self._is_gone(team, said)

    def _refused(self, team: str) -> None:
        """Slack refused a token while we were sending."""
        self._workspaces.drop(team)
        own = self._workspaces.own
        if own is not None and own.team == team:
            self._doubt.set()
        else:
            self._is_gone(team, f"The Slack workspace {team} refuses the app's token: it must add the app again.")

    def _is_gone(self, team: str, said: str) -> None:
        with self._lock:
            self._gone[team] = said

    def _own_is(self, state: State) -> None:
        with self._lock:
            changed, self._own = self._own != state, state
        if changed:
            log.info("slack", status=state.status.value, reason=state.reason)

    def _line_is(self, state: State) -> None:
        # With HTTP beside it, a refused app token does not keep everything out.
        is_worse = state.status is Status.OFF and self._http is not None
        with self._lock:
            before = self._line
            self._line = State(Status.TROUBLE, state.reason) if is_worse else state
            is_changed = self._line != before
        if state.status is Status.CONNECTED:
            self._backfill.found()
        else:
            self._backfill.lost()
        if is_changed:
            log.info("slack socket", status=state.status.value, reason=state.reason)


def slack(
    database: Database,
    folder: Path,
    *,
    bot_token: str | None,
    app_token: str | None,
    signing_secret: str | None,
    base_url: str | None,
    client_id: str | None,
    client_secret: str | None,
    staff_channel: str | None,
    address: str,
    is_worker: bool = True,
    patience: Patience | None = None,
    now: Callable[[], datetime] = intake.utc_now,
) -> SlackConnection:
    """The connection that the settings describe. ``address``: where Slack and browsers reach us, no trailing slash."""
    logger = intake.quiet_logger()
    installations = Installations(database, client_id, logger) if client_id and client_secret else None
    connection = SlackConnection(
        database,
        folder,
        bot_token=bot_token,
        app_token=app_token,
        signing_secret=signing_secret,
        base_url=base_url,
        installations=installations,
        staff_channel=staff_channel,
        is_worker=is_worker,
        patience=patience or Patience(),
        now=now,
    )
    if installations is not None and client_id and client_secret:
        web = connection.clients.with_token(None)
        flow = oauth_flow(
            database, installations, web, logger, client_id=client_id, client_secret=client_secret, address=address
        )
        connection.installing = Installing(flow, connection.joined)
    return connection


def _no_installing() -> Answer:
    return sentence(
        404, "This Firstline serves one workspace. Set FIRSTLINE_SLACK_CLIENT_ID and FIRSTLINE_SLACK_CLIENT_SECRET."
    )

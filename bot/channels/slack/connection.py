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
from bot.channels.slack.catching_up import LASTS, CatchUp
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.slack.homes import Homes
from bot.channels.slack.http import Answer, Http, sentence
from bot.channels.slack.identity import NoAnswer, TokenRefused, identify
from bot.channels.slack.names import OWN
from bot.channels.slack.oauth import Installations, Installing
from bot.channels.slack.pacing import pacer_of_workspaces
from bot.channels.slack.pages import Pages
from bot.channels.slack.proofs import Proofs
from bot.channels.slack.silences import Silences
from bot.channels.slack.socket import Patience, SocketMode
from bot.channels.slack.standing import Standing, called
from bot.channels.slack.workspaces import Workspaces
from store import Database

log = structlog.get_logger()
LISTENERS = 4
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
_NO_WAY_IN = State(
    Status.OFF,
    "Nothing can come from Slack. Set FIRSTLINE_SLACK_APP_TOKEN for Socket Mode, or FIRSTLINE_SLACK_SIGNING_SECRET for "
    "HTTP, and restart.",
)
_REFUSES = "The Slack workspace {team} refuses the app's token: it must add the app again."


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
        self._now = now
        self._is_worker = is_worker
        self._patience = patience
        self._has_way_in = bool(app_token or signing_secret)
        self._bot_token = bot_token
        self._has_others = installations is not None
        self._own = State(Status.CONNECTING)
        self._name = ""
        self._line: State | None = State(Status.CONNECTING) if app_token and is_worker else None
        self._gone: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._doubt = threading.Event()
        self._limited = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)
        self._workspaces = Workspaces(installations, awaits_own=bot_token is not None)
        self._proofs = Proofs(database, now)
        self.clients = Clients(self._workspaces.token_of, base_url)
        pacer = pacer_of_workspaces(book_of(database))
        self.channel = SlackChannel(folder, self.clients, on_refused=self._refused, pacer=pacer)
        self._pages = Pages(database, self.clients, self.republish)
        self._homes = Homes(database, self._pages)
        self._catch_up = catch_up = CatchUp(database, now)
        self._keep = intake.KeepFirst(
            database,
            self.channel.parse,
            self._workspaces,
            self._pages,
            staff_channel=staff_channel,
            on_gone=self._left,
            on_limited=self._is_limited,
            now=now,
            catch_up=catch_up,
        )
        self._backfill = Backfill(
            database,
            self.clients,
            self.channel.calls,
            self._workspaces,
            self._keep,
            catch_up,
            owner=uuid4().hex,
            now=now,
            pause=patience.between,
            signs=patience.signs,
            can_look=self._is_known,
        )
        self._silences = Silences(database, self._backfill.look_around, self._backfill.missed)
        self._is_http_alone = signing_secret is not None and app_token is None
        self._executor = ThreadPoolExecutor(LISTENERS, thread_name_prefix="slack")
        self._app = intake.make_app(self._keep, self._pages, self.clients.with_token(None), self._executor)
        clock, again = (lambda: now().timestamp()), self._is_brought_again
        self._http = Http(signing_secret, self._take, clock, again) if signing_secret else None
        web, token = self.clients.with_token(app_token), app_token if is_worker else None
        self._socket = SocketMode(token, web, self._take, self._line_is, patience, again) if token else None
        self.installing: Installing | None = None

    @property
    def state(self) -> State:
        with self._lock:
            others = self._workspaces.known_others
            gone, is_deaf = dict(self._gone), self._silences.is_deaf
            return Standing(self._own, self._line, others, gone, self._name, is_deaf).state

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
        """A workspace added the app, or added it again: what was said there meanwhile is looked up."""
        self._proofs.note(team, is_taken=True)
        self._is_back(team)

    def _is_back(self, team: str) -> None:
        self._workspaces.drop(team)
        self._workspaces.others()
        with self._lock:
            self._gone.pop(team, None)
        self._backfill.found()

    def _run(self) -> None:
        if not self._has_way_in:
            with self._lock:
                self._line = _NO_WAY_IN
            return
        self._workspaces.others()
        while not self._introduce():
            self._look_back_if(False)
            if self._has_others:
                break
            if self._stopping.wait(self._patience.refused):
                return
        if self._socket is not None:
            self._socket.start()
        else:
            self._backfill.found()
        while not self._stopping.is_set():
            is_doubted = self._doubt.wait(self._patience.refused)
            if is_doubted:
                # Not after a wait in vain: a doubt that comes just then would be forgotten.
                self._doubt.clear()
            if not self._stopping.is_set():
                self._go_round(is_doubted=is_doubted)

    def _go_round(self, *, is_doubted: bool) -> None:
        """What is looked after once a minute."""
        # A refused token is tried again: whoever installs the app anew may get the same one.
        if is_doubted or self._own.status is Status.OFF:
            self._look_back_if(self._introduce())
        self._try_tokens()
        if self._limited.is_set():
            self._limited.clear()
            self._backfill.found()
        if self._is_http_alone and self._is_known() and not self._stopping.is_set():
            self._silences.look(self._backfill.heard_at, self._now())

    def _look_back_if(self, is_taken: bool) -> None:
        """Whether Slack told of anything while it refused the token is its own affair: it is looked up afterwards."""
        if not is_taken:
            own, since = self._workspaces.own, self._proofs.last_good(OWN)
            if self._has_others:
                self._backfill.doubted(own.team if own else OWN, since)
            else:
                self._backfill.lost(since)
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
                found = identify(self.clients.with_token(self._bot_token))
            except TokenRefused as refused:
                self._proofs.note(OWN, is_taken=False)
                self._own_is(State(Status.OFF, str(refused)))
                return False
            except NoAnswer as trouble:
                self._own_is(State(Status.TROUBLE, str(trouble)))
                self._stopping.wait(pause)
            else:
                self._workspaces.introduce(found.workspace)
                with self._lock:
                    self._gone.pop(found.workspace.team, None)
                self._name = called(found.workspace.team, found.workspace_name)
                self._proofs.note(OWN, is_taken=True)
                self._own_is(State(Status.CONNECTED))
                return True
        raise AssertionError("there is always another try")

    def _try_tokens(self) -> None:
        """Slack need not tell when a workspace takes its token back."""
        names = [*([OWN] if self._bot_token else []), *self._workspaces.others()]
        for name, is_taken in self._proofs.look(names, self._ask).items():
            if name == OWN:
                if not is_taken and self._own.status is Status.CONNECTED:
                    self._doubt.set()
            elif not is_taken:
                self._is_gone(name, _REFUSES.format(team=called(name, self._workspaces.known_others[name])))
            elif name in self._gone:
                self._is_back(name)

    def _ask(self, name: str) -> bool | None:
        """Whether Slack takes the token; None where it does not say."""
        client = self.clients.with_token(self._bot_token) if name == OWN else self.clients.of(name)
        if client is None or self._stopping.is_set():
            return None
        try:
            identify(client)
        except NoAnswer:
            return None
        except TokenRefused:
            if name != OWN:
                self._backfill.doubted(name, self._proofs.last_good(name))
            return False
        return True

    def _take(self, body: dict[str, Any]) -> BoltResponse:
        if self._stopping.is_set():
            return BoltResponse(status=503)
        response = intake.take(self._app, self._keep, body)
        if response.status == 503:
            self._is_missed()
        else:
            self._backfill.heard_at = self._now()
        return response

    def _is_brought_again(self) -> None:
        """Slack tried before, in vain. Where that ended a silence, it may have given up other events meanwhile."""
        self._catch_up.doubt()
        if self._now() - self._backfill.heard_at >= LASTS and self._is_known():
            self._backfill.missed(self._backfill.heard_at)

    def _is_limited(self, team: str) -> None:
        """Slack holds events back for the rest of this minute; they are looked up after it."""
        self._backfill.doubted(team)
        self._limited.set()

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
        elif team == self._workspaces.left:
            # Slack says so itself now, and is asked again until it takes the token.
            self._doubt.set()
        else:
            self._backfill.doubted(team)
            self._is_gone(team, said)

    def _refused(self, team: str) -> None:
        """Slack refused a token while we were sending."""
        self._workspaces.drop(team)
        own = self._workspaces.own
        if own is not None and own.team == team:
            self._doubt.set()
        elif team not in self._gone:
            self._backfill.doubted(team, self._proofs.last_good(team))
            self._proofs.note(team, is_taken=False)
            self._is_gone(team, _REFUSES.format(team=called(team, self._workspaces.known_others.get(team, team))))

    def _is_gone(self, team: str, said: str) -> None:
        with self._lock:
            self._gone[team] = said

    def _own_is(self, state: State) -> None:
        with self._lock:
            changed, self._own = self._own != state, state
            if state.status in (Status.CONNECTED, Status.OFF):
                is_served = state.status is Status.CONNECTED or self._has_others
                self.channel.open(is_served and self._is_worker and not self._stopping.is_set())
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


def _no_installing() -> Answer:
    return sentence(
        404, "This Firstline serves one workspace. Set FIRSTLINE_SLACK_CLIENT_ID and FIRSTLINE_SLACK_CLIENT_SECRET."
    )

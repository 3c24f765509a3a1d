"""``firstline chat``: talk with the bot in the terminal, as a customer of the channel ``terminal``."""

from __future__ import annotations

import secrets
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from api.cli.parts import loaded, now, opened

if TYPE_CHECKING:
    from bot.channels.base import Channel
    from bot.live import Live
    from store import Database
    from store.watch import Watch

SECONDS_TO_WAIT = 30.0


def chat() -> None:
    """Talk with the bot. A line is a message; a number presses a button; Ctrl-D ends it."""
    from api.settings import Settings
    from bot.channels.mailbox import TERMINAL, Mailbox
    from bot.replies import say
    from store.watch import Watch

    settings = Settings()
    with opened(settings) as database:
        live = loaded(settings, database)
        with Watch(database) as watch:
            talk = Talk(database, live, watch, Mailbox(TERMINAL))
            typer.echo(say("welcome", "en"))
            talk.listen()
            try:
                for line in sys.stdin:
                    talk.say(line.strip())
            finally:
                talk.close()


@dataclass
class Talk:
    """One terminal's thread. It deals with its own rows, so that it works with and without a running server."""

    database: Database
    live: Live
    watch: Watch
    channel: Channel
    visitor: str = field(default_factory=lambda: f"terminal-{secrets.token_hex(6)}")
    seen: int = 0
    buttons: list[dict[str, Any]] = field(default_factory=list)
    _printing: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)
    _listener: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Send ``text`` (or press the button of that number) and wait until it is dealt with."""
        from bot.inbox import accept
        from store import transaction

        if not text:
            return
        client_id = secrets.token_hex(8)
        payload: dict[str, Any] = {"visitor": self.visitor, "client_id": client_id}
        pressed = self.buttons[int(text) - 1] if text.isdecimal() and 0 < int(text) <= len(self.buttons) else None
        payload |= {"press": pressed["token"]} if pressed else {"text": text}
        with transaction(self.database) as session:
            accept(session, self.channel.name, f"{self.visitor}:{client_id}", self.visitor, payload, now())
        self._work()

    def listen(self) -> None:
        """Print what arrives while the person at the terminal is thinking: an agent's reply, say."""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def close(self) -> None:
        self._closed.set()
        self.watch.wake()
        if self._listener is not None:
            self._listener.join(5)
        self.show()

    def show(self) -> None:
        """Print the messages that were not shown yet."""
        from bot.channels.mailbox import TERMINAL
        from bot.web_chat import visible_messages
        from store import reading

        with self._printing:
            with reading(self.database) as session:
                messages = visible_messages(session, self.visitor, self.seen, channel=TERMINAL)
            for message in messages:
                self.seen = message["id"]
                if message["direction"] == "outgoing":
                    self._print(message)

    def _listen(self) -> None:
        at = 0
        while not self._closed.is_set():
            at = self.watch.wait(at, 1.0)
            self.show()

    def _work(self) -> None:
        """Take our own rows through the pass, beside a server that may be quicker."""
        from bot import inbox
        from bot.sending import send_due
        from bot.turns import handle
        from store import transaction

        worker = f"chat-{self.visitor}"
        at, deadline = 0, now().timestamp() + SECONDS_TO_WAIT
        while now().timestamp() < deadline:
            with transaction(self.database) as session:
                row = inbox.claim(session, worker, now(), channels=(self.channel.name,), thread_key=self.visitor)
            if row is not None:
                handle(self.database, self.live, self.channel, row, worker, now())
            thread_id = self._thread_id()
            if thread_id is not None:
                send_due(self.database, {self.channel.name: self.channel}, worker, now(), thread_id)
            if row is None and not self._is_waiting(thread_id):
                break
            if row is None:
                at = self.watch.wait(at, 1.0)
        self.show()

    def _thread_id(self) -> int | None:
        from sqlmodel import select

        from handoff.models import Thread
        from store import reading

        query = select(Thread.id).where(Thread.channel == self.channel.name, Thread.external_id == self.visitor)
        with reading(self.database) as session:
            return session.exec(query).first()

    def _is_waiting(self, thread_id: int | None) -> bool:
        """Whether something of ours is still under way, in this process or in the server."""
        from bot.inbox import has_unfinished
        from handoff.deliveries import has_unsent
        from store import reading

        with reading(self.database) as session:
            is_unread = has_unfinished(session, self.channel.name, self.visitor)
            return is_unread or (thread_id is not None and has_unsent(session, thread_id))

    def _print(self, message: dict[str, Any]) -> None:
        who = message["name"] or message["author"]
        typer.echo(f"\n{who}: {message['text']}")
        for citation in message["citations"]:
            typer.echo(f"    “{citation['quote']}”\n    {citation['url']}")
        if message["buttons"]:
            self.buttons = message["buttons"]
            typer.echo("    " + "   ".join(f"[{n}] {button['label']}" for n, button in enumerate(self.buttons, 1)))

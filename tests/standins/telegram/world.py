"""The other side of the wire: the people, chats and messages that the bot meets, and a log of all it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from standins.telegram import faults, groups
from standins.telegram.limits import Limits, Throttle
from standins.telegram.model import Chat, Message, Press, SentFile, Sizes
from standins.telegram.people import Person
from standins.telegram.serving import Server
from standins.telegram.updates import Updates
from standins.telegram.waiting import Waiting
from standins.telegram.webhook import Webhook

T = TypeVar("T")
TOKEN = "123456789:AAHfirstline-stand-in_token-000000000"


@dataclass(frozen=True)
class Call:
    """One request of the bot. ``args``: JSON is loaded, digits are numbers. ``status`` 0: the connection was cut."""

    method: str
    args: dict[str, Any]
    at: float
    status: int
    description: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 200


class TelegramWorld:
    """See README.md. Thread-safe: people act from the test's thread, the bot through the socket."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        username: str = "firstline_bot",
        name: str = "Firstline",
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        privacy: bool = True,
        port: int = 0,
        allow_http_webhook: bool = True,
        webhook_backoff: tuple[float, ...] = (0.05, 0.1, 0.2),
        press_lifetime: float = 900.0,
        sizes: Sizes | None = None,
        patience: float = 60.0,
    ) -> None:
        self.token, self.username, self.name, self.privacy = token, username, name, privacy
        self.bot_id = int(token.split(":")[0])
        self.clock, self.press_lifetime = clock, press_lifetime
        self.sizes = sizes or Sizes()
        self.allow_http_webhook, self.webhook_backoff = allow_http_webhook, webhook_backoff
        self.throttle = Throttle(limits or Limits.none(), clock)
        self._waiting = Waiting(patience, lambda: self._server.tick(), self._story)
        self.lock = self._waiting.lock
        self.updates = Updates(last_id=871_000_000)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, SentFile] = {}
        self.paths: dict[str, SentFile] = {}
        self.presses: dict[str, Press] = {}
        self.calls: list[Call] = []
        self.webhook = Webhook()
        self.webhook_posts: list[tuple[int, int]] = []
        self.commands: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.is_token_revoked = False
        self.plans: list[faults.Plan] = []
        self.holds: list[faults.Hold] = []
        self.ids = groups.Ids()
        self._server = Server(self, port)

    # -- where, and its life ------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> TelegramWorld:
        self._server.start()
        return self

    def stop(self) -> None:
        for hold in self.holds:
            hold.release()
        self._server.stop()

    def restart(self) -> None:
        """Close the socket and open it again on the same port; nothing else is lost."""
        self._server.stop()
        self._server = Server(self, self.port)
        self._server.start()

    def __enter__(self) -> TelegramWorld:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # -- people and places --------------------------------------------------------------------------------------

    def person(
        self, name: str, *, username: str | None = None, language: str | None = None, last_name: str = ""
    ) -> Person:
        """Somebody who never wrote to the bot yet; the private chat begins with the first words."""
        with self.changing():
            who = Person(self, self.ids.next("person"), name, last_name, username, language)
            self.people[who.id] = who
            self.chats[who.id] = Chat(self, who.id, "private", name, [who], is_started=False)
            return who

    def group(self, title: str, members: Iterable[Person] = (), *, admin: bool = False) -> Chat:
        with self.changing():
            return groups.add_group(self, "group", title, members, admin=admin)

    def supergroup(
        self, title: str, members: Iterable[Person] = (), *, admin: bool = False, username: str | None = None
    ) -> Chat:
        with self.changing():
            return groups.add_group(self, "supergroup", title, members, admin=admin, username=username)

    def forum(
        self, title: str, members: Iterable[Person] = (), *, admin: bool = False, can_manage_topics: bool = False
    ) -> Chat:
        with self.changing():
            chat = groups.add_group(self, "supergroup", title, members, admin=admin or can_manage_topics)
            chat.is_forum = True
            chat.bot_rights |= {"can_manage_topics"} if can_manage_topics else set()
            return chat

    def migrate(self, group: Chat) -> Chat:
        """The group becomes a supergroup; its old id is refused with the new one."""
        with self.changing():
            return groups.migrate(self, group)

    # -- updates ------------------------------------------------------------------------------------------------

    def inject_update(self, raw: dict[str, Any], *, update_id: int | None = None) -> int:
        """Anything at all as an update, whatever the bot asked for."""
        with self.changing():
            return self.updates.put_raw(raw, update_id)

    def redeliver(self, update_id: int) -> None:
        """The same update once more, with the same id."""
        with self.changing():
            self.updates.put_again(update_id)

    def jump_update_ids(self, to: int) -> None:
        """After a week without updates Telegram begins anywhere, also lower."""
        with self.changing():
            self.updates.last_id = to - 1

    @property
    def pending(self) -> list[dict[str, Any]]:
        with self.lock:
            return list(self.updates.pending)

    @property
    def confirmed(self) -> list[int]:
        with self.lock:
            return list(self.updates.confirmed)

    def wait_until_confirmed(self, timeout: float | None = None) -> None:
        self.wait_for(lambda: not self.updates.pending, timeout, "every update to be confirmed")

    # -- what the bot did ---------------------------------------------------------------------------------------

    def calls_of(self, method: str) -> list[Call]:
        with self.lock:
            return [call for call in self.calls if call.method == method]

    def log_call(self, method: str, args: dict[str, Any], status: int, description: str) -> None:
        self.calls.append(Call(method, args, self.clock(), status, description))

    @property
    def messages(self) -> list[Message]:
        with self.lock:
            said = [message for chat in self.chats.values() for message in chat.messages]
        return sorted(said, key=lambda message: message.order)

    @property
    def from_bot(self) -> list[Message]:
        return [message for message in self.messages if message.is_from_bot]

    @property
    def ban_strikes(self) -> int:
        return self.throttle.ban_strikes

    @property
    def is_banned(self) -> bool:
        return self.throttle.is_banned

    # -- trouble ------------------------------------------------------------------------------------------------

    def fault(
        self,
        method: str,
        fault: faults.Fault,
        *,
        times: int = 1,
        when: Callable[[dict[str, Any]], bool] = lambda args: True,
        after: int = 0,
    ) -> faults.Plan:
        """The next calls of this method (that ``when`` fits) meet this instead, once ``after`` of them have passed."""
        with self.lock:
            plan = faults.Plan(method, fault, times, when, after)
            self.plans.append(plan)
            return plan

    def hold(self, method: str, *, when: Callable[[dict[str, Any]], bool] = lambda args: True) -> faults.Hold:
        """Calls of this method (that ``when`` fits) wait, before they have any effect, until the hold is released."""
        with self.lock:
            hold = faults.Hold(method, when)
            self.holds.append(hold)
            return hold

    def revoke_token(self) -> None:
        with self.changing():
            self.is_token_revoked = True

    def accept_token(self) -> None:
        """The token that was revoked is one again."""
        with self.changing():
            self.is_token_revoked = False

    # -- waiting ------------------------------------------------------------------------------------------------

    def changing(self) -> AbstractContextManager[None]:
        """Everything that changes the world happens inside: whoever waits looks again afterwards."""
        return self._waiting.changing()

    def wait_for(self, predicate: Callable[[], T | None], timeout: float | None = None, what: str = "") -> T:
        """The first truthy value; looked at after every change. AssertionError when the time is up."""
        return self._waiting.wait_for(predicate, timeout, what)

    def settle(self, quiet: float = 0.2) -> None:
        """Until nothing changed for so long. Only to show that something does not happen."""
        self._waiting.settle(quiet)

    def _story(self) -> str:
        with self.lock:
            last = [f"{call.method} {call.status} {call.description}".strip() for call in self.calls[-8:]]
            return f"{len(self.updates.pending)} updates pending, last calls: {last}"

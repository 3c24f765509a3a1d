"""The contract between Firstline and a channel. ``tests/channel_contract.py`` holds every channel to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from handoff.deliveries import About as About
from handoff.outcomes import Resend as Resend
from store.files import Kept


@dataclass(frozen=True)
class RemoteFile:
    """A file that came with a message and still lies with the channel: ``Channel.fetch`` brings it."""

    ref: str
    """What the channel needs to find it again. Never shown to anybody."""
    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None


class CommandName(Enum):
    """What a customer can ask for by a command, in whatever form the channel gives it (``/tickets``, a menu)."""

    START = "start"
    NEW = "new"
    TICKETS = "tickets"
    STATUS = "status"
    HUMAN = "human"
    LANGUAGE = "language"
    ADD = "add"
    CLOSE = "close"
    REOPEN = "reopen"
    RATE = "rate"
    SURVEYS = "surveys"


@dataclass(frozen=True)
class Command:
    name: CommandName
    argument: str = ""
    """What followed it: a ticket's number (and more), a language, the payload of a deep link. Cleaned, not checked."""


@dataclass(frozen=True)
class Inbound:
    """One message, press or command of a customer, in words that every channel shares. Texts are clean."""

    channel: str
    thread: str
    """What the channel calls the place; deliveries keep their order within it. At most 200 characters."""
    customer: str
    """What the channel calls the person. At most 120 characters."""
    text: str = ""
    external_id: str | None = None
    """The channel's own id of the message: the same in every report of it, and in edits of it."""
    name: str | None = None
    language: str | None = None
    files: tuple[int, ...] = ()
    """Ids of files that are stored already."""
    remote_files: tuple[RemoteFile, ...] = ()
    press: str | None = None
    """The token of the button that was pressed, if this is a press."""
    reply_to: str | None = None
    """The channel's id of the message that this one answers, if it says so."""
    command: Command | None = None
    is_addressed: bool = True
    """False: overheard among people. It counts only as a follow-up in a thread that has an open conversation."""
    is_shared: bool = False
    """Several people bring matters of their own to this place: conversations are told apart by customer."""
    spot: str | None = None
    """Where in the thread an answer to this belongs; handed back in ``Outgoing.spot``."""
    album: str | None = None
    """Messages with the same album are one to whoever sent them: they get one reply."""
    about: int | None = None
    """The number of the customer's own ticket that it is to be added to."""


@dataclass(frozen=True)
class Edited:
    """A message says something else now."""

    channel: str
    thread: str
    external_id: str
    text: str


@dataclass(frozen=True)
class Deleted:
    """A message was taken back."""

    channel: str
    thread: str
    external_id: str


@dataclass(frozen=True)
class Reachability:
    """A place cannot be written to any more (the bot was blocked or removed), or again."""

    channel: str
    thread: str
    is_reachable: bool
    reason: str = ""
    """A sentence for agents: "The customer blocked the bot." """


@dataclass(frozen=True)
class Moved:
    """The channel calls the place otherwise now, and every place below it (``old:topic`` becomes ``new:topic``)."""

    channel: str
    old: str
    new: str


@dataclass(frozen=True)
class Nothing:
    """An event that concerns no customer. Its payload is not kept."""

    why: str


Event = Inbound | Edited | Deleted | Reachability | Moved | Nothing


@dataclass(frozen=True)
class OutgoingButton:
    token: str
    label: str


@dataclass(frozen=True)
class OutgoingFile:
    """A stored file to send; its bytes lie at ``store.files.place(folder, sha256)``."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Link:
    """The source of an answer, to open."""

    title: str
    url: str


def unhindered() -> None:
    """Nobody else could be sending it."""


@dataclass(frozen=True)
class Outgoing:
    """One message to render and send; it may take several parts, in order."""

    delivery_id: int
    message_id: int
    thread: str
    text: str
    buttons: tuple[OutgoingButton, ...] = ()
    files: tuple[OutgoingFile, ...] = ()
    links: tuple[Link, ...] = ()
    author: str | None = None
    """The person who says it; None for the bot."""
    spot: str | None = None
    """The ``spot`` of the customer's message that it follows."""
    sent: tuple[str, ...] = ()
    """The channel's ids of the parts that an earlier attempt sent: leave those out."""
    doubts: int = 0
    """How many attempts ended without anybody knowing whether the part after ``sent`` arrived: where the channel can be
    asked, it is asked for that part before the part is sent again."""
    may_repeat: bool = False
    """Where it cannot be asked after all: whether the part may be sent all the same, and arrive twice."""
    made_at: datetime | None = None
    """When it was said: nothing of it can have arrived before."""
    about: About | None = None
    """What it is about, where the conversation around it does not show."""
    before_it_leaves: Callable[[], None] = field(default=unhindered, compare=False, repr=False)
    """To be called right before each part leaves. What it raises is let pass: others may have sent it by now."""


@dataclass(frozen=True)
class Profile:
    """What a channel knows of a customer beside the message. Only what is used is kept; the address is not."""

    name: str | None = None
    language: str | None = None
    timezone: str | None = None
    """An IANA name."""
    email_domain: str | None = None
    """Looked up among the accounts' domains, then forgotten."""


class Unreadable(Exception):
    """This payload is not one that the channel sends. It is parked and shown to a person."""


class DeliveryError(Exception):
    """The channel surely did not take the message (or the part of it after ``sent``)."""

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        not_before: datetime | None = None,
        is_unreachable: bool = False,
        moved_to: str | None = None,
        sent: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.not_before = not_before
        self.is_unreachable = is_unreachable
        """The place cannot be written to any more: mark it so, until the customer is heard of again."""
        self.moved_to = moved_to
        """What the channel calls the thread now: it is renamed and the delivery tried again there."""
        self.sent = tuple(sent)
        """Ids of the parts that did arrive, those of ``Outgoing.sent`` first."""


class Later(DeliveryError):
    """Nothing is wrong, it is just not time yet (pacing, or a limit of the channel): costs no attempt."""

    def __init__(self, message: str, not_before: datetime, sent: Sequence[str] = ()) -> None:
        super().__init__(message, not_before=not_before, sent=sent)


class Uncertain(Exception):
    """The channel may or may not have taken the message (or the part of it after ``sent``): no answer came."""

    def __init__(
        self,
        message: str,
        *,
        not_before: datetime | None = None,
        cannot_look: bool = False,
        sent: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.not_before = not_before
        """When it is worth looking, or trying, again."""
        self.cannot_look = cannot_look
        """A channel of Resend.LOOK_UP does not let us look: the rules of Resend.ONCE hold."""
        self.sent = tuple(sent)
        """Ids of the parts that did arrive, those of ``Outgoing.sent`` first."""


class FileUnavailable(Exception):
    """The file cannot be had, and will not be later. A sentence for agents."""


class FileTooBig(FileUnavailable):
    """The channel gives no file of that size."""


OnPart = Callable[[str], None]
"""Told the channel's id of a part as soon as it arrived and before the next one leaves. What it raises is let pass."""


def unrecorded(external_id: str) -> None:
    """Nobody wants to know of the parts before all are sent."""


class Channel(Protocol):
    """A way to customers. Implementations are thin and keep nothing that matters."""

    name: str
    resend: Resend
    """What sending the same message again means here."""

    @property
    def is_open(self) -> bool:
        """Whether this process may send now. While not, deliveries wait and lose no attempt."""
        ...

    def parse(self, payload: dict[str, Any]) -> Event:
        """What the stored payload means. Pure: the payload holds all that it takes. Raises Unreadable."""
        ...

    def fetch(self, file: RemoteFile) -> Kept:
        """Bring a file into the files' folder. Raises FileUnavailable, or DeliveryError to be tried again."""
        ...

    def profile(self, inbound: Inbound) -> Profile | None:
        """What the channel knows of the customer; None where it tells nothing. May ask; never raises."""
        ...

    def hint(self, inbound: Inbound) -> None:
        """Show that the bot is at it (typing). Cosmetic: returns at once, may be dropped, never raises."""
        ...

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        """Send what is not in ``outgoing.sent`` yet; all ids, in order, at least one.

        ``on_part`` is told of every part but the last, so that only one part is ever in doubt. Raises DeliveryError,
        Later or Uncertain.
        """
        ...


class Status(Enum):
    """Whether a channel is connected. OFF: its token was refused. It is tried again now and then; another one needs a
    restart."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    TROUBLE = "trouble"
    OFF = "off"


@dataclass(frozen=True)
class State:
    status: Status
    reason: str = ""
    """A sentence for an admin: what is wrong and what to do. May be set while CONNECTED: a warning."""
    is_fine: bool = False
    """Whether the reason is nothing that anybody must mend."""
    waiting: int | None = None
    """How many messages the platform keeps because it could not bring them yet; None where it does not say."""

    @property
    def warns(self) -> bool:
        """Whether it is connected, and an admin must mend something all the same."""
        return self.status is Status.CONNECTED and bool(self.reason) and not self.is_fine


class Connection(Protocol):
    """What brings a channel's events into the inbox, and keeps the line open."""

    @property
    def channel(self) -> Channel: ...

    def start(self) -> None:
        """Begin to connect, and return at once. What is refused shows in ``state``."""
        ...

    def stop(self) -> None:
        """Take nothing new in, finish what is under way, and return within a few seconds."""
        ...

    @property
    def state(self) -> State: ...

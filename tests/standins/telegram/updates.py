"""The queue of updates: what waits, what is confirmed, and who may fetch it. Its owner holds the world's lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from standins.telegram.refusals import conflict

KINDS = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
    "stopped_message_generation", "subscription",
})  # fmt: skip
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that come only to bots which ask for them by name."""
FAR_AHEAD = 10
"""An offset further ahead than this is not believed: nothing is confirmed, and nothing comes."""


@dataclass(eq=False)
class Poll:
    """One getUpdates call that waits."""

    is_gone: Callable[[], bool]
    """Whether its client hung up."""
    ended: str = ""
    """Why it must end with a conflict."""


@dataclass
class Updates:
    last_id: int
    pending: list[dict[str, Any]] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    handed_out: dict[int, int] = field(default_factory=dict)
    """How many times each update left the queue: by getUpdates, or towards the webhook."""
    history: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """allowed_updates as last given; empty for the default."""
    _poll: Poll | None = None

    def wants(self, kind: str) -> bool:
        return kind in self.asked if self.asked else kind not in UNASKED

    def put(self, kind: str, content: Any) -> int | None:
        """The id of the new update; None where the bot did not ask for this kind."""
        if not self.wants(kind):
            return None
        return self.put_raw({kind: content})

    def put_raw(self, raw: dict[str, Any], update_id: int | None = None) -> int:
        self.last_id = self.last_id + 1 if update_id is None else max(update_id, self.last_id)
        chosen = self.last_id if update_id is None else update_id
        update = {"update_id": chosen, **raw}
        self.history[chosen] = update
        self.pending.append(update)
        return chosen

    def put_again(self, update_id: int) -> None:
        """The same update once more: a new object, so that each is confirmed for itself."""
        self.pending.append(dict(self.history[update_id]))

    def ask(self, kinds: list[Any] | None) -> None:
        """Remember allowed_updates; None leaves it as it was, an empty list asks for the default."""
        if kinds is not None:
            self.asked = list(kinds)

    def confirm_before(self, offset: int) -> None:
        """All updates with a lower id are forgotten; a negative offset keeps only so many of the newest."""
        if offset < 0:
            offset = self.pending[offset]["update_id"] if len(self.pending) > -offset else 0
        if offset <= 0 or offset > self.last_id + FAR_AHEAD:
            return
        for update in [update for update in self.pending if update["update_id"] < offset]:
            self.confirm(update)

    def confirm(self, update: dict[str, Any]) -> None:
        if any(update is waiting for waiting in self.pending):
            self.pending = [waiting for waiting in self.pending if waiting is not update]
            self.confirmed.append(update["update_id"])

    def fetch(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """The oldest updates that are not confirmed, from the offset on."""
        found = [update for update in self.pending if update["update_id"] >= offset or offset < 0][:limit]
        for update in found:
            self.hand_out(update)
        return found

    def hand_out(self, update: dict[str, Any]) -> None:
        self.handed_out[update["update_id"]] = self.handed_out.get(update["update_id"], 0) + 1

    def forget_pending(self) -> None:
        for update in list(self.pending):
            self.confirm(update)

    def begin(self, poll: Poll) -> None:
        """The newer of two pollers wins: the older one, if it is still there, gets a 409."""
        if self._poll is not None and not self._poll.is_gone():
            self._poll.ended = "terminated by other getUpdates request; make sure that only one bot instance is running"
        self._poll = poll

    def end(self, poll: Poll) -> None:
        if self._poll is poll:
            self._poll = None

    def interrupt(self) -> None:
        """setWebhook ends a poll that is waiting."""
        if self._poll is not None:
            self._poll.ended = "terminated by setWebhook request"

    @property
    def is_polled(self) -> bool:
        return self._poll is not None and not self._poll.is_gone()

    def check(self, poll: Poll) -> None:
        if poll.ended:
            raise conflict(poll.ended)

"""What the desk refuses, each with a sentence for the person whom it concerns."""

from __future__ import annotations


class HandoffError(Exception):
    """The desk could not do this. The class docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class TicketNotFound(HandoffError):
    """There is no such ticket."""


class ConversationNotFound(HandoffError):
    """There is no such conversation."""


class DeliveryNotFound(HandoffError):
    """There is no such message to the customer."""


class StaffNotFound(HandoffError):
    """There is no such person among the staff."""


class TicketClosed(HandoffError):
    """This ticket is closed. Reopen it before replying."""


class NotAllowed(HandoffError):
    """You may not do this. Ask an admin for the role that it needs."""


class WrongStatus(NotAllowed):
    """This is not possible in the ticket's present status."""


class AlreadyDone(HandoffError):
    """Somebody has done this already."""


class SuggestionGone(AlreadyDone):
    """This suggestion is no longer open: somebody has decided about it, or the conversation moved on."""

    def __init__(self, message: str | None = None, message_id: int | None = None) -> None:
        super().__init__(message)
        self.message_id = message_id
        """What was said with it, where that is how it ended."""


class Stale(HandoffError):
    """This changed meanwhile. Look at it again before going on."""


class StaleReply(Stale):
    """The customer wrote again while you were writing. Read it, then send your reply again."""


class EmptyText(HandoffError):
    """There is nothing to send: write a few words or add a file."""


class TextTooLong(HandoffError):
    """The text is too long: a message may have 10,000 characters."""


class BadSignIn(HandoffError):
    """E-mail address and password do not match."""


class TooManySignIns(HandoffError):
    """Too many attempts to sign in. Wait a minute and try again."""


class LinkExpired(HandoffError):
    """This link was used already or has expired. Ask an admin for a new one."""


class BadPassword(HandoffError):
    """A password has at least 12 characters and at most 200."""


class BadEmail(HandoffError):
    """This is not an e-mail address."""


class NameTaken(HandoffError):
    """There is one with this name already. Choose another name."""


class CustomerNotFound(HandoffError):
    """There is no such customer."""


class AccountNotFound(HandoffError):
    """There is no such account."""


class BadDomain(HandoffError):
    """This is not an e-mail domain. Write it like example.com."""


class PublicDomain(BadDomain):
    """Anybody can have an address there, so it tells nothing of an account. Use a domain of the company's own."""


class DomainTaken(HandoffError):
    """This domain belongs to another account. Remove it there first."""


class BadLink(HandoffError):
    """This link is not one of ours, or not all of it arrived. Open it again as it was sent, or ask for a new one."""


class AccountLinkExpired(LinkExpired):
    """This link was used already or has expired. Ask for a new one."""


class AccountsDiffer(HandoffError):
    """These customers belong to different accounts. Give both the same account before joining them."""


class NotJoined(HandoffError):
    """This customer is joined with nobody."""

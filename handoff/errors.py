"""What the desk refuses, each with a sentence for the person whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence


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


class Taken(AlreadyDone):
    """A colleague has this ticket already. Take it over if it should be yours."""

    def __init__(self, message: str | None = None, *, number: int = 0, holder: str = "") -> None:
        super().__init__(message)
        self.number, self.holder = number, holder
        """The ticket, and who has it."""


class NoSummary(HandoffError):
    """The language model could not sum this up in words that the conversation bears out. The extract stands."""


class SuggestionGone(AlreadyDone):
    """This suggestion is no longer open: somebody has decided about it, or the conversation moved on."""

    def __init__(self, message: str | None = None, message_id: int | None = None) -> None:
        super().__init__(message)
        self.message_id = message_id
        """What was said with it, where that is how it ended."""


class Stale(HandoffError):
    """This changed meanwhile. Look at it again before going on."""


class StaleReply(Stale):
    """Somebody wrote here while you were writing. Read it, then send your reply again."""


class Unread(Stale):
    """Somebody wrote here a moment ago. Read it, then resolve the ticket."""


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
    """This is not an e-mail address. Write it like ann@example.com."""


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


class BadDays(HandoffError):
    """This is not a number of days. Choose 1 to 365, or leave it empty for never."""


class NotAnsweredYet(WrongStatus):
    """The customer has no word from a person yet, so there is nothing to wait for. Reply first."""


class BadMoment(HandoffError):
    """This moment is not in the time to come. Choose a later one, at most a year from now."""


class BadTag(HandoffError):
    """A tag has 1 to 50 characters and no comma; a ticket has at most 20 tags."""


class BadAddress(HandoffError):
    """This is not an address of a web page. It begins with https:// or http:// and has at most 500 characters."""


class BadTier(HandoffError):
    """There are the tiers 1, 2 and 3, and the ticket moves to another one than it has."""


class ReasonNeeded(HandoffError):
    """Say in a few words why the ticket moves to another tier."""


class DiagnosisNeeded(HandoffError):
    """A ticket goes to tier 3 with a diagnosis. Write what was found so far."""


class NotMarkable(HandoffError):
    """Only an agent's words can be a diagnosis, and only words that the customer got can be a workaround."""


class SameTicket(HandoffError):
    """This is the ticket itself. Name another one."""


class NotMergeable(HandoffError):
    """These cannot be merged: both must be the same person's, and the other not solved. Link them instead."""


class NotSplittable(HandoffError):
    """Choose what goes to the other ticket: some words of the customer's, and not all that they said here."""


class NobodyNamed(HandoffError):
    """Give the customer's name or e-mail address."""


class NoPlace(HandoffError):
    """This customer has no place where they could read it. Give their e-mail address, or only write a note."""


class WorksHere(HandoffError):
    """Somebody with this e-mail address works here already. Change their name or role on their own page."""


class TeamNotFound(HandoffError):
    """There is no such team."""


class NameNeeded(HandoffError):
    """A team needs a name of 1 to 64 characters."""


class KeepDefaultTeam(HandoffError):
    """This team gets what no other team is named for. Make another team that first."""


class NoTickets(HandoffError):
    """This person cannot have tickets: their access was switched off, or their role is for reading or editing only."""


class BadPeriod(HandoffError):
    """Give a beginning and a later end, at most two years away."""


class BadRota(HandoffError):
    """Let a time on call end before the next one begins, and repeat it at most 104 times."""


class BadProfile(HandoffError):
    """A person can have 0 to 500 open tickets, at most 30 languages and 100 topics."""


class NotJoined(HandoffError):
    """This customer is joined with nobody."""


class AnotherUser(HandoffError):
    """This chat belongs to another user of the site. Start a new one."""


class BadFile(HandoffError):
    """This file cannot be imported. Save it as CSV in UTF-8; its first line names the columns."""


class ValueMissing(HandoffError):
    """A cell is empty in this line that must not be."""


class TooManyCells(HandoffError):
    """This line has more cells than the first one has headings. A quotation mark may be missing in it."""


class SameLine(HandoffError):
    """A line above says something of the same one already."""


class UnknownPlan(HandoffError):
    """There is no such plan. Write standard, enterprise or vip."""


class UnknownRole(HandoffError):
    """There is no such role. Write viewer, agent, editor or admin."""


class UnknownChannel(HandoffError):
    """There is no such channel. Write slack, telegram or web."""


class BadChannelId(HandoffError):
    """This is no id there: Slack's are like T012AB:U034CD, Telegram's are numbers, a site's have 100 signs at most."""


class UnknownLanguage(HandoffError):
    """This is no language. Write it like en, zh or pt-BR."""


class UnknownTimezone(HandoffError):
    """There is no such time zone. Write it like Europe/Madrid or Asia/Shanghai."""


class BadFilter(HandoffError):
    """Tickets cannot be chosen like that. Start again from the inbox, or choose other filters."""


class ViewNotFound(HandoffError):
    """There is no such view, or it is a colleague's own."""


class ViewNameNeeded(HandoffError):
    """A view needs a name of 1 to 64 characters."""


class TooManyViews(HandoffError):
    """There are 20 such views already. Remove one that nobody needs."""


class NothingTicked(HandoffError):
    """Nothing is ticked. Tick the tickets that it should be done to, at most 200."""


class MacroNotFound(HandoffError):
    """There is no such macro, or it is a colleague's own."""


class BadMacroName(HandoffError):
    """The name of a macro is one word of letters and digits, such as refund or over-limit."""


class BadMacroLanguage(HandoffError):
    """The words of a macro are kept by the code of their language, such as en, zh or pt-BR."""


class BadGap(HandoffError):
    """What can stand in braces: {customer}, {agent}, {number}, {subject}, {account}, {promise}, {article}."""


class GapsLeft(HandoffError):
    """The reply still has gaps of the macro in it. Fill them in, or delete them."""

    def __init__(self, gaps: Sequence[str] = ()) -> None:
        self.value = ", ".join(f"{{{gap}}}" for gap in gaps)
        super().__init__(f"The reply still has gaps of the macro in it ({self.value}). Fill them in, or delete them.")
        """The gaps as they stand in the text."""


class EmptyMacro(HandoffError):
    """A macro needs words or something that it does."""


class BadDeed(HandoffError):
    """A macro can set tags, priority, tier, team, who has the ticket, and let it wait or resolve it. Nothing else."""


class MacroRefused(HandoffError):
    """What the macro does is not possible with this ticket now. Send the words alone, or do it another way."""

    def __init__(self, message: str | None = None, *, name: str = "", value: str = "") -> None:
        super().__init__(message)
        self.name, self.value = name, value
        """What was not possible: the deed, and to what it should have been set."""

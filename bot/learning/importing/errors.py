"""What can go wrong with bringing articles in, in sentences. What an error holds has its place in its sentence."""

from __future__ import annotations

from kb_content.errors import KbError


class BadWebAddress(KbError):
    """This is no web address: write one that begins with https:// or http://, without a user name or password."""


class AddressForbidden(KbError):
    """This address leads into an internal network, which is not read."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} leads into an internal network, or to a port other than 80 and 443, and is not read. To allow one "
            "of your own, name its network in FIRSTLINE_IMPORT_NETWORKS."
        )
        self.host = host


class NotFetched(KbError):
    """The page could not be fetched."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} could not be fetched: {reason}.")
        self.url, self.reason = url, reason


class NotReadable(KbError):
    """This file could not be read."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} could not be read: {reason}.")
        self.name, self.reason = name, reason


class NoPages(KbError):
    """There is nothing in it that could be an article. Choose a file with text, or a page that has some."""


class NoBodyColumn(KbError):
    """Say which column holds the text of the articles, and which one their titles."""


class NoSuchColumn(KbError):
    """There is no such column in the file."""

    def __init__(self, column: str, columns: str) -> None:
        super().__init__(f"There is no column {column!r} in the file. It has: {columns}.")
        self.column, self.columns = column, columns


class ImportGone(KbError):
    """This import is no longer there, or was carried out already. Begin again."""


class StillReading(KbError):
    """It is still being read. Wait until what would change is shown."""


class NotApproved(KbError):
    """Another editor must approve it first: submit it for review."""


class NotSubmitted(KbError):
    """It waits for nobody any more: it was taken over, taken back or read anew meanwhile. Look at it again."""


class WaitsForApproval(KbError):
    """Another editor must approve it."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "A second pair of eyes is asked for here, so nothing was changed yet: another editor must approve the "
            f"folder at {address}. A token of the scope admin needs no approval."
        )
        self.address = address

"""What can go wrong with the knowledge base, in sentences."""

from __future__ import annotations


class KbError(Exception):
    """The knowledge base could not do this. The class docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class NoSuchRelease(KbError):
    """There is no such release. Start one first."""


class ReleaseOutdated(KbError):
    """A newer release went live meanwhile, so this one was not published. Publish again."""


class ExportRefused(KbError):
    """The folder was not exported to: it holds files that would be lost."""

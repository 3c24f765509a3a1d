"""What can go wrong while texts are read."""

from __future__ import annotations

from pathlib import Path


class RetrievalError(Exception):
    """The knowledge base could not be read. The class docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class ModelUnavailable(RetrievalError):
    """The language model could not be loaded. Run `firstline doctor` to see which one and why."""


class VectorsMissing(RetrievalError):
    """Some passages of this release have no vectors. Publish the knowledge base again to make them."""


class ParametersUnreadable(RetrievalError):
    """The release's fitted parameters cannot be read by this version. Publish the knowledge base again."""


def check_place(setting: str, spec: str) -> None:
    """Refuse a path that leads nowhere, before torch is read, which takes a quarter of a minute to find that out.

    Raises ModelUnavailable.
    """
    if Path(spec).is_absolute() and not Path(spec).exists():
        raise ModelUnavailable(
            f"{setting} is {spec!r}, but there is no such folder. Give a folder that holds a model, or an id that this "
            "machine has or may download, or leave it unset."
        )

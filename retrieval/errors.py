"""What can go wrong while texts are read."""

from __future__ import annotations


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

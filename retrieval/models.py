"""The vectors that were computed so far, so that nothing is encoded twice."""

from __future__ import annotations

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel


class Vector(SQLModel, table=True):
    """One text as one model sees it. ``vec`` is little-endian float32; the text is named by its SHA-256."""

    __tablename__ = "vector"
    encoder: str = Field(primary_key=True, max_length=120)
    kind: str = Field(primary_key=True, max_length=8)
    text_sha256: str = Field(primary_key=True, max_length=64)
    vec: bytes = Field(sa_type=LargeBinary)

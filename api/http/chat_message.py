"""A message that a visitor posts: JSON, or a form with files. Read here, so that the endpoint gets plain values."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.http.limits import FILE_BYTES, FILES_A_MESSAGE, MEGABYTE
from api.http.problems import ApiProblem
from api.http.words import LONGEST_TEXT, ClientId, Language, Words

Model = TypeVar("Model", bound=BaseModel)


class ChatText(BaseModel):
    """Words, perhaps as the answer to one message."""

    model_config = ConfigDict(extra="ignore")
    text: Words
    client_id: ClientId | None = None
    reply_to: int | None = Field(default=None, ge=1, le=2**53)
    about: int | None = Field(default=None, ge=1, le=2**53, description="The own ticket that it is added to.")
    language: Language | None = None


class ChatPress(BaseModel):
    """A button that the visitor pressed."""

    model_config = ConfigDict(extra="ignore")
    press: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="The button's token.")
    client_id: ClientId | None = None


@dataclass(frozen=True)
class PostedFile:
    name: str
    media_type: str
    stream: BinaryIO


@dataclass(frozen=True)
class Posted:
    """What a visitor sent, checked: words, files or both; or else a press."""

    text: str = ""
    press: str | None = None
    files: tuple[PostedFile, ...] = ()
    client_id: str | None = None
    reply_to: int | None = None
    about: int | None = None
    language: str | None = None


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


FORM_SCHEMA = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {
            "type": "array",
            "minItems": 1,
            "maxItems": FILES_A_MESSAGE,
            "items": {"type": "string", "format": "binary"},
            "description": "One or more files of at most 20 MB each.",
        },
        "text": {"type": "string", "maxLength": LONGEST_TEXT},
        "client_id": {"type": "string", "minLength": 1, "maxLength": 100},
        "reply_to": {"type": "integer", "minimum": 1, "maximum": 2**53},
        "about": {"type": "integer", "minimum": 1, "maximum": 2**53},
        "language": {"type": "string", "pattern": "^[A-Za-z]{2,3}$"},
    },
}
OPENAPI_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_schema(ChatText), _schema(ChatPress)]}},
            "multipart/form-data": {"schema": FORM_SCHEMA},
        },
    }
}


async def posted(request: Request) -> AsyncIterator[Posted]:
    """The message in this request. Raises a 413, 415 or 422 problem with a sentence for the visitor."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == "application/json":
        yield _from_json(await request.body())
    elif media_type == "multipart/form-data":
        form = await _form(request)
        try:
            yield _from_form(form)
        finally:
            await form.close()
    else:
        raise ApiProblem(415, "Send a message as application/json, or as multipart/form-data when it has files.")


def _from_json(body: bytes) -> Posted:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ApiProblem(422, 'The body is no JSON object such as {"text": "…"}.')
    if values.get("press") is not None:
        press = _checked(ChatPress, values)
        return Posted(press=press.press, client_id=press.client_id)
    return _worded(values)


def _worded(values: dict[str, Any], files: tuple[PostedFile, ...] = ()) -> Posted:
    text = values.get("text")
    if isinstance(text, str) and len(text) > LONGEST_TEXT:
        words = f"This message has {len(text):,} characters; it may have {LONGEST_TEXT:,}. Shorten it, or send a file."
        raise ApiProblem(422, words)
    is_blank = text is None or (isinstance(text, str) and not text.strip())
    if is_blank and not files:
        raise ApiProblem(422, "This message is empty. Write a few words or add a file.")
    message = _checked(ChatText, values | {"text": "-"} if is_blank else values)
    return Posted(
        "" if is_blank else message.text,
        None,
        files,
        message.client_id,
        message.reply_to,
        message.about,
        message.language,
    )


def _checked(model: type[Model], values: dict[str, Any]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        complaint = error.errors()[0]
        place = ".".join(str(part) for part in complaint["loc"])
        raise ApiProblem(422, f"{place}: {complaint['msg'].rstrip('.')}.") from error


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=FILES_A_MESSAGE, max_fields=20, max_part_size=MEGABYTE)
    except HTTPException as error:
        if "files" in error.detail:
            raise ApiProblem(422, f"A message may have {FILES_A_MESSAGE} files. Send the others in another.") from error
        raise ApiProblem(400, f"The form could not be read. {error.detail}") from error


def _from_form(form: FormData) -> Posted:
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    if values.get("press"):
        return Posted(press=_checked(ChatPress, values).press, client_id=values.get("client_id"))
    # Whatever the field is called: a file that was sent is never dropped in silence.
    chosen = [entry for _, entry in form.multi_items() if isinstance(entry, UploadFile)]
    # A browser sends an empty, nameless part for a file field in which nothing was chosen.
    return _worded(values, tuple(_file(entry) for entry in chosen if entry.filename or entry.size))


def _file(upload: UploadFile) -> PostedFile:
    if (upload.size or 0) > FILE_BYTES:
        name = (upload.filename or "The file")[:80]
        raise ApiProblem(413, f"{name} is larger than 20 MB. Send a smaller file, or a part of it.")
    return PostedFile(upload.filename or "file", upload.content_type or "application/octet-stream", upload.file)

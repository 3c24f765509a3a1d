"""Bring a customer's file from Slack into the files' folder. The bot's token goes to Slack's own hosts only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request

from pydantic import BaseModel, ValidationError
from slack_sdk import WebClient

from bot.channels.base import DeliveryError, FileTooBig, FileUnavailable, Later, RemoteFile
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import FILES, Clients
from bot.channels.slack.refusals import LOST, WAIT, Refused
from bot.channels.slack.shapes import File
from bot.channels.slack.wire import is_slacks
from store.errors import FileTooLarge, StoreError
from store.files import MAX_BYTES, Kept, keep

_PAUSE = timedelta(seconds=30)
_SAFE = "%/:?#[]@!$&'()*+,;=~"
_GONE = {"file_not_found", "file_deleted", "file_not_visible", "access_denied"}
_HIDDEN = {"tombstone", "hidden_by_limit"}
_NOT_ALLOWED = "Slack did not let the bot read the file: give the app the scope files:read."
_CUT_SHORT = "The file arrived from Slack cut short."
_DELETED = "The file was deleted in Slack."
_PAGE = "text/html"
_TOO_LARGE = "The file is larger than 20 MB."


class Ref(BaseModel):
    """What ``messages.file_ref`` wrote."""

    team: str
    id: str
    url: str | None = None


class Fetcher:
    def __init__(self, folder: Path, clients: Clients, calls: Calls, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clients = clients
        self._calls = calls
        self._clock = clock

    def fetch(self, file: RemoteFile) -> Kept:
        """Raises FileUnavailable, or DeliveryError to be tried again."""
        try:
            ref = Ref.model_validate_json(file.ref)
        except ValidationError as error:
            raise FileUnavailable("Slack no longer knows where this file is.") from error
        client = self._clients.of(ref.team)
        if client is None:
            raise Later(f"The app is not installed in the Slack workspace {ref.team}.", self._clock() + WAIT)
        known = File(id=ref.id, url_private=ref.url, size=file.size, mimetype=file.media_type)
        return self._download(known if ref.url else self._look_up(ref, client), client)

    def _look_up(self, ref: Ref, client: WebClient) -> File:
        """A file that came without its address: one from another workspace, for example."""
        try:
            answer = self._calls.ask(ref.team, lambda: client.files_info(file=ref.id), f"{ref.team}:files.info")
            file = File.model_validate(answer.get("file"))
        except Refused as error:
            if error.code in _GONE:
                raise FileUnavailable(_DELETED) from error
            raise
        except ValidationError as error:
            raise DeliveryError("Slack did not tell where the file is.") from error
        if file.mode in _HIDDEN or file.file_access in _GONE:
            raise FileUnavailable(_DELETED)
        return file

    def _download(self, file: File, client: WebClient) -> Kept:
        url = file.url_private_download or file.url_private
        if url is None or not is_slacks(url, self._clients.base_url):
            raise FileUnavailable("The file lies outside Slack, where the bot does not fetch it.")
        if file.size is not None and file.size > MAX_BYTES:
            raise FileTooBig(_TOO_LARGE)
        # Quoted already where it comes from Slack; a space would else be no address at all.
        request = Request(quote(url, safe=_SAFE), headers={"Authorization": f"Bearer {client.token}"})
        try:
            with self._clients.opener.open(request, timeout=FILES * self._clients.timeout) as response:
                return self._keep(response, file)
        except HTTPError as error:
            with error:
                raise self._refused(error) from error
        except FileTooLarge as error:
            raise FileTooBig(_TOO_LARGE) from error
        except StoreError as error:
            raise DeliveryError(str(error)) from error
        except LOST as error:
            raise DeliveryError(f"The file did not arrive from Slack ({type(error).__name__}).") from error

    def _keep(self, response: HTTPResponse, file: File) -> Kept:
        # Slack answers a token that may not read the file with 200 and the page on which people sign in.
        is_page = response.headers.get_content_type() == _PAGE
        if is_page and file.mimetype != _PAGE:
            raise DeliveryError(_NOT_ALLOWED)
        told = response.headers.get("Content-Length")
        kept = keep(self._folder, response)
        if file.size is not None and kept.size != file.size:
            raise DeliveryError(_NOT_ALLOWED if is_page else _CUT_SHORT)
        if told is not None and told != str(kept.size):
            raise DeliveryError(_CUT_SHORT)
        return kept

    def _refused(self, error: HTTPError) -> Exception:
        if error.code in (401, 403):
            return DeliveryError(_NOT_ALLOWED)
        if error.code in (404, 410):
            return FileUnavailable(_DELETED)
        if error.code == 429:
            return Later("Slack asks for a pause.", self._clock() + _PAUSE)
        return DeliveryError(f"The file did not arrive from Slack ({error.code}).")

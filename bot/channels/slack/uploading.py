"""Bring a stored file to Slack. Nobody sees it there before it is shared."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

from slack_sdk import WebClient

from bot.channels.base import DeliveryError, OutgoingFile
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import FILES, Clients
from bot.channels.slack.wire import is_slacks
from store.files import place

_NO_ADDRESS = "Slack gave no address to bring the file to."


class Uploads:
    def __init__(self, folder: Path, clients: Clients, calls: Calls) -> None:
        self._folder = folder
        self._clients = clients
        self._calls = calls

    def bring(self, team: str, client: WebClient, file: OutgoingFile) -> str:
        """Slack's id of the file, whose bytes are there then. Raises DeliveryError or Later; may be done again."""

        def begin() -> tuple[str, str]:
            answer = client.files_getUploadURLExternal(filename=file.name, length=file.size)
            file_id, url = answer.get("file_id"), answer.get("upload_url")
            if not isinstance(file_id, str) or not isinstance(url, str) or not is_slacks(url, self._clients.base_url):
                raise DeliveryError(_NO_ADDRESS)
            return file_id, url

        file_id, url = self._calls.ask(team, begin, lane=f"{team}:files.getUploadURLExternal")
        self._calls.ask(team, lambda: self._carry(url, file))
        return file_id

    def _carry(self, url: str, file: OutgoingFile) -> None:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.size)}
        try:
            with place(self._folder, file.sha256).open("rb") as content:
                request = Request(url, data=content, headers=headers, method="POST")
                with self._clients.opener.open(request, timeout=FILES * self._clients.timeout) as response:
                    response.read()
        except FileNotFoundError:
            raise DeliveryError(f"The file {file.name} is no longer in the data folder.", permanent=True) from None
        except HTTPError as error:
            with error:
                raise DeliveryError(f"Slack did not take the file {file.name} ({error.code}).") from error

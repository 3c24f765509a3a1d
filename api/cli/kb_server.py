"""``firstline kb publish --server URL``: send a KB folder to a running Firstline and follow what becomes of it."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.parts import report

if TYPE_CHECKING:
    import httpx2

    from api.settings import Settings

_PLACE = "/api/v1/kb/publications"
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
_TRIES = 5


def publish_on(
    server: str,
    settings: Settings,
    folder: Path | None,
    override: str,
    percent: int | None,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """What became of it, as the API says it. Raises Refused with the server's own sentence."""
    import httpx2

    from api.cli.refusals import Refused

    if settings.token is None:
        raise Refused("FIRSTLINE_TOKEN is not set. Make a token on the server: firstline token add ci --scope editor.")
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    with httpx2.Client(base_url=server.rstrip("/"), headers=headers, timeout=_PATIENCE_SECONDS) as client:
        found = _asked(client, server, folder, {"override": override, "percent": percent})
        for line in found.get("changes", ()):
            report(line)
        return _followed(client, server, found, pause) | {"left_out": found.get("left_out", 0)}


def _asked(client: httpx2.Client, server: str, folder: Path | None, more: dict[str, Any]) -> dict[str, Any]:
    data = {name: str(value) for name, value in more.items() if value}
    files = {"folder": ("kb.zip", zipped(folder), "application/zip")} if folder else None
    if folder is not None:
        data["source"] = folder.resolve().name
    return _answer(client, server, lambda: client.post(_PLACE, data=data, files=files), tries=1)


def _followed(
    client: httpx2.Client, server: str, found: dict[str, Any], pause: Callable[[float], None]
) -> dict[str, Any]:
    said = ""
    while not found["is_over"]:
        if found["progress"] not in ("", said):
            report(said := found["progress"])
        pause(_LOOK_SECONDS)
        address = f"{_PLACE}/{found['id']}"
        found = _answer(client, server, lambda: client.get(address), tries=_TRIES, pause=pause)  # noqa: B023
    return found


def _answer(
    client: httpx2.Client,
    server: str,
    send: Callable[[], httpx2.Response],
    tries: int,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """The JSON of an answer. A server that is restarted meanwhile is asked again a few times."""
    import httpx2

    from api.cli.refusals import Refused

    for left in reversed(range(tries)):
        try:
            response = send()
        except httpx2.HTTPError as error:
            if left:
                pause(_LOOK_SECONDS)
                continue
            raise Refused(f"{server} cannot be reached: {error}. Check the address and whether it runs.") from error
        if response.status_code >= 500 and left:
            pause(_LOOK_SECONDS)
            continue
        return _read(response, server)
    raise AssertionError("unreachable")


def _read(response: httpx2.Response, server: str) -> dict[str, Any]:
    from api.cli.refusals import Refused

    try:
        found: dict[str, Any] = response.json()
    except ValueError as error:
        raise Refused(f"{server} does not answer as Firstline does (status {response.status_code}).") from error
    if response.status_code >= 400:
        raise Refused(f"{server} refused: {found.get('detail') or response.status_code}")
    return found


def zipped(folder: Path) -> bytes:
    """All files of the folder that are read as a KB; hidden ones are left out."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                bundle.write(path, inside.as_posix())
    return held.getvalue()

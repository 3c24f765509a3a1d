"""An OpenAI-compatible endpoint on a real socket, as strict as real ones about what it is asked."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-loopback"
MODEL = "loopback-small"
PATH = "/v1/chat/completions"
DRIP = 0.02


@dataclass(frozen=True)
class Says:
    """A complete, well-formed reply."""

    text: str
    finish: str = "stop"


@dataclass(frozen=True)
class Status:
    """A refusal, as JSON unless ``body`` is something else."""

    code: int
    body: bytes = b'{"error": {"message": "no", "type": "refused"}}'
    media_type: str = "application/json"


@dataclass(frozen=True)
class Raw:
    """A body with status 200 that is not what it should be."""

    body: bytes
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Stalls:
    """The connection is accepted, and then nothing comes."""


@dataclass(frozen=True)
class Drips:
    """A byte now and then for ever; of the headers already, or only of the body."""

    headers_too: bool = False


@dataclass(frozen=True)
class BreaksOff:
    """Half a body, then the connection is closed."""


Reply = Says | Status | Raw | Stalls | Drips | BreaksOff


@dataclass(frozen=True)
class Call:
    """One request as it arrived. ``head``: request line and headers as they were sent."""

    head: str
    body: dict[str, Any]

    @property
    def user(self) -> dict[str, Any]:
        """What the last message says, which is JSON."""
        said: dict[str, Any] = json.loads(self.body["messages"][-1]["content"])
        return said


@dataclass
class LlmServer:
    """``answer`` decides from a call what comes back."""

    address: str = ""
    answer: Callable[[Call], Reply] = lambda call: Says("OK")
    calls: list[Call] = field(default_factory=list)
    needs_key: bool = True
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def replies(self, reply: Reply) -> None:
        self.answer = lambda _call: reply

    def says(self, text: str) -> None:
        self.replies(Says(text))


@contextmanager
def serving() -> Iterator[LlmServer]:
    """A server on a free port, which lets go of everybody at the end."""
    told = LlmServer()

    class Handler(_Handler):
        llm = told

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        told.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield told
        finally:
            told.stopping.set()
            server.shutdown()
            thread.join()


class _Handler(socketserver.StreamRequestHandler):
    llm: LlmServer

    def handle(self) -> None:
        with suppress(ConnectionError):
            while (call := self._call()) is not None and not self.llm.stopping.is_set():
                refusal = self._refusal(call)
                self.llm.calls.append(call)
                if not self._send(refusal or self.llm.answer(call)):
                    return

    def _call(self) -> Call | None:
        head = ""
        while line := self.rfile.readline().decode("latin-1"):
            if line == "\r\n":
                break
            head += line
        if not head:
            return None
        lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
        body = self.rfile.read(int(lengths[0])) if lengths else b"{}"
        return Call(head, json.loads(body))

    def _refusal(self, call: Call) -> Status | None:
        if call.head.split(" ")[:2] != ["POST", PATH]:
            return Status(404)
        if self.llm.needs_key and f"authorization: bearer {KEY}\r\n" not in call.head.lower():
            return Status(401)
        roles = [message.get("role") for message in call.body.get("messages", [])]
        is_well = call.body.get("model") == MODEL and roles == ["system", "user"] and not call.body.get("tools")
        return None if is_well else Status(400)

    def _send(self, reply: Reply) -> bool:
        """Whether the connection may be used again."""
        match reply:
            case Says(text, finish):
                return self._body(200, completion(text, finish), "application/json")
            case Status(code, body, media_type):
                return self._body(code, body, media_type)
            case Raw(body, media_type, headers):
                return self._body(200, body, media_type, headers)
            case Stalls():
                self.llm.stopping.wait()
            case Drips(headers_too):
                self._drip(headers_too)
            case BreaksOff():
                body = completion("Half of this never comes.")
                self._head(200, "application/json", len(body))
                self.wfile.write(body[: len(body) // 2])
        return False

    def _body(self, code: int, body: bytes, media_type: str, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        self._head(code, media_type, len(body), headers)
        self.wfile.write(body)
        return True

    def _head(self, code: int, media_type: str, length: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        lines = [f"HTTP/1.1 {code} Said", f"Content-Type: {media_type}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _drip(self, headers_too: bool) -> None:
        if headers_too:
            self.wfile.write(b"HTTP/1.1 200 Said\r\nX-Slow: ")
        else:
            self._head(200, "application/json", 1_000_000)
        while not self.llm.stopping.wait(DRIP):
            self.wfile.write(b" ")
            self.wfile.flush()


def completion(text: str, finish: str = "stop") -> bytes:
    """A chat completion as the real ones look."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    return json.dumps(whole, ensure_ascii=False).encode()

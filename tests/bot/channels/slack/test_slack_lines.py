from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError, URLError

import pytest

from bot.channels.lines import KEPT, Lines, Said
from bot.channels.slack.refusals import was_never_sent

PATIENCE = 10.0


@dataclass
class Counter:
    """A server that counts who rang. ``closes``: it hangs up after each answer without a word of it."""

    server: ThreadingHTTPServer
    rang: list[object] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    closes: bool = False
    hung_up: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api/"

    def asks(self, lines: Lines, method: str = "chat.postMessage", body: bytes = b"text=hello") -> Said:
        return lines.post(self.address + method, body, {"Content-Type": "application/x-www-form-urlencoded"}, PATIENCE)


@pytest.fixture
def counter() -> Iterator[Counter]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            found.rang.append(self.client_address)

        def do_POST(self) -> None:
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("lost"):
                self.close_connection = True
                return
            found.together.wait(PATIENCE)
            self.send_response(302 if self.path.endswith("elsewhere") else 429 if self.path.endswith("pause") else 200)
            self.send_header("Content-Length", "2")
            self.send_header("Retry-After", "3")
            self.end_headers()
            self.wfile.write(b"ok")
            self.close_connection = found.closes

        def finish(self) -> None:
            super().finish()
            self.connection.close()
            found.hung_up.release()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Counter(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.daemon_threads = True
        # Who is cut off while it is answered is no fault of the server.
        server.handle_error = lambda *_: None
        server.block_on_close = False
        yield found
        server.shutdown()
        thread.join()


def test_calls_one_after_another_share_a_connection(counter: Counter) -> None:
    lines = Lines(counter.address)
    assert [counter.asks(lines, body=f"text={number}".encode()).body for number in range(5)] == [b"ok"] * 5
    assert counter.bodies == [f"text={number}".encode() for number in range(5)]
    assert len(counter.rang) == 1


def test_calls_at_once_have_one_each_and_no_more_are_kept_than_may_be_used(counter: Counter) -> None:
    lines, many = Lines(counter.address), KEPT + 2
    for _ in range(2):
        counter.together = threading.Barrier(many)
        with ThreadPoolExecutor(many) as pool:
            assert [said.status for said in pool.map(lambda _: counter.asks(lines), range(many))] == [200] * many
    assert len(counter.rang) == many + 2


def test_one_that_was_closed_meanwhile_is_not_used(counter: Counter) -> None:
    counter.closes, lines = True, Lines(counter.address)
    for rang in (1, 2, 3):
        assert counter.asks(lines).body == b"ok"
        assert counter.hung_up.acquire(timeout=PATIENCE)
        assert len(counter.rang) == rang
    assert len(counter.bodies) == 3, "nothing was sent twice"


def test_what_was_lost_on_the_way_is_not_sent_again(counter: Counter) -> None:
    lines = Lines(counter.address)
    counter.asks(lines)
    with pytest.raises(RemoteDisconnected) as lost:
        counter.asks(lines, "lost")
    assert not was_never_sent(lost.value)
    assert len(counter.bodies) == 2
    assert counter.asks(lines).body == b"ok"


def test_a_call_that_takes_too_long_is_ended_and_nobody_knows_what_became_of_it(counter: Counter) -> None:
    lines, counter.together = Lines(counter.address), threading.Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(counter.asks, lines)
        while not counter.bodies:
            threading.Event().wait(0.01)
        lines.cut(lasting=PATIENCE)
        lines.wait(0)
        assert not asked.done()
        lines.cut()
        lines.wait(PATIENCE)
        with pytest.raises(OSError, match="closed") as lost:
            asked.result(PATIENCE)
    assert not was_never_sent(lost.value)
    counter.together.wait(PATIENCE)


def test_a_refusal_leaves_the_connection_open_and_carries_what_was_said(counter: Counter) -> None:
    lines = Lines(counter.address)
    with pytest.raises(HTTPError) as refused:
        counter.asks(lines, "pause")
    assert (refused.value.code, refused.value.headers["Retry-After"], refused.value.read()) == (429, "3", b"ok")
    counter.asks(lines)
    assert len(counter.rang) == 1


def test_no_redirect_is_followed(counter: Counter) -> None:
    with pytest.raises(HTTPError) as refused:
        counter.asks(Lines(counter.address), "elsewhere")
    assert refused.value.code == 302
    assert len(counter.bodies) == 1


def test_where_nobody_answers_nothing_was_sent(counter: Counter) -> None:
    counter.server.server_close()
    counter.server.shutdown()
    with pytest.raises(URLError) as nobody:
        counter.asks(Lines(counter.address))
    assert was_never_sent(nobody.value)


def test_only_its_own_server_is_reached_and_none_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    lines = Lines("https://slack.com/api/")
    assert lines.reach("https://slack.com/api/chat.postMessage")
    assert not lines.reach("https://files.slack.com/upload")
    assert not lines.reach("http://slack.com/api/chat.postMessage")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert not Lines("https://slack.com/api/").reach("https://slack.com/api/chat.postMessage")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert Lines("http://127.0.0.1:8099/api/").reach("http://127.0.0.1:8099/api/auth.test")

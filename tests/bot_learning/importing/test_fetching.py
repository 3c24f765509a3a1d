"""Pages are fetched from the public web, and from nowhere else, whatever an address or a server tries.

The server of these tests is an outside one on the loopback: to be asked at all it must be allowed by name.
"""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.learning.importing.addresses import may_connect, networks
from bot.learning.importing.errors import AddressForbidden, BadWebAddress, NotFetched
from bot.learning.importing.fetching import Fetcher, Limits

HTML = {"text/html"}
LOOPBACK = networks("127.0.0.0/8")
QUICK = Limits(size=50_000, seconds=1.5)

EVIL = [
    "127.0.0.1",
    "127.1",
    "127.0.0.1.nip.invalid",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "localhost",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[::127.0.0.1]",
    "[2001:db8::1]",
    "[2001:0:7f00:1::1]",
]
INSIDE = {
    "127.0.0.1.nip.invalid": ["127.0.0.1"],
    "twofaced.example": ["93.184.216.34", "10.0.0.7"],
    "mapped.example": ["::ffff:10.0.0.7"],
    "teredo.example": ["2001:0:a00:1::f5ff:fffe"],
}


@dataclass
class Site:
    """A server that says exactly what a test gives it."""

    port: int
    answers: dict[str, bytes | Callable[[socket.socket], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def say(self, path: str, body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.answers[path] = "\r\n".join(lines).encode() + body

    def lead(self, path: str, to: str) -> None:
        self.answers[path] = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.fixture
def site() -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(listener.getsockname()[1])
        threading.Thread(target=_serve, args=(listener, site), daemon=True).start()
        yield site
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, site: Site) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(peer, site), daemon=True).start()


def _answer(peer: socket.socket, site: Site) -> None:
    with peer:
        head = b""
        while b"\r\n\r\n" not in head and (piece := peer.recv(65536)):
            head += piece
        path = head.split(b" ")[1].decode()
        site.asked.append(path)
        answer = site.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        try:
            if isinstance(answer, bytes):
                peer.sendall(answer)
            else:
                answer(peer)
        except OSError:
            return


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(LOOPBACK, QUICK)


def resolver(host: str, port: int) -> Sequence[str]:
    """Names as an attacker's server would give them; numbers as this machine reads them."""
    if host in INSIDE:
        return INSIDE[host]
    return list(
        dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST))
    )


@pytest.mark.parametrize("host", [*EVIL, *INSIDE])
def test_no_address_of_an_inner_network_is_asked(host: str) -> None:
    if host == "localhost":
        outcome = Fetcher(look_up=lambda host, port: ["127.0.0.1", "::1"])
    else:
        outcome = Fetcher(look_up=resolver)
    with pytest.raises((AddressForbidden, NotFetched, BadWebAddress)) as caught:
        outcome.fetch(f"http://{host}/latest/meta-data", HTML)
    if isinstance(caught.value, NotFetched):
        assert "no such host" in str(caught.value), "nobody was connected to"


@pytest.mark.parametrize("port", [22, 25, 3306, 6379, 8080])
def test_only_the_ports_of_the_web_are_asked(port: int) -> None:
    with pytest.raises(AddressForbidden, match="port other than 80 and 443"):
        Fetcher(look_up=lambda host, port: ["93.184.216.34"]).fetch(f"http://example.com:{port}/", HTML)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "http://user:pw@example.com/",
        "http:///x",
        "http://exa mple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "javascript:alert(1)",
        "//example.com/",
        "http://example.com/a\r\nX-Evil: 1",
        "http://[::1/",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadWebAddress):
        Fetcher(look_up=lambda host, port: ["93.184.216.34"]).fetch(url, HTML)


def test_public_addresses_pass_and_carriers_are_judged_by_what_they_carry() -> None:
    for public in ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"):
        assert may_connect([public], 443, ()), public
    assert not may_connect([], 443, ())
    assert not may_connect(["not an address"], 443, ())
    assert may_connect(["10.1.2.3"], 8080, networks("10.0.0.0/8")), "a network that the house named may have any port"
    assert may_connect(["::ffff:10.1.2.3"], 80, networks("10.0.0.0/8"))
    assert not may_connect(["10.1.2.3", "192.168.0.1"], 80, networks("10.0.0.0/8"))
    with pytest.raises(ValueError, match="is no network"):
        networks("10.0.0.1/8")


def test_a_page_of_an_allowed_network_is_fetched(site: Site, fetcher: Fetcher) -> None:
    site.say("/a?b=%C3%BC", "<p>Grüße</p>".encode("latin-1"), kind="text/html; charset=ISO-8859-1")
    found = fetcher.fetch(site.url("/a?b=ü"), HTML)
    assert (found.media_type, found.charset, found.body.decode("latin-1")) == (
        "text/html",
        "iso-8859-1",
        "<p>Grüße</p>",
    )


def test_a_second_look_at_a_name_changes_nothing(site: Site) -> None:
    """DNS rebinding: the connection goes to the address that was judged, which the name means no more."""
    site.say("/", b"here")
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetcher = Fetcher(networks("127.0.0.1/32"), QUICK, rebinding)
    assert fetcher.fetch(f"http://docs.example:{site.port}/", HTML).body == b"here"
    assert asked == ["docs.example"]


def test_redirects_are_judged_like_the_first_address(site: Site, fetcher: Fetcher) -> None:
    site.lead("/in", "http://169.254.169.254/latest/meta-data/")
    with pytest.raises(AddressForbidden, match=r"169\.254\.169\.254"):
        fetcher.fetch(site.url("/in"), HTML)
    site.lead("/file", "file:///etc/passwd")
    with pytest.raises(BadWebAddress):
        fetcher.fetch(site.url("/file"), HTML)
    site.say("/end", b"arrived")
    for number in range(4):
        site.lead(f"/{number}", f"/{number - 1}" if number else "/end")
    assert fetcher.fetch(site.url("/2"), HTML).body == b"arrived"
    with pytest.raises(NotFetched, match="leads on more than 3 times"):
        fetcher.fetch(site.url("/3"), HTML)


def test_what_is_too_large_is_cut_off(site: Site, fetcher: Fetcher) -> None:
    site.say("/large", b"x" * 50_001)
    site.say("/bomb", gzip.compress(b"x" * 10_000_000), "Content-Encoding: gzip")
    site.say("/packed", gzip.compress(b"small"), "Content-Encoding: gzip")
    site.answers["/endless"] = _endless
    for path in ("/large", "/bomb", "/endless"):
        with pytest.raises(NotFetched, match=r"more than|longer than"):
            fetcher.fetch(site.url(path), HTML)
    assert fetcher.fetch(site.url("/packed"), HTML).body == b"small"


def _endless(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        peer.sendall(b"x" * 10_000)


def test_a_server_that_drips_is_left_in_time(site: Site, fetcher: Fetcher) -> None:
    over = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
        while not over.wait(0.05):
            peer.sendall(b"X-Wait: 1\r\n")

    def drip_body(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not over.wait(0.05):
            peer.sendall(b"x")

    site.answers |= {"/head": drip, "/body": drip_body, "/silent": lambda peer: over.wait(60) and None}
    for path in ("/head", "/body", "/silent"):
        with pytest.raises(NotFetched, match=r"longer than 1\.5 seconds|does not answer"):
            fetcher.fetch(site.url(path), HTML)
    over.set()


def test_only_kinds_of_pages_are_read(site: Site, fetcher: Fetcher) -> None:
    site.say("/exe", b"MZ", kind="application/octet-stream")
    site.answers["/bare"] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    site.say("/gone", b"", status="410 Gone")
    site.answers["/nonsense"] = b"SSH-2.0-OpenSSH\r\n"
    for path, reason in {
        "/exe": "it is application/octet-stream",
        "/bare": "of no stated kind",
        "/gone": "answers 410",
        "/nonsense": "does not answer as a web server",
    }.items():
        with pytest.raises(NotFetched, match=reason):
            fetcher.fetch(site.url(path), HTML)

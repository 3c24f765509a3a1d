"""The mail server that FIRSTLINE_SMTP_URL names."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PORTS = {"smtp": 587, "smtps": 465}
_FORM = "Write smtp://user:password@host:587?starttls&from=support@example.com, or smtps://… for TLS from the start."


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and who it says it is from."""

    host: str
    port: int
    sender: Address
    user: str | None = None
    password: str = field(default="", repr=False)
    is_tls: bool = False
    """TLS from the first byte."""
    starts_tls: bool = False
    """TLS before anything is told."""


def parse_smtp_url(url: str) -> MailServer:
    """The server behind ``smtp://[user:password@]host[:port][?starttls][&from=address]`` or ``smtps://…``.

    Without ``from``, mail is from postmaster at the host. Raises ValueError with a sentence that repeats no password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port, asked = parts.hostname or "", parts.port, parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise ValueError(f"this is no address of a mail server. {_FORM}") from None
    if parts.scheme not in PORTS or not host or parts.path not in ("", "/") or asked.keys() - {"starttls", "from"}:
        raise ValueError(f"this is no address of a mail server. {_FORM}")
    server = MailServer(
        host,
        port or PORTS[parts.scheme],
        _sender(asked.get("from", [""])[0], host),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        starts_tls=parts.scheme == "smtp" and "starttls" in asked,
    )
    _keep_password_safe(server, parts)
    return server


def _sender(given: str, host: str) -> Address:
    name, address = parseaddr(given) if given else ("", f"postmaster@{host}")
    try:
        return Address(name, addr_spec=address)
    except Exception:
        # The parser raises whatever it stumbles over.
        raise ValueError(f"{given!r} after from= is no e-mail address. {_FORM}") from None


def _keep_password_safe(server: MailServer, parts: SplitResult) -> None:
    if server.user and not (server.is_tls or server.starts_tls or _is_here(server.host)):
        raise ValueError("the password would cross the network in the clear. Add ?starttls, or write smtps://.")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""A mail server on loopback: takes mail, or does not, as real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

NAME, PASSWORD = "desk@example.com", "correct horse"


@dataclass
class MailHouse:
    """What the server took. The fields below say how it behaves."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    refuses: str = ""
    """What it says to every recipient."""
    refuses_sender: str = ""
    asks_for_password: bool = False
    hangs_up: bool = False
    """Takes the mail and goes away without a word."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=support@example.com"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.asks_for_password and not session.authenticated:
            return "530 5.7.0 authentication required"
        if self.refuses_sender:
            return self.refuses_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.people += envelope.rcpt_tos
        self.senders.append(envelope.mail_from or "")
        if self.hangs_up:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"

    def text(self, number: int = -1) -> str:
        """The words of a mail."""
        body = self.mails[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """It asks the server for a first sign of life, at the port that the system chose."""
        self.port = getattr(self.server, "sockets")[0].getsockname()[1]  # noqa: B009 - it is a Server by now
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_house(*, asks_for_password: bool = False) -> Iterator[MailHouse]:
    """A running server."""
    house = MailHouse(asks_for_password=asks_for_password)

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(NAME.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    options: dict[str, Any] = {}
    if asks_for_password:
        options = {"authenticator": check, "auth_require_tls": False}
    controller = _Controller(house, hostname="127.0.0.1", port=0, **options)
    controller.start()
    house.port = controller.port
    yield house
    controller.stop()

"""Hand one mail to the server, and say what became of it: surely not taken, taken, or nobody knows."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from bot.channels.base import DeliveryError, Later, Uncertain
from bot.channels.email.server import MailServer

TIMEOUT = 20.0
"""Seconds that the server may take for each of its answers."""
_AWAY = timedelta(minutes=1)
_GREY = timedelta(minutes=5)
"""What a server refuses for now it often takes a few minutes later, as a proof that we are no spammer."""
_REFUSED_PERSON = (550, 551, 553)
_UNSAID = "The mail server did not say whether it took the mail"
_LOST = (smtplib.SMTPServerDisconnected, OSError)


class Mailer:
    """Sends by one server, with a connection for each mail. Safe for several threads.

    ``trouble`` is a sentence for an admin while the server cannot be used, else empty.
    """

    def __init__(
        self,
        server: MailServer,
        now: Callable[[], datetime],
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``tls``: what certificates are checked by; None for the authorities of this machine."""
        self.trouble = ""
        self._server = server
        self._now = now
        self._timeout = timeout
        self._tls = tls

    def look(self) -> None:
        """Say hello to the server and sign in, so that ``trouble`` is known before the first mail."""
        try:
            _leave(self._arrive())
        except Later:
            return

    def send(self, mail: EmailMessage) -> str:
        """The mail's own id. Raises DeliveryError, Later or Uncertain."""
        smtp = self._arrive()
        try:
            self._name_people(smtp, mail)
            self._hand_over(smtp, mail.as_bytes(policy=SMTP))
        except smtplib.SMTPException as error:
            raise DeliveryError(f"The mail server stopped in the middle ({type(error).__name__}).") from error
        except OSError as error:
            raise DeliveryError(f"The connection to the mail server broke ({type(error).__name__}).") from error
        finally:
            _leave(smtp)
        return str(mail["Message-ID"])

    def _arrive(self) -> smtplib.SMTP:
        """A connection on which mail can be sent. Without one it is not the mail's fault: raises Later."""
        smtp = None
        try:
            smtp = self._open()
            self._sign_in(smtp)
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None:
                _leave(smtp)
            self.trouble = self._sentence(error)
            raise Later(self.trouble, self._now() + _AWAY) from error
        self.trouble = ""
        return smtp

    def _open(self) -> smtplib.SMTP:
        server, own = self._server, self._server.sender.domain or "localhost"
        if server.is_tls:
            return smtplib.SMTP_SSL(server.host, server.port, own, timeout=self._timeout, context=self._context())
        return smtplib.SMTP(server.host, server.port, own, timeout=self._timeout)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._server.starts_tls:
            smtp.starttls(context=self._context())
            smtp.ehlo()
        if self._server.user is not None:
            smtp.login(self._server.user, self._server.password)

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    def _sentence(self, error: Exception) -> str:
        name = f"{self._server.host}:{self._server.port}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return f"The mail server {name} refuses the name or password in FIRSTLINE_SMTP_URL. Correct it and restart."
        if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
            why = (
                "offers no TLS, or no sign-in," if isinstance(error, smtplib.SMTPNotSupportedError) else "fails at TLS"
            )
            return f"The mail server {name} {why} ({type(error).__name__}): check FIRSTLINE_SMTP_URL."
        return f"The mail server {name} cannot be reached ({type(error).__name__}); mail waits, and it is tried again."

    def _name_people(self, smtp: smtplib.SMTP, mail: EmailMessage) -> None:
        """Tell from whom and to whom."""
        person = mail["To"].addresses[0].addr_spec
        self._mind_sender(smtp.mail(self._server.sender.addr_spec))
        self._expect(smtp.rcpt(person), 250, person)

    def _mind_sender(self, reply: tuple[int, bytes]) -> None:
        """A sender who is not let send is a mistake in the settings: the mail waits until that is mended."""
        code, said = reply
        if code != 250:
            self.trouble = f"The mail server refuses mail from {self._server.sender.addr_spec}: {_told(code, said)}"
            raise Later(self.trouble, self._now() + _GREY)

    def _hand_over(self, smtp: smtplib.SMTP, content: bytes) -> None:
        self._expect(smtp.docmd("data"), 354)
        # A mail without its end is none: until here it is surely not taken.
        smtp.send(_stuffed(content))
        try:
            smtp.send(b".\r\n")
            reply = smtp.getreply()
        except _LOST as error:
            raise Uncertain(f"{_UNSAID} ({type(error).__name__}).") from error
        if not 200 <= reply[0] < 600:
            raise Uncertain(f"{_UNSAID} (its answer made no sense).")
        self._expect(reply, 250)

    def _expect(self, reply: tuple[int, bytes], wanted: int, person: str = "") -> None:
        """Let the ``wanted`` answer pass. ``person``: whom a refusal is about. Raises DeliveryError."""
        code, said = reply
        if code == wanted or (wanted == 250 and code == 251):
            return
        told = f"The mail server refused {person or 'the mail'}: {_told(code, said)}"
        if code >= 500:
            gone = bool(person) and code in _REFUSED_PERSON
            raise DeliveryError(told, permanent=True, is_unreachable=gone)
        raise DeliveryError(told, not_before=self._now() + _GREY)


def _told(code: int, said: bytes) -> str:
    return f"{code} {' '.join(said.decode('utf-8', 'replace').split())[:160]}".rstrip()


def _stuffed(content: bytes) -> bytes:
    """As it goes over the line: a dot at a line's beginning doubled, and a line's end at the end."""
    lines = re.sub(rb"(?m)^\.", b"..", content)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye; how that goes changes nothing."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()

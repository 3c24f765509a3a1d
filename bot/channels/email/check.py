"""What ``firstline channels check`` says of the mail server. Nothing is sent."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.channels.email.sending import Mailer
from bot.channels.email.server import parse_smtp_url
from bot.channels.findings import Finding


def check_email(url: str) -> list[Finding]:
    """Say hello to the server and sign in."""
    server = parse_smtp_url(url)
    mailer = Mailer(server, lambda: datetime.now(UTC))
    mailer.look()
    if mailer.trouble:
        return [Finding(False, mailer.trouble, "docs/howto/send-mail.md says how the setting is written.")]
    found = [Finding(True, f"{server.host}:{server.port} takes mail from {server.sender.addr_spec}.")]
    if not (server.is_tls or server.starts_tls):
        found.append(Finding(True, "Mail goes to the server unencrypted: add ?starttls if it is not on this machine."))
    return found

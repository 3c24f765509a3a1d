"""Who may do what: one table for the roles of staff and the scopes of API tokens."""

from __future__ import annotations

from enum import Enum

from handoff.models import Role, Scope


class Permission(Enum):
    ASK = "ask"
    """Ask the bot a question through the API."""
    READ_TICKETS = "ticket.read"
    """See tickets, transcripts and what the bot is talking about, and open the files in them."""
    WORK_TICKETS = "ticket.work"
    """Claim, take over, reply, note, hand back, resolve, reopen; say what becomes of a message that may not have
    arrived."""
    READ_ARTICLES = "article.read"
    """See articles, intents and releases, also those that are not live."""
    EDIT_ARTICLES = "article.edit"
    """Write and publish articles, intents and gold questions; say how much the bot may do alone."""
    AUDIT_ANSWERS = "answer.audit"
    """Say whether one of the bot's answers was right."""
    MANAGE_STAFF = "staff.manage"
    """Add people, change their roles, switch them off; the same for API tokens."""
    READ_AUDIT = "audit.read"
    MANAGE_SYSTEM = "system.manage"
    """See and change how the product runs: channels, settings, parked events."""


_READ = frozenset({Permission.ASK, Permission.READ_TICKETS, Permission.READ_ARTICLES})
_AGENT = _READ | {Permission.WORK_TICKETS, Permission.AUDIT_ANSWERS}
_EDITOR = _READ | {Permission.EDIT_ARTICLES, Permission.AUDIT_ANSWERS}
_ADMIN = frozenset(Permission)

# Agents and editors are two jobs beside each other, each above reading and below admin.
TABLE: dict[Role | Scope, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.AGENT: _AGENT,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _ADMIN,
    Scope.READ: _READ,
    Scope.AGENT: _AGENT,
    Scope.EDITOR: _EDITOR,
    Scope.ADMIN: _ADMIN,
}


def allowed(role_or_scope: Role | Scope, permission: Permission) -> bool:
    """Whether staff of this role, or a token of this scope, may do it."""
    return permission in TABLE[role_or_scope]

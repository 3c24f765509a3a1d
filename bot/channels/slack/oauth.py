"""More than one workspace: each adds the app by itself (OAuth), and its token is kept in our database.

The Slack SDK's SQLAlchemy stores do the work. They would commit on their own, so they are lent the connection of
``store.transaction`` instead: nobody else commits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from logging import Logger
from typing import cast
from urllib.parse import urljoin

import structlog
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.error import BoltError
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth import InstallationStore, OAuthStateStore
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import Connection, Engine, delete, select
from sqlmodel import Session

from bot.channels.slack.http import Answer, answer_of, sentence
from bot.channels.slack.manifest import BOT_SCOPES, INSTALL_PATH, OAUTH_PATH
from bot.channels.slack.workspaces import Workspace
from store import Database, reading, transaction
from store.errors import StoreError

log = structlog.get_logger()
STATE_SECONDS = 600
Query = Mapping[str, str] | str


class Lent:
    """What the SDK takes for an engine: it hands out the connection of the transaction around it."""

    def __init__(self) -> None:
        self._here = threading.local()

    @contextmanager
    def from_session(self, session: Session) -> Iterator[None]:
        self._here.connection = session.connection()
        try:
            yield
        finally:
            del self._here.connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        yield self._here.connection

    connect = begin


class Installations(InstallationStore):
    """The workspaces that added the app, with their tokens."""

    def __init__(self, database: Database, client_id: str, logger: Logger) -> None:
        self._database = database
        self._lent = Lent()
        self._library = SQLAlchemyInstallationStore(client_id, cast(Engine, self._lent), logger=logger)
        self._logger = logger

    @property
    def logger(self) -> Logger:
        return self._logger

    def save(self, installation: Installation) -> None:
        """Keep an installation. Raises BoltError for one of a whole organisation, StoreError when nothing was kept."""
        if installation.team_id is None or installation.is_enterprise_install:
            raise BoltError("Firstline is added to workspaces one by one, not to a whole organisation.")
        with transaction(self._database) as session, self._lent.from_session(session):
            self._library.save(installation)

    def of_team(self, team: str) -> Workspace | None:
        """The workspace with its newest token. Raises StoreError."""
        bots = self._library.bots
        query = select(bots).where(
            bots.c.client_id == self._library.client_id, bots.c.team_id == team, bots.c.bot_token.is_not(None)
        )
        with reading(self._database) as session:
            row = session.execute(query.order_by(bots.c.installed_at.desc(), bots.c.id.desc()).limit(1)).first()
        return Workspace(team, row.bot_user_id, row.bot_id, row.bot_token) if row else None

    def teams(self) -> dict[str, str]:
        """The workspaces that added the app and did not remove it, each with its name. Raises StoreError."""
        bots = self._library.bots
        query = select(bots.c.team_id, bots.c.team_name).where(
            bots.c.client_id == self._library.client_id, bots.c.team_id.is_not(None), bots.c.bot_token.is_not(None)
        )
        with reading(self._database) as session:
            rows = session.execute(query.order_by(bots.c.installed_at, bots.c.id)).all()
        return {row.team_id: row.team_name or row.team_id for row in rows}

    def forget(self, team: str) -> None:
        """Delete all that was kept of a workspace. Raises StoreError."""
        with transaction(self._database) as session:
            # Not the SDK's own deletion: it asks for the organisation, which "app_uninstalled" may leave out.
            for table in (self._library.bots, self._library.installations):
                is_theirs = (table.c.client_id == self._library.client_id) & (table.c.team_id == team)
                session.execute(delete(table).where(is_theirs))


class States(OAuthStateStore):
    """The one-time marks that tie an installer's browser to the way back from Slack."""

    def __init__(self, database: Database, logger: Logger) -> None:
        self._database = database
        self._lent = Lent()
        self._library = SQLAlchemyOAuthStateStore(STATE_SECONDS, cast(Engine, self._lent), logger=logger)
        self._logger = logger

    @property
    def logger(self) -> Logger:
        return self._logger

    def issue(self, *_: object, **__: object) -> str:
        states = self._library.oauth_states
        with transaction(self._database) as session, self._lent.from_session(session):
            # The SDK leaves those behind that never came back.
            session.execute(delete(states).where(states.c.expire_at <= _naive_now()))
            return self._library.issue()

    def consume(self, state: str) -> bool:
        """Whether ``state`` was issued and nobody came back with it before."""
        states = self._library.oauth_states
        # Not the SDK's own: it looks first and deletes then, so that two at once would both pass.
        is_it = (states.c.state == state) & (states.c.expire_at > _naive_now())
        with transaction(self._database) as session:
            return session.execute(delete(states).where(is_it).returning(states.c.id)).first() is not None


class Installing:
    """The two pages of an installation: away to Slack, and back."""

    def __init__(self, flow: OAuthFlow, on_installed: Callable[[str], None]) -> None:
        self._flow = flow
        flow.success_handler = self._succeed(flow.success_handler)
        self._on_installed = on_installed

    def take_install(self, query: Query, headers: Mapping[str, str]) -> Answer:
        """Send the browser to Slack."""
        return self._run(self._flow.handle_installation, query, headers)

    def take_oauth(self, query: Query, headers: Mapping[str, str]) -> Answer:
        """Slack sent the browser back, with a code to trade for a token."""
        return self._run(self._flow.handle_callback, query, headers)

    def _run(self, step: Callable[[BoltRequest], BoltResponse], query: Query, headers: Mapping[str, str]) -> Answer:
        asked = query if isinstance(query, str) else dict(query)
        try:
            return answer_of(step(BoltRequest(body="", query=asked, headers=dict(headers))))
        except StoreError as error:
            return sentence(503, str(error))
        except OSError as error:
            # Slack did not answer: urllib's errors are OSErrors.
            log.warning("slack did not answer an installation", error=type(error).__name__)
            return sentence(502, "Slack did not answer. Try again in a moment.")

    def _succeed(self, show: Callable[..., BoltResponse]) -> Callable[..., BoltResponse]:
        def succeed(args: object) -> BoltResponse:
            installation: Installation = args.installation  # type: ignore[attr-defined]
            log.info("slack workspace added", team=installation.team_id)
            self._on_installed(str(installation.team_id))
            return show(args)

        return succeed


def oauth_flow(
    database: Database,
    installations: Installations,
    client: WebClient,
    logger: Logger,
    *,
    client_id: str,
    client_secret: str,
    address: str,
) -> OAuthFlow:
    """Bolt's flow with our stores. ``address``: where Slack's browser redirect reaches us, without a trailing slash."""
    settings = OAuthSettings(
        client_id=client_id,
        client_secret=client_secret,
        scopes=list(BOT_SCOPES),
        user_scopes=[],
        redirect_uri=f"{address}{OAUTH_PATH}",
        install_path=INSTALL_PATH,
        redirect_uri_path=OAUTH_PATH,
        install_page_rendering_enabled=False,
        authorization_url=urljoin(client.base_url, "../oauth/v2/authorize"),
        installation_store=installations,
        state_store=States(database, logger),
        state_expiration_seconds=STATE_SECONDS,
        logger=logger,
    )
    return OAuthFlow(client=client, logger=logger, settings=settings)


def _naive_now() -> datetime:
    """Now, as the SDK's columns hold moments: UTC without saying so."""
    return datetime.now(UTC).replace(tzinfo=None)

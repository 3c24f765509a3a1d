"""The settings, read from the environment (prefix ``FIRSTLINE_``) or ``.env``: the only place that looks there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_LENGTH = 32
"""Characters below which a key of somebody's own may be guessed."""


class Settings(BaseSettings):
    """Every setting with its default. Secrets never show when printed."""

    model_config = SettingsConfigDict(env_prefix="FIRSTLINE_", env_file=".env", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path(".firstline")
    database_url: SecretStr | None = None
    public_url: str | None = None
    backup_dir: Path | None = None
    """Where backups lie; unset: in the data folder, and so on the same disk."""
    backup_days: int = Field(default=30, ge=0)
    """How many daily backups stay; 0: none is made by itself."""
    kb: Path | None = None
    encoder: str | None = None
    reranker: str | None = None
    target_precision: float = Field(default=0.95, gt=0.5, lt=1)
    unanswerable_share: float = Field(default=0.3, ge=0, lt=1)
    secret_key: SecretStr | None = None
    chat_origins: str = ""
    import_networks: str = ""
    """Networks of the house from which articles may be brought in by their addresses, beside the public internet."""
    smtp_url: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where this machine alone may read the metrics without a token; unset: nowhere."""
    messages_per_minute: int = Field(default=20, ge=1)
    open_tickets_per_customer: int = Field(default=3, ge=1)
    promise_working_days: int = Field(default=2, ge=1)
    telegram_token: SecretStr | None = None
    telegram_base_url: str | None = None
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr | None = None
    telegram_staff_chats: str = ""
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    slack_base_url: str | None = None
    slack_staff_channel: str | None = None
    llm_base_url: str | None = None
    llm_api_key: SecretStr | None = None
    llm_model: str | None = None
    token: SecretStr | None = None
    """An API token of another Firstline, for commands with ``--server``."""
    crash_at: str | None = None
    """For the house's own tests alone: see ``store.crashpoints``."""
    lease_seconds: float | None = Field(default=None, gt=0)
    """For tests too: how soon a worker that is not heard of loses what it took."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object, info: object) -> object:
        """``FIRSTLINE_KB=`` in a ``.env`` means "not set", as people expect."""
        if value == "":
            return cls.model_fields[info.field_name].get_default()  # type: ignore[attr-defined]
        return value

    @field_validator("public_url", "telegram_base_url", "slack_base_url", "llm_base_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        # It may hold a password, so it is not repeated.
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("this is no address: begin it with https:// or http://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        from bot.channels.email.server import parse_smtp_url

        if value is not None:
            parse_smtp_url(value.get_secret_value())
        return value

    @field_validator("import_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        from bot.learning.importing.addresses import networks

        networks(value)
        return value

    @field_validator("telegram_staff_chats")
    @classmethod
    def _are_chats(cls, value: str) -> str:
        for chat in _words(value):
            if not chat.removeprefix("-").isdecimal():
                raise ValueError(f"{chat!r} is no chat id: give numbers such as -1001234567890, separated by commas")
        return value

    @property
    def url(self) -> str:
        """The database's URL, password included: never print it."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'firstline.db'}"

    @property
    def address(self) -> str:
        """Where people reach this Firstline, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for what must never show one."""
        held = (getattr(self, name) for name in type(self).model_fields)
        return tuple(each.get_secret_value() for each in held if isinstance(each, SecretStr))

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    @property
    def backups_dir(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @property
    def framing_origins(self) -> tuple[str, ...]:
        """The origins that may show the web chat in a frame."""
        return _words(self.chat_origins)

    @property
    def channel_tokens(self) -> tuple[str, ...]:
        """The names of real channels that have a token."""
        pairs = (("telegram", bool(self.telegram_token)), ("slack", self.has_slack))
        return tuple(name for name, is_set in pairs if is_set)

    @property
    def has_slack(self) -> bool:
        """By the token of one workspace, or by the app's own id where several install it."""
        return bool(self.slack_bot_token or (self.slack_client_id and self.slack_client_secret))

    @property
    def staff_places(self) -> tuple[tuple[str, str], ...]:
        """The channels of the staff that can be written in: of each, the platform and what it calls the place."""
        chats = _words(self.telegram_staff_chats) if self.telegram_token else ()
        # Among several workspaces nobody knows whose channel it is; ``own`` is the one of the token.
        own = self.slack_staff_channel if self.slack_bot_token else None
        slack = (("slack", f"own:{own}"),) if own else ()
        return (*slack, *(("telegram", chat) for chat in chats))

    @property
    def telegram_staff(self) -> frozenset[int]:
        """The chats of agents, whose words are no customer's."""
        return frozenset(int(chat) for chat in _words(self.telegram_staff_chats))


def _words(listed: str) -> tuple[str, ...]:
    """What stands between commas and spaces."""
    return tuple(listed.replace(",", " ").split())


def source_of(name: str) -> str:
    """Where the value of the setting ``name`` comes from: "environment", ".env" or "default"."""
    variable = f"FIRSTLINE_{name.upper()}"
    if any(key.upper() == variable for key in os.environ):
        return "environment"
    dotenv = Path(".env")
    written = dotenv.read_text("utf8", "replace").splitlines() if dotenv.is_file() else []
    is_written = any(line.split("=")[0].strip().upper() == variable for line in written)
    return ".env" if is_written else "default"


def weakness_of_key(settings: Settings) -> str | None:
    """Why whoever runs this should choose another secret key, None where it is hard to guess."""
    if settings.secret_key is None or len(settings.secret_key.get_secret_value()) >= SECRET_LENGTH:
        return None
    return (
        f"FIRSTLINE_SECRET_KEY has fewer than {SECRET_LENGTH} characters, so whoever guesses it can sign links in your "
        "name. Make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
    )


def secret_key(settings: Settings) -> bytes:
    """The key that signs what leaves the house: the setting, else a file in the data folder made once, mode 0600."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / "secret_key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_bytes().strip()

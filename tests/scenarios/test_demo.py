"""The demo's desk: what is played there goes through the real pass, and leaves nothing half done."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, func, select
from talk import HOUSE
from typer.testing import CliRunner

from api.cli.demo import apart
from api.cli.main import app
from api.demo.playing import is_made, look, perform
from api.settings import Settings
from bot.learning.publish import Fit
from bot.learning.worklist.refreshing import standing
from bot.live import Live, Serving
from bot.models import InboxRow, InboxState
from handoff.models import Author, Delivery, DeliveryState, Message, Ticket, TicketStatus
from handoff.sla.models import Clock, ClockState
from handoff.surveys.models import Outcome, Survey
from store import Database, reading

# A Thursday evening: the last day is a working day, and so are those before it.
NOW = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)


@pytest.fixture
def played(sqlite_database: Database, serving: Serving) -> Database:
    live = Live(HOUSE)
    live.serving = serving
    perform(sqlite_database, live, NOW, 1, lambda sentence: None)
    return sqlite_database


def number(session: Session, *conditions: object) -> int:
    query = select(func.count()).select_from(conditions[0])  # type: ignore[call-overload]
    for condition in conditions[1:]:
        query = query.where(condition)
    return int(session.exec(query).one())


def test_days_are_played_to_their_end_and_show_what_a_desk_is(played: Database) -> None:
    with reading(played) as session:
        assert number(session, InboxRow, InboxRow.state != InboxState.DONE) == 0
        assert number(session, Delivery, Delivery.state != DeliveryState.SENT) == 0
        assert number(session, Message, col(Message.at) > NOW) == 0
        nobodys = (col(Ticket.assignee_id).is_(None), col(Ticket.team).is_(None))
        assert number(session, Ticket, *nobodys) == 0
        for status in (TicketStatus.OPEN, TicketStatus.CLOSED):
            assert number(session, Ticket, Ticket.status == status), status
        for state in (ClockState.MET, ClockState.BREACHED, ClockState.RUNNING):
            assert number(session, Clock, Clock.state == state), state
        answering = set(session.exec(select(Message.staff_id).where(Message.author == Author.AGENT)))
        assert len(answering - {None}) >= 4
        assert number(session, Survey, col(Survey.score).is_not(None))
        assert number(session, Outcome)
        languages = "SELECT count(DISTINCT language) FROM conversation"
        assert session.connection().exec_driver_sql(languages).scalar() == 2
    assert is_made(played)


def test_the_worklist_is_made_as_a_night_would_have(sqlite_database: Database) -> None:
    said: list[str] = []
    look(sqlite_database, Fit(), NOW, said.append)
    with reading(sqlite_database) as session:
        found = standing(session, NOW)
    assert (found.looked_at, found.problem) == (NOW, "")
    assert said == ["Looking what there is to write…"]


def test_nothing_of_the_real_house_is_touched(tmp_path: Path) -> None:
    real = Settings(
        _env_file=None,  # type: ignore[call-arg]
        port=8123,
        data_dir=tmp_path / "real",
        database_url=SecretStr("postgresql://real"),
        telegram_token=SecretStr("1:real"),
        slack_bot_token=SecretStr("xoxb-real"),
        smtp_url=SecretStr("smtp://real"),
        llm_base_url="http://real",
        secret_key=SecretStr("real" * 8),
    )
    found = apart(real, tmp_path / "demo")
    assert (found.port, found.channel_tokens, found.smtp_url, found.llm_base_url) == (8123, (), None, None)
    assert found.secrets == ()
    assert found.url == f"sqlite:///{tmp_path / 'demo' / 'firstline.db'}"


def test_a_folder_with_another_database_is_left_alone(sqlite_template: Path, tmp_path: Path) -> None:
    file = shutil.copyfile(sqlite_template, tmp_path / "firstline.db")
    before = file.read_bytes()
    result = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path), "--no-serve"])
    assert "holds another database" in str(result.exception)
    assert file.read_bytes() == before

"""Killed while a publication is built, checked or put live: customers get the old release until the next life has done
it, and it is done once."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chaos.lives import Nursery
from chaos.publishing import PLACES
from sqlmodel import Session, select
from studio_kb import RESET, drafted, publish_small

from bot.learning.publish import Fit
from bot.learning.studio.carrying_out import run_due
from bot.learning.studio.due import ask_anew
from bot.learning.studio.publications import UNDER_WAY, ask
from bot.live import House
from kb_content import catalogue
from kb_content.models import KbArticle
from kb_content.studio.models import Draft, Publication, PublicationState
from store import Database, open_database, reading, transaction
from store.models import Audit

pytestmark = pytest.mark.usefixtures("quiet")

LATER = timedelta(minutes=2)
"""The lease of the dead one has run out by then."""
WORDS = RESET.body.replace("Press", "Click")


@pytest.fixture(scope="module")
def published(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose small KB is live, with a draft that somebody wants published."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("published") / "firstline.db")
    database = open_database(f"sqlite:///{file}")
    publish_small(database)
    draft_id = drafted(database, body=WORDS)
    with transaction(database) as session:
        ask(session, [draft_id], None, datetime.now(UTC))
    database.close()
    return file


@pytest.fixture
def database(published: Path, tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{shutil.copyfile(published, tmp_path / 'firstline.db')}")
    yield database
    database.close()


def dies(lives: Nursery, database: Database, place: str) -> None:
    assert lives.carry_out(database.url, place) == -signal.SIGKILL, lives.log.read_text()[-3000:]


def is_as_it_was(session: Session) -> bool:
    return catalogue.live_release_id(session) == 1 and session.exec(select(Draft)).one().content["body"] == WORDS


@pytest.mark.parametrize("place", PLACES[:-1])
def test_killed_while_it_is_built_or_checked_it_is_wished_for_once_more(
    lives: Nursery, database: Database, place: str
) -> None:
    dies(lives, database, place)
    with reading(database) as session:
        assert session.exec(select(Publication.state)).one() in UNDER_WAY
        assert is_as_it_was(session), "customers get what they got"
    ask_anew(database, datetime.now(UTC) + LATER)
    with reading(database) as session:
        assert session.exec(select(Publication.state)).one() is PublicationState.ASKED
        assert is_as_it_was(session)


def test_killed_while_it_is_put_live_it_is_carried_out_once_by_the_next_life(
    lives: Nursery, database: Database
) -> None:
    dies(lives, database, PLACES[-1])
    with reading(database) as session:
        assert is_as_it_was(session)
    now = datetime.now(UTC) + LATER
    lives = [run_due(database, Fit(), House("http://kb.example"), now, lambda sentence: None) for _ in range(2)]
    assert lives == [1, None]
    with reading(database) as session:
        assert session.exec(select(Publication.state)).one() is PublicationState.PUBLISHED
        live = [one.article.body for one in catalogue.contents(session).articles if one.article.id == RESET.id]
        assert live == [WORDS.strip()]
        assert session.exec(select(KbArticle.newest).where(KbArticle.article_id == RESET.id)).one() == 2
        assert session.exec(select(Draft)).all() == []
        told = session.exec(select(Audit).where(Audit.action == "kb.publish")).all()
        assert [one.detail["replaced"] for one in told] == [None, 1]

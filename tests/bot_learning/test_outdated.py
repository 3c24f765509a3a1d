from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, update
from talk import small_contents

from bot.learning.publish import Fit, ensure_knowledge
from kb_content.catalogue import live_release, live_release_id
from kb_content.export import write_folder
from kb_content.models import Release
from retrieval.models import Vector
from store import open_database, reading, transaction

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_a_release_of_an_older_version_is_built_once_more_at_the_start(sqlite_url: str, tmp_path: Path) -> None:
    sqlite = open_database(sqlite_url)
    contents = small_contents()
    write_folder(tmp_path / "kb", [each.article for each in contents.articles[:2]], [], [], False)
    assert ensure_knowledge(sqlite, tmp_path / "kb", Fit(), NOW, lambda _sentence: None)
    assert not ensure_knowledge(sqlite, tmp_path / "kb", Fit(), NOW, lambda _sentence: None)
    with transaction(sqlite) as session:
        before = live_release_id(session)
        session.execute(delete(Vector))
        session.execute(update(Release).values(parameters=b"of another time"))
    assert ensure_knowledge(sqlite, tmp_path / "kb", Fit(), NOW, lambda _sentence: None)
    with reading(sqlite) as session:
        live = live_release(session)
        assert live is not None
        assert live.id != before
        assert live.parameters != b"of another time"
    sqlite.close()

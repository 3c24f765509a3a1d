from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column as TableColumn
from sqlalchemy import Enum, ForeignKey, Integer, MetaData, String, Table, create_engine, inspect, text
from sqlmodel import SQLModel

from store import Database, migrate, open_database, reading, transaction
from store.autogenerate import autogenerate, differences
from store.errors import DatabaseUnreachable, NewerDatabase, StoreError

MODELS = (
    "store.models",
    "handoff.models",
    "handoff.ticketing.models",
    "handoff.sla.models",
    "handoff.staffing.models",
    "handoff.surveys.models",
    "handoff.workplace.models",
    "bot.models",
    "bot.channels.slack.tables",
    "bot.learning.recall.models",
    "bot.learning.worklist.models",
    "kb_content.models",
    "kb_content.studio.models",
    "retrieval.models",
)


def metadata_of_all_rooms() -> MetaData:
    for models in MODELS:
        importlib.import_module(models)
    return SQLModel.metadata


def tables(url: str) -> set[str]:
    database = open_database(url)
    found = set(inspect(database.writer).get_table_names())
    database.close()
    return found


def test_an_empty_database_becomes_one_that_holds_what_the_models_say(empty_url: str) -> None:
    assert migrate.current(empty_url) is None
    assert not migrate.is_at_head(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.is_at_head(empty_url)
    assert differences(empty_url, metadata_of_all_rooms()) == []


def test_asking_where_an_absent_sqlite_database_stands_makes_none(tmp_path: Path) -> None:
    """PostgreSQL databases are made by their administrator."""
    assert migrate.current(f"sqlite:///{tmp_path}/absent.db") is None
    assert list(tmp_path.iterdir()) == []


def test_every_enum_column_has_its_check_in_the_database(database: Database) -> None:
    inspector = inspect(database.writer)
    for table in metadata_of_all_rooms().sorted_tables:
        checks = {check["name"]: str(check["sqltext"]) for check in inspector.get_check_constraints(table.name)}
        for column in table.columns:
            if isinstance(column.type, Enum):
                check = checks[f"ck_{table.name}_{column.name}"]
                assert sorted(check.split("'")[1::2]) == sorted(column.type.enums), (table.name, column.name)


def test_upgrading_again_does_nothing_and_keeps_the_data(database_url: str) -> None:
    database = open_database(database_url)
    with transaction(database) as session:
        session.execute(text("INSERT INTO setting (name, value) VALUES ('a', '{}')"))
    migrate.upgrade(database_url)
    with reading(database) as session:
        assert session.execute(text("SELECT name FROM setting")).scalar() == "a"
    database.close()


def test_upgrading_prints_and_logs_nothing(
    empty_url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelname not in ("DEBUG", "INFO")] == []


def test_processes_that_start_at_once_wait_for_each_other(empty_url: str) -> None:
    program = "import sys; from store.migrate import upgrade; sys.stdin.read(1); upgrade(sys.argv[1])"
    line = [sys.executable, "-W", "error", "-c", program, empty_url]
    racers = [
        subprocess.Popen(line, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    said = [racer.communicate("x", timeout=60)[0] for racer in racers]
    assert (said, [racer.returncode for racer in racers]) == ([""] * 3, [0] * 3)
    assert migrate.is_at_head(empty_url)


def test_the_number_of_the_newest_script_is_what_alembic_calls_the_head(sqlite_url: str) -> None:
    from alembic.script import ScriptDirectory

    with migrate.alone(sqlite_url) as connection:
        scripts = ScriptDirectory.from_config(migrate.alembic_config(connection))
    assert scripts.get_heads() == [migrate.revisions()[-1]]
    assert [script.revision for script in scripts.walk_revisions()] == migrate.revisions()[::-1]


def test_a_database_of_a_newer_firstline_is_left_alone_with_a_sentence(database_url: str) -> None:
    database = open_database(database_url)
    with transaction(database) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="newer Firstline"):
        migrate.upgrade(database_url)
    assert migrate.current(database_url) == "9999"
    database.close()


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, tmp_path: Path) -> None:
    script = tmp_path / "0001_fails.py"
    script.write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    op.create_table('half', sa.Column('id', sa.Integer()))\n    raise KeyError\n"
    )
    with pytest.raises(KeyError), migrate.alone(empty_url) as connection:
        migrate.run_alembic(connection, tmp_path)
    assert tables(empty_url) == set()


def test_rebuilding_a_table_keeps_the_rows_that_point_to_it(tmp_path: Path) -> None:
    """Only SQLite rebuilds tables; with foreign keys on, dropping the old one would delete them."""
    url = f"sqlite:///{tmp_path}/firstline.db"
    with migrate.alone(url) as connection:
        connection.execute(text("CREATE TABLE owner (id INTEGER PRIMARY KEY, old TEXT)"))
        connection.execute(text("CREATE TABLE pet (owner INTEGER REFERENCES owner (id) ON DELETE CASCADE)"))
        connection.execute(text("INSERT INTO owner VALUES (1, 'x')"))
        connection.execute(text("INSERT INTO pet VALUES (1)"))
    (tmp_path / "0001_rebuild.py").write_text(
        "from alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    with op.batch_alter_table('owner') as batch:\n        batch.drop_column('old')\n"
    )
    with migrate.alone(url) as connection:
        migrate.run_alembic(connection, tmp_path)
        assert connection.execute(text("SELECT count(*) FROM pet")).scalar() == 1


def test_a_migration_that_leaves_a_row_pointing_nowhere_is_undone_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL checks references by itself."""
    url = f"sqlite:///{tmp_path}/firstline.db"
    monkeypatch.setattr(migrate, "VERSIONS", tmp_path)
    monkeypatch.setattr(migrate.run_alembic, "__defaults__", (tmp_path,))
    (tmp_path / "0001_breaks.py").write_text(
        "from alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE owner (id INTEGER PRIMARY KEY)')\n"
        "    op.execute('CREATE TABLE pet (owner INTEGER REFERENCES owner (id))')\n"
        "    op.execute('INSERT INTO pet VALUES (5)')\n"
    )
    with pytest.raises(StoreError, match="row of pet points to one of owner"):
        migrate.upgrade(url)
    assert migrate.current(url) is None


def test_an_unreachable_database_is_a_sentence() -> None:
    with pytest.raises(DatabaseUnreachable):
        migrate.upgrade("postgresql://ada:hunter2@127.0.0.1:1/firstline")


def test_autogenerate_writes_a_script_that_leaves_no_difference_and_needs_no_code_of_ours(
    empty_url: str, tmp_path: Path
) -> None:
    versions = tmp_path / "100% of them"
    versions.mkdir()
    metadata = metadata_of_all_rooms()
    first = autogenerate(f"sqlite:///{tmp_path}/scratch.db", metadata, "all that is", versions)
    grown = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(grown)
    Table("pet", grown, TableColumn("id", Integer, primary_key=True), TableColumn("owner", ForeignKey("staff.id")))
    grown.tables["setting"].append_column(TableColumn("note", String(20)))
    second = autogenerate(f"sqlite:///{tmp_path}/scratch.db", grown, "a pet and a note", versions)
    assert [first.name, second.name] == ["0001_all_that_is.py", "0002_a_pet_and_a_note.py"]
    imports = [
        line for line in (first.read_text() + second.read_text()).splitlines() if line.startswith(("import", "from"))
    ]
    assert all("sqlalchemy" in line or "alembic" in line for line in imports)
    with migrate.alone(empty_url) as connection:
        migrate.run_alembic(connection, versions)
    assert differences(empty_url, grown) == []
    assert differences(empty_url, metadata) != []


def test_the_newest_migration_leaves_no_connection_behind(postgresql_url: str) -> None:
    """One left open would keep the next migration, or a copy of the database, waiting."""
    migrate.upgrade(postgresql_url)
    migrate.current(postgresql_url)
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(text(others)).scalar() == 0
    engine.dispose()


FIRST_RELEASE = ("0001_first.py", "0002_full_text_and_audit.py")
AT = "'2026-11-22 09:00:00+00:00'"
OF_THE_FIRST_RELEASE = (
    f"INSERT INTO customer (id, channel, external_id, name, created_at) VALUES (1, 'web', 'ada', 'Ada', {AT})",
    f"INSERT INTO thread (id, channel, external_id, created_at) VALUES (1, 'web', 'ada', {AT})",
    f"""INSERT INTO conversation (id, thread_id, customer_id, owner, version, language, opened_at, last_message_at)
        VALUES (1, 1, 1, 'bot', 3, 'en', {AT}, {AT})""",
    f"""INSERT INTO message (id, conversation_id, thread_id, direction, author, private, text, at, detail)
        VALUES (1, 1, 1, 'outgoing', 'bot', FALSE, 'Is it this?', {AT}, '{{}}')""",
    "INSERT INTO button (token, message_id, action, label, position) VALUES ('t1', 1, 'person', 'A person', 0)",
)


def test_a_database_of_the_first_release_keeps_what_is_in_it(empty_url: str, tmp_path: Path) -> None:
    for name in FIRST_RELEASE:
        shutil.copy(migrate.VERSIONS / name, tmp_path)
    with migrate.alone(empty_url) as connection:
        migrate.run_alembic(connection, tmp_path)
        for statement in OF_THE_FIRST_RELEASE:
            connection.execute(text(statement))
    migrate.upgrade(empty_url)
    database = open_database(empty_url)
    with reading(database) as session:
        words = "SELECT message.text, button.label, customer.name FROM button JOIN message ON message.id = message_id "
        words += "JOIN conversation ON conversation.id = conversation_id JOIN customer ON customer.id = customer_id"
        assert session.execute(text(words)).one() == ("Is it this?", "A person", "Ada")
    with transaction(database) as session:
        session.execute(text("UPDATE button SET action = 'language'"))
    database.close()

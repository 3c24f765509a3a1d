"""``firstline backup``, ``verify`` and ``restore``, beside a server and without one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import server
from server import Server, environment, post

from api.cli.doctor import _backups
from api.settings import Settings
from store import backup, open_database, reading


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def firstline(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return server.firstline(*words, env=environment(data.parent), cwd=data.parent)


def test_beside_a_server_a_backup_is_made_and_verified_and_a_restore_refused(server: Server) -> None:
    token = post(f"{server.address}/api/v1/chat/sessions").json()["token"]
    headers, text = {"Authorization": f"Bearer {token}"}, "忘记密码了登不上去"
    post(f"{server.address}/api/v1/chat/messages", json={"text": text}, headers=headers)
    made = server.command("backup", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["tables"]["inbox"] > 0
    assert "secret_key" in made.stderr
    assert not list(Path(told["backup"]).glob("*key*"))
    verified = server.command("verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    found = json.loads(verified.stdout)
    assert (found["backup"], found["ok"], found["differences"], found["notes"]) == (told["backup"], True, [], [])
    assert "asking the restored knowledge base" in verified.stderr
    refused = server.command("restore", "newest", "--force")
    assert refused.returncode == 2
    assert refused.stderr.strip().endswith("A Firstline server runs on this database. Stop it, then restore.")
    database = open_database(f"sqlite:///{server.environment['FIRSTLINE_DATA_DIR']}/firstline.db")
    with reading(database) as session:
        standing = backup.status(session)
    database.close()
    assert standing.made == standing.verified == Path(told["backup"]).name


def test_what_was_lost_comes_back_and_the_key_is_kept_apart(data: Path) -> None:
    assert firstline(data, "account", "add", "Acme").returncode == 0
    key = data.parent / "key"
    made = firstline(data, "backup", "--with-keys", str(key))
    assert made.returncode == 0, made.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() == (data / "secret_key").read_text()
    folder = Path(made.stdout.strip())
    assert firstline(data, "account", "add", "Lost").returncode == 0
    refused = firstline(data, "restore", folder.name)
    assert (refused.returncode, "--force" in refused.stderr) == (2, True)
    done = firstline(data, "restore", folder.name, "--force", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["settled"] == {"uncertain": 0, "looked_up": 0, "parked": 0, "signed_out": 0}
    assert Path(told["replaced"]).is_file()
    assert [each["name"] for each in json.loads(firstline(data, "account", "list", "--json").stdout)] == ["Acme"]
    ahead = folder.rename(folder.with_name("20990101T000000Z"))
    unsure = firstline(data, "restore", "newest", "--force")
    assert unsure.returncode == 2
    assert "20990101T000000Z, is named after a moment that is yet to come" in unsure.stderr
    assert "Name the backup that you mean." in unsure.stderr
    folder = ahead.rename(folder)
    (folder / "account.jsonl.gz").write_bytes(b"damaged")
    wrong = firstline(data, "verify")
    assert wrong.returncode == 1
    assert "account.jsonl.gz is not what was written" in wrong.stdout
    (problem, made_and_verified) = _backups(Settings(data_dir=data))
    assert (problem.ok, "account.jsonl.gz" in problem.says) == (False, True)
    assert "verified never" in made_and_verified.says
    assert "none is made by itself" not in made_and_verified.says
    assert "none is made by itself" in list(_backups(Settings(data_dir=data, backup_days=0)))[-1].says
    (folder / "manifest.json").write_text("{")
    unreadable = firstline(data, "verify")
    assert (unreadable.returncode, "manifest.json cannot be read" in unreadable.stderr) == (1, True)

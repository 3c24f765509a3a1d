"""``firstline account …`` on a data folder of its own."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import server
from server import environment

from api.settings import Settings, secret_key
from handoff.accounts import account_of_domain, use_link
from handoff.customers import find_customer
from store import open_database, reading, transaction


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def firstline(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return server.firstline("account", *words, env=environment(data.parent), cwd=data.parent)


def done(data: Path, *words: str) -> str:
    finished = firstline(data, *words)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_an_account_is_made_listed_and_gets_a_domain(data: Path) -> None:
    assert "no accounts yet" in firstline(data, "list").stderr
    assert done(data, "add", "Acme", "--plan", "vip") == ""
    done(data, "domain", "acme", "add", "Acme.Example")
    assert done(data, "list").split() == ["Acme", "vip", "0", "people", "acme.example"]
    assert json.loads(done(data, "list", "--json")) == [
        {"name": "Acme", "plan": "vip", "people": 0, "domains": ["acme.example"]}
    ]
    database = open_database(f"sqlite:///{data / 'firstline.db'}")
    with reading(database) as session:
        account = account_of_domain(session, "mail.acme.example")
    database.close()
    assert account is not None
    done(data, "domain", "acme", "remove", "acme.example")
    assert json.loads(done(data, "list", "--json"))[0]["domains"] == []


def test_a_link_is_printed_once_and_ties_a_customer(data: Path) -> None:
    done(data, "add", "Acme")
    finished = firstline(data, "link", "Acme")
    code, address = finished.stdout.splitlines()
    assert address == f"https://t.me/<your bot>?start={code}"
    assert "is not shown again" in finished.stderr
    given = json.loads(done(data, "link", "Acme", "--json"))
    assert given["account"] == "Acme"
    assert given["code"] != code
    assert given["telegram"].endswith(f"?start={given['code']}")
    assert datetime.fromisoformat(given["expires_at"]) > datetime.now(UTC) + timedelta(days=6)
    database = open_database(f"sqlite:///{data / 'firstline.db'}")
    key = secret_key(Settings(_env_file=None, data_dir=data))
    for number, each in enumerate((code, given["code"])):
        with transaction(database) as session:
            customer = find_customer(session, "telegram", str(number), datetime.now(UTC))
            assert use_link(session, each, customer, key, datetime.now(UTC)).name == "Acme"
    database.close()


@pytest.fixture(scope="module")
def with_acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one account, for what leaves it as it is."""
    data = tmp_path_factory.mktemp("acme") / "data"
    done(data, "add", "Acme")
    return data


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("link", "Initech"), "There is no account 'Initech'. See them all: firstline account list."),
        (("add", "ACME"), "There is an account 'Acme' already. Choose another name."),
        (("domain", "Acme", "add", "gmail.com"), "Anybody can have an address at gmail.com"),
        (("domain", "Acme", "add", "127.0.0.1"), "This is not an e-mail domain. Write it like example.com."),
        (("domain", "Acme", "drop", "acme.example"), "'drop' is not one of 'add', 'remove'"),
        (("add", "Globex", "--plan", "gold"), "'gold' is not one of 'standard'"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_two(with_acme: Path, words: tuple[str, ...], said: str) -> None:
    refused = firstline(with_acme, *words)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr

"""Admins import accounts, customers and staff at the console: they see what would happen first."""

from __future__ import annotations

import re

import pytest
from console_fixtures import OWN, Office, an_office
from sqlmodel import func, select
from starlette.testclient import TestClient

from handoff.models import Account, Role, Staff
from store import reading

office = an_office
ACCOUNTS = "name,plan,domains\nAcme,vip,acme.example\n青山科技,gold,\n"


@pytest.fixture
def admin(office: Office) -> TestClient:
    return office.browser("root", role=Role.ADMIN)


def look(admin: TestClient, text: str, kind: str = "accounts") -> str:
    sent = {"file": ("list.csv", text.encode(), "text/csv")}
    answer = admin.post("/console/import", data={"kind": kind}, files=sent, headers=OWN)
    return answer.text


def write(admin: TestClient, page: str) -> str:
    hidden = dict(re.findall(r'<input type="hidden" name="(kind|held)" value="([^"]*)"', page))
    return admin.post("/console/import/write", data=hidden, headers=OWN).text


def accounts(office: Office) -> list[str]:
    with reading(office.database) as session:
        return sorted(session.exec(select(Account.name)).all())


def test_what_a_file_would_do_is_shown_before_anything_is_written(office: Office, admin: TestClient) -> None:
    page = look(admin, ACCOUNTS)
    assert "1 new, 0 changed, 0 as they were, 1 refused." in page
    assert "There is no such plan." in page
    assert accounts(office) == []
    done = write(admin, page)
    assert "What was done" in done
    assert accounts(office) == ["Acme"]
    assert "0 new, 0 changed, 1 as they were, 1 refused." in look(admin, ACCOUNTS)


def test_new_staff_get_their_links_once_on_the_page_that_wrote_them(office: Office, admin: TestClient) -> None:
    page = look(admin, "email,name\nbob@desk.example,Bob\n", "agents")
    assert "/console/welcome/" not in page
    done = write(admin, page)
    link = re.search(r"/console/welcome/[\w-]+", done)
    assert link
    assert office.stranger().get(link[0]).status_code == 200
    with reading(office.database) as session:
        assert session.exec(select(func.count()).select_from(Staff)).one() == 2


def test_a_file_that_cannot_be_read_is_told_in_a_sentence(admin: TestClient) -> None:
    assert "There is no column &#39;colour&#39;." in look(admin, "name,colour\nAcme,red\n")
    assert "larger than 500 kB" in look(admin, "name\n" + "x" * 600_000)
    assert "cannot be imported" in admin.post("/console/import/write", data={"held": "!"}, headers=OWN).text


def test_refusals_are_told_in_the_language_of_the_admin(office: Office) -> None:
    page = look(office.browser("root", role=Role.ADMIN, language="zh"), ACCOUNTS)
    assert "没有这种套餐" in page
    assert "新增 1，修改 0，不变 0，拒绝 1。" in page


def test_only_admins_import(office: Office) -> None:
    agent = office.browser("ann", role=Role.AGENT)
    assert agent.get("/console/import").status_code == 403
    assert agent.post("/console/import/write", data={"held": ""}, headers=OWN).status_code == 403
    assert "/console/import" not in agent.get("/console/accounts").text

"""The health page: whether everything runs, and what waits for a person, who can decide about it there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from console_fixtures import HTMX, Office, an_office
from needed import parked_row, sent_in_doubt
from refused import Refused
from sqlmodel import select
from starlette.testclient import TestClient

from api.presence import noted
from api.probing import Probe
from bot import inbox
from bot.backlog import is_unfinished
from bot.channels.base import Status
from bot.models import InboxRow
from handoff import deliveries
from handoff.models import DeliveryState, Role
from store import backup, reading, transaction
from store.errors import DiskFull
from store.models import Audit

office = an_office
PAGE = "/console/health"


def words(browser: TestClient) -> str:
    """The page in words."""
    found = browser.get(PAGE)
    assert found.status_code == 200
    main = found.text.split("<main", 1)[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def states(office: Office) -> dict[DeliveryState, int]:
    with reading(office.database) as session:
        return {state: count for state, count in deliveries.figures(session, office.now).depths.items() if count}


def badge(browser: TestClient) -> str | None:
    """What the navigation says beside "Health" on another page."""
    found = re.search(r'class="count needed"[^>]*>(\d+)<', browser.get("/console").text)
    return found[1] if found else None


def test_a_house_in_order_says_that_nothing_waits(office: Office) -> None:
    office.publish()
    found = words(office.browser("vera", Role.VIEWER))
    assert "Nothing waits for a person." in found
    assert "Web chat connected" in found
    assert "Messages that wait for a turn 0 –" in found
    assert "Live release 1" in found
    assert "Version 0.1.0 Database SQLite" in found
    assert badge(office.browser("bob")) is None


def test_a_parked_message_is_shown_with_its_ticket_and_dealt_with_again_at_a_press(office: Office) -> None:
    row_id = parked_row(office)
    admin = office.browser("otto", Role.ADMIN)
    assert badge(admin) == "1"
    found = words(admin)
    assert "Waits for a person 1" in found
    assert "Web chat #1 My cat sat on it Message 1" in found
    assert "ValueError" in found
    assert admin.post(f"{PAGE}/parked/{row_id}/replay").status_code == 303
    assert "Nothing waits for a person." in words(admin)
    with reading(office.database) as session:
        waiting = session.exec(select(InboxRow.id).where(is_unfinished())).all()
        noted_by = session.exec(select(Audit.actor).where(Audit.action == "inbox.replayed")).one()
    assert waiting == [row_id]
    assert noted_by == "otto"


def test_what_somebody_else_had_dealt_with_again_is_not_done_twice(office: Office) -> None:
    row_id = parked_row(office)
    admin = office.browser("otto", Role.ADMIN)
    admin.post(f"{PAGE}/parked/{row_id}/replay")
    refused = admin.post(f"{PAGE}/parked/{row_id}/replay", headers=HTMX)
    assert refused.status_code == 409
    assert "somebody has had it dealt with again already" in refused.text


def test_an_uncertain_message_is_sent_again_by_an_agent(office: Office) -> None:
    delivery_id = sent_in_doubt(office)
    bob = office.browser("bob")
    assert badge(bob) == "1"
    found = words(bob)
    assert "uncertain Web chat #1 ann: Try the link again" in found
    assert "no answer came in time" in found
    assert bob.post(f"{PAGE}/deliveries/{delivery_id}/resend").status_code == 303
    assert states(office) == {DeliveryState.READY: 1}
    assert "Nothing waits for a person." in words(bob)
    assert "Deliveries that wait 1 0 s" in words(bob)


def test_an_uncertain_message_that_did_arrive_is_settled(office: Office) -> None:
    delivery_id = sent_in_doubt(office)
    bob = office.browser("bob")
    assert bob.post(f"{PAGE}/deliveries/{delivery_id}/dismiss").status_code == 303
    assert states(office) == {}
    assert badge(bob) is None


def test_a_failed_message_is_listed_for_a_week_and_can_be_sent_again(office: Office) -> None:
    delivery_id = sent_in_doubt(office, state=DeliveryState.FAILED)
    bob = office.browser("bob")
    assert badge(bob) is None
    page = bob.get(PAGE).text
    assert f'action="{PAGE}/deliveries/{delivery_id}/resend"' in page
    assert "/dismiss" not in page
    office.later(days=8)
    assert "Try the link again" not in words(office.browser("cleo"))


@pytest.mark.parametrize(("role", "may_send", "may_replay"), [(Role.VIEWER, 403, 403), (Role.AGENT, 303, 403)])
def test_reading_is_for_everybody_and_doing_for_those_who_may(
    office: Office, role: Role, may_send: int, may_replay: int
) -> None:
    row_id, delivery_id = parked_row(office), sent_in_doubt(office)
    browser = office.browser("kim", role)
    page = browser.get(PAGE).text
    assert "Try the link again" in page
    assert ("/resend" in page) == (may_send == 303)
    assert "/replay" not in page
    assert browser.post(f"{PAGE}/deliveries/{delivery_id}/resend").status_code == may_send
    assert browser.post(f"{PAGE}/parked/{row_id}/replay").status_code == may_replay


def test_a_channel_in_trouble_says_why(office: Office) -> None:
    office.product.connections["telegram"] = Refused("Telegram refused the token.")
    found = words(office.browser("bob"))
    assert "Telegram off Telegram refused the token." in found


def test_the_age_of_what_waits_is_said_in_words(office: Office) -> None:
    with transaction(office.database) as session:
        inbox.accept(session, "web", "e1", "t1", {"text": "hello"}, office.now - timedelta(minutes=7))
    assert "Messages that wait for a turn 1 7 min" in words(office.browser("bob"))
    assert "等待处理的消息 1 7 分钟" in words(office.browser("lin", language="zh"))


def test_backups_are_told_with_what_went_wrong(office: Office) -> None:
    bob = office.browser("bob")
    assert "Last made never Last verified never" in words(bob)
    assert "nobody knows whether one could be restored" in words(bob)
    with transaction(office.database) as session:
        backup.note_made(session, "20261123T020000Z", office.now)
        backup.note_verified(session, "20261123T020000Z", office.now)
    assert "nobody knows" not in words(bob)
    with transaction(office.database) as session:
        backup.note_problem(session, backup.MAKE, "The disk is full.", office.now)
    assert "The last attempt failed: The disk is full." in words(bob)


def test_where_backups_are_switched_off_the_page_says_so_and_nobody_is_told_of_a_missing_one(office: Office) -> None:
    office.product.settings = office.product.settings.model_copy(update={"backup_days": 0})
    found = words(office.browser("bob"))
    assert "nobody knows" not in found
    assert "No backup is made by itself" in found
    assert "FIRSTLINE_BACKUP_DAYS" in found
    assert "不会自动备份" in words(office.browser("lin", language="zh"))


def test_a_backup_of_a_day_that_has_not_come_proves_nothing(office: Office) -> None:
    """The clock was a year ahead when it was verified."""
    with transaction(office.database) as session:
        backup.note_verified(session, "20271123T020000Z", office.now + timedelta(days=365))
    assert "nobody knows whether one could be restored" in words(office.browser("bob"))


def test_the_processes_that_live_are_named(office: Office) -> None:
    office.now = datetime.now(UTC)
    bob = office.browser("bob")
    with noted(office.database, "worker 0.1.0"), noted(office.database, "api 0.1.0"):
        found = words(bob)
        assert "worker 0.1.0" in found
        assert "api 0.1.0" in found
    office.now = datetime.now(UTC)
    assert "No process says that it is alive." in words(bob)


def test_a_loop_that_stands_still_and_a_full_disk_are_said_at_the_top(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.product.dead_loops = lambda: ["delivery"]
    monkeypatch.setattr("api.vitals.LITTLE_SPACE", 2**80)
    found = words(office.browser("bob"))
    assert "These loops of this process have not moved for a minute: delivery." in found
    assert "The disk is nearly full." in found


def test_which_workspace_is_off_and_which_are_served_is_told_in_the_readers_language(office: Office) -> None:
    reason = "The Slack workspace T1 removed the app; what is to be sent there waits until it adds it again."
    office.product.connections["slack"] = Refused(f"{reason} Served all the same: Beta (T2).", Status.CONNECTED)
    vera, mei = office.browser("vera", Role.VIEWER), office.browser("mei", Role.VIEWER, "zh")
    assert f"Slack connected {reason} Served all the same: Beta (T2)." in words(vera)
    found = words(mei)
    assert "Slack 工作区 T1 移除了该应用；" in found
    assert "其他工作区照常服务：Beta (T2)。" in found


def test_while_nothing_can_be_kept_no_channel_is_called_connected(office: Office) -> None:
    def full() -> None:
        raise DiskFull

    office.product.connections["slack"] = Refused("", Status.CONNECTED)
    vera, mei = office.browser("vera", Role.VIEWER), office.browser("mei", Role.VIEWER, "zh")
    assert "Slack connected" in words(vera)
    office.product.probe = Probe(full, patience=60.0)
    found = words(vera)
    assert "connected" not in found
    assert found.count("Nothing that is said here can be kept. The disk is full: nothing was saved.") == 2
    assert words(mei).count("这里的消息目前无法保存。磁盘已满") == 2

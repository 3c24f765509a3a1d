"""The pages of promises and working hours: everybody reads them, admins change them, and tickets follow."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from console_fixtures import Office, an_office
from sqlmodel import col, select
from starlette.testclient import TestClient

from api.texts import sentences
from handoff.errors import HandoffError
from handoff.models import Plan, Priority, Role
from handoff.sla import errors
from handoff.sla.calendars import hours_for
from handoff.sla.defaults import lay_out
from handoff.sla.keeping import refresh
from handoff.sla.models import Calendar, CalendarDay, ClockKind, EscalationStep, SlaPolicy
from handoff.ticketing.events import note_event
from handoff.ticketing.models import Happened
from handoff.tickets import ticket_by_number
from store import reading, transaction
from store.models import Audit

office = an_office


@pytest.fixture(autouse=True)
def laid_out(office: Office) -> None:
    with transaction(office.database) as session:
        lay_out(session, office.now)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def policy(office: Office, clock: ClockKind = ClockKind.FIRST_RESPONSE, **fields: object) -> SlaPolicy:
    wanted: dict[str, object] = {"plan": None, "priority": None, "tier": None, **fields}
    with reading(office.database) as session:
        found = session.exec(select(SlaPolicy).where(SlaPolicy.clock == clock)).all()
    return next(one for one in found if all(getattr(one, name) == value for name, value in wanted.items()))


def calendar(office: Office, name: str = "Office hours") -> Calendar:
    with reading(office.database) as session:
        return session.exec(select(Calendar).where(Calendar.name == name)).one()


def audited(office: Office) -> list[str]:
    with reading(office.database) as session:
        return [row.action for row in session.exec(select(Audit).order_by(col(Audit.id))) if row.kind != "staff"]


def new_hours(browser: TestClient, name: str = "Shanghai", timezone: str = "Asia/Shanghai") -> str:
    """The address of the page of new working hours."""
    made = browser.post("/console/calendars", data={"name": name, "timezone": timezone})
    assert made.status_code == 303
    return str(made.headers["location"])


def week(*days: str, **more: str) -> dict[str, str | list[str]]:
    return {"name": "Shanghai", "timezone": "Asia/Shanghai", "day": [*days, *[""] * (7 - len(days))], **more}


def test_everybody_reads_what_is_promised_and_what_counts_for_a_ticket(office: Office) -> None:
    vic = office.browser("vic", Role.VIEWER)
    said = words(vic.get("/console/promises?plan=enterprise&priority=P1&tier=2").text)
    assert "First answer 4 h in Office hours · P1" in said
    assert "Diagnosis 2 h in Office hours · Tier 2" in said
    assert "Workaround nothing is promised" in said
    assert "The house's hours are “Office hours”, in the time zone UTC." in said
    assert "Save" not in said
    assert (
        vic.post(f"/console/promises/{policy(office, priority=Priority.P1).id}", data={"amount": "9"}).status_code
        == 403
    )


def test_an_admin_changes_a_target_and_the_open_ticket_follows(office: Office) -> None:
    number = office.escalate()
    anna, promised = office.browser("anna", Role.ADMIN), policy(office, priority=Priority.P2)
    address = f"/console/promises/{promised.id}"
    assert anna.post(address, data={"amount": "90", "unit": "min", "hours": "always"}).status_code == 303
    assert "P2 , normal" not in words(anna.get("/console/promises").text)
    assert 'value="90"' in anna.get("/console/promises").text
    with transaction(office.database) as session:
        ticket = ticket_by_number(session, number)
        refresh(session, ticket, office.now)
        assert ticket.due_at == office.now + timedelta(minutes=90)
    assert audited(office)[-1] == "policy.changed"


def test_a_ticket_shows_its_promises_and_where_each_comes_from(office: Office) -> None:
    number = office.escalate()
    bob, zhou = office.browser("bob"), office.browser("zhou", Role.ADMIN, "zh")
    with transaction(office.database) as session:
        ticket = ticket_by_number(session, number)
        ticket.tier = 2
        note_event(session, ticket, Happened.TIER, office.now, tier=2, before=1)
        note_event(session, ticket, Happened.ANSWERED, office.now + timedelta(hours=1))
    office.later(hours=3)
    said = words(bob.get(f"/console/tickets/{number}").text)
    assert "Diagnosis missed Was due 2026-11-23 11:00 UTC 2 h in Office hours · Tier 2" in said
    assert "Solution running Due 2026-11-24 09:00 UTC 24 h in Working days · Tier 2" in said
    assert "First answer met Done 2026-11-23 10:00 UTC 48 h in Working days · P2" in said
    assert "定位 已超时" in words(zhou.get(f"/console/tickets/{number}").text)


def test_an_empty_target_promises_nothing_and_a_senseless_one_is_refused_in_words(office: Office) -> None:
    anna, promised = office.browser("anna", Role.ADMIN), policy(office, priority=Priority.P2)
    for amount in ("-3", "1.5", "soon", "99999"):
        refused = anna.post(f"/console/promises/{promised.id}", data={"amount": amount, "unit": "h"})
        assert refused.status_code == 422
        assert "A target is at least a minute and at most a year." in words(refused.text)
    assert anna.post(f"/console/promises/{promised.id}", data={"amount": " "}).status_code == 303
    assert "First answer nothing is promised" in words(anna.get("/console/promises?priority=P2").text)


def test_a_line_for_certain_tickets_is_added_once_and_removed(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    line = {
        "clock": "resolution",
        "plan": "vip",
        "priority": "P0",
        "tier": "1",
        "amount": "8",
        "unit": "h",
        "hours": "",
    }
    assert anna.post("/console/promises", data=line).status_code == 303
    assert "Solution 8 h in Office hours · VIP · Tier 1 · P0" in words(
        anna.get("/console/promises?plan=vip&priority=P0&tier=1").text
    )
    again = anna.post("/console/promises", data=line)
    assert again.status_code == 422
    assert "There is a policy for these tickets already." in words(again.text)
    made = policy(office, ClockKind.RESOLUTION, plan=Plan.VIP, priority=Priority.P0, tier=1)
    assert anna.post(f"/console/promises/{made.id}/remove").status_code == 303
    gone = anna.post(f"/console/promises/{made.id}/remove")
    assert (gone.status_code, "Somebody has removed this meanwhile." in gone.text) == (409, True)
    assert audited(office)[-2:] == ["policy.added", "policy.removed"]


def test_who_is_told_and_when_is_changed_step_by_step(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    step = {"percent": "150", "whom": "admins", "priority": "P0"}
    assert anna.post("/console/promises/steps", data=step).status_code == 303
    assert "150 % the admins · P0" in words(anna.get("/console/promises").text)
    assert anna.post("/console/promises/steps", data=step).status_code == 422
    assert anna.post("/console/promises/steps", data={**step, "percent": "-1"}).status_code == 422
    with reading(office.database) as session:
        made = session.exec(select(EscalationStep).where(EscalationStep.percent == 150)).one()
    assert anna.post(f"/console/promises/steps/{made.id}/remove").status_code == 303
    assert "150 %" not in words(anna.get("/console/promises").text)


def test_working_hours_have_shifts_a_time_zone_and_the_holidays_of_a_country(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    address = new_hours(anna)
    shifts = "9:00–12:30，14:00-18:30"
    assert anna.post(address, data=week(*[shifts] * 5, "10-14", country="CN")).status_code == 303
    page = anna.get(address).text
    assert page.count('value="09:00-12:30, 14:00-18:30"') == 5
    assert 'value="10:00-14:00"' in page
    assert "2027-02-06 Chinese New Year (Spring Festival)" in words(page)
    listed = words(anna.get("/console/calendars").text)
    assert "Mon-Fri 09:00-12:30, 14:00-18:30 Sat 10:00-14:00 China" in listed


def test_one_calendar_is_the_houses_own_and_promises_are_counted_in_it(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    address = new_hours(anna)
    assert anna.post(address, data=week("08:00-12:00", is_default="true")).status_code == 303
    with reading(office.database) as session:
        owners = session.exec(select(Calendar.name).where(col(Calendar.is_default))).all()
        hours = hours_for(session, None)
    assert owners == ["Shanghai"]
    # 08:00 in Shanghai on Monday the 30th.
    assert hours.opens(office.now + timedelta(hours=1)) == office.now.replace(day=30, hour=0)
    assert anna.post(f"{address}/remove").status_code == 422
    assert anna.post(f"/console/calendars/{calendar(office).id}/remove").status_code == 303
    assert "Office hours" not in words(anna.get("/console/calendars").text)


WRONG: list[tuple[dict[str, str | list[str]], str]] = [
    ({"day": ["18:00-09:00"]}, "a shift ends on the day on which it starts"),
    ({"day": ["9:00-12:00, 11:00-13:00"]}, "Two shifts of a day overlap"),
    ({"day": ["nine to five"]}, "These hours cannot be read"),
    ({"day": ["09:00-25:00"]}, "These hours cannot be read"),
    ({"timezone": "Mars/Olympus"}, "There is no such time zone"),
    ({"timezone": "../../etc/passwd"}, "There is no such time zone"),
    ({"country": "ZZ"}, "The public holidays of this place are not known"),
    ({"country": "DE", "region": "Bavaria"}, "There is no region Bavaria here. These are known: BB, BE"),
    ({"name": " "}, "A calendar has a name"),
    ({"name": "OFFICE hours"}, "There is one with this name already"),
]


def test_what_cannot_be_read_is_refused_in_words_and_kept_in_the_form(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    address = new_hours(anna)
    for wrong, why in WRONG:
        refused = anna.post(address, data={**week("07:00-08:00"), **wrong})
        assert refused.status_code in (409, 422)
        assert why in words(refused.text)
        (typed,) = wrong.get("day", ["07:00-08:00"])
        assert f'value="{typed}"' in refused.text
    assert 'value="07:00-08:00"' not in anna.get(address).text


def test_a_day_that_is_different_wins_until_it_is_removed(office: Office) -> None:
    anna, own = office.browser("anna", Role.ADMIN), calendar(office)
    address = f"/console/calendars/{own.id}"
    day = {"day": "2026-11-24", "hours": "", "name": "Moving"}
    assert anna.post(f"{address}/days", data=day).status_code == 303
    assert "2026-11-24 free Moving" in words(anna.get(address).text)
    with reading(office.database) as session:
        assert not hours_for(session, None).is_open(office.now + timedelta(days=1))
    assert anna.post(f"{address}/days", data={**day, "hours": "9-12"}).status_code == 303
    assert rows_of_days(office) == [("2026-11-24", [["09:00", "12:00"]])]
    assert anna.post(f"{address}/days", data={**day, "day": "tomorrow"}).status_code == 422
    assert anna.post(f"{address}/days/remove", data={"day": "2026-11-24"}).status_code == 303
    assert rows_of_days(office) == []


def rows_of_days(office: Office) -> list[tuple[str, list[list[str]]]]:
    with reading(office.database) as session:
        return [(row.day, row.shifts) for row in session.exec(select(CalendarDay))]


def test_hours_that_a_policy_counts_by_are_not_removed(office: Office) -> None:
    anna = office.browser("anna", Role.ADMIN)
    address = new_hours(anna)
    shanghai = str(calendar(office, "Shanghai").id)
    promised = policy(office, priority=Priority.P1)
    assert anna.post(f"/console/promises/{promised.id}", data={"amount": "4", "hours": shanghai}).status_code == 303
    assert "First answer 4 h in Shanghai · P1" in words(anna.get("/console/promises?priority=P1").text)
    refused = anna.post(f"{address}/remove")
    assert (refused.status_code, "This calendar is in use." in words(refused.text)) == (422, True)


def test_the_pages_speak_chinese_the_refusals_too(office: Office) -> None:
    zhou = office.browser("zhou", Role.ADMIN, "zh")
    assert "首次答复" in zhou.get("/console/promises").text
    refused = zhou.post(f"/console/calendars/{calendar(office).id}", data={**week("夜里"), "name": "Office hours"})
    assert "看不懂这些时间" in words(refused.text)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HandoffError)]
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(own) > 8
    assert all(f"error.{kind.__name__}" in sentences("zh") for kind in own)


def test_a_calendar_that_is_not_there_is_said_to_be_missing(office: Office) -> None:
    assert office.browser("anna", Role.ADMIN).get("/console/calendars/999").status_code == 404

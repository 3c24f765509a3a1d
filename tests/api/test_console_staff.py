"""The pages of staff and teams: who is invited, what they may have, when they are there, and who gets a ticket."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from sqlmodel import col, select

from handoff.models import Role, Staff
from handoff.rows import id_of
from handoff.staffing import teams
from handoff.staffing.directory import on_call
from handoff.staffing.models import Absence, Duty, Profile, Team
from handoff.tickets import ticket_by_number
from store import reading, transaction
from store.models import Audit

office = an_office


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def staff_id(office: Office, name: str) -> int:
    with reading(office.database) as session:
        return id_of(session.exec(select(Staff).where(Staff.name == name)).one())


def a_team(office: Office, name: str = "front line", *members: str) -> int:
    with transaction(office.database) as session:
        team_id = id_of(teams.add_team(session, name, office.now))
        for member in members:
            teams.add_member(session, team_id, office.colleagues[member].staff_id or 0, office.now)
        return team_id


def deeds_of(office: Office) -> list[str]:
    with reading(office.database) as session:
        return list(session.exec(select(Audit.action).where(Audit.actor == "ada").order_by(col(Audit.id))))


def test_an_admin_invites_somebody_with_a_link_that_is_shown_once(office: Office) -> None:
    ada = office.browser("ada", Role.ADMIN)
    shown = ada.post("/console/staff", data={"email": "Wei@Example.com", "name": "Wei", "role": "editor"}).text
    (link,) = re.findall(r"http://[^<]+/console/welcome/[\w-]+", shown)
    token = link.rpartition("/")[2]
    page = office.stranger().get(f"/console/welcome/{token}").text
    assert "wei@example.com" in page
    assert link not in ada.get(f"/console/staff/{staff_id(office, 'Wei')}").text
    assert "Editor" in words(ada.get("/console/staff").text)
    assert deeds_of(office)[-2:] == ["staff.added", "staff.link_made"]


def test_an_invitation_of_somebody_who_works_here_changes_nothing(office: Office) -> None:
    ada = office.browser("ada", Role.ADMIN)
    office.browser("bob", Role.ADMIN)
    refused = ada.post("/console/staff", data={"email": "bob@example.com", "name": "X", "role": "viewer"})
    assert (refused.status_code, "works here already" in refused.text) == (409, True)
    assert 'value="bob@example.com"' in refused.text
    assert "Viewer" not in words(refused.text).partition("Languages")[2]
    assert ada.post("/console/staff", data={"email": "no address"}).status_code == 422


def test_another_role_ends_the_sessions_and_the_last_admin_stays_one(office: Office) -> None:
    ada, bob = office.browser("ada", Role.ADMIN), office.browser("bob")
    address = f"/console/staff/{staff_id(office, 'bob')}"
    assert ada.post(address, data={"name": "Bob B.", "role": "viewer"}).status_code == 303
    assert "Bob B." in ada.get(address).text
    assert bob.get("/console").status_code == 303
    mine = f"/console/staff/{staff_id(office, 'ada')}"
    refused = ada.post(mine, data={"name": "ada", "role": "agent"})
    assert "only admin" in refused.text
    assert "only admin" in ada.post(f"{mine}/disable").text


def test_whoever_is_switched_off_is_out_and_can_be_let_in_again(office: Office) -> None:
    ada, bob = office.browser("ada", Role.ADMIN), office.browser("bob")
    a_team(office, "front line", "bob")
    number = office.escalate()
    with reading(office.database) as session:
        assert ticket_by_number(session, number).assignee_id == staff_id(office, "bob")
    address = f"/console/staff/{staff_id(office, 'bob')}"
    assert ada.post(f"{address}/disable").status_code == 303
    assert bob.get("/console").status_code == 303
    page = words(ada.get(address).text)
    assert ("Access switched off" in page, "Switch access on again" in page) == (True, True)
    assert ada.post(f"{address}/link").status_code == 403
    with reading(office.database) as session:
        assert ticket_by_number(session, number).assignee_id is None
    assert ada.post(f"{address}/enable").status_code == 303
    assert "welcome/" in ada.post(f"{address}/link").text


def test_agents_say_how_they_work_themselves_and_only_of_themselves(office: Office) -> None:
    bob = office.browser("bob")
    office.browser("eve")
    form = {
        "languages": "en，zh、 de",
        "skills": "Billing, billing, exports",
        "load_cap": "7",
        "timezone": "Asia/Shanghai",
    }
    assert bob.post("/console/me/profile", data=form).status_code == 303
    with reading(office.database) as session:
        profile = session.get_one(Profile, staff_id(office, "bob"))
    assert (profile.languages, profile.skills, profile.load_cap) == (["en", "zh", "de"], ["Billing", "exports"], 7)
    assert bob.post(f"/console/staff/{staff_id(office, 'eve')}/profile", data=form).status_code == 403
    eve = bob.get(f"/console/staff/{staff_id(office, 'eve')}").text
    assert "<form" not in eve.partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("timezone", "Mars/Base", "Mars/Base"), ("languages", "x" * 17, "at most 30 languages")],
)
def test_a_profile_that_makes_no_sense_is_refused_in_words(office: Office, field: str, value: str, said: str) -> None:
    refused = office.browser("bob").post("/console/me/profile", data={field: value})
    assert (refused.status_code, said in words(refused.text)) == (422, True)


def test_an_absence_counts_in_the_time_of_the_person(office: Office) -> None:
    bob = office.browser("bob")
    bob.post("/console/me/profile", data={"timezone": "Asia/Shanghai"})
    form = {"since": "2026-11-23T18:00", "until": "2026-11-25T09:00", "note": SCRIPT}
    assert bob.post("/console/me/absences", data=form).status_code == 303
    with reading(office.database) as session:
        (absence,) = session.exec(select(Absence)).all()
    assert (absence.since.hour, absence.until.hour) == (10, 1)
    office.later(hours=2)
    page = bob.get(f"/console/staff/{staff_id(office, 'bob')}").text
    assert "Away until" in page
    assert SCRIPT not in page
    bob.post("/console/me/absences/end", data={"absence_id": absence.id})
    assert "Away until" not in bob.get("/console/staff").text


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("", ""),
        ("tomorrow", "2026-11-25T09:00"),
        ("2026-11-25T09:00", "2026-11-24T09:00"),
        ("2020-01-01T09:00", "2020-01-02T09:00"),
        ("2026-11-25T09:00", "9999-12-31T23:59"),
        ("0001-01-01T00:00", "2026-11-25T09:00"),
    ],
)
def test_a_period_that_is_none_is_refused(office: Office, since: str, until: str) -> None:
    refused = office.browser("bob").post("/console/me/absences", data={"since": since, "until": until})
    assert (refused.status_code, "later end" in refused.text) == (422, True)


def test_an_admin_puts_people_on_call_and_takes_them_off(office: Office) -> None:
    ada, bob = office.browser("ada", Role.ADMIN), office.browser("bob")
    address = f"/console/staff/{staff_id(office, 'bob')}"
    form = {"since": "2026-11-23T18:00", "until": "2026-11-24T09:00"}
    assert bob.post(f"{address}/duties", data=form).status_code == 403
    assert ada.post(f"{address}/duties", data=form).status_code == 303
    with reading(office.database) as session:
        assert on_call(session, office.now + timedelta(hours=10)) == [staff_id(office, "bob")]
    ((duty_id,),) = [re.findall(r'name="duty_id" value="(\d+)"', ada.get(address).text)]
    assert ada.post(f"{address}/duties/end", data={"duty_id": duty_id}).status_code == 303
    with reading(office.database) as session:
        assert on_call(session, office.now + timedelta(hours=10)) == []


def test_a_rota_comes_again_every_few_weeks_at_the_same_time_on_the_wall(office: Office) -> None:
    ada, _ = office.browser("ada", Role.ADMIN), office.browser("bob")
    bob = staff_id(office, "bob")
    address = f"/console/staff/{bob}"
    ada.post(f"{address}/profile", data={"timezone": "Europe/Berlin"})
    form = {"since": "2026-11-23T18:00", "until": "2026-11-30T09:00", "every": "3", "times": "10"}
    assert ada.post(f"{address}/duties", data=form).status_code == 303
    with reading(office.database) as session:
        duties = session.exec(select(Duty).order_by(col(Duty.since))).all()
        assert on_call(session, duties[9].since) == [bob]
        assert on_call(session, duties[0].until + timedelta(days=3)) == []
    assert len(duties) == 10
    # Summer time begins on 28 March: 18:00 in Berlin is 17:00 UTC in winter and 16:00 in summer.
    assert [(duty.since.day, duty.since.month, duty.since.hour) for duty in duties[4:8]] == [
        (15, 2, 17),
        (8, 3, 17),
        (29, 3, 16),
        (19, 4, 16),
    ]
    assert "and 2 more, until" in words(ada.get(address).text)
    office.later(hours=9)
    assert ada.post(f"{address}/duties/end-all").status_code == 303
    with reading(office.database) as session:
        assert [duty.id for duty in session.exec(select(Duty))] == [duties[0].id], "what has begun goes on"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"until": "2026-12-08T09:00", "every": "1", "times": "2"}, "before the next one begins"),
        ({"every": "12", "times": "104"}, "at most two years away"),
        ({"since": "2026-11-20T18:00", "until": "2026-11-21T09:00", "every": "1", "times": "2"}, "later end"),
    ],
    ids=["overlapping", "too far", "begun in the past"],
)
def test_a_rota_that_makes_no_sense_is_refused_in_words(office: Office, more: dict[str, str], said: str) -> None:
    ada = office.browser("ada", Role.ADMIN)
    form = {"since": "2026-11-23T18:00", "until": "2026-11-24T09:00", **more}
    refused = ada.post(f"/console/staff/{staff_id(office, 'ada')}/duties", data=form)
    assert (refused.status_code, said in words(refused.text)) == (422, True)
    with reading(office.database) as session:
        assert not session.exec(select(Duty)).all()


def test_a_team_is_made_changed_and_removed(office: Office) -> None:
    ada = office.browser("ada", Role.ADMIN)
    office.browser("bob")
    a_team(office)
    made = ada.post("/console/teams", data={"name": "Billing"})
    address = made.headers["location"]
    assert ada.post("/console/teams", data={"name": "billing"}).status_code == 409
    assert ada.post("/console/teams", data={"name": "  "}).status_code == 422
    assert ada.post(f"{address}/members", data={"staff_id": staff_id(office, "bob"), "lead": "1"}).status_code == 303
    form = {"name": "Money", "topics": "refund，invoice", "assigns": "1", "default": "1"}
    assert ada.post(address, data=form).status_code == 303
    page = words(ada.get(address).text)
    assert ("Money" in page, "Lead" in page, "bob" in page) == (True, True, True)
    with reading(office.database) as session:
        stored = {team.name: (team.is_default, team.topics) for team in session.exec(select(Team))}
    assert stored == {"front line": (False, []), "Money": (True, ["refund", "invoice"])}
    assert ada.post(f"{address}/remove").status_code == 409
    assert ada.post(f"{address}/members/remove", data={"staff_id": staff_id(office, "bob")}).status_code == 303
    assert "Nobody" in words(ada.get("/console/teams").text)


def test_a_viewer_cannot_be_given_tickets_and_sees_no_forms(office: Office) -> None:
    ada, vera = office.browser("ada", Role.ADMIN), office.browser("vera", Role.VIEWER)
    team_id = a_team(office)
    refused = ada.post(f"/console/teams/{team_id}/members", data={"staff_id": staff_id(office, "vera")})
    assert (refused.status_code, "cannot have tickets" in refused.text) == (409, True)
    for address in ("/console/staff", "/console/teams", f"/console/teams/{team_id}"):
        assert "<form" not in vera.get(address).text.partition("<main")[2].partition("</main")[0]
    assert vera.get("/console/teams/99").status_code == vera.get("/console/staff/99").status_code == 404


def test_a_ticket_says_why_somebody_has_it(office: Office) -> None:
    bob = office.browser("bob")
    office.browser("eve")
    a_team(office, "front line", "bob", "eve")
    page = words(bob.get(f"/console/tickets/{office.escalate()}").text)
    assert "Why bob" in page
    assert "Speaks the language 40" in page
    assert "Together 55" in page
    assert "The others then: eve 55" in page


def test_a_ticket_is_given_to_a_colleague_put_back_and_moved(office: Office) -> None:
    bob = office.browser("bob")
    office.browser("eve")
    a_team(office)
    a_team(office, "billing", "eve")
    number = office.escalate()
    address = f"/console/tickets/{number}"

    def now() -> tuple[int | None, str | None]:
        with reading(office.database) as session:
            ticket = ticket_by_number(session, number)
            return ticket.assignee_id, ticket.team

    eve_id, bob_id = staff_id(office, "eve"), staff_id(office, "bob")
    assert now() == (None, "front line")
    assert bob.post(f"{address}/assignee", data={"staff_id": bob_id}, headers=HTMX).status_code == 303
    assert now() == (bob_id, "front line")
    bob.post(f"{address}/assignee", data={"staff_id": 0})
    assert now() == (None, "front line")
    bob.post(f"{address}/team", data={"team": "billing"})
    assert now() == (eve_id, "billing")
    page = words(bob.get(address).text)
    assert "Assigned to eve" in page
    assert "Moved to team billing" in page
    assert bob.post(f"{address}/team", data={"team": "sales"}, headers=HTMX).status_code == 404


def test_the_pages_speak_chinese(office: Office) -> None:
    wei = office.browser("wei", Role.ADMIN, "zh")
    team_id = a_team(office, "front line", "wei")
    for address in ("/console/staff", f"/console/staff/{staff_id(office, 'wei')}", f"/console/teams/{team_id}"):
        assert "团队" in wei.get(address).text
    refused = wei.post("/console/teams", data={"name": "Front Line"})
    assert "这个名称已被使用" in refused.text


def test_the_queue_is_in_the_order_of_its_promises_and_says_what_is_late(office: Office) -> None:
    from handoff.models import Priority
    from handoff.sla.defaults import lay_out

    with transaction(office.database) as session:
        lay_out(session, office.now)
    eve = office.browser("eve")
    calm, urgent, later = office.escalate(), office.escalate(priority=Priority.P1), office.escalate()
    listed = eve.get("/console?view=open").text
    assert re.findall(r'id="t(\d+)"', listed) == [str(number) for number in (urgent, calm, later)]
    assert "Late since" not in listed
    office.later(hours=5)
    rows = re.split(r'id="t\d', eve.get("/console?view=open").text)[1:]
    assert ["Late since" in row for row in rows] == [True, False, False]

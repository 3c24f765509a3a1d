"""CSV files of accounts, customers and agents: what each line would do is what it then does."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import func, select

from handoff.accounts import account_named, add_account, add_domain, domains_of
from handoff.actors import OPERATOR, Actor
from handoff.customers import customer_called
from handoff.errors import BadFile
from handoff.importing.kinds import KINDS
from handoff.importing.lines import Tally, Verdict, look_at, write
from handoff.importing.reading import MOST_LINES, read_lines
from handoff.models import Account, Customer, Plan, Role, SignInLink, Staff
from handoff.people import account_of
from handoff.rows import id_of
from handoff.staff import add_staff, disable_staff, redeem
from handoff.staffing.profiles import profile_of
from handoff.staffing.teams import add_team, teams_of
from store import Database, reading, transaction

ACCOUNTS = "name,plan,domains\nAcme,enterprise,acme.example acme.test\nGlobex,,\n"


def looked(database: Database, kind: str, text: str | bytes) -> Tally:
    content = text.encode() if isinstance(text, str) else text
    with reading(database) as session:
        return look_at(session, KINDS[kind], read_lines(content, KINDS[kind].columns))


def imported(database: Database, kind: str, text: str, now: datetime, actor: Actor = OPERATOR) -> Tally:
    tally = looked(database, kind, text)
    with transaction(database) as session:
        return Tally(write(session, KINDS[kind], tally.rows, now, actor))


def verdicts(tally: Tally) -> list[str]:
    return [row.verdict.value for row in tally.rows]


def why(tally: Tally) -> list[str]:
    return [type(row.error).__name__ for row in tally.refused]


def test_looking_writes_nothing_and_importing_does_what_was_said(database: Database, now: datetime) -> None:
    dry = looked(database, "accounts", ACCOUNTS)
    assert verdicts(dry) == ["new", "new"]
    with reading(database) as session:
        assert session.exec(select(func.count()).select_from(Account)).one() == 0
    assert verdicts(imported(database, "accounts", ACCOUNTS, now)) == ["new", "new"]
    with reading(database) as session:
        acme = account_named(session, "acme")
        assert acme.plan is Plan.ENTERPRISE
        assert list(domains_of(session, id_of(acme))) == ["acme.example", "acme.test"]
        assert account_named(session, "Globex").plan is Plan.STANDARD


def test_importing_the_same_file_again_changes_nothing(database: Database, now: datetime) -> None:
    imported(database, "accounts", ACCOUNTS, now)
    assert verdicts(looked(database, "accounts", ACCOUNTS)) == ["same", "same"]
    changed = looked(database, "accounts", ACCOUNTS.replace("Globex,,", "globex,vip,globex.example"))
    assert [row.changes for row in changed.rows] == [(), ("vip", "globex.example")]


def test_an_empty_cell_leaves_what_is_known(database: Database, now: datetime) -> None:
    imported(database, "accounts", ACCOUNTS, now)
    assert verdicts(imported(database, "accounts", "name,plan\nAcme,\n", now)) == ["same"]
    with reading(database) as session:
        assert account_named(session, "Acme").plan is Plan.ENTERPRISE


def test_each_line_that_cannot_be_is_named_with_its_reason(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        add_domain(session, id_of(add_account(session, "Umbrella", now)), "umbrella.example", now)
    lines = ["Acme,gold,", ",vip,", "Globex,,gmail.com", "Initech,,umbrella.example", "Hooli,,hooli.example", "HOOLI,,"]
    tally = looked(database, "accounts", "\n".join(["name,plan,domains", *lines, "Soylent,,,more"]))
    assert why(tally) == ["UnknownPlan", "ValueMissing", "PublicDomain", "DomainTaken", "SameLine", "TooManyCells"]
    assert [row.line.number for row in tally.refused] == [2, 3, 4, 5, 7, 8]


@pytest.mark.parametrize(
    "content",
    [
        "名称;套餐;域名\r\n青山科技;企业版;qingshan.example\r\n".encode("gb18030"),
        "\ufeffCompany\tPackage\tE-mail domains\r\n青山科技\tENTERPRISE\tqingshan.example\r\n".encode(),
        'name,plan,domains\n"青山科技",enterprise,"qingshan.example"\n\n,,\n'.encode("utf-16"),
    ],
)
def test_files_of_any_spreadsheet_are_read(database: Database, content: bytes) -> None:
    (row,) = looked(database, "accounts", content).rows
    assert (row.what, row.changes) == ("青山科技", ("enterprise", "qingshan.example"))


def test_letters_with_accents_of_an_old_spreadsheet_stay_what_they_are(database: Database) -> None:
    content = "name,plan\nMüller & Söhne,vip\nCafé Zoë,\n".encode("cp1252")
    assert [row.what for row in looked(database, "accounts", content).rows] == ["Müller & Söhne", "Café Zoë"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "column 'name' is missing"),
        ("plan\nvip\n", "column 'name' is missing"),
        ("name,colour\nAcme,red\n", "no column 'colour'"),
        ("name,company\nAcme,Acme\n", "mean the same"),
        ('name\n"Acme\nGlobex\n', "from line 2 on"),
        ("name\n" + "x\n" * (MOST_LINES + 1), "more than 20,000 lines"),
        ("name\n" + "x" * 3_000_000, "larger than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read_lines(text.encode(), KINDS["accounts"].columns)


CUSTOMERS = """channel,id,name,email,account,language,timezone
slack,T1:U1,Ada,Ada@Acme.example,acme,en,Europe/Berlin
telegram,4711,李雷,,Acme,zh,Asia/Shanghai
web,user-9,Grace,,,,
"""


def test_customers_are_known_before_they_write(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        acme = id_of(add_account(session, "Acme", now))
    assert verdicts(imported(database, "customers", CUSTOMERS, now)) == ["new"] * 3
    with reading(database) as session:
        ada = customer_called(session, "slack", "T1:U1")
        lilei = customer_called(session, "telegram", "4711")
        grace = customer_called(session, "web", "user:user-9")
        assert ada is not None
        assert lilei is not None
        assert grace is not None
        assert (ada.name, ada.email, ada.timezone) == ("Ada", "ada@acme.example", "Europe/Berlin")
        assert (lilei.name, lilei.language) == ("李雷", "zh")
        assert [account.id if account else None for account in (account_of(session, one) for one in (ada, grace))] == [
            acme,
            None,
        ]
    assert verdicts(looked(database, "customers", CUSTOMERS)) == ["same"] * 3


def test_customers_that_cannot_be_are_refused(database: Database) -> None:
    lines = ["fax,1,,,,,", "slack,U1,,,,,", "telegram,@ada,,,,,", "web,9,,no address,,,", "web,9,,,Nobody,,"]
    lines += ["web,9,,,,english,", "web,9,,,,,Mars/Base", "web,9,,,,,", "web,9,,,,,"]
    tally = looked(database, "customers", "\n".join(["channel,id,name,email,account,language,timezone", *lines]))
    assert why(tally) == [
        "UnknownChannel",
        "BadChannelId",
        "BadChannelId",
        "BadEmail",
        "AccountNotFound",
        "UnknownLanguage",
        "UnknownTimezone",
        "SameLine",
    ]


AGENTS = """email,name,role,teams,languages,skills
bob@desk.example,Bob,agent,billing; front line,en;zh,invoices
eve@desk.example,Eve,editor,,,
"""


def test_agents_get_a_link_their_teams_and_languages(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        add_team(session, "front line", now)
        add_team(session, "Billing", now)
    done = imported(database, "agents", AGENTS, now)
    assert verdicts(done) == ["new", "new"]
    with transaction(database) as session:
        assert [redeem(session, row.secret or "", now).name for row in done.rows] == ["Bob", "Eve"]
        bob, eve = session.exec(select(Staff).order_by(Staff.name)).all()
        assert (bob.role, eve.role) == (Role.AGENT, Role.EDITOR)
        assert [team.name for team in teams_of(session, id_of(bob))] == ["Billing", "front line"]
        assert profile_of(session, id_of(bob)).languages == ["en", "zh"]
    again = imported(database, "agents", AGENTS, now)
    assert verdicts(again) == ["same", "same"]
    assert [row.secret for row in again.rows] == [None, None]


def test_agents_that_cannot_be_are_refused_and_nobody_gets_a_link(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        gone = add_staff(session, "gone@desk.example", "Gone", Role.AGENT, now)
        add_staff(session, "root@desk.example", "Root", Role.ADMIN, now)
        disable_staff(session, id_of(gone), now)
    lines = ["x@y@z,,,", "a@desk.example,,boss,", "a@desk.example,,,secret team", "gone@desk.example,,,"]
    tally = looked(database, "agents", "\n".join(["email,name,role,team", *lines]))
    assert why(tally) == ["BadEmail", "UnknownRole", "TeamNotFound", "NotAllowed"]
    with reading(database) as session:
        assert session.exec(select(func.count()).select_from(SignInLink)).one() == 0


def test_a_line_that_is_refused_only_when_it_is_written_leaves_nothing_of_itself_and_all_others_whole(
    database: Database, now: datetime
) -> None:
    """Nobody can see beforehand that this takes the last admin away."""
    with transaction(database) as session:
        add_staff(session, "root@desk.example", "Root", Role.ADMIN, now)
    text = "email,name,role\na@desk.example,Ann,agent\nroot@desk.example,Rooted,viewer\nb@desk.example,Ben,agent\n"
    done = imported(database, "agents", text, now)
    assert verdicts(done) == ["new", "refused", "new"]
    with reading(database) as session:
        assert sorted(session.exec(select(Staff.name)).all()) == ["Ann", "Ben", "Root"]


def test_two_lines_that_are_one_person_in_other_letters_are_told(database: Database) -> None:
    tally = looked(database, "agents", "email\nBob@desk.example\nbob@DESK.example\n")
    assert [row.verdict for row in tally.rows] == [Verdict.NEW, Verdict.REFUSED]


def test_only_admins_import_agents(database: Database, bob: Actor, now: datetime) -> None:
    done = imported(database, "agents", "email\nnew@desk.example\n", now, bob)
    assert why(done) == ["NotAllowed"]
    with reading(database) as session:
        assert session.exec(select(func.count()).select_from(Customer)).one() == 0
        assert session.exec(select(Staff.email)).all() == ["bob@example.com"]

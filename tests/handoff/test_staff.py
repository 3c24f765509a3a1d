"""How people come in, and how they are kept out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Lock

import pytest
from sqlmodel import select

from handoff import passwords
from handoff.actors import Actor
from handoff.errors import BadEmail, BadPassword, BadSignIn, LinkExpired, NotAllowed, TooManySignIns
from handoff.models import Role, SignInLink, Staff, StaffSession
from handoff.rows import id_of
from handoff.sessions import SignInPace
from handoff.staff import (
    add_staff,
    check_link,
    disable_staff,
    first_admin,
    has_admin,
    redeem,
    session_staff,
    set_password,
    sign_in,
    sign_in_link,
    sign_out,
    touch_is_due,
    touch_session,
)
from handoff.wording import normal_email
from store import Database, reading, transaction
from store.models import Audit

PASSWORD = "correct horse battery"


@pytest.fixture
def signed_up(database: Database, bob: Actor, now: datetime) -> Actor:
    with transaction(database) as session:
        set_password(session, bob.staff_id or 0, PASSWORD, now)
    return bob


@pytest.fixture
def token(database: Database, signed_up: Actor, now: datetime) -> str:
    with transaction(database) as session:
        return sign_in(session, "bob@example.com", PASSWORD, now)


def who(database: Database, token: str, now: datetime) -> str | None:
    with reading(database) as session:
        staff = session_staff(session, token, now)
    return staff.name if staff else None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Bob@Example.COM ", "bob@example.com"),
        ("ｂｏｂ@example.com", "bob@example.com"),
        ("b.o+b@sub.example.org", "b.o+b@sub.example.org"),
        ("李@例子.公司", "李@例子.公司"),
    ],
)
def test_an_address_is_kept_in_one_way(typed: str, kept: str) -> None:
    assert normal_email(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "bob", "@example.com", "bob@", "a@b@c", "bob example@x.org", "x" * 250 + "@x.org"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadEmail):
        normal_email(typed)


def test_adding_somebody_twice_changes_name_and_role(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        first = add_staff(session, "bob@example.com", "bob", Role.AGENT, now)
        again = add_staff(session, " BOB@example.com", "Bob B.", Role.EDITOR, now)
    assert first.id == again.id
    assert (again.name, again.role) == ("Bob B.", Role.EDITOR)


def test_a_new_role_ends_the_sessions_of_the_old_one(database: Database, token: str, now: datetime) -> None:
    with transaction(database) as session:
        add_staff(session, "bob@example.com", "bob", Role.VIEWER, now)
    assert who(database, token, now) is None


def test_a_link_works_once(database: Database, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, bob.staff_id, now)
    for _ in range(2):
        with reading(database) as session:
            assert check_link(session, link, now).staff_id == bob.staff_id
    with transaction(database) as session:
        assert redeem(session, link, now).id == bob.staff_id
    with transaction(database) as session:
        with pytest.raises(LinkExpired):
            redeem(session, link, now)
        with pytest.raises(LinkExpired):
            check_link(session, link, now)


def test_of_two_who_redeem_a_link_at_once_one_comes_in(database: Database, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, bob.staff_id, now)
    together = Barrier(2)

    def come_in(_: int) -> bool:
        together.wait(60)
        try:
            with transaction(database) as session:
                redeem(session, link, now)
        except LinkExpired:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(come_in, range(2))) == [False, True]


def test_a_link_lasts_72_hours_and_a_newer_one_replaces_it(database: Database, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        old, new = sign_in_link(session, bob.staff_id, now), sign_in_link(session, bob.staff_id, now)
        with pytest.raises(LinkExpired):
            redeem(session, old, now)
        with pytest.raises(LinkExpired):
            redeem(session, new, now + timedelta(hours=72))
        assert redeem(session, new, now + timedelta(hours=71, minutes=59)).name == "bob"


def test_a_refused_password_leaves_the_link_unused(database: Database, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, bob.staff_id, now)
    with pytest.raises(BadPassword), transaction(database) as session:
        set_password(session, id_of(redeem(session, link, now)), "too short", now)
    with transaction(database) as session:
        assert redeem(session, link, now).name == "bob"


def test_only_hashes_of_secrets_are_stored(database: Database, token: str, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, bob.staff_id, now)
    with reading(database) as session:
        rows = [
            *session.exec(select(Staff)).all(),
            *session.exec(select(SignInLink)).all(),
            *session.exec(select(StaffSession)).all(),
            *session.exec(select(Audit)).all(),
        ]
    stored = str([row.model_dump() for row in rows])
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored
    for secret in (PASSWORD, token, link):
        assert len(secret) > 20
        assert secret not in stored


def test_sign_in_takes_the_address_in_any_case(database: Database, signed_up: Actor, now: datetime) -> None:
    with transaction(database) as session:
        assert who_in(session, sign_in(session, " BOB@Example.com", PASSWORD, now), now) == "bob"


def who_in(session: object, token: str, now: datetime) -> str | None:
    staff = session_staff(session, token, now)  # type: ignore[arg-type]
    return staff.name if staff else None


def test_every_failed_sign_in_sounds_the_same(database: Database, signed_up: Actor, eve: Actor, now: datetime) -> None:
    tries = [
        ("bob@example.com", "wrong horse battery"),
        ("bob@example.com", ""),
        ("bob@example.com", PASSWORD + "\x00"),
        ("bob@example.com\x00", "x" * 1_000_000),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("eve@example.com", PASSWORD),
    ]
    with transaction(database) as session:
        for email, password in tries:
            with pytest.raises(BadSignIn, match=r"^E-mail address and password do not match\.$"):
                sign_in(session, email, password, now)


def test_an_unknown_address_is_checked_against_a_hash_all_the_same(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    real = passwords.is_password
    monkeypatch.setattr(
        "handoff.sessions.is_password", lambda password, kept: checked.append(kept) or real(password, kept)
    )
    with transaction(sqlite_database) as session, pytest.raises(BadSignIn):
        sign_in(session, "nobody@example.com", PASSWORD, now)
    assert checked == [None]


def test_nobodys_hash_costs_as_much_as_a_real_one() -> None:
    assert not passwords.hasher().check_needs_rehash(passwords.NOBODYS_HASH)
    assert not passwords.is_password("", None)


def test_at_most_four_hashes_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    counting, four = Lock(), Barrier(4)
    now_inside = 0

    class Counting:
        def hash(self, password: str) -> str:
            nonlocal now_inside
            with counting:
                now_inside += 1
                inside.append(now_inside)
            # Nobody goes on before four are here, so four do run at once; a fifth would show in the count.
            four.wait(60)
            with counting:
                now_inside -= 1
            return password

    monkeypatch.setattr(passwords, "hasher", Counting)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(passwords.hash_password, [PASSWORD] * 12))
    assert max(inside) == 4


@pytest.mark.parametrize(
    ("password", "is_fine"), [("x" * 11, False), ("x" * 12, True), ("x" * 200, True), ("x" * 201, False)]
)
def test_a_password_has_12_to_200_characters(password: str, is_fine: bool) -> None:
    if is_fine:
        assert passwords.is_password(password, passwords.hash_password(password))
    else:
        with pytest.raises(BadPassword):
            passwords.hash_password(password)


def test_the_same_letters_are_the_same_password_on_every_keyboard() -> None:
    assert passwords.is_password("cafe\u0301 au lait!", passwords.hash_password("caf\u00e9 au lait!"))


def test_a_session_ends_when_idle_for_12_hours_and_after_7_days(database: Database, token: str, now: datetime) -> None:
    assert who(database, token, now + timedelta(hours=11, minutes=59)) == "bob"
    assert who(database, token, now + timedelta(hours=12)) is None
    moment = now
    while moment < now + timedelta(days=7) - timedelta(hours=6):
        moment += timedelta(hours=6)
        with transaction(database) as session:
            touch_session(session, token, moment)
    assert who(database, token, moment + timedelta(hours=5)) == "bob"
    assert who(database, token, now + timedelta(days=7)) is None


def test_a_session_that_ended_cannot_be_touched_back_to_life(database: Database, token: str, now: datetime) -> None:
    late = now + timedelta(hours=13)
    with transaction(database) as session:
        touch_session(session, token, late)
    assert who(database, token, late) is None


def test_not_every_page_view_is_worth_a_write(database: Database, token: str, now: datetime) -> None:
    with reading(database) as session:
        due = [touch_is_due(session, token, now + timedelta(minutes=minutes)) for minutes in (0, 4, 5)]
        assert not touch_is_due(session, "unknown", now)
    assert due == [False, False, True]


def test_sign_in_makes_a_new_token_and_ends_the_one_the_browser_came_with(
    database: Database, token: str, now: datetime
) -> None:
    with transaction(database) as session:
        new = sign_in(session, "bob@example.com", PASSWORD, now, replaces=token)
    assert new != token
    assert (who(database, token, now), who(database, new, now)) == (None, "bob")


def test_a_token_that_somebody_planted_is_never_signed_in(database: Database, signed_up: Actor, now: datetime) -> None:
    with transaction(database) as session:
        assert sign_in(session, "bob@example.com", PASSWORD, now, replaces="planted") != "planted"
    assert who(database, "planted", now) is None


def test_signing_out_ends_the_session(database: Database, token: str, now: datetime) -> None:
    with transaction(database) as session:
        sign_out(session, token)
        sign_out(session, token)
    assert who(database, token, now) is None


def test_a_new_password_ends_all_sessions(database: Database, token: str, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        set_password(session, bob.staff_id or 0, "another horse battery", now)
    assert who(database, token, now) is None


def test_staff_who_were_switched_off_are_out_at_once(database: Database, token: str, bob: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, bob.staff_id, now)
        disable_staff(session, bob.staff_id or 0, now)
    assert who(database, token, now) is None
    with transaction(database) as session:
        with pytest.raises(BadSignIn):
            sign_in(session, "bob@example.com", PASSWORD, now)
        with pytest.raises(LinkExpired):
            redeem(session, link, now)
        with pytest.raises(NotAllowed):
            sign_in_link(session, bob.staff_id, now)
        with pytest.raises(NotAllowed):
            add_staff(session, "bob@example.com", "bob", Role.ADMIN, now)


def test_the_first_admins_link_makes_one_admin_and_no_second(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        assert not has_admin(session)
        links = [sign_in_link(session, None, now) for _ in range(2)]
        with pytest.raises(LinkExpired):
            redeem(session, links[0], now)
    with transaction(database) as session:
        assert first_admin(session, links[0], "bob", "bob@example.com", PASSWORD, now).role is Role.ADMIN
    with transaction(database) as session:
        assert has_admin(session)
        for link in links:
            with pytest.raises(LinkExpired):
                first_admin(session, link, "eve", "eve@example.com", PASSWORD, now)
        assert sign_in(session, "bob@example.com", PASSWORD, now)


def test_of_two_first_admins_at_once_one_is_it(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        links = [sign_in_link(session, None, now) for _ in range(2)]
    together = Barrier(2)

    def become(place: int) -> bool:
        together.wait(60)
        try:
            with transaction(database) as session:
                first_admin(session, links[place], "x", f"x{place}@example.com", PASSWORD, now)
        except LinkExpired:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(become, range(2))) == [False, True]


def test_a_staff_members_link_makes_nobody_an_admin(database: Database, eve: Actor, now: datetime) -> None:
    with transaction(database) as session:
        link = sign_in_link(session, eve.staff_id, now)
    with transaction(database) as session, pytest.raises(LinkExpired):
        first_admin(session, link, "eve", "eve@example.com", PASSWORD, now)


def test_the_only_admin_stays_one(database: Database, hire: Callable[..., Actor], now: datetime) -> None:
    admin = hire("bob", Role.ADMIN)
    with transaction(database) as session:
        with pytest.raises(NotAllowed, match="only admin"):
            disable_staff(session, admin.staff_id or 0, now)
        with pytest.raises(NotAllowed, match="only admin"):
            add_staff(session, "bob@example.com", "bob", Role.AGENT, now)
    hire("eve", Role.ADMIN)
    with transaction(database) as session:
        disable_staff(session, admin.staff_id or 0, now)


def test_a_sixth_sign_in_within_a_minute_is_refused(now: datetime) -> None:
    pace = SignInPace()
    for second in range(5):
        pace.check("bob@example.com", now + timedelta(seconds=second))
    with pytest.raises(TooManySignIns):
        pace.check(" BOB@example.com", now + timedelta(seconds=59))
    pace.check("eve@example.com", now + timedelta(seconds=59))
    pace.check("bob@example.com", now + timedelta(seconds=60))
    with pytest.raises(TooManySignIns):
        pace.check("bob@example.com", now + timedelta(seconds=60))


def test_guessing_with_ever_new_addresses_does_not_fill_the_memory(now: datetime) -> None:
    pace = SignInPace(most_keys=100)
    for number in range(1_000):
        pace.check(f"guess-{number}@example.com", now)
    assert len(pace._tries) == 100

"""Who a customer is: the panel beside a conversation, their own page, joining and parting, and the accounts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from api.console.live import conversations_of
from api.settings import secret_key
from handoff.accounts import add_account, add_domain, use_link
from handoff.actors import OPERATOR
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread, update_profile
from handoff.models import Account, Customer, Plan, Role
from handoff.people import account_of, join, person_ids, set_account
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import reading, transaction
from store.changes import changes_after

office = an_office


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def customer_of(office: Office, number: int) -> int:
    with reading(office.database) as session:
        return ticket_by_number(session, number).customer_id


def on_telegram(office: Office, name: str = "Ada T.", text: str = "Hello from the train") -> int:
    """Somebody writes on Telegram; returns the customer's id."""
    with transaction(office.database) as session:
        person = find_customer(session, "telegram", "123456", office.now, name=name)
        thread = find_thread(session, "telegram", "123456", office.now)
        conversation = open_conversation(session, thread, person, "en", office.now)
        add_incoming(session, conversation, text, None, office.now)
        return id_of(person)


def an_account(office: Office, name: str = "Acme", plan: Plan = Plan.VIP) -> int:
    with transaction(office.database) as session:
        return id_of(add_account(session, name, office.now, plan))


def joined(office: Office, one: int, other: int) -> None:
    with transaction(office.database) as session:
        join(session, one, other, OPERATOR, office.now)


def who(office: Office, customer_id: int) -> tuple[int, ...]:
    with reading(office.database) as session:
        return person_ids(session, customer_id)


def account_name(office: Office, customer_id: int) -> str | None:
    with reading(office.database) as session:
        account = account_of(session, session.get_one(Customer, customer_id))
        return account.name if account else None


def panel(browser: TestClient, path: str) -> str:
    page = browser.get(path)
    assert page.status_code == 200
    return words(page.text.split('<aside class="side"')[1])


def test_the_panel_says_who_the_customer_is(office: Office) -> None:
    number = office.escalate()
    ada, acme = customer_of(office, number), an_account(office)
    with transaction(office.database) as session:
        profile: dict[str, Any] = {"name": "Ada Lovelace", "language": "en", "timezone": "Asia/Shanghai"}
        update_profile(session, session.get_one(Customer, ada), account_id=acme, now=office.now, **profile)
    shown = panel(office.browser("bob"), f"/console/tickets/{number}")
    assert "Name Ada Lovelace Channel Web chat Language English" in shown
    assert "Local time 17:00 Asia/Shanghai Account Acme VIP" in shown
    assert "Not known in another channel." in shown


def test_a_conversation_with_the_bot_has_the_panel_too(office: Office) -> None:
    shown = panel(office.browser("bob"), f"/console/conversations/{office.ask()}")
    assert "Name ada Channel Web chat Language English Account none" in shown


def test_the_same_person_in_another_channel_is_a_link_away(office: Office) -> None:
    number = office.escalate()
    telegram = on_telegram(office)
    joined(office, customer_of(office, number), telegram)
    page = office.browser("bob").get(f"/console/tickets/{number}").text
    assert f'<a href="/console/customers/{telegram}" dir="auto">Ada T.</a>' in page
    assert '<a href="/console/conversations/2"><span dir="auto">Hello from the train</span></a>' in page
    assert f'action="/console/customers/{telegram}/part"' in page


def test_other_tickets_of_the_person_are_listed_whatever_their_channel(office: Office) -> None:
    first, second = office.escalate("first", "ada"), office.escalate("second", "ada at work")
    joined(office, customer_of(office, first), customer_of(office, second))
    assert "Other tickets of this customer #2 second" in panel(office.browser("bob"), f"/console/tickets/{first}")


def test_a_customers_page_shows_the_conversations_of_all_channels(office: Office) -> None:
    number = office.escalate("I cannot get in")
    joined(office, customer_of(office, number), on_telegram(office))
    office.ask("somebody else", "grace")
    page = office.browser("vera", Role.VIEWER).get(f"/console/customers/{customer_of(office, number)}").text
    shown = words(page)
    assert "#1 I cannot get in ada · Web chat" in shown
    assert "Hello from the train Ada T. · Telegram" in shown
    assert "somebody else" not in page


def test_who_only_reads_sees_the_person_and_no_form(office: Office) -> None:
    number = office.escalate()
    an_account(office)
    joined(office, customer_of(office, number), on_telegram(office))
    page = office.browser("vera", Role.VIEWER).get(f"/console/tickets/{number}").text
    assert "Ada T." in page
    for form in ("/part", "/join", "/account"):
        assert f'action="/console/customers/1{form}"' not in page


@pytest.mark.parametrize("asked", ["ada t", "123456", "Ada T.", "3456"])
def test_whom_to_join_with_is_found(office: Office, asked: str) -> None:
    ada, telegram = customer_of(office, office.escalate()), on_telegram(office)
    page = office.browser("bob").get(f"/console/customers/{ada}/join?q={quote(asked)}").text
    assert f'href="/console/customers/{ada}/join/{telegram}?back=' in page
    assert "Hello from the train" in page


def test_a_ticket_number_finds_its_customer(office: Office) -> None:
    ada, grace = customer_of(office, office.escalate()), customer_of(office, office.escalate("help", "grace"))
    page = office.browser("bob").get(f"/console/customers/{ada}/join?q=%232").text
    assert f"/join/{grace}?" in page


def test_nobody_found_is_said_and_what_was_asked_is_escaped(office: Office) -> None:
    ada = customer_of(office, office.escalate())
    page = office.browser("bob").get(f"/console/customers/{ada}/join", params={"q": SCRIPT}).text
    assert "Nobody found for" in page
    assert SCRIPT not in page


def test_both_are_shown_before_they_are_joined(office: Office) -> None:
    ada, telegram, acme = customer_of(office, office.escalate()), on_telegram(office), an_account(office)
    with transaction(office.database) as session:
        set_account(session, telegram, acme, OPERATOR, office.now)
    bob = office.browser("bob")
    page = bob.get(f"/console/customers/{ada}/join/{telegram}?back=/console/tickets/1").text
    shown = words(page)
    assert "Are these the same person?" in shown
    assert "ada Channel Web chat Id in the channel thread-ada" in shown
    assert "Ada T. Channel Telegram Id in the channel 123456 Account Acme VIP" in shown
    assert who(office, ada) == (ada,)
    done = bob.post(f"/console/customers/{ada}/join", data={"other": str(telegram), "back": "/console/tickets/1"})
    assert (done.status_code, done.headers["location"]) == (303, "/console/tickets/1")
    assert who(office, telegram) == (ada, telegram)
    assert account_name(office, ada) == "Acme"


def test_beside_a_conversation_each_step_is_fetched_and_elsewhere_it_is_a_page(office: Office) -> None:
    ada = customer_of(office, office.escalate())
    on_telegram(office)
    bob = office.browser("bob")
    address = f"/console/customers/{ada}/join?q=ada"
    assert "hx-get" in bob.get(address, headers=HTMX).text
    assert "hx-get" not in bob.get(address).text.split("<main")[1]


def test_parting_takes_it_back(office: Office) -> None:
    ada, telegram = customer_of(office, office.escalate()), on_telegram(office)
    joined(office, ada, telegram)
    bob = office.browser("bob")
    done = bob.post(f"/console/customers/{telegram}/part", data={"back": "/console/tickets/1"})
    assert (done.status_code, done.headers["location"]) == (303, "/console/tickets/1")
    assert who(office, ada) == (ada,)
    again = bob.post(f"/console/customers/{telegram}/part")
    assert again.status_code == 409
    assert "joined with nobody" in again.text


def test_customers_of_different_accounts_are_refused_beside_the_form(office: Office) -> None:
    ada, telegram = customer_of(office, office.escalate()), on_telegram(office)
    for customer_id, name in ((ada, "Acme"), (telegram, "Globex")):
        account_id = an_account(office, name)
        with transaction(office.database) as session:
            set_account(session, customer_id, account_id, OPERATOR, office.now)
    browser = office.browser("bob")
    refused = browser.post(f"/console/customers/{ada}/join", data={"other": str(telegram)}, headers=HTMX)
    assert refused.status_code == 409
    assert refused.headers["hx-retarget"] == "#problem"
    assert "different accounts: Acme and Globex" in refused.text
    mei = office.browser("mei", language="zh")
    assert "属于不同的公司" in mei.post(f"/console/customers/{ada}/join", data={"other": str(telegram)}).text


def test_an_agent_sets_and_clears_the_account(office: Office) -> None:
    number = office.escalate()
    ada, acme = customer_of(office, number), an_account(office)
    bob = office.browser("bob")
    for chosen, name in ((str(acme), "Acme"), ("", None)):
        done = bob.post(f"/console/customers/{ada}/account", data={"account": chosen, "back": "/console/tickets/1"})
        assert done.headers["location"] == "/console/tickets/1"
        assert account_name(office, ada) == name
    assert bob.post(f"/console/customers/{ada}/account", data={"account": "99"}).status_code == 404
    assert bob.post(f"/console/customers/{ada}/account", data={"account": "x"}).status_code == 422


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/console\\evil", "/api/docs"])
def test_nobody_is_led_elsewhere_afterwards(office: Office, back: str) -> None:
    ada = customer_of(office, office.escalate())
    bob = office.browser("bob")
    done = bob.post(f"/console/customers/{ada}/account", data={"account": "", "back": back})
    assert done.headers["location"] == "/console"
    assert back not in bob.get(f"/console/customers/{ada}/join", params={"q": "x", "back": back}).text


def test_a_customer_who_does_not_exist_is_a_page_in_words(office: Office) -> None:
    bob = office.browser("bob")
    for path in ("99", "99/join", "99/join/98"):
        response = bob.get(f"/console/customers/{path}")
        assert response.status_code == 404
        assert "There is no such customer." in response.text


def test_what_customers_are_called_is_escaped_everywhere(office: Office) -> None:
    number = office.escalate(SCRIPT, customer=SCRIPT)
    ada, telegram = customer_of(office, number), on_telegram(office, name=SCRIPT, text=SCRIPT)
    with transaction(office.database) as session:
        acme = id_of(add_account(session, SCRIPT, office.now))
        set_account(session, ada, acme, OPERATOR, office.now)
    browser = office.browser("root", Role.ADMIN)
    paths = [f"customers/{ada}/join?q=script", f"customers/{ada}/join/{telegram}", "accounts", f"accounts/{acme}"]
    joined_paths = [f"tickets/{number}", f"customers/{ada}"]
    for path in paths:
        assert SCRIPT not in browser.get(f"/console/{path}").text, path
    joined(office, ada, telegram)
    for path in [*joined_paths, f"accounts/{acme}"]:
        page = browser.get(f"/console/{path}")
        assert SCRIPT not in page.text, path
        assert "&lt;script&gt;" in page.text, path


def test_an_open_conversation_hears_that_its_customer_was_joined(office: Office) -> None:
    number = office.escalate()
    telegram = on_telegram(office)
    with reading(office.database) as session:
        before = max(change.id or 0 for change in changes_after(session, 0))
    joined(office, customer_of(office, number), telegram)
    with reading(office.database) as session:
        assert conversations_of(session, changes_after(session, before)) == {1, 2}


def test_an_admin_makes_and_changes_an_account(office: Office) -> None:
    root = office.browser("root", Role.ADMIN)
    made = root.post("/console/accounts", data={"name": " Acme  Ltd ", "plan": "enterprise"})
    assert (made.status_code, made.headers["location"]) == (303, "/console/accounts/1")
    refused = root.post("/console/accounts", data={"name": "ACME Ltd", "plan": "vip"})
    assert refused.status_code == 409
    assert "There is an account &#39;Acme Ltd&#39; already." in refused.text
    assert 'value="ACME Ltd"' in refused.text
    assert root.post("/console/accounts/1", data={"name": "Acme", "plan": "vip"}).status_code == 303
    assert "Acme VIP 0 –" in words(root.get("/console/accounts").text)


def test_domains_are_added_shown_in_their_own_letters_and_removed(office: Office) -> None:
    acme, root = an_account(office), office.browser("root", Role.ADMIN)
    for domain in ("Acme.Example", "例子.公司"):
        assert root.post(f"/console/accounts/{acme}/domains", data={"domain": domain}).status_code == 303
    shown = words(root.get(f"/console/accounts/{acme}").text)
    assert "acme.example Remove" in shown
    assert "xn--fsqu00a.xn--55qx5d 例子.公司 Remove" in shown
    assert "acme.example, 例子.公司" in words(root.get("/console/accounts").text)
    for domain, said in (
        ("gmail.com", "Anybody can have an address at gmail.com"),
        ("nonsense", "not an e-mail domain"),
    ):
        refused = root.post(f"/console/accounts/{acme}/domains", data={"domain": domain})
        assert refused.status_code == 422
        assert said in refused.text
        assert f'value="{domain}"' in refused.text
    assert root.post(f"/console/accounts/{acme}/domains/remove", data={"domain": "acme.example"}).status_code == 303
    assert "acme.example" not in root.get(f"/console/accounts/{acme}").text


def test_a_link_is_shown_on_one_page_only_and_works(office: Office) -> None:
    acme, root = an_account(office), office.browser("root", Role.ADMIN)
    ada = customer_of(office, office.escalate())
    page = root.post(f"/console/accounts/{acme}/links")
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r"<code>([A-Za-z0-9_-]{38})</code>", page.text)
    assert found
    code = found[1]
    assert f"https://t.me/&lt;your bot&gt;?start={code}" in page.text
    assert code not in root.get(f"/console/accounts/{acme}").text
    with transaction(office.database) as session:
        key = secret_key(office.product.settings)
        assert use_link(session, code, session.get_one(Customer, ada), key, office.now).id == acme
    assert "ada" in words(root.get(f"/console/accounts/{acme}").text.split('id="people-title"')[1])


class _Connected:
    """A connection that knows its bot."""

    def bot_link(self, code: str) -> str | None:
        return f"https://t.me/acme_bot?start={code}"


def test_a_link_names_the_bot_once_it_is_connected(office: Office) -> None:
    from api.links import telegram_link

    assert telegram_link("abc", {"telegram": _Connected()}) == "https://t.me/acme_bot?start=abc"
    assert telegram_link("abc", {"telegram": object()}) == "https://t.me/<your bot>?start=abc"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.EDITOR])
def test_others_see_accounts_without_forms(office: Office, role: Role) -> None:
    acme = an_account(office)
    with transaction(office.database) as session:
        add_domain(session, acme, "acme.example", office.now)
    browser = office.browser("vera", role)
    for path in ("/console/accounts", f"/console/accounts/{acme}"):
        page = browser.get(path).text.split("<main")[1]
        assert "acme.example" in page
        assert '<form class="filter"' not in page
        assert "/links" not in page
    with reading(office.database) as session:
        before = session.exec(select(Account)).all()
    assert browser.post("/console/accounts", data={"name": "Mine"}).status_code == 403
    with reading(office.database) as session:
        assert len(session.exec(select(Account)).all()) == len(before)


def test_an_account_lists_its_people_in_every_channel(office: Office) -> None:
    acme, ada, telegram = an_account(office), customer_of(office, office.escalate()), on_telegram(office)
    with transaction(office.database) as session:
        set_account(session, telegram, acme, OPERATOR, office.now)
    joined(office, ada, telegram)
    shown = words(office.browser("bob").get(f"/console/accounts/{acme}").text)
    assert "People ada Web chat Ada T. Telegram" in shown
    assert "Acme VIP 1 –" in words(office.browser("eve").get("/console/accounts").text)


@pytest.mark.parametrize(("language", "told"), [("en", "Replies also to"), ("zh", "回复同时发送到")])
def test_an_address_that_a_visitor_left_stands_beside_the_talk_as_unchecked(
    office: Office, language: str, told: str
) -> None:
    number = office.escalate()
    bob = office.browser("bob", language=language)
    assert told not in bob.get(f"/console/tickets/{number}").text
    with transaction(office.database) as session:
        session.get_one(Customer, customer_of(office, number)).email = "ada@example.com"
    unchecked = {"en": "nobody has checked it", "zh": "未经核实"}[language]
    assert f"{told} ada@example.com {unchecked}" in words(bob.get(f"/console/tickets/{number}").text)

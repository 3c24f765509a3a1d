"""The stand-in for Slack under apps made with bolt, and its OAuth."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from slack_bolt import App
from slack_bolt.app.app import SlackAppDevelopmentServer
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from standins.slack.server import Http, Person, SlackWorld, Team
from standins_check.slack_clients import BUTTON, MODAL, refusal

pytestmark = pytest.mark.long

BACK = "http://127.0.0.1:1/slack/oauth_redirect"


@contextmanager
def served(app: App, world: SlackWorld) -> Iterator[str]:
    """The app behind bolt's own HTTP server; Slack delivers to it."""
    development = SlackAppDevelopmentServer(port=0, path="/slack/events", app=app, oauth_flow=app.oauth_flow)
    server = development._server
    address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    world.deliver_by = Http(f"{address}/slack/events", world.app.signing_secret)
    try:
        yield address
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()


def bolt(world: SlackWorld, team: Team) -> App:
    client = WebClient(team.bot_token, base_url=world.api_url)
    app = App(client=client, signing_secret=world.app.signing_secret, raise_error_for_unhandled_request=False)

    @app.event("message")
    def on_message(event: dict[str, Any], say: Any) -> None:
        actions = {"type": "actions", "elements": [BUTTON]}
        say(text=f"You said: {event['text']}", blocks=[actions], thread_ts=event["ts"])

    @app.action("press:1")
    def on_press(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("")
    def on_view(ack: Any, view: dict[str, Any]) -> None:
        typed = view["state"]["values"]["subject"]["typed"]["value"]
        if len(typed) > 3:
            ack()
        else:
            ack(response_action="errors", errors={"subject": "Say more."})

    @app.command("/support")
    def on_command(ack: Any, command: dict[str, Any], respond: Any) -> None:
        ack(f"You asked: {command['text']}")
        respond("Later.")

    return app


def test_a_bolt_app_lives_on_signed_requests(world: SlackWorld, team: Team, ann: Person) -> None:
    with served(bolt(world, team), world):
        assert world.verify_url()
        message = ann.says("hello", ann.dm)
        answer = ann.dm.wait_for_bot("Yes", thread_ts=message.ts)
        assert answer.text == "You said: hello"
        press = ann.clicks(answer, "Yes")
        assert press.acknowledged
        view = ann.wait_for_modal("New ticket")
        assert ann.submits(view, {"Subject": "?"}).errors == {"subject": "Say more."}
        assert ann.submits(view, {"Subject": "Login"}).closed
        command = ann.runs("/support", "my password", ann.dm)
        assert command.answer == "You asked: my password"
        world.wait_for(lambda: len(ann.dm.ephemerals(ann)) == 2)
        assert {shown.text for shown in ann.dm.ephemerals(ann)} == {"You asked: my password", "Later."}
        world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))


def test_a_wrong_secret_is_turned_away(world: SlackWorld, team: Team, ann: Person) -> None:
    world.times.retries = ()
    with served(bolt(world, team), world) as address:
        world.deliver_by = Http(f"{address}/slack/events", "another secret")
        assert not world.verify_url()
        delivery = ann.opens_home()
        assert delivery is not None
        assert delivery.wait().attempts[0].status == 401


def test_two_workspaces_install_by_oauth_and_are_not_mixed(world: SlackWorld, tmp_path: Any) -> None:
    one, two = (world.add_team(id, installed=False) for id in ("T1", "T2"))
    people = [team.add_person("ann") for team in (one, two)]
    settings = OAuthSettings(
        client_id=world.app.client_id,
        client_secret=world.app.client_secret,
        scopes=["chat:write", "im:history", "channels:history"],
        authorization_url=f"{world.url}/oauth/v2/authorize",
        redirect_uri=BACK,
        installation_store=FileInstallationStore(base_dir=str(tmp_path)),
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path)),
        install_page_rendering_enabled=False,
    )
    client = WebClient(base_url=world.api_url)
    app = App(client=client, signing_secret=world.app.signing_secret, oauth_settings=settings)

    @app.event("message")
    def on_message(event: dict[str, Any], say: Any) -> None:
        say(f"heard in {event['team']}")

    with served(app, world) as address:
        for person in people:
            asked = httpx.get(f"{address}/slack/install")
            back = world.approve(asked.headers["location"], person)
            cookie = {"Cookie": asked.headers["set-cookie"].partition(";")[0]}
            returned = httpx.get(f"{address}/slack/oauth_redirect?{urlsplit(back).query}", headers=cookie)
            assert returned.status_code == 200
        for person in people:
            person.says("hello", person.dm)
            person.dm.wait_for_bot(f"heard in {person.team.id}")
    tokens = {call.token for call in world.calls_of("chat.postMessage")}
    assert tokens == {one.bot_token, two.bot_token}
    assert "files:read" not in one.scopes


def authorized(world: SlackWorld, person: Person, **change: str) -> str:
    """The code of a fresh approval."""
    query = {"client_id": world.app.client_id, "scope": "chat:write", "state": "s", "redirect_uri": BACK, **change}
    back = world.approve(f"{world.url}/oauth/v2/authorize?{httpx.QueryParams(query)}", person)
    return parse_qs(urlsplit(back).query)["code"][0]


def exchange(world: SlackWorld, **more: str) -> dict[str, Any]:
    client = WebClient(base_url=world.api_url)
    secrets = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    return {"run": client.oauth_v2_access, **secrets, "redirect_uri": BACK, **more}


def test_a_code_is_good_once_and_for_ten_minutes(world: SlackWorld, ann: Person) -> None:
    client = WebClient(base_url=world.api_url)
    known = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    code = authorized(world, ann)
    installed = client.oauth_v2_access(**known, code=code, redirect_uri=BACK)
    assert (installed["team"]["id"], installed["scope"]) == ("T1", "chat:write")
    assert WebClient(installed["access_token"], base_url=world.api_url).auth_test()["ok"]
    assert refusal(**exchange(world, code=code))["error"] == "code_already_used"
    assert refusal(**exchange(world, code="1.2"))["error"] == "invalid_code"
    late = authorized(world, ann)
    world.clock.advance(601)
    assert refusal(**exchange(world, code=late))["error"] == "code_expired"
    elsewhere = exchange(world, code=authorized(world, ann), redirect_uri="http://127.0.0.1:2/")
    assert refusal(**elsewhere)["error"] == "bad_redirect_uri"
    assert refusal(**exchange(world, code=code, client_secret="x"))["error"] == "bad_client_secret"
    assert refusal(**exchange(world, code=code, client_id="x"))["error"] == "invalid_client_id"


def test_the_page_asks_and_refuses(world: SlackWorld, ann: Person) -> None:
    query = {"client_id": world.app.client_id, "scope": "chat:write", "state": "s", "redirect_uri": BACK}
    url = f"{world.url}/oauth/v2/authorize"
    assert "ann at Team T1" in httpx.get(url, params=query).text
    allowed = httpx.post(url, params=query, data={"person": ann.id})
    assert allowed.status_code == 302
    assert "state=s" in allowed.headers["location"]
    denied = httpx.post(url, params=query, data={"person": ann.id, "deny": ""})
    assert "error=access_denied" in denied.headers["location"]
    world.app.redirect_uris = ["https://support.example/"]
    for wrong in ({}, {"scope": "nonsense"}, {"client_id": "x"}, {"scope": ""}):
        assert httpx.get(url, params={**query, **wrong}).status_code == 400


def test_rotated_tokens_end_and_refresh_tokens_work_once(world: SlackWorld, ann: Person) -> None:
    world.app.rotates_tokens = True
    client = WebClient(base_url=world.api_url)
    known = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    first = client.oauth_v2_access(**known, code=authorized(world, ann), redirect_uri=BACK)
    assert first["expires_in"] == 43_200
    world.clock.advance(43_201)
    old = WebClient(first["access_token"], base_url=world.api_url)
    assert refusal(old.auth_test)["error"] == "token_expired"
    again = {**known, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = client.oauth_v2_access(**again)
    assert WebClient(second["access_token"], base_url=world.api_url).auth_test()["ok"]
    assert refusal(client.oauth_v2_access, **again)["error"] == "invalid_refresh_token"


def test_apps_uninstall_ends_the_installation(world: SlackWorld, team: Team) -> None:
    client = WebClient(team.bot_token, base_url=world.api_url)
    known = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    assert refusal(client.apps_uninstall, **{**known, "client_secret": "x"})["error"] == "bad_client_secret"
    client.apps_uninstall(**known)
    assert refusal(client.auth_test)["error"] == "account_inactive"
    assert [delivery.name for delivery in world.deliveries] == ["tokens_revoked", "app_uninstalled"]

"""Machine-made requests over the OpenAPI document: no server error, no undocumented answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import postgres
import pytest
import schemathesis
from deeper import examples
from http_house import House, running
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from api.http.limits import RateLimit
from handoff.models import Scope

TICKET = "/api/v1/tickets/{number}"
DEEDS = (
    *("claim", "replies", "notes", "hand-back", "take-over", "resolve", "reopen"),
    *("wait", "snooze", "priority", "tier", "tags", "category", "external-link", "links", "merge", "split", "marks"),
)
UPLOAD = "/api/v1/kb/publications"
OPERATIONS = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/ask"),
    ("POST", UPLOAD),
    ("GET", "/api/v1/kb/publications/{number}"),
    ("GET", "/api/v1/tickets"),
    ("GET", TICKET),
    ("POST", "/api/v1/tickets"),
    *[("POST", f"{TICKET}/{deed}") for deed in DEEDS],
    ("DELETE", f"{TICKET}/links/{{other}}"),
    ("POST", "/api/v1/chat/sessions"),
    ("POST", "/api/v1/chat/messages"),
    ("GET", "/api/v1/chat/messages"),
    ("POST", "/api/v1/chat/user"),
    ("GET", "/api/v1/chat/files/{file_id}"),
    ("GET", "/api/v1/chat/tickets"),
    *[("POST", f"/api/v1/chat/tickets/{{number}}/{deed}") for deed in ("close", "reopen", "rating")],
    ("PUT", "/api/v1/chat/email"),
    ("DELETE", "/api/v1/chat/email"),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On both databases: they refuse different texts and numbers."""
    folder = tmp_path_factory.mktemp("house")
    with ExitStack() as stack:
        if request.param == "sqlite":
            opened = running(folder, request.getfixturevalue("sqlite_template"))
        else:
            server, template = map(request.getfixturevalue, ("postgres_server", "postgres_template"))
            url = stack.enter_context(postgres.new_database(server, template))
            opened = running(folder, database_url=url)
        running_house = stack.enter_context(opened)
        running_house.app.state.rate_limit = RateLimit(rate=1_000_000)
        yield running_house


@pytest.fixture(scope="module")
def tokens(house: House) -> dict[str, dict[str, str]]:
    """An API token that may do everything, and a chat session with a ticket to do it to."""
    customer, number = house.ticket()
    assert number == 1
    return {"api": house.token(Scope.ADMIN), "chat": customer.headers}


@pytest.fixture(scope="module")
def described(house: House) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{house.address}/api/openapi.json")


def test_every_operation_but_the_stream_is_tried(described: BaseSchema) -> None:
    """A stream does not end by itself: it has its own tests."""
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    found = {(one.method.upper(), one.path) for one in operations}
    assert found - set(OPERATIONS) == {("GET", "/api/v1/chat/stream")}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_breaks_the_interface(
    described: BaseSchema, tokens: dict[str, dict[str, str]], method: str, path: str
) -> None:
    headers = tokens["chat" if "/chat/" in path else "api"]
    # A query parameter that nobody knows is left alone: refusing it would break whoever adds one. No schema can say
    # which bytes are a zip.
    excluded = [negative_data_rejection, *([positive_data_acceptance] if path == UPLOAD else [])]
    operation = described[path][method]
    # Where a request carries nothing, there is nothing to get wrong.
    carries = operation.body or operation.query or operation.path_parameters
    for mode in GenerationMode if carries else [GenerationMode.POSITIVE]:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples(10),
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def try_it(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers, excluded_checks=excluded)

        try_it()


@pytest.mark.parametrize(
    "path", ["/kb/%00/x", "/kb/en/%00", "/kb/en/%ED%A0%80", "/kb/en/x/v2147483648", f"/kb/en/{'x' * 3000}"]
)
def test_no_address_of_an_article_breaks_the_pages(house: House, path: str) -> None:
    assert house.client.get(path).status_code in (404, 422)

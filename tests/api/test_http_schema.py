"""Machine-made requests over the OpenAPI document: no server error, no undocumented answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
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


@pytest.fixture(scope="module")
def houses(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, postgres_server: str, postgres_template: str
) -> Iterator[list[House]]:
    """One on either database, which refuse different texts and numbers. To make a request up takes far longer than to
    answer it, so each goes to both."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.new_database(postgres_server, postgres_template))
        opened = [
            stack.enter_context(running(tmp_path_factory.mktemp("house"), sqlite_template)),
            stack.enter_context(running(tmp_path_factory.mktemp("house"), database_url=url)),
        ]
        for house in opened:
            house.app.state.rate_limit = RateLimit(rate=1_000_000)
        yield opened


@pytest.fixture(scope="module")
def tokens(houses: list[House]) -> list[dict[str, dict[str, str]]]:
    """For each house an API token that may do everything, and a chat session with a ticket to do it to."""
    found = []
    for house in houses:
        customer, number = house.ticket()
        assert number == 1
        found.append({"api": house.token(Scope.ADMIN), "chat": customer.headers})
    return found


@pytest.fixture(scope="module")
def described(houses: list[House]) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{houses[0].address}/api/openapi.json")


def test_every_operation_but_the_stream_is_tried(described: BaseSchema) -> None:
    """A stream does not end by itself: it has its own tests."""
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    found = {(one.method.upper(), one.path) for one in operations}
    assert found - set(OPERATIONS) == {("GET", "/api/v1/chat/stream")}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_breaks_the_interface(
    described: BaseSchema, houses: list[House], tokens: list[dict[str, dict[str, str]]], method: str, path: str
) -> None:
    whose = "chat" if "/chat/" in path else "api"
    # A query parameter that nobody knows is left alone: refusing it would break whoever adds one. No schema can say
    # which bytes are a zip.
    excluded = [negative_data_rejection, *([positive_data_acceptance] if path == UPLOAD else [])]
    operation = described[path][method]
    # Where a request carries nothing, there is nothing to get wrong.
    carries = operation.body or operation.query or operation.path_parameters
    for mode in GenerationMode if carries else [GenerationMode.POSITIVE]:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples(4),
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def try_it(case: schemathesis.Case[Any]) -> None:
            for house, known in zip(houses, tokens, strict=True):
                case.call_and_validate(base_url=house.address, headers=known[whose], excluded_checks=excluded)

        try_it()


@pytest.mark.parametrize(
    "path", ["/kb/%00/x", "/kb/en/%00", "/kb/en/%ED%A0%80", "/kb/en/x/v2147483648", f"/kb/en/{'x' * 3000}"]
)
def test_no_address_of_an_article_breaks_the_pages(houses: list[House], path: str) -> None:
    assert {house.client.get(path).status_code for house in houses} <= {404, 422}

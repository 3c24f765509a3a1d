"""What is asked over HTTP is never answered from what was deleted before, even by a server that cannot follow."""

from __future__ import annotations

from datetime import UTC, datetime

import http_house
import pytest
from console_fixtures import Office, an_office
from starlette.testclient import TestClient

from handoff.models import Scope
from handoff.tokens import add_token
from store import transaction

office = an_office
QUESTION = {"text": "I forgot my password"}


@pytest.fixture
def ada(office: Office) -> TestClient:
    office.product.live.serving = http_house.live(office.database, "http://firstline.test").serving
    with transaction(office.database) as session:
        token = add_token(session, "ask", Scope.READ, datetime.now(UTC))
    client = office.stranger()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_an_answer_whose_article_was_deleted_is_not_given(office: Office, ada: TestClient) -> None:
    assert ada.post("/api/v1/ask", json=QUESTION).json()["citations"][0]["article"] == "reset-password"
    # This release has no fit, so the server can follow it no more than one whose index is damaged.
    http_house.publish(office.database, http_house.ARTICLES[2:])
    refused = ada.post("/api/v1/ask", json=QUESTION)
    assert refused.status_code == 503
    assert "link in the message" not in refused.text


def test_an_answer_whose_article_stands_as_it_was_is_given(office: Office, ada: TestClient) -> None:
    http_house.publish(office.database, http_house.ARTICLES[:2])
    assert ada.post("/api/v1/ask", json=QUESTION).json()["decision"] == "answer"

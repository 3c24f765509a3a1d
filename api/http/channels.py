"""Where Slack and Telegram bring their events, when they bring them by HTTP. Nothing is believed before its proof."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.routing import Route

from api.http.parts import TheProduct, product
from api.http.problems import ApiProblem
from api.product import Product

if TYPE_CHECKING:
    # Only who has a token pays for loading the libraries.
    from bot.channels.slack.connection import SlackConnection
    from bot.channels.slack.http import Answer
    from bot.channels.telegram.connection import TelegramConnection

router = APIRouter(prefix="/channels", include_in_schema=False)
SECRET = "x-telegram-bot-api-secret-token"


async def telegram_webhook(request: Request) -> Response:
    """One update. 200 once it is kept; anything else and Telegram brings it again."""
    connection = _telegram(product(request))
    body, secret = await request.body(), request.headers.get(SECRET)
    status = await to_thread.run_sync(lambda: connection.take_webhook(body, secret, datetime.now(UTC)))
    return Response(status_code=status)


async def slack_events(request: Request) -> Response:
    """Events, interactivity and commands, signed by Slack."""
    connection = _slack(product(request))
    body, headers, query = await request.body(), dict(request.headers), dict(request.query_params)
    return _response(await to_thread.run_sync(lambda: connection.take_http(body, headers, query)))


@router.get("/slack/install")
def slack_install(request: Request, served: TheProduct) -> Response:
    """Add the app to another workspace: leads to Slack, which leads back."""
    return _response(_slack(served).take_install(dict(request.query_params), dict(request.headers)))


@router.get("/slack/oauth_redirect")
def slack_oauth(request: Request, served: TheProduct) -> Response:
    """Back from Slack with a code that is exchanged for the workspace's token."""
    return _response(_slack(served).take_oauth(dict(request.query_params), dict(request.headers)))


# Plain routes, and the first that are looked at: each message comes by one, and it needs nothing that FastAPI adds.
WEBHOOKS = (
    Route("/channels/telegram/webhook", telegram_webhook, methods=["POST"], include_in_schema=False),
    Route("/channels/slack/events", slack_events, methods=["POST"], include_in_schema=False),
)


def _telegram(served: Product) -> TelegramConnection:
    found = served.connections.get("telegram")
    if found is None:
        raise ApiProblem(404, "This Firstline has no Telegram channel: set FIRSTLINE_TELEGRAM_TOKEN.")
    return cast("TelegramConnection", found)


def _slack(served: Product) -> SlackConnection:
    found = served.connections.get("slack")
    if found is None:
        raise ApiProblem(404, "This Firstline has no Slack channel: set FIRSTLINE_SLACK_BOT_TOKEN.")
    return cast("SlackConnection", found)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)

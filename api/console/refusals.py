"""What the console says instead of a traceback: every error as a page in words, or as a line beside the form."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.page import is_fragment, page, texts_for
from api.console.parts import SignInNeeded
from api.http.problems import status_of
from api.texts import Texts
from bot.audits import NoSuchArticle, SameArticle
from bot.learning import drafting
from bot.learning.recall import errors as recall
from handoff.errors import (
    AccountNotFound,
    BadAddress,
    BadDays,
    BadDeed,
    BadDomain,
    BadEmail,
    BadFilter,
    BadGap,
    BadMacroLanguage,
    BadMacroName,
    BadMoment,
    BadPassword,
    BadPeriod,
    BadProfile,
    BadRota,
    BadTag,
    BadTier,
    ConversationNotFound,
    CustomerNotFound,
    DeliveryNotFound,
    DiagnosisNeeded,
    EmptyMacro,
    GapsLeft,
    HandoffError,
    LinkExpired,
    MacroNotFound,
    NameNeeded,
    NobodyNamed,
    NotAllowed,
    NothingTicked,
    NotMarkable,
    NotSplittable,
    ReasonNeeded,
    SameTicket,
    StaffNotFound,
    TeamNotFound,
    TooManyViews,
    ViewNameNeeded,
    ViewNotFound,
    WrongStatus,
)
from handoff.sla.errors import BadRules, CalendarNotFound
from kb_content.errors import KbError
from store.errors import StoreError

SIGN_IN = "/console/sign-in"

log = structlog.get_logger()


class ConsoleRoute(APIRoute):
    """A route whose errors are pages. With it on a router, an endpoint may let any error of the desk pass."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:
                return await run_in_threadpool(refuse, request, error)

        return answer


def refuse(request: Request, error: Exception) -> Response:
    """The response to a request that ended in ``error``."""
    if isinstance(error, SignInNeeded):
        return _to_sign_in(request)
    status = status_for(error)
    if status >= 500:
        # Its pattern: the address itself may be a one-time link.
        route = getattr(request.scope.get("route"), "path", None)
        log.error("console request failed", route=route, status=status, exc_info=error)
    words = sentence(texts_for(request), error, status)
    if is_fragment(request):
        return page(request, "console/problem_line.html", status=status, headers=BESIDE, words=words)
    return page(request, "console/problem.html", status=status, words=words, number=status, back=_place_before(request))


def _place_before(request: Request) -> str:
    """The page of the console on which they were, by its path; empty where that is unknown or is this one."""
    came = urlsplit(request.headers.get("referer", ""))
    is_ours = came.netloc == request.url.netloc and f"{came.path}/".startswith("/console/")
    back = urlunsplit(("", "", came.path, came.query, "")) if is_ours else ""
    return "" if request.method == "GET" and back == request.url.path else back


# A fragment request came from a form: its place is under the page's heading, whatever the form itself would replace.
BESIDE = {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"}


_STATUS: dict[type[Exception], int] = {
    NotAllowed: 403,
    ConversationNotFound: 404,
    CustomerNotFound: 404,
    DeliveryNotFound: 404,
    AccountNotFound: 404,
    StaffNotFound: 404,
    TeamNotFound: 404,
    LinkExpired: 410,
    BadPassword: 422,
    BadEmail: 422,
    BadDomain: 422,
    BadRules: 422,
    CalendarNotFound: 404,
    BadAddress: 422,
    BadDays: 422,
    BadMoment: 422,
    BadTag: 422,
    BadTier: 422,
    DiagnosisNeeded: 422,
    NobodyNamed: 422,
    NotMarkable: 422,
    NotSplittable: 422,
    ReasonNeeded: 422,
    SameTicket: 422,
    BadPeriod: 422,
    BadRota: 422,
    BadProfile: 422,
    NameNeeded: 422,
    NoSuchArticle: 422,
    BadFilter: 422,
    ViewNotFound: 404,
    MacroNotFound: 404,
    BadMacroName: 422,
    BadMacroLanguage: 422,
    BadGap: 422,
    EmptyMacro: 422,
    GapsLeft: 422,
    BadDeed: 422,
    ViewNameNeeded: 422,
    TooManyViews: 422,
    NothingTicked: 422,
    SameArticle: 422,
    drafting.NotSolvedYet: 409,
    recall.RecallNotFound: 404,
    recall.NothingToRecall: 422,
    recall.WhyMissing: 422,
    recall.CorrectionMissing: 422,
    recall.NobodyWasTold: 409,
    recall.StillTold: 409,
    recall.NotLookedThrough: 409,
    recall.RecallIsOver: 409,
}


# By name: the classes are spread over the rooms that raise them, and everything else of the studio is 422.
_KB_STATUS = {
    "NoSuchDraft": 404,
    "NoSuchRelease": 404,
    "GoldGone": 404,
    "ImportGone": 404,
    "NoSuchWork": 404,
    "DraftChanged": 409,
    "DraftOutdated": 409,
    "ReleaseOutdated": 409,
    "WorkDecided": 409,
    "AlreadyUnderWay": 409,
    "NotCancellable": 409,
    "ImportRolledOut": 409,
    "RolloutUnderWay": 409,
    "RolloutRunning": 409,
}


def status_for(error: Exception) -> int:
    """The HTTP status for ``error``; 500 for what we did not foresee."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    if isinstance(error, WrongStatus):
        return 409
    if isinstance(error, KbError):
        return _KB_STATUS.get(type(error).__name__, 422)
    found = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), None)
    return found or status_of(error)


def sentence(t: Texts, error: Exception, status: int) -> str:
    """What to tell the person. The desk's own words are English: in another language, the text of their class."""
    if isinstance(error, HandoffError | StoreError | KbError):
        if t.language == "en":
            return str(error)
        kinds = (f"error.{kind.__name__}" for kind in type(error).__mro__)
        # What an error holds has its place in the text of its class: who has the ticket, say.
        return t(next((key for key in kinds if t.has(key)), f"error.{status}"), **vars(error))
    return t(f"error.{status}" if t.has(f"error.{status}") else "error.500")


def _to_sign_in(request: Request) -> Response:
    if is_fragment(request):
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    # A form that was sent cannot be sent again by a redirect; its page can be opened again.
    back = request.url.path if request.method == "GET" else ""
    query = f"?{request.url.query}" if back and request.url.query else ""
    target = f"{SIGN_IN}?next={quote(back + query)}" if back not in ("", "/console") or query else SIGN_IN
    return RedirectResponse(target, 303)

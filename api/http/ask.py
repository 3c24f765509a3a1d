"""``POST /api/v1/ask``: what the bot would answer, without a conversation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from api.http.parts import TheProduct, caller
from api.http.problems import ApiProblem, answers
from api.http.words import Language, Words
from handoff.actors import Actor
from handoff.permissions import Permission

router = APIRouter(prefix="/api/v1", tags=["answers"])
_LOOKS = 3


class Question(BaseModel):
    text: Words
    language: Language | None = None


class Cited(BaseModel):
    """The passage that the answer rests on."""

    article: str
    version: int
    passage: str
    title: str
    url: str
    quote: str


class OptionShown(BaseModel):
    """One of the choices of a clarifying question."""

    article: str
    title: str


class Answered(BaseModel):
    """What the bot would do as the reply to an unknown customer's first message."""

    model_config = ConfigDict(extra="allow")
    decision: Literal["answer", "clarify", "escalate", "decline", "smalltalk"]
    confidence: float
    intent: str | None
    text: str
    citations: list[Cited]
    language: str
    reason: str | None = None
    options: list[OptionShown] | None = None


@router.post(
    "/ask", response_model=Answered, response_model_exclude_unset=True, responses=answers(400, 401, 403, 413, 422)
)
def ask_the_bot(
    question: Question, product: TheProduct, _: Annotated[Actor, Depends(caller(Permission.ASK))]
) -> dict[str, Any]:
    """Ask as an unknown customer. Nothing is stored and no ticket is opened."""
    from bot.asking import ask
    from bot.freshness import is_current

    for _look in range(_LOOKS):
        serving = product.live.serving
        if serving is None:
            break
        answer = ask(serving, question.text, question.language)
        if is_current(product.database, serving.release_id, answer["citations"]):
            return answer
        # Another release went live meanwhile, maybe without what this one cites.
        product.live.refresh(product.database)
    raise ApiProblem(503, " ".join(product.reasons_not_ready()) or None, {"Retry-After": "5"})

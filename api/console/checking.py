"""What a draft does to the answers, before it is published: content changes to tick, questions beside what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from api.console.draft_page import why_not
from api.console.draft_places import place_of
from api.console.page import page, texts_for
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.console.talk import shown_reading
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.learning.studio import publications
from bot.learning.studio.asking import Asked, ask_drafts
from bot.learning.studio.comparing import Effect, articles_in, as_values, by_gravity, counts
from bot.learning.studio.content import ContentChange, content_changes
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import KbError
from kb_content.studio import drafts
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import Draft, DraftState, Publication
from kb_content.studio.titles import Titles, titles
from store import reading, transaction

router = APIRouter(prefix="/console/drafts", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
DraftId = Annotated[int, Path(ge=1, lt=2**53)]
Keys = Annotated[list[Annotated[str, Form(max_length=64)]], Form(max_length=2_000, default_factory=list)]
SHOWN = 200
"""Questions on one page."""
PUBLISH, SUBMIT = "publish", "submit"


@dataclass(frozen=True)
class Questions:
    """What becomes of the questions, those of one effect, or all that change."""

    release: int
    total: int
    counts: Mapping[str, int]
    losses: int
    effect: str
    rows: list[dict[str, Any]]
    more: int
    titles: Titles


@dataclass(frozen=True)
class Side:
    """What one side made of the question that was asked: ``name`` is before or after."""

    name: str
    answer: dict[str, Any]
    reading: dict[str, Any]


@dataclass(frozen=True)
class CheckPage:
    """``why_not``: why it cannot be published as it is. ``publication``: the newest wish to publish it."""

    draft: Draft
    place: str
    content: list[ContentChange]
    why_not: str
    has_four_eyes: bool
    publication: Publication | None
    questions: Questions | None = None
    asked: Asked | None = None
    sides: tuple[Side, ...] = ()
    typed: str = ""

    @property
    def is_to_be_submitted(self) -> bool:
        """Whether the next step is a colleague's."""
        return self.has_four_eyes and self.draft.state is DraftState.DRAFT

    @property
    def unticked(self) -> int:
        return sum(not one.is_ticked for one in self.content)


@router.get("/{draft_id}/check")
def check(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    draft_id: DraftId,
    effect: Annotated[str, Query(max_length=20)] = "",
    compare: bool = False,
) -> Response:
    """The changes of its content; the questions come at once with ``compare``, else the page fetches them."""
    found = _questions(product, draft_id, effect) if compare or effect else None
    return _page(request, product, draft_id, questions=found)


@router.get("/{draft_id}/check/questions")
def questions(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    draft_id: DraftId,
    effect: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The questions alone, for the page that is open."""
    found = _questions(product, draft_id, effect)
    problem = sentence(texts_for(request), found, 422) if isinstance(found, KbError) else ""
    shown = None if problem else found
    return page(request, "console/check_questions.html", questions=shown, problem=problem, draft_id=draft_id)


@router.post("/{draft_id}/check")
def tick(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    draft_id: DraftId,
    keys: Keys,
    do: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Keep which changes were meant; then publish or submit, if that was pressed."""
    with transaction(product.database) as session:
        drafts.tick(session, draft_id, keys, id_of(staff), now, actor=staff.name)
    if do not in (PUBLISH, SUBMIT):
        return RedirectResponse(f"/console/drafts/{draft_id}/check", 303)
    try:
        if do == SUBMIT:
            with transaction(product.database) as session:
                place = place_of(drafts.submit(session, draft_id, id_of(staff), now, actor=staff.name))
            return RedirectResponse(place, 303)
        with transaction(product.database) as session:
            asked = publications.ask(session, [draft_id], id_of(staff), now)
    except KbError as error:
        return _page(request, product, draft_id, error=error)
    return RedirectResponse(f"/console/publications/{asked}", 303)


@router.get("/{draft_id}/ask")
def ask_page(request: Request, product: TheProduct, staff: ArticleReader, draft_id: DraftId) -> Response:
    """The box, empty."""
    return _page(request, product, draft_id, template="console/ask_draft.html")


@router.post("/{draft_id}/ask")
def ask(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    draft_id: DraftId,
    text: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    """One question, put to the draft and to what is live. Nothing is stored; it is a POST to stay out of every log."""
    typed, asked, problem = text.strip(), None, None
    try:
        if typed:
            asked = ask_drafts(product.quick, product.database, product.live.serving, [draft_id], typed)
    except KbError as error:
        problem = error
    return _page(request, product, draft_id, template="console/ask_draft.html", asked=asked, typed=typed, error=problem)


def _questions(product: Product, draft_id: int, effect: str) -> Questions | KbError:
    """What the questions become; an error is said in its place, as the rest of the page does not need them."""
    try:
        checked = product.quick.check(product.database, product.live.serving, [draft_id])
    except KbError as error:
        return error
    wanted = effect if effect in {one.value for one in Effect} else ""
    shown = [one for one in by_gravity(checked.compared) if _is_shown(one.effect, wanted)]
    rows = [{**as_values(one), "text": one.question.text} for one in shown[:SHOWN]]
    losses = sum(one.is_loss for one in checked.compared)
    more, total = max(0, len(shown) - SHOWN), len(checked.compared)
    with reading(product.database) as session:
        found = titles(session, articles_in(rows))
    return Questions(checked.release, total, counts(checked.compared), losses, wanted, rows, more, found)


def _is_shown(effect: Effect, wanted: str) -> bool:
    return effect.value == wanted if wanted else effect is not Effect.SAME


def _page(
    request: Request,
    product: Product,
    draft_id: int,
    *,
    template: str = "console/check.html",
    questions: Questions | KbError | None = None,
    asked: Asked | None = None,
    typed: str = "",
    error: KbError | None = None,
) -> Response:
    with reading(product.database) as session:
        draft = drafts.get(session, draft_id)
        content = content_changes(session, [draft_id])
        has_four_eyes = four_eyes(session)
        reason = why_not(texts_for(request), draft, has_four_eyes)
        publication = publications.publication_of(session, draft_id)
    failed = error or (questions if isinstance(questions, KbError) else None)
    found = questions if isinstance(questions, Questions) else None
    status = status_for(error) if error is not None else 200
    sides = _sides(asked, draft) if asked is not None else ()
    shown = CheckPage(draft, place_of(draft), content, reason, has_four_eyes, publication, found, asked, sides, typed)
    problem = sentence(texts_for(request), failed, status) if failed is not None else ""
    return page(request, template, status=status, shown=shown, problem=problem, draft_id=draft_id)


def _sides(asked: Asked, draft: Draft) -> tuple[Side, ...]:
    before, after = (Side(name, answer, shown_reading(answer["why"])) for name, answer in _named(asked))
    for passage in after.reading["passages"]:
        if (passage["article"], passage["language"]) == (draft.name, draft.language):
            # Its version is not there before it is published.
            passage["link"] = place_of(draft)
    return before, after


def _named(asked: Asked) -> tuple[tuple[str, dict[str, Any]], ...]:
    return ("before", asked.before), ("after", asked.after)

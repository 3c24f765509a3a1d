"""The releases: what each changed and came to, the one that is rolled out beside the live one, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.draft_page import names_of
from api.console.page import page
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.learning.live_figures import LiveFigures, figures_from
from bot.learning.releases import LINES, Comparison, Course, compare_rollout, courses
from handoff.accounts import AccountChoice, account_choices
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content import rollouts
from kb_content.errors import WhyRolledBack
from kb_content.models import Release
from kb_content.studio.models import Rollout
from kb_content.studio.release_history import ReleaseChanges, ReleaseLine, changes_of, release_line, release_lines
from kb_content.studio.running import brought
from store import reading, transaction

router = APIRouter(prefix="/console/releases", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
ReleaseId = Annotated[int, Path(ge=1, lt=2**53)]
Words = Annotated[str, Form(max_length=1_000)]
Ids = Annotated[list[int], Form(max_length=500, default_factory=list)]
Done = Annotated[str, Query(pattern="^(promoted|stopped|stopped_undone|stopped_left|widened|rolled_back)$")]
A_PAGE = 30
FIGURES = timedelta(days=30)
"""The last span of a release's life that its figures are of."""


@dataclass(frozen=True)
class UnderWay:
    """The rollout that runs, beside what is live."""

    rollout: Rollout
    comparison: Comparison
    by: str
    accounts: tuple[str, ...]
    choices: tuple[AccountChoice, ...]
    problem: str
    """Why this server cannot give it to anybody, else empty."""
    imports: tuple[int, ...]
    """What was brought in for it; taken back where it is stopped."""


@dataclass(frozen=True)
class OneRelease:
    line: ReleaseLine
    changes: ReleaseChanges
    figures: LiveFigures
    course: Course
    is_rolled_out: bool


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    under: Annotated[int | None, Query(ge=1, lt=2**53)] = None,
    done: Done | None = None,
) -> Response:
    """The rollout that runs, and all releases that customers got, the newest first."""
    with reading(product.database) as session:
        lines = release_lines(session, A_PAGE + 1, under)
        under_way = _under_way(session, product)
    return page(
        request,
        "console/releases.html",
        lines=lines[:A_PAGE],
        older=lines[A_PAGE - 1].id if len(lines) > A_PAGE else None,
        under_way=under_way,
        problem=product.live.problem if product.live.serving else None,
        done=done,
    )


@router.get("/{release_id}")
def release_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: ArticleReader,
    release_id: ReleaseId,
    done: Done | None = None,
) -> Response:
    """What one release changed, what its fit promised and what became of its answers."""
    with reading(product.database) as session:
        shown = _one(session, release_id, now)
    return page(request, "console/release.html", shown=shown, lines=LINES, done=done)


@router.post("/{release_id}/roll-back")
def roll_back(product: TheProduct, now: Now, staff: Editor, release_id: ReleaseId, reason: Words = "") -> Response:
    """Make what this release was live again, at once."""
    if not reason.strip():
        raise WhyRolledBack
    with transaction(product.database) as session:
        again = rollouts.roll_back(session, release_id, id_of(staff), now, reason=reason, actor=staff.name)
    return RedirectResponse(f"/console/releases/{again}?done=rolled_back", 303)


@router.post("/rollout/promote")
def promote(product: TheProduct, now: Now, staff: Editor) -> Response:
    """Give the staged release to everybody."""
    with transaction(product.database) as session:
        release_id = rollouts.promote(session, id_of(staff), now, actor=staff.name)
    return RedirectResponse(f"/console/releases/{release_id}?done=promoted", 303)


@router.post("/rollout/stop")
def stop(product: TheProduct, now: Now, staff: Editor, reason: Words = "") -> Response:
    """Give everybody what is live again."""
    with transaction(product.database) as session:
        stopped = rollouts.stop(session, id_of(staff), now, reason=reason, actor=staff.name)
    done = "stopped_left" if stopped.left else "stopped_undone" if stopped.taken_back else "stopped"
    return RedirectResponse(f"/console/releases?done={done}", 303)


@router.post("/rollout/share")
def widen(
    product: TheProduct, now: Now, staff: Editor, accounts: Ids, percent: Annotated[int, Form(ge=0, le=100)] = 0
) -> Response:
    """Give the staged release to another share of the conversations, and to other accounts."""
    with transaction(product.database) as session:
        rollouts.widen(session, percent, accounts, now, actor=staff.name)
    return RedirectResponse("/console/releases?done=widened", 303)


def _under_way(session: Session, product: Product) -> UnderWay | None:
    rollout = rollouts.running(session)
    if rollout is None:
        return None
    choices = account_choices(session)
    return UnderWay(
        rollout,
        compare_rollout(session, rollout),
        names_of(session, [rollout.begun_by]).get(rollout.begun_by or 0, ""),
        tuple(choice.name for choice in choices if choice.id in rollout.accounts),
        tuple(choices),
        product.live.staged_problem or "",
        brought(session, rollout),
    )


def _one(session: Session, release_id: int, now: Now) -> OneRelease:
    line = release_line(session, release_id)
    if line is None:
        raise HTTPException(404)
    release, running = session.get_one(Release, release_id), rollouts.running(session)
    until = line.until or now
    since = max(line.since, until - FIGURES)
    return OneRelease(
        line,
        changes_of(session, release_id, line.before),
        figures_from(release_id, release.threshold, release.figures),
        courses(session, (release_id,), since, line.until)[release_id],
        running is not None and running.release_id == release_id,
    )

"""The knowledge base over HTTP, for the CI of a content repository: send a folder, have it checked and published."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from pydantic import BaseModel, Field

from api.article_imports import Sent, ask_for_approval
from api.http.limits import FILE_BYTES
from api.http.parts import Now, TheProduct, caller
from api.http.problems import ApiProblem, answers
from api.product import Product
from api.uploads import BadUpload, unpacked
from bot.learning.importing.errors import WaitsForApproval
from bot.learning.publish import NothingToRead, carry_out, plan, read_usable
from bot.learning.studio.publications import ask, check_share
from bot.learning.studio.telling import told
from handoff.actors import Actor
from handoff.permissions import Permission, allowed
from kb_content.errors import KbError
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import Publication
from store import reading, transaction
from store.errors import FileTooLarge

router = APIRouter(prefix="/api/v1/kb/publications", tags=["knowledge base"])

Editor = Annotated[Actor, Depends(caller(Permission.EDIT_ARTICLES))]
Number = Annotated[int, Path(ge=1, lt=2**53, description="The publication's number.")]


class PublicationRead(BaseModel):
    """A wish to publish, how far it is, and what its check found."""

    id: int
    state: str = Field(
        description="asked, building, checking; then blocked, staged, published, failed or cancelled.",
        examples=["checking"],
    )
    is_over: bool
    progress: str
    problem: str
    release: int | None
    questions: int = Field(description="How many questions both releases were asked.")
    worse: int = Field(description="How many of them are answered worse: why it is blocked.")
    counts: dict[str, int] | None
    changed: list[dict[str, Any]] = Field(description="Each question whose answer changes, the gravest first.")
    content: list[dict[str, Any]] = Field(description="What changes in the drafts' texts and must be ticked.")


class PublicationAsked(PublicationRead):
    changes: list[str] = Field(description="What the folder changes of the knowledge base, a line each.")
    left_out: int = Field(description="How many of these lines name an error or a conflict: what stays as it was.")


@router.post("", status_code=202, responses=answers(400, 401, 403, 409, 413, 422))
def publish_folder(
    request: Request,
    product: TheProduct,
    now: Now,
    caller: Editor,
    folder: Annotated[
        UploadFile | None, File(description="The KB folder as a zip; without it what is there now.")
    ] = None,
    source: Annotated[
        str, Form(max_length=200, description="Names the folder, so that the next one replaces it.")
    ] = "",
    override: Annotated[str, Form(max_length=2_000, description="Why to publish although answers get worse.")] = "",
    percent: Annotated[
        int | None, Form(ge=1, le=99, description="The share of conversations that get it first.")
    ] = None,
) -> PublicationAsked:
    """Make the KB equal to a folder for the articles that come from it, and publish unless answers get worse.

    Where a second pair of eyes is asked for, what a token of another scope than admin sends waits for an editor's
    approval: 409, naming the page on which it is given.
    """
    changes: list[str] = []
    imports: list[int | None] = []
    left_out = 0
    try:
        with reading(product.database) as session:
            check_share(session, percent, ())
        if folder is not None:
            content = folder.file.read(FILE_BYTES + 1)
            with unpacked(folder.filename or "kb.zip", content) as path:
                read = read_usable(path, changes.append)
            known_as = f"api: {source or caller.name}"[:255]
            planned = plan(product.database, read, known_as)
            changes += planned.lines()
            left_out = len(read.errors) + len(planned.undecided)
            if not planned.is_empty and _needs_approval(product, request):
                sent = Sent(folder.filename or "kb.zip", content, known_as, caller.name, percent)
                _wait_for_approval(product, sent, now)
            imports.append(carry_out(product.database, planned, caller.name, now))
        brought = [one for one in imports if one is not None]
        with transaction(product.database) as session:
            asked = ask(session, (), None, now, override=override, percent=percent, actor=caller.name, imports=brought)
            return PublicationAsked(**told(session, asked), changes=changes, left_out=left_out)
    except (BadUpload, NothingToRead, FileTooLarge) as error:
        raise ApiProblem(422, str(error)) from error
    except KbError as error:
        raise ApiProblem(409, str(error)) from error


def _needs_approval(product: Product, request: Request) -> bool:
    with reading(product.database) as session:
        return four_eyes(session) and not allowed(request.state.scope, Permission.MANAGE_SYSTEM)


def _wait_for_approval(product: Product, sent: Sent, now: datetime) -> NoReturn:
    """Raises WaitsForApproval."""
    import_id = ask_for_approval(product, sent, now)
    raise WaitsForApproval(f"{product.settings.address}/console/articles/import/{import_id}")


@router.get("/{number}", responses=answers(401, 403, 404, 422))
def publication(product: TheProduct, caller: Editor, number: Number) -> PublicationRead:
    """How far it is. Ask again until ``is_over``."""
    with reading(product.database) as session:
        if session.get(Publication, number) is None:
            raise ApiProblem(404, "There is no such publication.")
        return PublicationRead(**told(session, number))

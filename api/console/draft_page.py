"""All that stands on the page where an article is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from sqlmodel import Session, col, select

from api.console.article_form import Fields, base_text, content_from, fields_of
from api.console.moments import zone_of_staff
from api.console.page import page, texts_for
from api.console.previews import Preview, preview_of
from api.console.refusals import sentence, status_for
from api.product import Product
from api.texts import Texts
from bot.learning.studio.publications import publication_of
from handoff.accounts import AccountChoice, account_choices
from handoff.models import Staff
from handoff.rows import id_of
from kb_content.articles import Article
from kb_content.catalogue import article_ids
from kb_content.models import KbIntent
from kb_content.studio import drafts
from kb_content.studio.faults import faults
from kb_content.studio.files import missing_files
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.listing import article_lines
from kb_content.studio.models import Draft, DraftState, Publication
from kb_content.studio.translations import is_draft_behind, source_of
from kb_content.studio.values import article_from_content
from store import reading

MOST_ACCOUNTS = 200


@dataclass(frozen=True)
class Choices:
    """What has been used elsewhere, to choose from while writing."""

    intents: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    accounts: tuple[AccountChoice, ...] = ()


@dataclass(frozen=True)
class DraftPage:
    """``faults``: by field, in the reader's language. ``why_not``: why it cannot be published as it is, if it cannot.

    ``publication``: the newest wish to publish it.
    """

    draft: Draft
    fields: Fields
    base: str
    preview: Preview
    faults: Mapping[str, str]
    why_not: str
    is_new: bool
    is_outdated: bool
    names: Mapping[int, str]
    zone: str
    """Where they are who look at it (IANA)."""
    has_four_eyes: bool
    may_approve: bool
    choices: Choices
    publication: Publication | None
    goes_out: str
    """When it is published, by the clock in ``zone``: as it was typed. Empty for what is not scheduled."""
    source: Article | None
    """The article that it is a translation of, as it is now."""
    is_source_changed: bool


def draft_page(
    request: Request,
    product: Product,
    staff: Staff,
    draft_id: int,
    error: Exception | None = None,
) -> Response:
    """The page of an article's draft; with what went wrong on top. Raises NoSuchDraft."""
    t = texts_for(request)
    status = status_for(error) if error else 200
    with reading(product.database) as session:
        shown = _shown(session, t, product, staff, drafts.get(session, draft_id))
    problem = sentence(t, error, status) if error else ""
    return page(request, "console/draft.html", status=status, shown=shown, problem=problem)


def preview_for(session: Session, draft: Draft, fields: Fields, address: str) -> Preview:
    """What is in the form, as customers would see it."""
    article = article_from_content(draft.name, draft.language, content_from(fields, draft.content))
    gone = missing_files(session, article.body)
    return preview_of(article, draft.base + 1, address, article_ids(session, draft.language), gone)


def fault_words(t: Texts, found: Mapping[str, str]) -> dict[str, str]:
    """What must be mended, by field. Where the reader has another language, by what the field is."""
    if t.language == "en":
        return dict(found)
    return {name: _fault(t, name, words) for name, words in found.items()}


def _fault(t: Texts, name: str, words: str) -> str:
    """By the very words where they are known, else by what the field is."""
    told = t.told(words)
    return t(f"fault.{name}") if told == words and t.has(f"fault.{name}") else told


def names_of(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Who they are; people who are gone are left out."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    found = session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(wanted)))
    return {one: name for one, name in found if one is not None}


def people_of(draft: Draft) -> tuple[int | None, ...]:
    return draft.made_by, draft.changed_by, draft.submitted_by, draft.approved_by


def why_not(t: Texts, draft: Draft, has_four_eyes: bool) -> str:
    """Why it cannot be published as it is, in the reader's language; empty if it can."""
    reason = drafts.is_publishable(draft, has_four_eyes) or ""
    if not reason or t.language == "en":
        return reason
    if faults(draft):
        return t("draft.must_be_mended")
    return t("draft.waits_for_approval" if draft.state is DraftState.IN_REVIEW else "draft.must_be_approved")


def _shown(session: Session, t: Texts, product: Product, staff: Staff, draft: Draft) -> DraftPage:
    has_four_eyes = four_eyes(session)
    fields = fields_of(draft.content)
    source, zone = source_of(session, draft.name, draft.language), zone_of_staff(session, staff)
    return DraftPage(
        draft=draft,
        fields=fields,
        base=base_text(fields),
        preview=preview_for(session, draft, fields, product.settings.address),
        faults=fault_words(t, faults(draft)),
        why_not=why_not(t, draft, has_four_eyes),
        is_new=not draft.base_sha256,
        is_outdated=drafts.is_outdated(session, draft),
        names=names_of(session, people_of(draft)),
        zone=zone,
        goes_out=f"{draft.publish_at.astimezone(ZoneInfo(zone)):%H:%M} {zone}" if draft.publish_at else "",
        has_four_eyes=has_four_eyes,
        may_approve=drafts.may_approve(draft, id_of(staff)),
        choices=_choices(session),
        publication=publication_of(session, draft.id or 0),
        source=source,
        is_source_changed=source is not None and is_draft_behind(session, draft, source),
    )


def _choices(session: Session) -> Choices:
    lines = [line for line in article_lines(session) if line.archived_at is None]
    return Choices(
        intents=tuple(session.exec(select(KbIntent.name).order_by(KbIntent.name))),
        categories=tuple(sorted({line.category for line in lines if line.category})),
        tags=tuple(sorted({tag for line in lines for tag in line.tags})),
        accounts=tuple(account_choices(session)[:MOST_ACCOUNTS]),
    )


__all__ = ["DraftPage", "draft_page", "fault_words", "names_of", "people_of", "preview_for", "why_not"]

"""One article as a Markdown file: read leniently, written so that reading gives the same article back."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from kb_content.articles import Article
from kb_content.dialects import plain_markdown
from kb_content.fields import Fields, NotYaml, one_line, storable, write_yaml
from kb_content.foreign import FOREIGN_KEYS, is_draft, says_nothing, yaml_of_toml
from kb_content.ids import ARTICLE_ID, id_of_file, inner_parts
from kb_content.language import folder_language, guess_language, normal_tag
from kb_content.markdown import first_title
from kb_content.problems import Problem, Problems

_FENCE = re.compile(r"---[ \t]*\Z")
_TOML_FENCE = re.compile(r"\+\+\+[ \t]*\Z")
_FENCE_END = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
_KEY = re.compile(r"[A-Za-z_][\w-]*[ \t]*:")
_ID_LINE = re.compile(r"^id[ \t]*:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_OURS = frozenset({"id", "title", "language", "questions", "intent", "audience", "applies_to", "review_by"})
_REFERENCE = re.compile(r"[0-9a-f]{8,64}\Z")


@dataclass(frozen=True)
class ArticleFile:
    """What one file gave: an article or None, and where its parts are. ``id_is_written``: not from the file name."""

    path: str
    article: Article | None
    problems: tuple[Problem, ...]
    id: str
    id_is_written: bool = False
    id_line: int = 1
    body_line: int = 1
    question_lines: tuple[int, ...] = ()
    intent_line: int = 1
    is_left_out: bool = False
    """Whether it was read and is not for customers: what came from it before goes."""


def read_article(text: str, path: str) -> ArticleFile:
    """Read the file ``path`` (relative to the KB folder) with the content ``text``. Never raises."""
    problems = Problems(path)
    text = _clean(text, problems)
    first_line = 2  # of the YAML, below the opening ---
    try:
        front, body, body_line = _divide(text, problems)
        fields = Fields(front or "", first_line, problems)
    except NotYaml as error:
        line = first_line + (1 if error.line is None else error.line) - 1
        problems.error(line, f"the front matter is not valid YAML: {error}. The article was left out")
        return ArticleFile(path, None, tuple(problems.found), _hinted_id(text, path))
    article_id, is_written = _id(fields, path)
    if article_id is None:
        return ArticleFile(path, None, tuple(problems.found), _hinted_id(text, path))
    if not body.strip():
        tell = problems.error if front is not None else problems.warning
        tell(body_line, "the article has no text: write it below the front matter. The article was left out")
        return ArticleFile(path, None, tuple(problems.found), article_id)
    refusal = _refusal(fields, body)
    if refusal:
        problems.warning(body_line, f"{refusal}. The page was left out")
        return ArticleFile(path, None, tuple(problems.found), article_id, is_left_out=True)
    questions = _distinct(fields.texts_with_lines("questions"))
    article = _article(fields, path, article_id, body, tuple(question for question, _ in questions))
    return ArticleFile(
        path=path,
        article=article,
        problems=tuple(problems.found),
        id=article_id,
        id_is_written=is_written,
        id_line=fields.line("id"),
        body_line=body_line,
        question_lines=tuple(line for _, line in questions),
        intent_line=fields.line("intent"),
    )


def write_article(article: Article) -> str:
    """The file of ``article``: front matter and body."""
    article = canonical(article)
    return f"---\n{write_yaml(front_matter(article))}---\n\n{article.body}\n"


def front_matter(article: Article) -> dict[str, Any]:
    """What stands above the body, in the order of the documentation; empty values are left out."""
    known: dict[str, Any] = {"id": article.id, "title": article.title, "language": article.language}
    optional = {
        "questions": list(article.questions),
        "intent": article.intent,
        "category": article.category,
        "tags": list(article.tags),
        "audience": {key: list(values) for key, values in article.audience.items()},
        "applies_to": article.applies_to,
        "review_by": article.review_by,
        "translated_from": article.translated_from,
    }
    return known | {key: value for key, value in optional.items() if value} | article.extra


def canonical(article: Article) -> Article:
    """``article`` as a file would give it back: one-line texts, plain line ends, no blank lines around the body."""
    return replace(
        article,
        title=one_line(article.title),
        body=clean_body(article.body),
        questions=tuple(dict.fromkeys(filter(None, map(one_line, article.questions)))),
        tags=tuple(filter(None, (one_line(tag) for tag in article.tags))),
    )


def clean_body(text: str) -> str:
    """``text`` with plain line ends, without blank lines around it."""
    return re.sub(r"\A(?:[^\S\n]*\n)+", "", storable(_plain_line_ends(text))).rstrip()


def source_digest(article: Article) -> str:
    """8 hex digits that change with the article's title or text: what a translation says it was made from."""
    return hashlib.sha256(f"{article.title}\n{article.body}".encode()).hexdigest()[:8]


def _article(fields: Fields, path: str, article_id: str, body: str, questions: tuple[str, ...]) -> Article:
    return Article(
        id=article_id,
        language=_language(fields, path, body),
        title=_title(fields, path, body),
        body=body,
        questions=questions,
        intent=fields.text("intent"),
        category=fields.text("category"),
        tags=fields.texts("tags", commas=True),
        audience=_audience(fields),
        applies_to=_applies_to(fields),
        review_by=_review_by(fields),
        translated_from=_translated_from(fields),
        # Last: what nobody has taken by then.
        extra=_extra(fields),
    )


def _refusal(fields: Fields, body: str) -> str | None:
    """Why a page that was written for another tool is none for customers."""
    if is_draft(fields):
        return "its front matter says that it is a draft"
    if _OURS.isdisjoint(fields.lines) and says_nothing(body):
        return "it has no text of its own, only headings, links to pages or what these say: it can never be an answer"
    return None


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _clean(text: str, problems: Problems) -> str:
    text = _plain_line_ends(text)
    if "\0" in text:
        problems.warning(text.count("\n", 0, text.index("\0")) + 1, "a NUL character was replaced: delete it")
    return storable(text)


def _divide(text: str, problems: Problems) -> tuple[str | None, str, int]:
    """Front matter (None without), the body and its first line. Raises NotYaml for front matter without an end."""
    lines = text.split("\n")
    if _TOML_FENCE.match(lines[0]) and (
        end := next((n for n, line in enumerate(lines) if n and _TOML_FENCE.match(line)), 0)
    ):
        body = "\n".join(lines[end + 1 :])
        return yaml_of_toml("\n".join(lines[1:end])), clean_body(body), end + 2 + _blank_lines(body)
    if _FENCE.match(lines[0]):
        for number, line in enumerate(lines[1:], start=1):
            if _FENCE_END.match(line):
                body = "\n".join(lines[number + 1 :])
                return "\n".join(lines[1:number]), clean_body(body), number + 2 + _blank_lines(body)
        if len(lines) > 1 and _KEY.match(lines[1]):
            raise NotYaml("it has no end; write a line with only --- below its last key", 0)
    problems.warning(1, "there is no front matter: title, id and language were taken from the text and the file name")
    return None, clean_body(text), 1 + _blank_lines(text)


def _blank_lines(text: str) -> int:
    return len(text[: len(text) - len(text.lstrip())].split("\n")) - 1


def _hinted_id(text: str, path: str) -> str:
    """Which article an unreadable file probably is, so that an import does not take it for deleted."""
    written = _ID_LINE.search(text[:4000])
    return written[1] if written else id_of_file(path)


def _id(fields: Fields, path: str) -> tuple[str | None, bool]:
    line, written = fields.line("id"), fields.text("id")
    if written is None:
        return id_of_file(path), False
    if ARTICLE_ID.match(written):
        return written, True
    fields.problems.error(
        line,
        f"the id `{written[:60]}` cannot be used: take letters a-z, digits, dots and dashes, beginning with a letter "
        "or digit, at most 100. The article was left out",
    )
    return None, True


def _language(fields: Fields, path: str, body: str) -> str:
    line, written = fields.line("language"), fields.text("language")
    tag = normal_tag(written) if written else None
    if tag:
        return tag
    parts = inner_parts(path)
    guessed = (folder_language(parts[0]) if len(parts) > 1 else None) or guess_language(body)
    if written:
        fields.problems.error(line, f"`{written[:40]}` is no language: write en, zh, pt-BR …; `{guessed}` was assumed")
    return guessed


def _title(fields: Fields, path: str, body: str) -> str:
    line, title = fields.line("title"), fields.text("title")
    if title:
        return title
    heading = first_title(plain_markdown(body))
    if heading and fields.lines:
        fields.problems.warning(line, f"there is no title: the first heading was taken; write `title: {heading}`")
    if heading:
        return heading
    stem = PurePosixPath(path).stem
    name = one_line(re.sub(r"[-_]+", " ", stem)) or stem
    # Documentation made for another tool has front matter too, and cannot know that a title is expected.
    is_ours = not _OURS.isdisjoint(fields.lines)
    (fields.problems.error if is_ours else fields.problems.warning)(
        line, f"the article has no title: write `title: …` in its front matter; until then it is called `{name}`"
    )
    return name[0].upper() + name[1:]


def _distinct(texts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    lines: dict[str, int] = {}
    for text, line in texts:
        lines.setdefault(text, line)
    return list(lines.items())


def _audience(fields: Fields) -> dict[str, list[str]]:
    line = fields.line("audience")
    audience = {key: list(values) for key, values in fields.texts_by_key("audience").items()}
    for key in audience.keys() - {"plans", "roles"}:
        message = f"`audience` knows plans and roles, not `{key}`: until that is corrected no customer sees the article"
        fields.problems.warning(line, message)
    return audience


def _applies_to(fields: Fields) -> str | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    line, written = fields.line("applies_to"), fields.text("applies_to")
    if written is None:
        return None
    try:
        SpecifierSet(written)
    except InvalidSpecifier:
        fields.problems.error(
            line, f"`applies_to` is `{written[:60]}`, but must be versions such as `>=3.2,<4`: it was left out"
        )
        return None
    return written


def _review_by(fields: Fields) -> str | None:
    line, written = fields.line("review_by"), fields.text("review_by")
    if written is None:
        return None
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        fields.problems.error(
            line, f"`review_by` is `{written[:40]}`, but must be a date such as 2027-03-01: it was left out"
        )
        return None


def _translated_from(fields: Fields) -> str | None:
    line, written = fields.line("translated_from"), fields.text("translated_from")
    if written is None or _REFERENCE.match(written):
        return written
    fields.problems.error(line, "`translated_from` must be 8 hex digits (export writes it): it was left out")
    return None


def _extra(fields: Fields) -> dict[str, Any]:
    lines = {key: fields.line(key) for key in fields.nodes}
    extra = fields.rest()
    for key in extra.keys() - FOREIGN_KEYS:
        fields.problems.warning(lines[key], f"`{key}` is not a key that Firstline knows: it is kept but has no effect")
    return extra

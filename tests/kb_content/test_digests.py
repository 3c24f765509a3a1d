"""The hashes by which a release is known again. Each is kept in the databases of houses for as long as they run."""

from __future__ import annotations

from dataclasses import fields

from kb_content.article_file import source_digest
from kb_content.articles import Article
from kb_content.models import ArticleVersion, KbArticle
from kb_content.releases import digest_of
from kb_content.versions import article_sha256

BARE = Article("reset", "en", "Reset a password", "Press **Forgot**.\n")
FULL = Article(
    id="reset",
    language="zh-CN",
    title="重置密码",
    body="按“忘记密码”。\n\n## 手机\n\n打开应用。\n",
    questions=("忘记密码了",),
    intent="access",
    category="account",
    tags=("login",),
    audience={"plans": ["enterprise"], "roles": ["admin"]},
    applies_to=">=3.2",
    review_by="2027-03-01",
    translated_from="9f2c61aa",
    extra={"owner": "Ada"},
)
REFUSED = (
    "every release that was published so far would be refused by `firstline kb verify`, and by every server that takes "
    "it up. A field that is new must not count while it has its default: leave it out of what `article_sha256` hashes "
    "then, and of nothing else. Never write a new value here."
)


def test_an_article_has_the_hash_that_it_was_published_with() -> None:
    assert article_sha256(BARE) == "ceb28f7bb84d7d0f48cada0d87734a67a9c7079c7f2067fdfcbf038fa8f5bf68", REFUSED
    assert article_sha256(FULL) == "363a6e40796e93c7bd4a594ba2739d9f4c03b4c84dad2faac0b593411aef5ee3", REFUSED


def test_every_field_of_an_article_is_in_one_of_these_hashes() -> None:
    defaults = {field.name for field in fields(Article) if getattr(FULL, field.name) == getattr(BARE, field.name)}
    assert defaults == {"id"}, "give the new field a value in FULL, in a test of its own beside these"


def test_a_translation_names_its_source_by_the_digest_that_exports_wrote() -> None:
    assert (source_digest(BARE), source_digest(FULL)) == ("34bd9a19", "aa49f1c7"), "all translations would be behind"


def test_a_release_has_the_digest_that_it_was_frozen_with() -> None:
    row = KbArticle(article_id="reset", language="en")
    version = ArticleVersion(number=3, sha256=article_sha256(BARE))
    release = [(row, version)], [{"name": "access"}], [{"text": "forgot", "expect": ["reset"]}]
    bare, whole = digest_of(*release), digest_of(*release, [{"term": "team"}], [], [{"key": "thanks"}])
    assert bare == "c81fc4c019ae51be7bfa50c4b7b31c5bf97a35dcfa9bd78d009d3971ce0cf2b7", REFUSED
    assert whole == "90e5031e3286c7778863fb8d23108fbe25b5917184ef9ba328df7ab830d208d4", REFUSED
    assert digest_of(*release, [], [], []) == bare, "what there is none of says nothing"

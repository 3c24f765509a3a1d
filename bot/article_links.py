"""Addresses of articles' pages, as citations have them: those for some customers only open by a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

from kb_content.articles import PublishedArticle
from kb_content.file_names import FOLDER

_SEAL_BYTES = 16


def article_link(published: PublishedArticle, anchor: str, address: str, secret: bytes) -> str:
    """The page of this version at ``anchor``. Whoever was given the link of a restricted article can open it."""
    article = published.article
    page = f"{address}/kb/{article.language}/{article.id}/v{published.version}"
    if article.is_for_everybody or not secret:
        return f"{page}#{anchor}"
    return f"{page}?key={article_key(article.language, article.id, published.version, secret)}#{anchor}"


def file_link(name: str, is_for_everybody: bool, address: str, secret: bytes) -> str:
    """The address of a picture or file of an article; one that only restricted articles show opens by a key."""
    page = f"{address}/kb/{FOLDER}/{quote(name)}"
    return page if is_for_everybody or not secret else f"{page}?key={article_key(FOLDER, name, 0, secret)}"


def article_key(language: str, article_id: str, version: int, secret: bytes) -> str:
    """What opens one version of one article: an answer never gives away more than the text that it cites."""
    # Named, so that what this key signs for other ends opens no article.
    sealed = hmac.digest(secret, f"article:{language}/{article_id}/v{version}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(sealed[:_SEAL_BYTES]).decode().rstrip("=")


def is_article_key(key: str, language: str, article_id: str, version: int, secret: bytes) -> bool:
    """Whether ``key`` opens that version; nothing does without a ``secret``."""
    if not secret:
        return False
    return hmac.compare_digest(
        key.encode(errors="replace"), article_key(language, article_id, version, secret).encode()
    )

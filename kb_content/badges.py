"""Lines of badges, which say nothing to a customer."""

from __future__ import annotations

import re

_PICTURE = r"!\[[^\]]*\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])"
_BADGES = re.compile(
    rf"(?:\s*(?:\[\s*{_PICTURE}\s*\](?:\([^()]*\)|\[[^\]]*\])|{_PICTURE}|<a\s[^>]*>\s*<img\s[^>]*>\s*</a>|<img\s[^>]*>))+\s*\Z"
)
_OF_A_BADGE = re.compile(
    r"shields\.io|badge|badgen\.net|travis-ci|codecov|coveralls|circleci|/workflows/|readthedocs\.org/projects|"
    r"gitter\.im|deepsource|codacy|codeclimate|snyk\.io|sonarcloud|appveyor|pepy\.tech|zenodo\.org",
    re.IGNORECASE,
)


def without_badges(text: str) -> str:
    """``text`` without the lines that hold nothing but badges."""
    return "\n".join("" if _is_badges(line) else line for line in text.split("\n"))


def _is_badges(line: str) -> bool:
    return ("![" in line or "<img" in line) and bool(_BADGES.match(line)) and bool(_OF_A_BADGE.search(line))

"""What an export leaves in its folder beside the files: which it wrote, and what the KB held of each thing then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kb_content.agreement import Exported, Named, Recorded

RECORD = ".firstline-export.json"
"""Which files an export wrote, with their hashes: these may be written again, others are somebody's work."""


@dataclass(frozen=True)
class Record:
    """``files``: the hash of each file's text, by its path in the folder; ``things``: of what is in them.

    ``kb``: which knowledge base wrote it. What another one wrote says nothing about this one.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    things: Recorded = field(default_factory=dict)
    kb: str = ""


def read_record(path: Path) -> Record:
    """The record of the last export to ``path``; empty where there was none, or where it cannot be read."""
    try:
        values = json.loads((path / RECORD).read_text("utf-8"))
        files = {str(name): str(sha256) for name, sha256 in values.get("files", {}).items() if is_inside(path, name)}
        things = {
            Named(str(kind), str(name), str(language)): Exported(str(file), str(kb))
            for kind, name, language, file, kb in values.get("things", ())
        }
        kb = str(values.get("kb", ""))
    except (OSError, ValueError, AttributeError, TypeError):
        return Record()
    return Record(files, things, kb)


def written_record(record: Record) -> str:
    things = [[*named, one.file, one.kb] for named, one in sorted(record.things.items())]
    values = {"kb": record.kb, "files": dict(sorted(record.files.items())), "things": things}
    return json.dumps(values, indent=1, ensure_ascii=False)


def is_inside(root: Path, name: str) -> bool:
    """Whether the path ``name`` stays in the folder ``root``, links followed."""
    return root.resolve() in (root / name).resolve().parents


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Articles that somebody uploads: a zip, or files that articles can be read from, where the importer can read them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from bot.learning.importing.reading import KINDS
from kb_content.errors import KbError
from kb_content.folder import PAGES

READABLE = (*PAGES, *KINDS)
"""Files that articles can be read from, by their endings."""
ENDINGS = (*READABLE, ".yml", ".yaml", ".jsonl", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".txt", ".json", ".zip")
MOST_FILES = 5_000
MOST_BYTES = 50_000_000
"""All files together, unpacked: what a small zip becomes is not known before."""


class BadUpload(KbError):
    """Nothing in it can be read. Upload Markdown, HTML, CSV, PDF or Word files, or one .zip of them."""


class UploadTooLarge(BadUpload):
    """There is more in it than a page can take: at most 5,000 files of 50 MB. Use the command: firstline kb import."""


@contextmanager
def unpacked(name: str, content: bytes) -> Iterator[Path]:
    """A folder with what the file ``name`` holds, removed at the end. Raises BadUpload."""
    with TemporaryDirectory(prefix="firstline-upload-") as folder:
        root = Path(folder)
        # First: a Word document is a zip, too.
        if name.lower().endswith(READABLE):
            (root / _file_name(name)).write_bytes(content)
        elif zipfile.is_zipfile(io.BytesIO(content)):
            _unzip(content, root)
        else:
            raise BadUpload
        yield _top(root)


def packed(files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Name and content of what was uploaded, as one file: several are put into a zip. Raises BadUpload."""
    if not files:
        raise BadUpload
    if len(files) == 1:
        return files[0]
    if not all(name.lower().endswith(ENDINGS) for name, _ in files):
        raise BadUpload
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files:
            bundle.writestr(_file_name(name), content)
    return _bundle_name([name for name, _ in files]), held.getvalue()


def _bundle_name(names: Sequence[str]) -> str:
    """A name that no other selection of files has: under the same one they would take the place of each other."""
    clean = sorted(map(_file_name, names))
    mark = hashlib.sha256("/".join(clean).encode()).hexdigest()[:4]
    return f"{clean[0]} +{len(clean) - 1} ({mark}).zip"


def _unzip(content: bytes, root: Path) -> None:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            wanted = [one for one in bundle.infolist() if not one.is_dir() and one.filename.lower().endswith(ENDINGS)]
            if len(wanted) > MOST_FILES:
                raise UploadTooLarge
            for one in wanted:
                path = _inside(root, one.filename)
                if path is None:
                    continue
                with bundle.open(one) as file:
                    text = file.read(left + 1)
                left -= len(text)
                if left < 0:
                    raise UploadTooLarge
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        # Encrypted, cut off, or packed in a way that Python does not know.
        raise BadUpload from error


def _inside(root: Path, name: str) -> Path | None:
    """Where a file of the zip goes; None for one that would lie outside, or that nobody means (``__MACOSX``)."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or any(part in ("..", "/", "__MACOSX") or part.startswith(".") or ":" in part for part in parts):
        return None
    return root.joinpath(*parts)


def _top(root: Path) -> Path:
    """The folder itself, or the one folder that is all it holds: how zips of a folder come."""
    inner = list(root.iterdir())
    is_wrapped = len(inner) == 1 and inner[0].is_dir() and inner[0].name not in ("articles", "intents", "gold", "files")
    return _top(inner[0]) if is_wrapped else root


def _file_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name or "article.md"

"""Files of ours beside the code of this room."""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def own_yaml(name: str) -> Any:
    """What the YAML file ``name`` holds, read by the fast parser where PyYAML was built with it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files("retrieval").joinpath(name).read_text("utf-8"), Loader=loader)

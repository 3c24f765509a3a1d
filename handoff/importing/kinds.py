"""The sorts of files that can be imported, by name."""

from __future__ import annotations

from handoff.importing.accounts import ACCOUNTS
from handoff.importing.agents import AGENTS
from handoff.importing.customers import CUSTOMERS
from handoff.importing.lines import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (ACCOUNTS, CUSTOMERS, AGENTS)}

"""``make mutants`` breaks the code in these places; that they are still there costs nothing to look at."""

from __future__ import annotations

import re

import pytest
from chaos.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_place_that_is_broken_by_hand_is_still_there(mutant: Mutant) -> None:
    assert mutant.places(ROOT) == 1, f"{mutant.file} has changed: adapt the fault, and run make mutants"
    assert mutant.old != mutant.new
    file, _, test = mutant.test.partition("::")
    assert (ROOT / file).exists()
    name = re.split(r"\[", test)[0]
    before, found, _ = (ROOT / file).read_text("utf-8").partition(f"def {name}(")
    assert not name or found
    assert "mark.long" not in before.rpartition("\n\n")[2], "make test notices it"


def test_the_documentation_lists_each() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert [mutant.name for mutant in MUTANTS if mutant.name not in page] == []

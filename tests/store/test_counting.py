from __future__ import annotations

import pytest

from store.counting import counted


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 deliveries are"), (1, "1 delivery is"), (2, "2 deliveries are"), (1200, "1,200 deliveries are")],
)
def test_one_is_said_in_the_singular(count: int, said: str) -> None:
    assert counted(count, "delivery is", "deliveries are") == said
    assert counted(count, "error").endswith("error" if count == 1 else "errors")

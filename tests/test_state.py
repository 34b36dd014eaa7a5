"""The state of a page and the address it writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.kit import state
from pages.kit.labs import labs
from pages.kit.link import defaults


class Address(dict[str, str]):
    """What a run was told of the address, and what it wrote."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told)
        self.written: list[dict[str, str]] = []

    def from_dict(self, query: dict[str, str]) -> None:
        self.written.append(query)


@pytest.mark.parametrize(
    ("told", "wrote_last", "writes"),
    [
        ({"stride": "2"}, {"stride": "2"}, []),
        ({"stride": "2"}, {"stride": "3"}, [{"stride": "2"}]),  # Undo left before the 3 had arrived
        ({"stride": "3"}, {"stride": "3"}, [{"stride": "2"}]),
        ({"stride": "3"}, {"stride": "2"}, [{"stride": "2"}]),
    ],
)
def test_the_address_is_written_where_it_or_what_we_wrote_last_is_another(
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, str],
    wrote_last: dict[str, str],
    writes: list[dict[str, str]],
) -> None:
    address = Address(told)
    monkeypatch.setattr(state, "st", SimpleNamespace(query_params=address))
    listed = labs()["receptive-field"]
    state.write_link(state.State(listed, {**defaults(listed), "stride": (2, 2)}, link=wrote_last))
    assert address.written == writes

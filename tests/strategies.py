"""Random and extreme parameters for any technique, from what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from engine import Rejected, Technique
from engine.parameter_lists import Cells, Numbers, Rows
from engine.parameters import Choice, Integer, Pair, Parameter, Real, Text, Toggle


def values_of(parameter: Parameter, most: int) -> st.SearchStrategy[Any]:
    """Values of one parameter; whole numbers stay within `most` of the lowest."""
    optional = [st.none()] if parameter.default is None else []
    match parameter:
        case Integer():
            found = st.integers(parameter.low, min(parameter.high, parameter.low + most))
        case Pair():
            one = st.integers(parameter.low, min(parameter.high, parameter.low + most))
            found = st.tuples(one, one)
        case Real():
            low, high = max(parameter.low, -9), min(parameter.high, 9)
            found = st.floats(low, high).map(lambda x: min(max(round(x, 3), low), high))
        case Choice():
            found = st.sampled_from(parameter.options)
        case Toggle():
            found = st.booleans()
        case Text():
            hostile = [
                '"""',
                "\\",
                "<img src=x onerror=alert(1)>",
                "$x$ [a](b) **c**",
                "a&b=c",
                "\u202eab \x00",
            ]
            typed = st.text(min_size=1, max_size=min(parameter.most, 2 * most))
            found = st.one_of(typed, st.sampled_from([one for one in hostile if len(one) <= parameter.most]))
        case Numbers():
            high, low = min(parameter.high, 9), max(parameter.low, -9)
            number = st.integers(int(low), int(high)) if parameter.whole else st.floats(low, high)
            size = {"min_size": parameter.fewest, "max_size": min(parameter.most, parameter.fewest + most)}
            found = st.lists(number.map(lambda x: round(x, 2)), **size).map(tuple)
        case Cells():
            found = st.lists(st.integers(0, 1), min_size=1, max_size=most).map(tuple)
        case Rows():
            row = st.tuples(*(values_of(column, 2) for column in parameter.columns))
            found = st.lists(row, max_size=2).map(tuple)
        case _:
            found = st.just(parameter.default)
    return st.one_of(*optional, found)


def _large(parameter: Parameter, most: int) -> bool:
    if isinstance(parameter, Integer):
        return parameter.default is not None and parameter.default > parameter.low + most
    return isinstance(parameter, Pair) and parameter.default is not None and max(parameter.default) > most + 1


@st.composite
def parameters_of(
    draw: st.DrawFn,
    technique: Technique,
    most: int = 5,
    small: bool = False,
    base: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Parameters that the technique accepts together; `small` never keeps a large default.

    `base` is what a refused value falls back to, where the defaults are too large for a test.
    """
    found: dict[str, Any] = dict(base or {})
    for parameter in technique.parameters:
        usual = found.get(parameter.name, parameter.default)
        large = small and parameter.name not in found and _large(parameter, most)
        values = [usual if draw(st.booleans()) and not large else draw(values_of(parameter, most))]
        if large and isinstance(parameter, Integer):
            values.append(parameter.low + most)  # what fits more often than the drawn value
        for value in values:
            try:  # one by one, so that a refused value falls back instead of losing the whole draw
                technique.read({**found, parameter.name: value})
                found[parameter.name] = value
                break
            except Rejected:
                continue
    return technique.read(found)


def extremes(technique: Technique, controls: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The default, then each bound and each option alone, as the controls offer them."""
    yield {}
    for parameter in technique.parameters:
        control = controls.get(parameter.name)
        if isinstance(parameter, (Integer, Real, Pair)):
            low = getattr(control, "low", None)
            high = getattr(control, "high", None)
            yield {parameter.name: parameter.low if low is None else low}
            yield {parameter.name: parameter.high if high is None else high}
        elif isinstance(parameter, Choice):
            yield from ({parameter.name: option} for option in parameter.options)
        elif isinstance(parameter, Toggle):
            yield from ({parameter.name: option} for option in (True, False))

"""Which control of a lab is changed, and to what: states nobody has asked for yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

import engine
from engine.parameters import Choice, Integer, Pair, Real, Toggle, number_text
from pages.kit.controls import MOST_SEGMENTS, matters
from pages.kit.declare import Control
from pages.kit.labs import Listed, labs
from pages.kit.link import defaults

MOST = 1000  # values of a number that are looked at; of more, a spread


def quick_labs() -> dict[str, Listed]:
    """Labs whose states are computed at once or soon: who trains has a measurement of its own."""
    return {slug: one for slug, one in labs().items() if one.technique.lane({}) != "training"}


@dataclass(frozen=True)
class Numbers:
    """A number control: its place in the page, and values the engine takes, the default left out."""

    listed: Listed
    control: Control
    parameter: Integer | Real | Pair
    low: float
    high: float
    step: float
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def selector(self) -> str:
        return f'input[type=range][aria-label^="{self.control.label}"]'

    @property
    def default(self) -> str:
        return self.parameter.text(self.parameter.default)  # type: ignore[arg-type]

    def at(self, place: int, count: int) -> tuple[str, ...]:
        """So many values in a row from the middle of the range, others for each place."""
        start = (len(self.values) // 3 + place * count) % max(1, len(self.values) - count + 1)
        return self.values[start : start + count]

    @property
    def floor(self) -> str:
        """The floor's query for the same control."""
        kind = {"pair": int(isinstance(self.parameter, Pair)), "value": self.default}
        bounds = {"low": self.low, "high": self.high, "step": self.step}
        return urlencode({"control": "number", **bounds, **kind})


@cache
def widest(slug: str) -> Numbers | None:
    """The number control with most values; no seed, which nobody drags; None where nothing else is a number."""
    found = [one for one in _numbers(labs()[slug]) if one.name != "seed" and len(one.values) > 1]
    return max(found, key=lambda one: len(one.values), default=None)


def _numbers(listed: Listed) -> Iterator[Numbers]:
    parameters = {p.name: p for p in listed.technique.parameters}
    for control in listed.lab.controls:
        parameter = parameters[control.name]
        if (
            isinstance(parameter, (Integer, Real, Pair))
            and parameter.default is not None
            and not _apart(parameter)
            and not control.log  # its range moves in powers of ten
            and matters(control, defaults(listed))
        ):
            low = float(parameter.low if control.low is None else control.low)
            high = float(parameter.high if control.high is None else control.high)
            step = float(parameter.step if isinstance(parameter, Real) else 1)
            count = int((high - low) / step + 1.5)
            every = -(-count // MOST)
            texts = (number_text(round(low + i * step, 9)) for i in range(0, count, every))
            values = tuple(text for text in texts if _taken(listed, parameter, text))
            yield Numbers(listed, control, parameter, low, high, step, values)


def _apart(parameter: Integer | Real | Pair) -> bool:
    """Two different numbers have a slider each; what is measured has one."""
    return isinstance(parameter, Pair) and len(set(parameter.default or ())) > 1


def _taken(listed: Listed, parameter: Integer | Real | Pair, text: str) -> bool:
    return _accepted(listed, parameter.name, text) and parameter.read(text) != parameter.default


def _accepted(listed: Listed, name: str, text: str) -> bool:
    try:
        engine.check(listed.lab.technique, {name: text})
    except engine.EngineError:
        return False
    return True


def address(listed: Listed, seed: int, **settings: object) -> str:
    """The link of a lab; with a seed nobody asked for, where the technique takes one."""
    takes_seed = any(p.name == "seed" for p in listed.technique.parameters)
    return f"/{listed.slug}?{urlencode({**settings, **({'seed': seed} if takes_seed else {})})}"


@dataclass(frozen=True)
class Clicked:
    """A choice or a switch: (place in the page, value) in the order they are clicked."""

    kind: str  # "segments" or "switch"
    name: str
    default: str
    clicks: list[tuple[str, str]]


def clicked(listed: Listed) -> Clicked | None:
    """The first choice with buttons, or switch, of a lab."""
    parameters = {p.name: p for p in listed.technique.parameters}
    for control in listed.lab.controls:
        parameter = parameters[control.name]
        if not matters(control, defaults(listed)):
            continue
        if isinstance(parameter, Toggle):
            if not _accepted(listed, parameter.name, parameter.text(not parameter.default)):
                continue
            return _toggle(control, parameter)
        words = [control.labels.get(one, one) for one in getattr(parameter, "options", ())]
        if isinstance(parameter, Choice) and len("".join(words)) <= MOST_SEGMENTS:
            found = _segments(listed, parameter)
            if len(found.clicks) > 1:  # one alone is the value that stands already
                return found
    return None


def _keeps_number(listed: Listed, parameter: Choice, option: str) -> bool:
    """Whether the number that is changed beside it is still on the page then."""
    numbers = widest(listed.slug)
    return not numbers or matters(numbers.control, defaults(listed) | {parameter.name: option})


def _toggle(control: Control, parameter: Toggle) -> Clicked:
    default, other = parameter.text(parameter.default), parameter.text(not parameter.default)
    box = f"input[role=switch][aria-label={json.dumps(control.label, ensure_ascii=False)}]"
    return Clicked("switch", parameter.name, default, [(box, other), (box, default)])


def _segments(listed: Listed, parameter: Choice) -> Clicked:
    others = [option for option in parameter.options if option != parameter.default]
    taken = [
        one
        for one in others
        if _accepted(listed, parameter.name, one) and _keeps_number(listed, parameter, one)
    ]
    clicks = [(f"input[type=radio][value={json.dumps(one)}]", one) for one in (*taken, parameter.default)]
    return Clicked("segments", parameter.name, parameter.default, clicks)

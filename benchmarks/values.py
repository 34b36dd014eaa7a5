"""Which control of a lab is changed, and to what: states nobody has asked for yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import engine
from engine.parameters import Choice, Integer, Pair, Real, Toggle, number_text
from pages.kit.controls import MOST_SEGMENTS
from pages.kit.declare import Control
from pages.kit.labs import Listed


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


def widest(listed: Listed) -> Numbers:
    """The number control with most values."""
    return max(_numbers(listed), key=lambda found: len(found.values))


def _numbers(listed: Listed) -> Iterator[Numbers]:
    parameters = {p.name: p for p in listed.technique.parameters}
    for control in listed.lab.controls:
        parameter = parameters[control.name]
        if (
            isinstance(parameter, (Integer, Real, Pair))
            and parameter.default is not None
            and not control.when
        ):
            low = float(parameter.low if control.low is None else control.low)
            high = float(parameter.high if control.high is None else control.high)
            step = float(parameter.step if isinstance(parameter, Real) else 1)
            texts = (number_text(round(low + i * step, 9)) for i in range(int((high - low) / step + 1.5)))
            values = tuple(text for text in texts if _taken(listed, parameter, text))
            yield Numbers(listed, control, parameter, low, high, step, values)


def _taken(listed: Listed, parameter: Integer | Real | Pair, text: str) -> bool:
    try:
        engine.check(listed.lab.technique, {parameter.name: text})
    except engine.EngineError:
        return False
    return bool(parameter.read(text) != parameter.default)


def address(listed: Listed, seed: int, **settings: object) -> str:
    """The link of a lab; with a seed nobody asked for, where the technique takes one."""
    takes_seed = any(p.name == "seed" for p in listed.technique.parameters)
    return f"/{listed.slug}?{urlencode({**settings, **({'seed': seed} if takes_seed else {})})}"


@dataclass(frozen=True)
class Clicked:
    """A choice or a switch: its values in the order they are clicked, and their places in the page."""

    name: str
    default: str
    values: tuple[str, ...]
    selectors: tuple[str, ...]
    floor: str  # the floor's query for the same control
    floor_selectors: tuple[str, ...]

    @property
    def clicks(self) -> list[tuple[str, str]]:
        return list(zip(self.selectors, self.values, strict=True))

    @property
    def floor_clicks(self) -> list[tuple[str, str]]:
        return list(zip(self.floor_selectors, self.values, strict=True))


def clicked(listed: Listed) -> Clicked | None:
    """The first choice with buttons, or switch, of a lab."""
    parameters = {p.name: p for p in listed.technique.parameters}
    for control in listed.lab.controls:
        parameter = parameters[control.name]
        if control.when:
            continue
        if isinstance(parameter, Toggle):
            return _toggle(control, parameter)
        if isinstance(parameter, Choice) and len("".join(parameter.options)) <= MOST_SEGMENTS:
            return _segments(parameter)
    return None


def _toggle(control: Control, parameter: Toggle) -> Clicked:
    default, other = parameter.text(parameter.default), parameter.text(not parameter.default)
    floor = urlencode({"control": "choice", "options": "on,off", "value": default})
    boxes = (f'input[role=switch][aria-label="{control.label}"]',) * 2
    floors = ("input[role=switch]",) * 2
    return Clicked(parameter.name, default, (other, default), boxes, floor, floors)


def _segments(parameter: Choice) -> Clicked:
    order = (*(option for option in parameter.options if option != parameter.default), parameter.default)
    floor = urlencode(
        {"control": "choice", "options": ",".join(parameter.options), "value": parameter.default}
    )
    places = tuple(f"input[type=radio][value={json.dumps(option)}]" for option in order)
    return Clicked(parameter.name, parameter.default, order, places, floor, places)

"""Which control of a lab is changed, and to what: states nobody has asked for yet."""

from __future__ import annotations

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
    """One of Streamlit's own controls: its place in the page, and (words on it, value) of each click."""

    name: str
    default: str
    selector: str
    clicks: tuple[tuple[str, str], ...]
    floor: str  # the floor's query for the same control
    floor_selector: str
    floor_clicks: tuple[tuple[str, str], ...]


def clicked(listed: Listed) -> Clicked | None:
    """The first segmented control or toggle of a lab."""
    parameters = {p.name: p for p in listed.technique.parameters}
    for control in listed.lab.controls:
        parameter = parameters[control.name]
        if isinstance(parameter, Toggle) and not control.when:
            return _toggle(listed, parameter)
        if (
            isinstance(parameter, Choice)
            and not control.when
            and (found := _segments(listed, control, parameter))
        ):
            return found
    return None


def _toggle(listed: Listed, parameter: Toggle) -> Clicked:
    box = "input[type=checkbox]"
    default, other = parameter.text(parameter.default), parameter.text(not parameter.default)
    selector = f".st-key-{listed.slug}-{parameter.name} {box}"
    clicks, floors = (("", other), ("", default)), (("", "on"), ("", "off"))
    return Clicked(
        parameter.name, default, selector, clicks, "control=toggle", f".st-key-floor {box}", floors
    )


def _segments(listed: Listed, control: Control, parameter: Choice) -> Clicked | None:
    words = {option: control.labels.get(option, option) for option in parameter.options}
    if sum(map(len, words.values())) > MOST_SEGMENTS:
        return None
    others = [option for option in parameter.options if option != parameter.default]
    order = (*others, parameter.default)
    return Clicked(
        control.name,
        parameter.default,
        f".st-key-{listed.slug}-{control.name} button",
        tuple((words[option], option) for option in order),
        urlencode({"control": "choice", "options": ",".join((parameter.default, *others))}),
        ".st-key-floor button",
        tuple((option, option) for option in order),
    )

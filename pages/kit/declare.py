"""What a lab is: one declaration, from which page, link, checks, code tab and tests derive.

A lab file holds a module docstring (the text of the Explain tab, in Markdown) and `LAB = Lab(…)`.
It computes nothing: values come from a Trace, bounds and defaults from the technique.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from engine import Trace

Run = Callable[..., Trace]  # run(**parameters) of the lab's technique, through the door
Scale = Literal["diverging", "sequential", "image", "mask"]
Verdict = Literal["holds", "wrong", "outdated", "depends"]
Figure = float | tuple[float, ...]


@dataclass(frozen=True)
class Control:
    """How people set one parameter of the technique; its kind says which widget.

    `low` and `high` narrow the technique's bounds for people; the engine checks again.
    `when` shows the control only while another parameter has one of these values.
    `labels` renames options, and the height and width of a pair, for people; links keep the
    technique's names. `sliders` gives each entry of a Numbers parameter a slider of its own, called such
    as "Logit {}", below the text where its length can vary.
    """

    name: str
    label: str
    unit: str = ""
    help: str = ""
    low: float | None = None
    high: float | None = None
    when: tuple[str, tuple[Any, ...]] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    auto: str = "automatic"  # what a value left out is called
    sliders: str = ""
    log: bool = False  # a slider of one number, above 0, that moves in powers of ten


@dataclass(frozen=True)
class Grid:
    """A tensor as a grid of cells on the stage.

    `rows` and `columns` name axes (default: those called height and width, else the last two, or
    one row for a vector); other axes are chosen by slices, starting at `at`. Cells where the tensor `crossed` is 0 are crossed
    out. `paints` names a Cells parameter that a click toggles, `types` a Numbers parameter whose
    first entries can be typed over, `picks` a Pair parameter that a click on (row, column) sets.
    `over` draws another tensor of the same height and width underneath, as a picture. `mark` is the
    (row, column) outlined as chosen. `beside` names an axis whose places are drawn side by side, such
    as the filters of a layer. With `ink`, `paints` names a Numbers parameter instead, and a stroke
    writes that value or, from a cell that has it, 0; with `brush` it writes that value always, such as
    the number of a class. `sets` are further parameters, as link texts, that any such change sets too.
    `labels` names the places of an axis, such as the words of a sentence; they may come from outside.
    `fixed` are axes whose place `at` alone sets. With `line` the panel begins a new line, under these
    words. `chooses` names a parameter that a click sets to the cell's index on all axes, such as 0,3,2.
    """

    tensor: str
    title: str = ""
    scale: Scale = "diverging"
    rows: str = ""
    columns: str = ""
    at: Mapping[str, int] = field(default_factory=dict)
    crossed: str = ""
    paints: str = ""
    types: str = ""
    picks: str = ""
    over: str = ""
    mark: tuple[int, int] | None = None
    beside: str = ""
    ink: float | None = None
    brush: float | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    line: str = ""
    chooses: str = ""


@dataclass(frozen=True)
class Bars:
    """Vectors of equal length as bars side by side on the stage, live while dragging.

    Of a tensor of higher rank the last axis is drawn, at the place `at` on the other axes.
    """

    tensors: tuple[str, ...]
    title: str = ""
    crossed: str = ""
    at: Mapping[str, int] = field(default_factory=dict)
    line: str = ""


Panel = Grid | Bars


@dataclass(frozen=True)
class Chart:
    """A Plotly chart below the stage. `figure` gives the figure as a dict of plain values.

    `alt` says in words what the chart shows, with this Trace's numbers.
    """

    title: str
    figure: Callable[[Trace], dict[str, Any]]
    alt: Callable[[Trace], str]


@dataclass(frozen=True)
class Curve:
    """A number for each epoch (or step: `along`) of a run, drawn while it trains.

    Curves of one `axis` share a chart; the run before lies under them. NaN leaves a gap.
    """

    name: str
    values: Any  # float[epoch]
    axis: str = "loss"
    along: str = "epoch"
    start: float = 1.0  # of the first value, along
    every: float = 1.0  # from one value to the next
    log: bool = False  # a logarithmic axis, if any curve of it wants one


@dataclass(frozen=True)
class Table:
    """A table of text below the stage; a long one scrolls. `note` stands under it."""

    title: str
    columns: tuple[str, ...]
    rows: Callable[[Trace], Sequence[Sequence[str]]]
    note: Callable[[Trace], str] | None = None


@dataclass(frozen=True)
class Preset:
    """A named state worth seeing and the point it makes; it starts from the defaults."""

    name: str
    settings: Mapping[str, Any]
    point: str


@dataclass(frozen=True)
class Measured:
    """What a claim's measurement gave: the value in words, and the verdict that follows."""

    value: str
    verdict: Verdict


@dataclass(frozen=True)
class Claim:
    """What people say, how it is measured, and the verdict a test holds the measurement to."""

    says: str
    how: str
    verdict: Verdict
    measure: Callable[[Run], Measured]


@dataclass(frozen=True)
class Published:
    """A figure somebody published, a number or several, beside which the installed versions' is put.

    `ours` reads it from the Trace of the state `settings`, in the digits that were published. `why` says
    why ours differs; without it a test holds both to be the same.
    """

    what: str
    source: str
    value: Figure
    settings: Mapping[str, Any]
    ours: Callable[[Trace], Figure]
    why: str = ""


@dataclass(frozen=True)
class Prediction:
    """A question with a few answers to choose from before the reveal, in any state.

    `answers` gives the choices in words, the right one first; the page shuffles them.
    `why` explains the right one with this Trace's numbers. `mistakes` says of wrong answers, by their text,
    what made people choose them: "You took the ceiling: …".
    """

    question: Callable[[Trace], str]
    answers: Callable[[Trace], Sequence[str]]
    why: Callable[[Trace], str]
    mistakes: Callable[[Trace], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Related:
    """Another lab, opened in a state that goes with this one: `settings` are its parameters."""

    label: str
    lab: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Lab:
    """One page. `words` are further words a search should find it by."""

    title: str
    question: str
    technique: str
    controls: tuple[Control, ...]
    panels: Callable[[Trace], Sequence[Panel]]
    facts: Callable[[Trace], Sequence[tuple[str, str]]]
    presets: tuple[Preset, ...]
    claims: tuple[Claim, ...]
    predictions: tuple[Prediction, ...]
    published: tuple[Published, ...] = ()
    charts: tuple[Chart, ...] = ()
    curves: Callable[[Trace], Sequence[Curve]] | None = None  # of a training run, with the run before
    tables: tuple[Table, ...] = ()
    gradients: Callable[[Trace], Sequence[Panel]] | None = None
    gradient_note: Callable[[Trace], str] | None = None
    words: tuple[str, ...] = ()
    card: Panel | None = None  # the panel the gallery shows; the first one if not given
    related: Callable[[Trace], Sequence[Related]] | None = None  # links below the explanation
    # What the framework itself says to parameters (values or link texts) that were refused; "" for nothing
    asks: Callable[[Mapping[str, Any]], str] | None = None

"""The gradient lens on a page: below a lab's own gradients, computed only while that tab is open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

import engine
from engine import EngineError, Rejected, Trace
from engine.lens import AT, OF, WHOLE, Asked, refusal
from pages.kit import components, predict
from pages.kit.controls import component_changed
from pages.kit.lens_payload import lens_payload, with_gradient
from pages.kit.state import State, write_link
from pages.kit.text import plain

CELL = "one cell"
WORDS = {"gradient": "yes", "zero": "zero", "none": "None", "error": "error"}


def show(state: State) -> None:
    """The lens with its controls, or why there is none."""
    st.header("The gradient lens", anchor=False)
    if reason := refusal(state.listed.technique):
        st.markdown(f"There is none for this lab. {reason}")
        return
    try:
        trace = _answer(state)
    except EngineError as e:
        st.info(f"The lens cannot look at this state. {plain(str(e))}")
        return
    _controls(state, trace)
    _said(trace)
    _stage(state, trace)
    _table(trace)
    _numbers(trace)


def _answer(state: State) -> Trace:
    """The engine's answer; a choice that does not fit the state is left out, and said to be."""
    for _ in range(3):
        try:
            asked = {OF: state.lens.of, AT: state.lens.at}
            return engine.lens(state.listed.lab.technique, **asked, **state.values)
        except Rejected as problem:
            if problem.parameter not in (OF, AT) or state.lens == Asked():
                raise
            st.warning(
                f"The lens was asked for something that is not there; it was left out: {plain(str(problem))}"
            )
            state.lens = Asked(state.lens.of if problem.parameter == AT else "", "")
            write_link(state)
    return engine.lens(state.listed.lab.technique, **state.values)


def _controls(state: State, trace: Trace) -> None:
    """Which result, and which number of it."""
    facts = trace.facts
    choices, of = facts["choices"], facts[OF]
    with st.container(horizontal=True, vertical_alignment="bottom", key="lens-controls"):
        _select(state, choices, of)
        _whole(state, facts[AT])
        if facts[AT] not in WHOLE:
            _cell(state, choices[of], facts[AT])


def _select(state: State, choices: Mapping[str, Any], of: str) -> None:
    key = f"{state.listed.slug}.lens.of"
    st.session_state[key] = of

    def written(name: str) -> str:
        shape = " × ".join(map(str, choices[name]["shape"]))
        return f"{name} ({shape})" if shape else f"{name} (one number)"

    st.selectbox(
        "Gradient of",
        list(choices),
        key=key,
        format_func=written,
        width=260,
        on_change=lambda: state.commit({OF: st.session_state[key]}),
    )


def _whole(state: State, at: str) -> None:
    key = f"{state.listed.slug}.lens.whole"
    names = {CELL: "", **{words: name for name, words in WHOLE.items()}}
    st.session_state[key] = WHOLE.get(at, CELL)

    def chosen() -> None:
        state.commit({AT: names.get(st.session_state[key] or CELL, "")})

    st.segmented_control("at", list(names), key=key, on_change=chosen, width="content")


def _cell(state: State, choice: Mapping[str, Any], at: str) -> None:
    """One number input for each axis with more than one place."""
    index = [int(part) for part in at.split(",") if part]

    def chosen(axis: int, key: str) -> None:
        places = [*index[:axis], int(st.session_state[key] or 0), *index[axis + 1 :]]
        state.commit({AT: ",".join(map(str, places))})

    for axis, (name, size) in enumerate(zip(choice["axes"], choice["shape"], strict=True)):
        if size > 1:
            key = f"{state.listed.slug}.lens.{axis}.{size}"
            st.session_state[key] = index[axis]
            st.number_input(name, 0, size - 1, key=key, width=120, on_change=chosen, args=(axis, key))


def _said(trace: Trace) -> None:
    rows = trace.facts["inputs"]
    count = {status: sum(row["status"] == status for row in rows) for status in WORDS}
    parts = [
        f"{count['gradient']} with a gradient",
        f"{count['zero']} with a gradient that is zero everywhere" if count["zero"] else "",
        f"{count['none']} with None: TensorFlow has no gradient to give" if count["none"] else "",
        f"{count['error']} where TensorFlow raises an error" if count["error"] else "",
    ]
    inputs = "input" if len(rows) == 1 else "inputs"
    st.markdown(
        f"How much **{plain(trace.facts['number'])}** = {_short(trace.facts['value'])} changes when a cell of "
        f"an input does. {len(rows)} {inputs}: {', '.join(filter(None, parts))}. Click a cell of the output to "
        "ask about it."
    )


def _stage(state: State, trace: Trace) -> None:
    key = f"{state.listed.slug}.lens"
    payload = lens_payload(state.listed, trace)
    components.stage(
        key=key,
        data={
            "lab": f"{state.listed.slug}/lens",
            "follows": state.listed.slug,
            "group": "lens",
            "link": payload["link"],
            "live": True,
            "heard": state.heard,
            "waiting": False,
            "drawn": True,
            "predict": predict.stage_data(payload["link"]),
            "payload": json.dumps(payload),
        },
        on_change_change=lambda: component_changed(state, key),
        on_warm_change=state.act,
        on_drawn_change=state.act,
    )
    drawn_now = {panel["tensor"] for panel in payload["panels"]["lens"]}
    left = [row["name"] for row in with_gradient(trace) if row["name"] not in drawn_now]
    if left:
        st.caption(f"Not drawn, but in the table: {plain(', '.join(left))}.")


def _table(trace: Trace) -> None:
    """As text, so that it can be read aloud."""
    lines = [
        "| input | gradient | why | largest slope | largest difference from finite differences | shape |",
        "| --- | --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(_line(row))} |" for row in trace.facts["inputs"]),
    ]
    st.markdown("\n".join(lines))
    settings = trace.facts["settings"]
    said = f"Not tensors, so no tape sees them: {', '.join(settings)}. " if settings else ""
    st.caption(
        f"{plain(said)}Zero means that TensorFlow followed every way and all slopes are 0; None means that there "
        "is no way it could follow. Optimizers skip a variable whose gradient is None."
    )


def _line(row: Mapping[str, Any]) -> list[str]:
    shape = f"{row['dtype']} [{', '.join(map(str, row['shape']))}]"
    largest = _short(row["largest"]) if "largest" in row else "–"
    return [
        plain(row["name"]),
        f"**{WORDS[row['status']]}**",
        plain(_why(row)),
        largest,
        _difference(row),
        plain(shape),
    ]


def _difference(row: Mapping[str, Any]) -> str:
    if "difference" not in row:
        return "–"
    cells = "all cells" if row["moved"] == row["cells"] else f"{row['moved']} of {row['cells']} cells"
    return f"{_short(row['difference'])} ({cells})"


def _why(row: Mapping[str, Any]) -> str:
    parts = [row["why"]]
    if "difference" in row and not row["agrees"]:
        known = row["apart"] or "nothing that ran explains it"
        parts.append(f"finite differences disagree: {known}")
    return "; ".join(filter(None, parts)) or "–"


def _numbers(trace: Trace) -> None:
    """The compared cells one by one."""
    rows = [row for row in trace.facts["inputs"] if row.get("listed")]
    if not rows:
        return
    with st.expander("GradientTape beside finite differences, cell by cell"):
        st.caption(
            "Each cell is moved up and down a little, and the operations that ran run again: (after − before) / "
            "(2 · step), in float64 where TensorFlow has them in it. Of many cells, half are those with the largest "
            "gradient and half are drawn with a fixed seed."
        )
        for place, row in enumerate(rows):
            st.markdown(f"**{plain(row['name'])}**, computed in {row['in']}")
            lines = ["| cell | GradientTape | finite differences | difference |", "| --- | --- | --- | --- |"]
            none = row["status"] in ("none", "error")
            for cell, tape, slope in row["listed"]:
                gradient = "None" if none else _short(tape)
                apart = "–" if none else _short(_minus(tape, slope))
                lines.append(f"| {', '.join(map(str, cell))} | {gradient} | {_short(slope)} | {apart} |")
            with st.container(
                height=300 if len(lines) > 10 else "content", border=False, key=f"scrolls.lens.{place}"
            ):
                st.markdown("\n".join(lines))


def _minus(one: Any, other: Any) -> Any:
    return abs(one - other) if isinstance(one, (int, float)) and isinstance(other, (int, float)) else "NaN"


def _short(value: Any) -> str:
    """A number in a few digits; NaN and infinity by their names."""
    return (
        f"{value:.4g}".replace("e-0", "e-").replace("-", "−")
        if isinstance(value, (int, float))
        else str(value)
    )

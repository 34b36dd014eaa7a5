"""What one-hot-sequence-autoencoder refuses, with the framework's own words, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected


def width_of(events: int, none_class: bool, **_: Any) -> int:
    """Entries of a row: the events, and one more where "none" is a class."""
    return events + int(none_class)


def check_width(p: Mapping[str, Any]) -> None:
    """One class alone leaves nothing to learn."""
    if width_of(**p) == 1:
        fix = "choose 2 events or more: softmax over one class is always 1.0, its loss 0 and its gradient 0"
        raise Rejected("events", "1", "at least 2 classes", fix, {"events": 2})


def check_sparse(p: Mapping[str, Any]) -> None:
    """Integer labels for everything that has to have one, and integers for the sparse loss."""
    if p["loss"] != "sparse":
        return
    if p["labels_as"] == "one-hot":
        row = f"[{'1' if p['part'] == 'one event' else p['timesteps']}, {width_of(**p)}]"
        fix = (
            "hand over integers, np.argmax(y, -1), or use categorical_crossentropy. Keras says: Argument `output` "
            "must have rank (ndim) `target.ndim - 1`"
        )
        expected = "sparse: one integer for each row, without the event axis"
        raise Rejected("labels_as", f"one-hot rows {row}", expected, fix, {"labels_as": "integers"})
    if p["no_event"] and not p["none_class"] and p["part"] == "training":
        fix = 'add the class "none"; np.argmax of a row of zeros would say 0, which is another event'
        received = f"rows without an event, {p['no_event']:g} of all"
        raise Rejected("no_event", received, "an integer for every row", fix, {"none_class": True})


def check_label(p: Mapping[str, Any]) -> None:
    """The true event is one of the classes, and there is a pre-activation for each."""
    width = width_of(**p)
    if p["label"] >= width:
        fix = (
            "choose a class that exists. On a CPU TensorFlow raises: Received a label value of "
            f"{p['label']} which is outside the valid range of [0, {width}); XLA and GPUs answer NaN without a word"
        )
        received, expected = str(p["label"]), f"0 to {width - 1}: {width} classes are counted from 0"
        raise Rejected("label", received, expected, fix, {"label": width - 1})
    if p["height"] != 1 and p["loss"] != "MSE":
        fix = "use MSE for numbers; cross-entropies compare probabilities, and a target beyond 1 is none"
        raise Rejected("height", f"{p['height']:g}", f"1 with {p['loss']}", fix, {"height": 1.0})


def check_rows(p: Mapping[str, Any]) -> None:
    """A typed sequence has the model's shape, and each row is one-hot or empty."""
    rows, width = p["rows"], width_of(**p)
    if rows is None:
        return
    steps = p["timesteps"] if p["part"] == "training" else 1
    remedy = {"rows": None}
    if (len(rows), len(rows[0])) != (steps, width):
        shape, found = f"(None, {steps}, {width})", f"(1, {len(rows)}, {len(rows[0])})"
        fix = f"write {steps} rows of {width}, or clear them. Keras says: expected shape={shape}, found shape={found}"
        raise Rejected("rows", f"{len(rows)} x {len(rows[0])}", f"{steps} x {width}", fix, remedy)
    empty = not p["none_class"] and p["loss"] != "sparse"
    wrong = [place for place, row in enumerate(rows) if sorted(row)[-2:] != [0, 1] or sorted(row)[0] != 0]
    wrong = [place for place in wrong if any(rows[place]) or not empty]
    if wrong:
        listed = ", ".join(map(str, wrong[:8])) + (" and more" if len(wrong) > 8 else "")
        fix = "give each row exactly one 1 and zeros" + (
            ", or zeros alone where nothing happened" if empty else ""
        )
        raise Rejected("rows", f"rows that are not one-hot: {listed}", "one-hot rows", fix, remedy)

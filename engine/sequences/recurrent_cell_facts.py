"""Plain numbers of a recurrent cell: parameters by formula, differences to Keras, what the gradient does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def parameters_by_formula(cell: str, features: int, units: int, bias: bool, reset_after: bool) -> int:
    """gates · units · (features + units + biases); a GRU with reset_after has two biases."""
    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[cell]
    biases = (2 if cell == "GRU" and reset_after else 1) if bias else 0
    return gates * units * (features + units + biases)


def facts(p: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What tables, notes and predictions read."""
    h, steps = values["h"], values["h"].shape[1]
    sample = min(p["sample"], len(h) - 1)
    units = p["units"]
    flow = values["flow"][sample].astype("float64")
    reached = values["reached"].astype(bool)
    real = values["mask"][sample] == 1 if "mask" in values else np.ones(steps, bool)
    carried = flow[reached & real]  # a masked step gets exactly 0
    block = values["recurrent"][:, {"SimpleRNN": 0, "LSTM": 2, "GRU": 2}[p["cell"]] * units :][:, :units]
    return {
        "sample": sample,
        "steps": steps,
        "gates": {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[p["cell"]],
        "formula": parameters_by_formula(p["cell"], p["features"], units, p["use_bias"], p["reset_after"]),
        "keras_parameters": int(values["keras_parameters"]),
        "keras_output_off": _apart(values["output"], values["keras_output"]),
        "keras_state_off": max(
            _apart(values[name][:, p["timesteps"] - 1 :: p["timesteps"]], values[f"keras_{name}"])
            for name in "hc"
            if name in values
        ),
        "masked": int((values["mask"] == 0).sum()) if "mask" in values else 0,
        "kept": tuple(values["mask"].sum(axis=1).tolist())
        if "mask" in values
        else (steps,) * len(h),
        "last_kept": _last_kept(values, sample),
        "reached": int(reached.sum()),
        "flow_first": float(carried[0]) if len(carried) else 0.0,
        "flow_last": float(carried[-1]) if len(carried) else 0.0,
        "flow_steps": tuple(np.flatnonzero(reached & real)[[0, -1]].tolist()) if len(carried) else (),
        "radius": _radius(block),
        "one_pass_off": _apart(values["in_pieces"], values["one_pass"]) if "one_pass" in values else None,
        "largest_h": float(np.abs(h).max()),
        "largest_c": float(np.abs(values["c"]).max()) if "c" in values else None,
    }  # fmt: skip


def _apart(left: Any, right: Any) -> float:
    """Largest difference; values that grew to the same infinity do not differ."""
    left, right = np.asarray(left, "float64"), np.asarray(right, "float64")
    with np.errstate(invalid="ignore"):
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        return float(np.where(same, 0, np.abs(left - right)).max())


def _last_kept(values: Mapping[str, Any], sample: int) -> int | None:
    """The last real step of the sample in the last call's time; None where there is none."""
    if "mask" not in values:
        return int(values["h"].shape[1]) - 1
    found = np.flatnonzero(values["mask"][sample])
    return int(found[-1]) if len(found) else None


def _radius(block: Any) -> float:
    """The largest absolute eigenvalue of the recurrent kernel's block of the candidate."""
    return float(np.abs(np.linalg.eigvals(block.astype("float64"))).max())


def notes(p: Mapping[str, Any], values: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """True, but worth saying."""
    found = []
    if not np.isfinite(values["h"]).all() or not np.isfinite(values["gradient_x"]).all():
        found.append("Numbers have grown beyond float32: infinity or NaN. A smaller gain or tanh holds them.")
    if p["padding"] != "none" and not p["masking"]:
        found.append("Padding without a mask: the cell takes the zeros for input and goes on computing.")
    if told["last_kept"] is None:
        found.append(f"Sequence {told['sample']} has no real timestep: its states stay where they started.")
    if "mask" in values:
        starts = np.arange(0, told["steps"], p["timesteps"])
        cut = values["mask"][:, starts] == 0
        moved = np.abs(values["h_before"][:, starts]).max(axis=2) > 0
        if (cut & moved).any() and not p["zero_output_for_mask"]:
            found.append(
                "A call that begins with a masked step answers 0 there, although its state is not 0: the output before "
                "it is taken from zeros, not from the state."
            )
    return found

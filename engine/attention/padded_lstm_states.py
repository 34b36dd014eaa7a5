"""Hidden states of an LSTM over a zero-padded sequence, and the attention scores made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.links import IndexMap
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer
from engine.technique import Cost, Story
from engine.trace import Step, Tensor

FEATURES = 2
HANDLING = ("unmasked", "masked", "zero-output")

PARAMETERS = (
    Integer("tokens", default=2, low=1, high=20, about="real timesteps"),
    Integer("padding", default=3, low=0, high=20, about="zero timesteps after them"),
    Choice(
        "handling",
        default="unmasked",
        options=HANDLING,
        about="no mask, a mask, or a mask with zero_output_for_mask=True",
    ),
    Numbers("projection", default=(1.0, -1.5, 0.5), fewest=1, most=16, about="u; its length is the units"),
    Numbers("bias", default=(-0.5, 0.8, -0.2), fewest=1, most=16, about="b of score = u · tanh(h + b)"),
    Integer("seed", default=1, low=0, high=9999, about="of the inputs and the LSTM's weights"),
)


def check(projection: Sequence[float], bias: Sequence[float], **_: Any) -> None:
    """One bias a unit."""
    if len(projection) != len(bias):
        expected = f"{len(projection)} numbers, as many as the projection has"
        raise Rejected("bias", f"{len(bias)} numbers", expected, f"write {len(projection)} numbers")


def cost(tokens: int, padding: int, projection: Sequence[float], **_: Any) -> Cost:
    units, steps = len(projection), tokens + padding
    work = steps * units * (8 * (FEATURES + units) + 40)
    return Cost(memory=4 * (steps * (FEATURES + 2 * units) + 4 * units * (FEATURES + units)), work=work)


def arguments(
    tokens: int, padding: int, handling: str, projection: Sequence[float], bias: Sequence[float], seed: int
) -> dict[str, Any]:
    """Random real timesteps, zeros after them, and 1 for each real one."""
    real = np.random.default_rng(seed).normal(size=(tokens, FEATURES)).round(3)
    return {
        "inputs": np.concatenate([real, np.zeros((padding, FEATURES))]).astype("float32"),
        "mask": np.array([1] * tokens + [0] * padding, "int32"),
        "handling": handling,
        "projection": np.array(projection, "float32"),
        "bias": np.array(bias, "float32"),
        "seed": seed,
    }


def padded_lstm_states(inputs, mask, handling, projection, bias, seed):  # type: ignore[no-untyped-def]
    """States of a seeded LSTM and additive attention scores u · tanh(h + b), one a timestep.

    inputs: float32[timestep, feature]; mask: int32[timestep]; projection, bias: float32[unit].
    """
    import keras
    import tensorflow as tf

    inputs, projection, bias = map(tf.convert_to_tensor, (inputs, projection, bias))
    lstm = keras.layers.LSTM(
        len(projection),
        return_sequences=True,
        zero_output_for_mask=handling == "zero-output",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        recurrent_initializer=keras.initializers.GlorotUniform(seed + 1),
    )
    kept = None if handling == "unmasked" else tf.cast(mask, tf.bool)[None]
    states = lstm(inputs[None], mask=kept)[0]
    scores = tf.linalg.matvec(tf.tanh(states + bias), projection)
    return {
        "inputs": inputs,
        "mask": tf.constant(mask),
        "states": states,
        "projection": projection,
        "bias": bias,
        "scores": scores,
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """States and scores, with the largest state and the scores at padded timesteps."""
    tokens, (steps, units) = parameters["tokens"], results["states"].shape
    axes = {
        "inputs": ("timestep", "feature"),
        "mask": ("timestep",),
        "states": ("timestep", "unit"),
        "projection": ("unit",),
        "bias": ("unit",),
        "scores": ("timestep",),
    }
    padded = results["states"][tokens:]
    access = {"scores": ("t",), "states": ("t", "k"), "bias": ("k",), "projection": ("k",)}
    scored = IndexMap({"t": steps, "k": units}, access)
    story = (
        Step("LSTM", ("inputs",), "states", parameters["handling"], (f"{steps} timesteps × {units} units",)),
        Step(
            "attention score",
            ("states", "bias", "projection"),
            "scores",
            "u · tanh(h + b)",
            (f"[{steps}, {units}] → [{steps}]",),
            scored,
            "Σ {projection} · tanh({states} + {bias})",
        ),
    )
    facts = {
        "largest_padded_state": float(np.abs(padded).max()) if padded.size else 0.0,
        "repeats_last_state": bool(padded.size) and bool((padded == results["states"][tokens - 1]).all()),
        "padded_scores": tuple(float(score) for score in results["scores"][tokens:]),
    }
    return Story({name: Tensor(results[name], named) for name, named in axes.items()}, story, facts)

"""Index maps: parsing, links, padding, and the proof against GradientTape's Jacobian."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine import technique, techniques
from engine.links import IndexMap, affine
from engine.technique import Made
from tests.strategies import parameters_of

SMALL: dict[str, dict[str, Any]] = {  # states small enough to differentiate cell by cell
    "channel-element-attention": {
        "size": (2, 2),
        "channels": 2,
        "reduction": 2,
        "classes": 2,
        "hidden": 3,
    },
    "mask-propagation": {"tokens": (3, 1, 0), "features": 2, "layers": (("dense", 2), ("global-average", 1))},
    "broadcasting": {"a": (2, 1, 1), "b": (3, 1), "c": (2,), "explicit": True},
    "batchnorm-nd": {"case": "custom", "sizes": (2, 2), "batch": 2, "steps": 2, "beta": (1, 2)},
    "receptive-field": {"size": 5, "kernel": 3, "filters": 2},
    "conv1d-channels": {"steps": 8, "kernel": 3, "channels": 3, "filters": 2},
    "dense-as-convolution": {"tile": 2, "tiles": 2, "channels": 2, "units": 2, "stride": 1, "flip": True},
    "dynamic-filter-convolution": {"size": (3, 4), "taps": 2, "channels": 2},
    "multi-head-attention": {
        "sentences": "a b / c",
        "features": 2,
        "heads": 2,
        "head_size": 1,
        "mask": "none",
        "projections": "random",
    },
    "fake-quantization-ste": {"size": 2, "mode": "fixed", "min": -2, "max": 2},  # nothing is clipped
    "rmsprop-update-delta": {"weights": (1, 2), "grads": (1, 2, 3, 4)},
    "optimizer-steps": {"steps": 3},
    "random-pairing-pipeline": {"items": 2, "candidates": 2, "targets": 3, "epochs": 2, "features": 2},
    "sliding-window-labels": {
        "steps": 5,
        "window": 3,
        "channels": 2,
        "filters": 2,
        "kernel": 2,
        "builder": "loop",
        "gap": 0,
        "head": "GlobalAveragePooling1D",
    },
    "recurrent-cell": {"timesteps": 2, "features": 2, "units": 2, "batch": 1},
    "rnn-input-windows": {"window": 3, "features": 2, "units": 2, "chunk": 2, "shown": 2, "rows": 100},
    "skip-connection-crop-add": {"size": 7, "stages": 1, "repair": "crop-both", "skips": "1"},
}
# above the lowest, where many sizes multiply; 3 for the others
MOST = {
    "broadcasting": 1,
    "batchnorm-nd": 1,
    "channel-element-attention": 1,
    "dense-as-convolution": 1,
    "dynamic-filter-convolution": 1,
    "fake-quantization-ste": 1,
    "mask-propagation": 1,
    "multi-head-attention": 1,
    "optimizer-steps": 1,
    "random-pairing-pipeline": 1,
    "sliding-window-labels": 1,
    "recurrent-cell": 1,
    "rnn-input-windows": 1,
    "weight-constraints": 1,
}
# Techniques of the long lane are proven in their own tests, at sizes that they choose.
MAPPED = [
    name
    for name, found in techniques().items()
    if found.family != "claims" and found.lane({}) == "interactive"
]


def test_affine_reads_sums_of_scaled_loops() -> None:
    assert affine("2*i - 1 + u") == ((("i", 2), ("u", 1)), -1)
    assert affine("-i + 3") == ((("i", -1),), 3)
    assert affine("7") == ((), 7)


@pytest.mark.parametrize("text", ["i*j", "i 2", "2**i", "i +", "__import__('os')", "i/2"])
def test_affine_refuses_everything_else(text: str) -> None:
    with pytest.raises(ValueError, match="not an affine index"):
        affine(text)


def brute_force(
    found: IndexMap, source: str, cells: set[tuple[int, ...]], target: str
) -> set[tuple[int, ...]]:
    """The definition: every loop value, written out."""
    linked = set()
    for chosen in product(*(found.values(loop) for loop in found.loops)):
        at = dict(zip(found.loops, chosen, strict=True))
        place = {
            name: tuple(sum(f * at[loop] for loop, f in terms) + c for terms, c in axes)
            for name, axes in found.terms.items()
        }
        if place[source] in cells:
            linked.add(place[target])
    return linked


@st.composite
def maps(draw: st.DrawFn) -> IndexMap:
    loops: dict[str, int | tuple[int, ...]] = {
        name: draw(
            st.one_of(
                st.integers(1, 4), st.sets(st.integers(0, 4), min_size=1).map(lambda s: tuple(sorted(s)))
            )
        )
        for name in "ijuv"
    }
    terms = st.lists(st.tuples(st.sampled_from("ijuv"), st.integers(1, 3)), max_size=2)
    axis = st.tuples(terms, st.integers(-2, 2)).map(
        lambda parts: " + ".join([*(f"{f}*{loop}" for loop, f in parts[0]), str(abs(parts[1]))])
    )
    access = {name: tuple(draw(st.lists(axis, min_size=1, max_size=3))) for name in ("a", "b")}
    return IndexMap(loops, access)


@given(found=maps(), data=st.data())
def test_links_are_what_the_loops_say(found: IndexMap, data: st.DataObject) -> None:
    cell = data.draw(st.sampled_from(sorted(_reached(found, "a"))))
    assert found.linked("a", cell, "b").cells() == brute_force(found, "a", {cell}, "b")


def _reached(found: IndexMap, tensor: str) -> set[tuple[int, ...]]:
    reached = set()
    for chosen in product(*(found.values(loop) for loop in found.loops)):
        at = dict(zip(found.loops, chosen, strict=True))
        reached.add(tuple(sum(f * at[loop] for loop, f in t) + c for t, c in found.terms[tensor]))
    return reached


def test_padding_is_how_far_the_loops_reach_outside() -> None:
    found = IndexMap({"i": 4, "u": 4}, {"y": ("i",), "x": ("2*i - 1 + u",)})
    assert found.overhang("x", (8,)) == [(1, 1)]


def test_a_stack_composes() -> None:
    first = IndexMap({"i": 6, "u": 3}, {"y": ("i",), "x": ("i + u",)})
    second = IndexMap({"i": 4, "u": 3}, {"z": ("i",), "y": ("i + u",)})
    through = first.linked("y", second.linked("z", (1,), "y"), "x")
    assert through.cells() == {(at,) for at in range(1, 6)}
    assert through.axis_range(0) == (1, 5)


def generic(value: Any, generator: np.random.Generator) -> Any:
    """Random values in place of every float array, so that no zero in a Jacobian is an accident."""
    if isinstance(value, Made):
        return generic(value.value(), generator)
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return [generic(item, generator) for item in value]
    if isinstance(value, np.ndarray) and (value.dtype.kind == "f" or value.dtype == np.uint8):
        dtype = value.dtype if value.dtype.kind == "f" else np.float32  # uint8: a picture
        return generator.uniform(0.5, 1.5, value.shape).astype(dtype)
    return value


MOST_ROWS = 32  # of one Jacobian: each is one walk back; a larger tensor gives a random part of its cells


def rows_of(values: Any, generator: np.random.Generator) -> Any:
    """The flat places whose rows of the Jacobian are compared."""
    return np.sort(generator.permutation(int(np.prod(values.shape)))[:MOST_ROWS])


def prove(name: str, parameters: dict[str, Any]) -> int:
    """Hold every exact map of a technique against the Jacobian; how many cells were compared."""
    import tensorflow as tf

    found = technique(name)
    generator = np.random.default_rng(7)
    given_values = {key: generic(value, generator) for key, value in found.arguments(parameters).items()}
    compared = 0
    with tf.GradientTape(persistent=True) as tape:
        watched = tf.nest.map_structure(
            lambda v: tf.convert_to_tensor(v) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v,
            given_values,
        )
        for leaf in tf.nest.flatten(watched):
            if tf.is_tensor(leaf):
                tape.watch(leaf)
        results = found.function(**watched)
        floats = {k: v for k, v in results.items() if tf.is_tensor(v) and v.dtype.is_floating}
        rows = {key: rows_of(value, generator) for key, value in floats.items()}
        asked = {key: tf.gather(tf.reshape(value, [-1]), rows[key]) for key, value in floats.items()}
    story = found.describe(parameters, {key: np.asarray(value) for key, value in results.items()})
    for step in story.steps:
        if step.map is None or not step.map.exact or results[step.writes].dtype == tf.float16:
            continue  # float16 rounds small slopes to 0
        if 0 in results[step.writes].shape:
            continue  # nothing was written, and TensorFlow has no Jacobian of an empty tensor
        wide = (tf.float32, tf.float64)
        reads = [name for name in step.reads if name in results and results[name].dtype in wide]
        # A unit that sees nothing but padding is 0 whatever the values are: no generic factor.
        if any(np.any(results[name] == 0) for name in reads):
            continue
        sources = [results[read] for read in reads]  # all at once: each row is one walk back
        jacobians = tape.jacobian(asked[step.writes], sources, experimental_use_pfor=False)
        for read, jacobian in zip(reads, jacobians, strict=True):
            compared += _compare(step, read, results, rows[step.writes], jacobian)
    return compared


def _compare(step: Any, read: str, results: Any, rows: Any, jacobian: Any) -> int:
    shape = tuple(results[read].shape)
    written = tuple(results[step.writes].shape)
    values = np.zeros((len(rows), *shape)) if jacobian is None else np.asarray(jacobian)
    shapes = {name: tuple(results[name].shape) for name in step.reads if name in step.map.access}
    for place, row in zip(rows, values, strict=True):
        cell = tuple(map(int, np.unravel_index(place, written)))
        linked = step.map.linked(step.writes, cell, read, within=shapes).cells()
        differ = {tuple(map(int, at)) for at in np.argwhere(row != 0)}
        assert linked == differ, f"{step.operation}: {step.writes}{cell} and {read}"
    return len(rows)


@pytest.mark.parametrize("name", MAPPED)
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate], max_examples=10)
@given(data=st.data())
def test_every_map_is_the_jacobians_support(name: str, data: st.DataObject) -> None:
    found = technique(name)
    most = MOST.get(name, 3)
    parameters = data.draw(parameters_of(found, most=most, small=True, base=SMALL.get(name)))
    if found.lane(parameters) == found.lane({}):  # what a longer lane adds is counted, not linked
        prove(name, parameters)


@pytest.mark.parametrize("name", MAPPED)
def test_the_proof_compares_something(name: str) -> None:
    assert prove(name, technique(name).read(SMALL.get(name, {}))) > 0

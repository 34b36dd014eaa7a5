"""Fake quantisation: golden values, the operation rebuilt by hand, gradients routed, every error."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.gradients.fake_quantization_ste import DTYPES

FIXED = (-1.5, -1.0, -0.3, 0.0, 0.4, 0.95, 1.1, 1.2)
TIED = (-1.0, -0.2, 0.3, 1.15, 1.2, 1.3)
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run("fake-quantization-ste", **parameters)


def test_golden_fixed_range_3_bits() -> None:
    trace = run(x=FIXED, mode="fixed", min=-1, max=1)
    outputs = [-0.857142925, -0.857142925, -0.285714298, 0, 0.285714298, 0.857142925, 1.14285719, 1.14285719]
    np.testing.assert_allclose(trace["y"][0], outputs, atol=1e-5)
    for name in ("gradient", "by_tape"):
        np.testing.assert_allclose(trace[name][0], [0, 0, 1, 1, 1, 1, 1, 0], atol=1e-5)
    for name in ("collected", "range_by_tape"):
        np.testing.assert_allclose(trace[name][0], [2, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("bits", "scale", "zero_point", "low", "high"),
    [(3, 0.285714298, 3, -0.857142925, 1.14285719), (8, 0.00784313772, 127, -0.996078491, 1.00392163)],
)
def test_golden_nudged_range(bits: int, scale: float, zero_point: int, low: float, high: float) -> None:
    told = run(x=FIXED, mode="fixed", bits=bits).facts
    assert told["scale"][0] == pytest.approx(scale, abs=1e-6)
    assert told["zero_point"] == (zero_point,)
    assert told["nudged"][0] == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("a", "bits", "zero_point"), [(3, 3, 4), (6, 3, 4), (3, 8, 128), (6, 8, 128)])
def test_other_symmetric_ranges_round_the_other_way(a: int, bits: int, zero_point: int) -> None:
    assert run(mode="fixed", min=-a, max=a, bits=bits).facts["zero_point"] == (zero_point,)


def test_golden_tied_min_and_max() -> None:
    trace = run(x=TIED)
    np.testing.assert_allclose(trace["gradient"][0], np.ones(6), atol=1e-5)
    assert trace.facts["total"] == pytest.approx(6, abs=1e-5)
    assert trace.facts["nudged"][0] == pytest.approx((-0.985714197, 1.31428564), abs=1e-6)


def test_golden_question_with_seed_0() -> None:
    trace = run()
    np.random.seed(0)
    np.testing.assert_array_equal(trace["x"], np.random.normal(size=(10, 10)).astype("float32"))
    assert dict(trace.facts["histogram"]) == {0.0: 1, 1.0: 98, 2.0: 1}
    assert trace.facts["total"] == pytest.approx(100, abs=1e-4)


FLOATS = st.floats(-5, 5, width=32, allow_subnormal=False)  # TensorFlow takes those for 0
VALUES = st.lists(FLOATS, min_size=2, max_size=12)


@settings(max_examples=15)
@given(
    x=VALUES,
    low=st.floats(-4, 1.5, width=16),
    span=st.floats(0.125, 6, width=16),
    bits=st.integers(2, 16),
    narrow=st.booleans(),
)
def test_by_hand_is_tensorflow(x: list[float], low: float, span: float, bits: int, narrow: bool) -> None:
    """Levels, limits and gradients rebuilt in NumPy's float32 are those of the operation."""
    trace = run(x=x, mode="fixed", min=low, max=low + span, bits=bits, narrow_range=narrow)
    first, last = np.float32(narrow), np.float32(2**bits - 1)
    scale = (np.float32(low + span) - np.float32(low)) / (last - first)
    exact = first - np.float32(low) / scale
    zero = np.clip(np.floor(exact + np.float32(0.5)), first, last)
    limits = (first - zero) * scale, (last - zero) * scale
    values = trace["x"]
    np.testing.assert_allclose(trace["nudged"][0], limits, rtol=1e-6, atol=1e-9)
    quantised = np.floor((np.clip(values, *limits) - limits[0]) / scale + np.float32(0.5)) * scale + limits[0]
    parts = (np.clip(values, *limits) - limits[0]) / scale % 1
    clear = np.abs(parts - 0.5) > 0.01  # a tie may fall on either side
    np.testing.assert_allclose(trace["y"][clear], quantised[clear], atol=scale / 50)
    np.testing.assert_array_equal(trace["inside"], (values >= limits[0]) & (values <= limits[1]))
    assert trace.facts["difference_to_tape"] == 0


@settings(max_examples=15)
@given(
    seed=st.integers(0, 9999),
    bits=st.integers(2, 8),
    narrow=st.booleans(),
    channels=st.booleans(),
    upstream=st.lists(st.floats(-2, 2, width=16), min_size=1, max_size=5),
)
def test_nothing_is_lost_while_the_range_follows_x(
    seed: int, bits: int, narrow: bool, channels: bool, upstream: list[float]
) -> None:
    """With min and max of x itself, the gradients add up to the upstream ones, channel by channel."""
    trace = run(
        seed=seed, size=(6, 4), bits=bits, narrow_range=narrow, per_channel=channels, upstream=upstream
    )
    axis = 0 if channels else None
    held = run(
        seed=seed, size=(6, 4), bits=bits, narrow_range=narrow, per_channel=channels, mode="tied-stopped"
    )
    np.testing.assert_allclose(trace["by_tape"].sum(axis), trace["upstream"].sum(axis), atol=1e-4)
    assert trace.facts["difference_to_tape"] < 1e-5
    np.testing.assert_array_equal(held["by_tape"], trace["inside"])
    # Nudging shifts a range: what lies below it and what lies above it are never both clipped.
    sides = trace["outside"].sum(axis=1)
    assert not ((sides[0] > 0) & (sides[1] > 0)).any() if channels else not (sides.sum(1) > 0).all()


@settings(max_examples=12)
@given(seed=st.integers(0, 99), channels=st.booleans(), mode=st.sampled_from(["tied", "fixed"]))
def test_maps_give_the_sums(seed: int, channels: bool, mode: str) -> None:
    """Each map that is a sum of products, walked loop by loop, gives what was written."""
    trace = run(seed=seed, size=(3, 4), per_channel=channels, mode=mode, upstream=(1, -2, 0.5))
    walked = 0
    for step in trace.steps:
        if step.map is None or step.map.combine != "sum":
            continue
        total = np.zeros(trace[step.writes].shape)
        for chosen in product(*(step.map.values(loop) for loop in step.map.loops)):
            at = dict(zip(step.map.loops, chosen, strict=True))
            place = {
                name: tuple(sum(f * at[loop] for loop, f in terms) + c for terms, c in axes)
                for name, axes in step.map.terms.items()
            }
            total[place[step.writes]] += np.prod([trace[name][place[name]] for name in step.reads])
        np.testing.assert_allclose(total, trace[step.writes], atol=1e-5)
        walked += 1
    assert walked == (3 if mode == "tied" else 2)


def test_stop_gradient_and_averages_leave_zeros_and_ones() -> None:
    for mode in ("tied-stopped", "moving-average"):
        trace = run(mode=mode)
        assert set(np.unique(trace["by_tape"])) == {0.0, 1.0}
        assert "handed_on" not in trace.tensors


def test_a_moving_average_keeps_its_share() -> None:
    trace = run(x=(-3, 5), mode="moving-average", min=-1, max=1, decay=0.75)
    assert trace.facts["range"][0] == pytest.approx((-1.5, 2.0))


def test_equal_extremes_share() -> None:
    trace = run(x=(-1.0, -0.4, 0.2, 1.4, 1.5, 1.5))
    np.testing.assert_allclose(trace["extreme"][1, 0], [0, 0, 0, 0, 0.5, 0.5])
    assert trace.facts["difference_to_tape"] == 0
    assert any("share" in note for note in trace.notes)


def test_channels_have_their_own_ranges() -> None:
    trace = run(per_channel=True, size=(5, 3))
    for channel in range(3):
        alone = run(x=trace["x"][:, channel].tolist())
        np.testing.assert_allclose(trace["y"][:, channel], alone["y"][0], atol=1e-6)
    given_ends = run(per_channel=True, size=(5, 2), mode="fixed", mins=(-1, -2), maxs=(1, 3))
    np.testing.assert_allclose(given_ends["range"], [[-1, 1], [-2, 3]])


def test_halves_go_up() -> None:
    trace = run(x=(-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5), mode="fixed", min=-4, max=3)
    np.testing.assert_array_equal(trace["y"][0], [-3, -2, -1, 0, 1, 2, 3])
    np.testing.assert_array_equal(trace["half_to_even"][0] - 4, [-4, -2, -2, 0, 0, 2, 2])


def test_none_is_told_from_zero() -> None:
    trace = run()
    assert trace["connected"].tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(trace["slopes"], [0, 0, 0, 1, 1])


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"mode": "fixed", "min": 0.5, "max": 2}, "0.5 to 2. Zero must be a level, so the range was moved"),
        ({"mode": "fixed", "min": -2, "max": -1}, "moved to -1 to 0"),
        ({"mode": "fixed"}, "float32 computes 3.4999998 and rounds to 3, float64 would choose 4"),
        ({"x": (5, 6, 7)}, "moved to 0 to 2: 3 of 3 values are clipped"),
    ],
)
def test_notes_say_what_was_changed(parameters: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**parameters).notes)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"bits": 1}, "a whole number from 2 to 16; fix: the nearest allowed value is 2"),
        ({"bits": 17}, "the nearest allowed value is 16"),
        ({"mode": "fixed", "min": 1, "max": -1}, "TensorFlow returns one value or NaN"),
        ({"mode": "fixed", "min": 1, "max": 1}, "more than min, 1, in float32; fix: widen the range"),
        ({"mode": "fixed", "min": 1, "max": 1.00000001}, "more than min, 1, in float32"),
        ({"mode": "fixed", "min": 0, "max": 1e-44}, "widen the range"),
        ({"mode": "moving-average", "min": 2, "max": -2}, "swap the two"),
        ({"x": (2, 2, 2)}, "the scale would be 0"),
        ({"size": (1, 4), "per_channel": True}, "which are equal in one channel"),
        ({"x": "0.5,nan"}, "entry 2 is not a finite number"),
        ({"x": "inf"}, "entry 1 is not a finite number"),
        ({"upstream": "nan"}, "not a finite number"),
        ({"min": float("inf")}, "received inf"),
        *(({"dtype": name}, f"but is a {DTYPES[name]} tensor") for name in DTYPES if name != "float32"),
        ({"mins": (-1, -2)}, "`min` must be rank 0 but is rank 1"),
        ({"maxs": (1,)}, "`max` must be rank 0 but is rank 1"),
        ({"mins": (-1, -2), "per_channel": True}, "expected 10, one for each channel"),
        ({"mode": "max"}, "one of tied, tied-stopped, fixed, moving-average"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("fake-quantization-ste", {**bad, **refusal.value.remedy})


def test_what_tensorflow_says_is_quoted() -> None:
    """The sentences in the errors are the operation's own; a senseless range has none."""
    told = engine.run("fake-quant-calls").facts
    for said, name in zip(told["errors"], ("float64", "float16", "int32"), strict=False):
        assert f"was expected to be a float tensor but is a {DTYPES[name]} tensor" in said
    assert "`min` must be rank 0 but is rank 1" in told["errors"][3]
    assert "num_bits must be between 2 and 16, inclusive" in told["errors"][4]
    assert told["empty"] == "nan"
    assert "," not in told["reversed"]

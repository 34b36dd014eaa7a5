"""Convolution arithmetic: the guide's cases and numbers, TensorFlow's and Keras' own layers, errors."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine.code import code
from engine.convolution.convolution_arithmetic_axes import axes_of
from engine.convolution.convolution_arithmetic_calls import keras_layers, keras_refuses
from tests.pasted import Pasted
from tests.test_links import prove

PUBLISHED = json.loads((Path(__file__).parent / "golden/published.json").read_text())
NAME = "convolution-arithmetic"
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def side(**parameters: Any) -> int:
    height, width = run(**parameters).facts["space"]
    assert height == width
    return int(height)


# Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", chapters 2, 4 and 5:
# i, k, s, p -> o, and back by the transposed convolution with output padding a.
GUIDE = [
    ("no padding, unit strides", 4, 3, 1, 0, 2, 0),
    ("arbitrary padding", 5, 4, 1, 2, 6, 0),
    ("half padding", 5, 3, 1, 1, 5, 0),
    ("full padding", 5, 3, 1, 2, 7, 0),
    ("strided, no padding", 5, 3, 2, 0, 2, 0),
    ("strided, padded", 5, 3, 2, 1, 3, 0),
    ("strided, padded, odd", 6, 3, 2, 1, 3, 1),
]


@pytest.mark.parametrize(
    ("i", "k", "s", "p", "o", "a"), [case[1:] for case in GUIDE], ids=[c[0] for c in GUIDE]
)
def test_the_guides_cases_and_back(i: int, k: int, s: int, p: int, o: int, a: int) -> None:
    same = {"kernel": k, "stride": s, "padding": "symmetric", "pad": p}
    there = run(size=i, **same)
    assert there.facts["space"] == (o, o)
    assert there.facts["back"] == (a, a)
    assert side(operation="transposed", size=o, output_padding=a, **same) == i


@pytest.mark.parametrize("case", PUBLISHED["convolution_arithmetic"]["cases"], ids=str)
def test_published_cases(case: dict[str, int]) -> None:
    same = {"kernel": case["k"], "stride": case["s"], "padding": "symmetric", "pad": case["p"]}
    assert side(size=case["i"], **same) == case["o"]
    added = case.get("transposed_output_padding", 0)
    assert side(operation="transposed", size=case["o"], output_padding=added, **same) == case["i"]


def test_the_guides_dilated_case() -> None:
    assert side(size=7, kernel=3, dilation=2) == 3


def test_the_guides_numbers() -> None:
    """Figures 1.1 and 1.2 (the same numbers with stride 2 and padding 1), 1.5 and 1.6 (pooling)."""
    assert run()["y"][0, :, :, 0].tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    strided = run(stride=2, padding="symmetric")["y"][0, :, :, 0]
    assert strided.tolist() == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]
    means = run(operation="avg-pool")["y"][0, :, :, 0]
    assert (
        means.round(1).tolist()
        == np.array([[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]], "float32").tolist()
    )
    largest = run(operation="max-pool")["y"][0, :, :, 0]
    assert largest.tolist() == [[3, 3, 3], [3, 3, 3], [3, 2, 3]]


def test_published_same_padding() -> None:
    for case in PUBLISHED["same_padding"]["cases"]:
        given = {
            "dimensions": "1-D",
            "padding": "SAME",
            "kernel": case["k"],
            "stride": case["s"],
            "size": 128,
        }
        assert 224 % case["s"] == 128 % case["s"] == 0  # pads depend on the rest alone
        assert run(**given).facts["pads"] == (tuple(case["pad"]),)


@st.composite
def anything(draw: st.DrawFn, most: int = 9) -> dict[str, Any]:
    """Parameters of every kind that the technique accepts."""
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    found = {
        "dimensions": draw(st.sampled_from(["1-D", "2-D", "3-D"])),
        "operation": draw(
            st.sampled_from(["convolution", "transposed", "depthwise", "max-pool", "avg-pool"])
        ),
        "size": draw(pair(1, most)),
        "kernel": draw(pair(1, 4)),
        "stride": draw(pair(1, 3)),
        "dilation": draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 3), (2, 1)])),
        "padding": draw(st.sampled_from(["VALID", "SAME", "causal", "symmetric", "explicit"])),
        "pad": draw(pair(0, 2)),
        "pads": draw(st.tuples(*[st.integers(0, 2)] * 4)),
        "output_padding": draw(st.none() | pair(0, 2)),
        "depth": draw(
            st.just(())
            | st.tuples(st.tuples(st.integers(1, 5), *[st.integers(1, 2)] * 3, *[st.integers(0, 1)] * 3))
        ),
        "channels": draw(st.sampled_from([1, 2, 4])),
        "filters": draw(st.sampled_from([1, 2, 4])),
        "groups": draw(st.sampled_from([1, 1, 2])),
        "multiplier": draw(st.integers(1, 2)),
        "count_padding": draw(st.booleans()),
        "image": "noise",
        "weights": "random",
    }
    try:
        engine.check(NAME, found)
    except engine.Rejected:
        assume(False)
    return found


def _wrong_in_tensorflow(p: dict[str, Any]) -> bool:
    """TensorFlow 2.21 with oneDNN: 3-D, one channel (of a group), a strided width with one window."""
    share = 1 if p["operation"] == "depthwise" else p["channels"] // p["groups"]
    width = axes_of(**p)[-1]
    return p["dimensions"] == "3-D" and share == 1 and width.output == 1 and width.window.stride > 1


def by_hand(trace: engine.Trace) -> np.ndarray[Any, Any]:
    """The definition, tap by tap in NumPy: what no library has a hand in."""
    p, x = trace.parameters, trace["x"].astype("float64")[0]
    axes, w = axes_of(**p), trace["w"].astype("float64")
    kernel, outputs = [axis.window.kernel for axis in axes], trace["y"].shape[-1]
    groups = p["channels"] if p["operation"] == "depthwise" else p["groups"]
    ins, outs = p["channels"] // groups, outputs // groups
    y = np.zeros([axis.output for axis in axes] + [outputs])
    transposed = p["operation"] == "transposed"
    for place in np.ndindex(*([axis.size for axis in axes] if transposed else y.shape[:-1])):
        for tap in np.ndindex(*kernel):
            other = tuple(o * a.window.stride + t * a.window.dilation - a.window.before
                          for o, t, a in zip(place, tap, axes, strict=True))  # fmt: skip
            limit = y.shape if transposed else x.shape
            if any(not 0 <= at < n for at, n in zip(other, limit, strict=False)):
                continue
            source, target = (place, other) if transposed else (other, place)
            for g in range(groups):
                seen = x[source][g * ins : (g + 1) * ins]
                if transposed:
                    y[target][g * outs : (g + 1) * outs] += w[tap][:, g * ins : (g + 1) * ins] @ seen
                elif p["operation"] == "depthwise":
                    y[target][g * outs : (g + 1) * outs] += seen @ w[tap][g : g + 1]
                else:
                    y[target][g * outs : (g + 1) * outs] += seen @ w[tap][:, g * outs : (g + 1) * outs]
    return y


@settings(max_examples=40)
@given(found=anything(most=7))
def test_it_is_the_definition_tap_by_tap(found: dict[str, Any]) -> None:
    assume(found["operation"] in ("convolution", "transposed", "depthwise"))
    trace = run(**found)
    assume(trace["y"].size * trace["w"].size < 60_000)
    np.testing.assert_allclose(trace["y"][0], by_hand(trace), atol=1e-3)


def test_a_window_alone_on_a_strided_axis_is_right_in_3d() -> None:
    """tf.nn.conv3d itself answers wrong numbers here on CPUs with oneDNN."""
    given_ = {"dimensions": "3-D", "size": (7, 4), "kernel": (2, 4), "stride": (1, 3)}
    trace = run(**given_, image="noise", weights="random")
    np.testing.assert_allclose(trace["y"][0], by_hand(trace), atol=1e-4)


@settings(max_examples=50)
@given(found=anything())
def test_it_is_what_keras_layers_compute(found: dict[str, Any]) -> None:
    """The layers the page names, really built, give the page's numbers."""
    import keras

    p = engine.check(NAME, found)
    layers = keras_layers(p, axes_of(**p))
    assume(not _wrong_in_tensorflow(p))
    assert bool(layers) != bool(keras_refuses(p, axes_of(**p)))
    assume(layers)
    trace = run(**found)
    x = trace["x"]
    for name, given_ in layers:
        more = {} if name.startswith(("Max", "Average", "Zero", "Crop")) else {"use_bias": False}
        layer = getattr(keras.layers, name)(**given_, **more)
        layer.build(x.shape)
        if layer.weights:
            layer.set_weights([trace["w"]])
        x = np.asarray(layer(x))
    assert x.shape == trace.facts["output_shape"]
    np.testing.assert_allclose(trace["y"], x, atol=1e-4)


@settings(max_examples=40)
@given(found=anything())
def test_sizes_are_the_values_sizes_and_transposing_undoes_them(found: dict[str, Any]) -> None:
    trace = run(**found)
    assert trace["y"].shape[1:-1] == trace.facts["space"]
    if found["operation"] == "transposed":
        contributions = prod(trace.facts["sizes"]) * prod(trace["w"].shape[:-2])
        assert trace["overlap"].sum() <= contributions
    else:
        assert trace.facts["unread_cells"] == (trace["reads"] == 0).sum()


@settings(max_examples=25)
@given(found=anything(most=6))
def test_maps_are_the_jacobians_support(found: dict[str, Any]) -> None:
    """Any number of axes, groups, depthwise, transposed, gradients too: links are non-zero slopes."""
    assume(max(found["size"]) <= 4 or found["dimensions"] != "3-D")
    p = engine.check(
        NAME, {**found, "channels": min(2, found["channels"]), "filters": min(2, found["filters"])}
    )
    assume(prod(axis.output for axis in axes_of(**p)) <= 16)
    prove(NAME, p)


@settings(max_examples=25)
@given(found=anything())
def test_max_pooling_names_the_winner(found: dict[str, Any]) -> None:
    """The winner holds the window's largest cell; TensorFlow's own argmax and gradient agree in 2-D."""
    import tensorflow as tf

    given_ = {**found, "operation": "max-pool", "image": "guide", "dimensions": "2-D"}
    try:
        trace = run(**given_)
    except engine.Rejected:
        assume(False)
    x, winners = trace["x"], trace["argmax"]
    np.testing.assert_array_equal(x.ravel()[winners], trace["y"])
    np.testing.assert_array_equal(trace["wins"].ravel(), np.bincount(winners.ravel(), minlength=x.size))
    np.testing.assert_array_equal(trace["x_gradient"], trace["wins"])
    p = trace.parameters
    assume(p["dilation"] == (1, 1) and p["padding"] in ("SAME", "VALID"))
    theirs = tf.nn.max_pool_with_argmax(x, p["kernel"], p["stride"], p["padding"])
    np.testing.assert_array_equal(trace["y"], theirs[0])
    np.testing.assert_array_equal(winners, theirs[1])


@given(found=anything(most=7))
def test_transposed_is_the_gradient_of_the_convolution(found: dict[str, Any]) -> None:
    """For every padding: a transposed convolution of g is what g sends back through the convolution."""
    given_ = {**found, "operation": "convolution"}
    try:
        there = run(**given_)
    except engine.Rejected:
        assume(False)
    back = {"operation": "transposed", "padding": "explicit", "image": "ones"}
    pads = [*there.facts["pads"]]
    assume(len(pads) == 2)
    more = {"size": there.facts["space"], "pads": [n for pair in pads for n in pair]}
    swap = {"channels": found["filters"], "filters": found["channels"], "output_padding": there.facts["back"]}
    # the kernel [*, in / groups, out] of the one is the kernel [*, filter / groups, channel] of the other
    assume(there["w"].size <= 256)
    taps = {"taps": there["w"].ravel().tolist()}
    trace = run(**{**given_, **back, **more, **swap, **taps})
    np.testing.assert_allclose(trace["y"], there["x_gradient"], atol=1e-4)


def test_dropped_cells_are_named_crossed_and_get_gradient_zero() -> None:
    trace = run(size=(8, 7), kernel=3, stride=3)
    assert trace.facts["unread"] == ((6, 7), (6,))
    assert trace.facts["left_over"] == (2, 1)
    assert not trace["reads"][6:].any()
    assert not trace["reads"][:, 6].any()
    assert (trace["x_gradient"][0, :, :, 0] == 0)[trace["reads"] == 0].all()
    assert any(note.startswith("Dropped: rows 7, 8 and column 7 of the input.") for note in trace.notes)
    between = run(size=9, kernel=1, stride=2).notes
    assert any(note.startswith("No window reads rows 2, 4, 6, 8 and columns 2, 4, 6, 8") for note in between)


@pytest.mark.parametrize(("size", "differ"), [(6, True), (7, False), (8, True), (9, False)])
def test_same_is_symmetric_padding_on_odd_inputs_only(size: int, differ: bool) -> None:
    trace = run(size=size, stride=2, padding="SAME", compare="symmetric", image="noise", weights="random")
    assert (trace.facts["differs"]["cells"] > 0) == differ
    np.testing.assert_allclose(trace["difference"], trace["y"] - trace["other"], atol=1e-6)
    alone = run(size=size, stride=2, padding="symmetric", image="noise", weights="random")
    np.testing.assert_array_equal(trace["other"], alone["y"])


def test_outputs_of_unequal_size_are_compared_where_both_have_cells() -> None:
    trace = run(kernel=4, padding="SAME", compare="symmetric", pad=2)
    assert trace["y"].shape[1:3] == (5, 5)
    assert trace["other"].shape[1:3] == (6, 6)
    assert trace["difference"].shape[1:3] == (5, 5)
    assert any("The sizes differ: [5, 5] against [6, 6]." in note for note in trace.notes)


def test_stride_with_dilation_is_what_tensorflow_computes() -> None:
    """Keras refuses the two together; tf.nn.conv2d does not."""
    import tensorflow as tf

    for padding in ("SAME", "VALID"):
        given_ = {"stride": (2, 3), "dilation": (3, 2), "padding": padding}
        trace = run(size=(11, 9), channels=2, filters=3, image="noise", weights="random", **given_)
        theirs = tf.nn.conv2d(trace["x"], trace["w"], (2, 3), padding, dilations=(3, 2))
        np.testing.assert_allclose(trace["y"], theirs, atol=1e-4)
        assert trace.facts["keras"].startswith("no layer: strides and dilation_rate")


def test_depth_is_like_the_height_unless_told() -> None:
    assert run(dimensions="3-D", size=(6, 5), kernel=(2, 3)).facts["space"] == (5, 5, 3)
    assert run(dimensions="3-D", depth="8.2.3.1.1.0.0").facts["space"] == (3, 3, 3)
    padded = run(dimensions="3-D", padding="explicit", depth="8.2.3.1.1.0.0").facts["space"]
    assert padded == (3, 4, 4)


def test_counting_padding_is_pytorchs_average() -> None:
    given_ = {"operation": "avg-pool", "padding": "SAME", "image": "ones"}
    assert run(**given_)["y"].min() == 1
    assert run(**given_, count_padding=True)["y"][0, 0, 0, 0] == pytest.approx(4 / 9)


@pytest.mark.parametrize(
    ("state", "keras", "pytorch"),
    [
        ({}, "Conv2D(1, 3)", "nn.Conv2d(1, 1, 3)"),
        (
            {"size": 6, "stride": 2, "padding": "SAME"},
            'Conv2D(1, 3, strides=2, padding="same")',
            "nn.ZeroPad2d((0, 1, 0, 1)), then nn.Conv2d(1, 1, 3, stride=2)",
        ),
        (
            {"operation": "transposed", "stride": 2, "padding": "symmetric", "output_padding": 1},
            "Conv2DTranspose(1, 3, strides=2, output_padding=1), then Cropping2D(((1, 1), (1, 1)))",
            "nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)",
        ),
        (
            {"operation": "depthwise", "channels": 3, "multiplier": 2},
            "DepthwiseConv2D(3, depth_multiplier=2)",
            "nn.Conv2d(3, 6, 3, groups=3)",
        ),
        (
            {"operation": "max-pool", "dimensions": "1-D", "dilation": 2},
            "no layer: pooling layers have no dilation",
            "nn.MaxPool1d(3, stride=1, dilation=2)",
        ),
        (
            {"operation": "avg-pool", "padding": "symmetric"},
            "no layer: pooling layers have no explicit padding",
            "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)",
        ),
        (
            {"operation": "transposed", "groups": 2, "channels": 2, "filters": 2},
            "no layer: transposed layers have no groups",
            "nn.ConvTranspose2d(2, 2, 3, groups=2)",
        ),
        (
            {"operation": "depthwise", "dimensions": "3-D"},
            "no layer: there is no DepthwiseConv3D",
            "nn.Conv3d(1, 1, 3)",
        ),
    ],
    ids=str,
)
def test_the_calls_elsewhere(state: dict[str, Any], keras: str, pytorch: str) -> None:
    told = run(**state).facts
    assert told["keras"] == keras
    assert told["pytorch"] == pytorch


PLAIN = [
    {"channels": 4, "filters": 4, "groups": 2, "dilation": 2, "size": 7},
    {"stride": 2, "dilation": 2, "size": 9},
    {"operation": "depthwise", "channels": 3, "multiplier": 2, "stride": (1, 2), "size": 7},
    {"operation": "transposed", "dilation": 2, "stride": 2, "channels": 2, "filters": 2, "groups": 2},
    {
        "dimensions": "3-D",
        "stride": (2, 1),
        "dilation": (1, 2),
        "padding": "SAME",
        "channels": 2,
        "filters": 2,
    },
    {"dimensions": "3-D", "operation": "transposed", "stride": 2, "kernel": 2},
    {"dimensions": "1-D", "padding": "causal", "dilation": 2, "size": 9},
    {"operation": "max-pool", "padding": "SAME", "dilation": 2},
    {"dimensions": "3-D", "operation": "avg-pool", "padding": "symmetric"},
]


def test_a_cpu_without_onednn_gives_the_same_values_and_gradients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grouped, dilated and strided gradients have no kernels of their own on every CPU."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    generic = {"image": "noise", "weights": "random"}
    pasted = Pasted()
    answers = pasted.run([code(NAME, **state, **generic) for state in PLAIN], tmp_path)
    pasted.end()
    for state, answer in zip(PLAIN, answers, strict=True):
        trace = run(**state, **generic)
        assert {"y", "x_gradient"} <= set(answer)
        for name in set(answer) & set(trace.tensors):
            np.testing.assert_allclose(answer[name], trace[name], atol=1e-4, err_msg=f"{state}: {name}")


def test_the_winners_number_has_no_gradient() -> None:
    """What the Gradients tab says: TensorFlow answers None for the integer, zeros for unread cells."""
    import tensorflow as tf

    from engine.convolution.convolution_arithmetic_functions import pool

    x = tf.random.normal((1, 5, 5, 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = pool(x, "max-pool", (2, 2), (2, 2), (1, 1), [(0, 0), (0, 0)], False)
    assert tape.gradient(found["argmax"], x) is None
    assert np.all(tf.convert_to_tensor(tape.gradient(found["y"], x))[0, 4] == 0)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"kernel": 0}, "nearest allowed value is 1"),
        ({"stride": -1}, "nearest allowed value is 1"),
        ({"size": 1_000_000}, "nearest allowed value is 128"),
        ({"size": 5, "kernel": 6}, "a window spanning 6×6; expected at most 5×5: the input with VALID padding"),
        ({"size": 5, "kernel": 7}, "use a kernel of 5×5"),
        ({"size": 4, "dilation": 2}, "a window spanning 5×5; expected at most 4×4"),
        ({"dimensions": "1-D", "size": 2}, "a window spanning 3; expected at most 2"),
        ({"dimensions": "3-D", "depth": "2.3"}, "a window spanning 3×3×3; expected at most 2×5×5"),
        ({"dimensions": "3-D", "size": (2, 5)}, "expected at most 2×2×5"),
        ({"operation": "max-pool", "size": 2}, "a window spanning 3×3; expected at most 2×2"),
        ({"operation": "avg-pool", "size": (5, 2)}, "expected at most 5×2"),
        ({"padding": "causal"}, "causal padding in 1-D only"),
        ({"padding": "causal", "dimensions": "1-D", "operation": "transposed"}, "another padding when transposed"),
        ({"padding": "full"}, "TensorFlow has no full padding"),
        ({"padding": "half"}, "choose symmetric with that pad"),
        ({"padding": "reflect"}, "tf.pad(mode='REFLECT')"),
        ({"padding": "same"}, "write SAME"),
        ({"groups": 2}, "a number that divides 1 channels and 1 filters"),
        ({"groups": 3, "channels": 6, "filters": 4}, "use 2: each group gets equally many filters"),
        ({"operation": "transposed", "output_padding": 1}, "less than the stride of 1 along the height"),
        ({"operation": "transposed", "stride": 3, "output_padding": (1, 3)}, "less than the stride of 3 along the width"),
        (
            {"operation": "transposed", "stride": 2, "kernel": 4, "padding": "SAME", "output_padding": 0},
            "1 to 1 with SAME padding and an even window of 4",
        ),
        ({"operation": "transposed", "size": 1, "padding": "symmetric", "pad": 2}, "4 cells cut off"),
        (
            {"operation": "max-pool", "padding": "symmetric", "pad": 4},
            "window 1 along the height meets padding only",
        ),
        ({"operation": "avg-pool", "padding": "explicit", "pads": "0,3,0,0", "kernel": 2}, "answer 0/0"),
        ({"size": 2, "padding": "SAME", "compare": "symmetric", "pad": 0}, "compare with nothing"),
        ({"pads": "1,2"}, "this has 2"),
        ({"operation": "convolution2"}, "one of convolution, transposed"),
        ({"values": "1,x"}, "entry 2 is not a finite number"),
        ({"depth": "1.2_3.4"}, "remove rows until there are 1"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


@settings(max_examples=40)
@given(data=st.data())
def test_a_remedy_always_works(data: st.DataObject) -> None:
    """Whatever combination is refused, the button the page offers leads to one that is accepted."""
    small = st.tuples(st.integers(1, 6), st.integers(1, 6))
    bad = {
        "dimensions": data.draw(st.sampled_from(["1-D", "2-D", "3-D"])),
        "operation": data.draw(
            st.sampled_from(["convolution", "transposed", "depthwise", "max-pool", "avg-pool"])
        ),
        **{
            name: data.draw(small)
            for name in ("size", "kernel", "stride", "dilation", "pad", "output_padding")
        },
        "padding": data.draw(st.sampled_from(["VALID", "SAME", "causal", "symmetric", "explicit"])),
        "compare": data.draw(st.sampled_from(["nothing", "SAME", "symmetric"])),
        "depth": data.draw(
            st.just(()) | st.tuples(st.tuples(*[st.integers(1, 5)] * 4, *[st.integers(0, 5)] * 3))
        ),
        **{name: data.draw(st.integers(1, 6)) for name in ("channels", "filters", "groups")},
    }
    for _ in range(6):  # one remedy can uncover the next problem
        try:
            engine.check(NAME, bad)
            return
        except engine.TooExpensive:
            return  # says by how much; which size to give up is for people to choose
        except engine.Rejected as problem:
            assert problem.remedy, str(problem)
            assert all(word for word in (problem.received, problem.expected, problem.fix))
            bad |= problem.remedy
    pytest.fail(f"no way out of {bad}")


def test_too_much_is_refused_before_anything_runs() -> None:
    with pytest.raises(engine.TooExpensive):
        run(dimensions="3-D", size=128, kernel=9, channels=16, filters=16, padding="SAME")
    with pytest.raises(engine.TooExpensive):
        run(dimensions="3-D", size=64, operation="max-pool", kernel=8, padding="SAME", channels=16)
    with pytest.raises(engine.TooExpensive):
        run(dimensions="3-D", size=64, operation="transposed", stride=8)

"""Whole networks: published figures, Keras' own shapes and counts, GradientTape, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.convolution.network_receptive_field import network_graph
from engine.convolution.network_receptive_field_analysis import analyse
from engine.convolution.network_receptive_field_gradient import nonzero_box, thin_model, unit_gradient
from engine.convolution.network_receptive_field_graph import built_model
from engine.convolution.network_receptive_field_networks import NETWORKS
from engine.convolution.network_receptive_field_stack import COLUMNS, DEFAULT, keras_rows, planned_graph
from engine.convolution.network_receptive_field_story import seen_box
from pages.convolution.network_receptive_field_published import FIELDS, PARAMETERS, measured_field, rows
from tests.test_links import prove

PUBLISHED = json.loads((Path(__file__).parent / "golden/network-receptive-field.json").read_text())
OWN = "own stack"
pytestmark = pytest.mark.usefixtures("warm_engine")
every_network = pytest.mark.parametrize("network", NETWORKS)


def run(**parameters: Any) -> engine.Trace:
    return engine.run("network-receptive-field", **parameters)


def by_keras(graph: list[dict[str, Any]]) -> list[tuple[tuple[int, ...], int]]:
    return [(tuple(layer["shape"]), layer["parameters"]) for layer in graph]


def by_formula(graph: list[dict[str, Any]], size: tuple[int, int]) -> list[tuple[tuple[int, ...], int]]:
    return [(unit["shape"], unit["parameters"]) for unit in analyse(graph, size)]


def settings_of(graph: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in layer.items() if k not in ("shape", "parameters")} for layer in graph]


def test_published_receptive_fields() -> None:
    published = PUBLISHED["receptive_field"]["networks"] | PUBLISHED["receptive_field_further"]["networks"]
    assert {name: tuple(figures) for name, figures in published.items()} == FIELDS
    for network, (field, stride, padding) in FIELDS.items():
        ours = measured_field(run(network=network, size=(224, 224)))
        # Keras adds a zero on each side before ResNet's first pooling, where the stride is 2.
        explicit = 2 if network.startswith("ResNet") else 0
        assert ours == (field, stride, padding + explicit), network


def test_published_parameter_counts() -> None:
    assert PUBLISHED["parameter_counts"]["models"] == PARAMETERS
    for network, count in PARAMETERS.items():
        assert run(network=network).facts["parameters"] == count


def test_published_figures_stand_beside_ours() -> None:
    table = rows(run(network="ResNet50"))
    assert table[0][:5] == ["ResNet50", "483 / 32 / 239", "483 / 32 / 241", "25,636,712", "25,636,712"]
    assert "pool1_pad" in table[0][5]
    assert rows(run(network="VGG16"))[0][5] == "equal, at block5_pool"
    assert "grows with the image" in rows(run(network="VGG16", size=256))[0][5]


@every_network
def test_shapes_and_parameters_are_keras_own(network: str) -> None:
    """At its own size, and at others by formula where the layers stay the same."""
    known = NETWORKS[network]
    own, odd = (known.size, known.size), (known.least + 26, known.least + 9)
    graph = network_graph(network, own)
    assert by_formula(graph, own) == by_keras(graph)
    assert len(graph) == known.layers
    cells = sum(unit["shape"][0] * unit["shape"][1] for unit in analyse(graph, own))
    assert known.positions == pytest.approx(cells / known.size**2, abs=0.15)
    other = network_graph(network, odd)
    assert by_formula(graph if known.fixed else other, odd) == by_keras(other)
    assert (settings_of(graph) == settings_of(other)) == known.fixed
    assert sum(layer["parameters"] for layer in graph) == built_model(network, own).count_params()


@every_network
def test_keras_builds_no_smaller_network(network: str) -> None:
    least = NETWORKS[network].least
    graph = network_graph(network, (least, least))
    assert by_formula(graph, (least, least)) == by_keras(graph)
    with pytest.raises(ValueError, match=f"at least {least}x{least}"):
        built_model(network, (least - 1, least - 1))


def test_no_weight_is_filled() -> None:
    assert all(weight._value is None for weight in built_model("VGG16", (224, 224)).weights)


def test_flops_are_tensorflows_own() -> None:
    """TensorFlow's profiler counts the same graph: convolutions, dense layers and their biases."""
    import keras
    import tensorflow as tf
    from tensorflow.python.profiler import model_analyzer, option_builder

    model = keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3))
    function = tf.function(lambda x: model(x, training=False))
    graph = function.get_concrete_function(tf.TensorSpec((1, 64, 64, 3))).graph
    options = option_builder.ProfileOptionBuilder.float_operation() | {"output": "none"}
    counted = model_analyzer.profile(graph, options=options)
    kinds = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BiasAdd")
    theirs = 0

    def walk(node: Any) -> None:
        nonlocal theirs
        operation = next((o for o in graph.get_operations() if o.name == node.name), None)
        theirs += node.float_ops if operation is not None and operation.type in kinds else 0
        for child in node.children:
            walk(child)

    for child in counted.children:
        walk(child)
    assert theirs == run(network="MobileNet", size=64).facts["flops"]


@pytest.mark.parametrize(
    ("network", "size", "gates"),
    [
        ("ResNet50", 97, True),
        ("ResNet50V2", 64, True),
        ("InceptionV3", 117, True),
        ("Xception", 96, True),
        ("MobileNetV2", 75, True),
        ("DenseNet121", 66, True),
        ("EfficientNetB0", 70, True),
        ("EfficientNetB0", 70, False),
        ("EfficientNetV2B0", 65, False),
        ("NASNetMobile", 61, True),
    ],
)
def test_what_units_see_is_what_the_gradient_reaches(network: str, size: int, gates: bool) -> None:
    """First and last row and column, of corner and inner units of layers all over the network."""
    graph = network_graph(network, (size, size))
    units, model = analyse(graph, (size, size), gates), thin_model(network, (size, size), (), gates)
    generator = np.random.default_rng(3)
    for place in (*generator.integers(1, len(graph), 3), len(graph) - 1):
        down, across = units[place]["axes"]
        if not gates and down["stride"] == 0:
            continue  # nothing is left to see without the gates
        for _ in range(2):
            unit = int(generator.integers(down["size"])), int(generator.integers(across["size"]))
            assert nonzero_box(unit_gradient(model, int(place), unit)) == seen_box(
                units[place]["axes"], unit
            ), graph[place]["name"]


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Any, ...]:
    """Up to five rows that read any row above; those that cannot be are refused later."""
    found = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        kind = draw(st.sampled_from(COLUMNS[0].options))
        merge = kind in ("add", "concat", "multiply")
        source = draw(st.integers(0, number - 1)) if merge or draw(st.booleans()) else None
        pair = st.tuples(st.integers(1, 4), st.integers(1, 4))
        stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (3, 2)]))
        padding = draw(st.sampled_from(("SAME", "VALID", "symmetric")))
        found.append((kind, draw(pair), stride, draw(st.integers(1, 2)), padding, 3, source))
    return tuple(found)


@settings(max_examples=25)
@given(stack=stacks(), size=st.tuples(st.integers(4, 15), st.integers(4, 15)))
def test_any_stack_is_planned_as_keras_builds_it_and_seen_as_the_gradient_says(stack: Any, size: Any) -> None:
    try:
        engine.check("network-receptive-field", {"network": OWN, "stack": stack, "size": size})
    except engine.Rejected as refusal:
        assert refusal.fix
        return
    keras = keras_rows(stack)
    graph = network_graph(OWN, size, keras)
    assert by_formula(graph, size) == by_keras(graph)
    for planned, read in zip(planned_graph(keras)[1:], graph[1:], strict=True):
        assert {key: read[key] for key in planned if key in read} == {
            k: v for k, v in planned.items() if k in read
        }
    units, place = analyse(graph, size), len(graph) - 1
    down, across = units[place]["axes"]
    unit = down["size"] - 1, across["size"] // 2
    box = nonzero_box(unit_gradient(thin_model(OWN, size, keras), place, unit))
    assert box == seen_box((down, across), unit)


@pytest.mark.parametrize(
    "parameters",
    [
        {"network": "MobileNet", "size": (32, 40), "depth": 60},
        {"network": "VGG16", "size": 32, "depth": 100},
        {"network": OWN, "size": (13, 10), "depth": 100},
        {"network": OWN, "size": 9, "depth": 100, "stack": "conv.3.2.1.symmetric.4._max-pool.2.1.1.VALID.4."},
        {"network": "EfficientNetB0", "size": 32, "layer": 30},
    ],
    ids=str,
)
def test_the_map_is_the_jacobians_support(parameters: dict[str, Any]) -> None:
    assert prove("network-receptive-field", engine.check("network-receptive-field", parameters)) > 0


def test_a_unit_is_the_mean_of_its_window() -> None:
    trace = run(network="VGG16", size=(48, 64), depth=60)
    grey = trace["x"].mean(axis=-1)
    for row, column in np.ndindex(*trace["y"].shape):
        inside = grey[
            trace["top"][row] : trace["bottom"][row] + 1, trace["left"][column] : trace["right"][column] + 1
        ]
        assert trace["y"][row, column] == pytest.approx(inside.mean(), abs=1e-5)


def test_the_check_agrees_where_nothing_is_cut_off() -> None:
    known = run(network="ResNet50", depth=100, check=True).facts
    assert known["gradient_box"] == known["seen"] == (0, 223, 0, 223)
    assert known["tall"]["gradient"] == known["tall"]["formula"]
    assert known["tall"]["gradient"][1] - known["tall"]["gradient"][0] + 1 == 483


def test_gates_show_everything_and_can_be_left_out() -> None:
    through, local = (run(network="EfficientNetB0", layer=14, gates=gates) for gates in (True, False))
    assert through.facts["units_that_see_all"] == through.facts["units"] == 112 * 112
    assert through.facts["gated"] == 14
    assert local.facts["seen"] == (110, 116, 110, 116)


def test_misaligned_paths_are_named() -> None:
    assert dict(run(network="Xception", size=224).facts["misaligned"])[35] == "centres 8 px apart"
    assert run(network="ResNet152").facts["misaligned"] == ()
    assert run(network=OWN).facts["misaligned"] == ((5, "centres 2 px apart"),)
    strides = "conv.3.2.1.SAME.3._conv.3.2.1.VALID.3._conv.3.1.1.VALID.3.1_add.1.1.1.SAME.3.2"
    assert "effective strides 2 and 4" in str(run(network=OWN, size=5, stack=strides).facts["misaligned"])


def test_the_units_are_named_when_they_do_not_exist() -> None:
    trace = run(network="VGG16", depth=100, unit=(9, 3))
    assert trace.facts["unit"] == (6, 3)
    assert "no unit 9, 3" in trace.notes[0]


def test_every_layer_can_be_chosen_in_a_small_stack() -> None:
    for layer in range(len(DEFAULT) + 1):
        assert run(network=OWN, layer=layer).facts["place"] == layer


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"network": "resnet50"}, "write ResNet50"),
        ({"network": "AlexNet"}, "one of VGG16"),
        ({"network": "InceptionV3", "size": 74}, "at least 75x75"),
        ({"network": "ResNet50", "size": (224, 31)}, "at least 32x32"),
        ({"size": 100_000}, "nearest allowed value is 1024"),
        ({"size": "nan"}, "received 'nan'"),
        ({"network": "VGG16", "layer": 23}, "VGG16 has 23 layers"),
        ({"network": "NASNetMobile", "size": 1024, "check": True}, "MiB of tensors"),
        ({"network": OWN, "stack": ()}, "1 to 24 rows"),
        ({"network": OWN, "stack": "add.1.1.1.SAME.8."}, "name the second"),
        ({"network": OWN, "stack": "conv.3.1.1.SAME.8.1"}, "a row reads the image (0) or a row above it"),
        ({"network": OWN, "stack": "conv.3.2.2.SAME.8."}, "only one of them above 1"),
        ({"network": OWN, "stack": "max-pool.3.1.2.SAME.8."}, "1 for pooling"),
        ({"network": OWN, "stack": "depthwise.3.2x1.1.SAME.8."}, "the same stride down and across"),
        ({"network": OWN, "stack": "conv.6.1.1.VALID.8.", "size": 5}, "at most 5x5"),
        ({"network": OWN, "stack": "conv.3.1.3.VALID.8.", "size": 6}, "spanning 7x7"),
        ({"network": OWN, "stack": "conv.3.2.1.SAME.3._add.1.1.1.SAME.3.0"}, "32x32x3 and 64x64x3"),
        ({"network": OWN, "stack": "conv.3.2.1.SAME.3._concat.1.1.1.SAME.3.0"}, "the same height and width"),
        ({"network": OWN, "stack": "conv.3.1.1.causal.3."}, "Conv1D only"),
        ({"network": OWN, "stack": "_".join(["conv.1.1.1.SAME.2048."] + [f"concat.1.1.1.SAME.8.{n}" for n in range(1, 5)])}, "at most 8192"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.run("network-receptive-field", **bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("network-receptive-field", {**bad, **refusal.value.remedy})

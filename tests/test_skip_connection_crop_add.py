"""The skip-connection technique: golden values, Keras' own sizes, repairs, maps, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.convolution.skip_connection_crop_add_sizes import (
    REPAIRS,
    Stage,
    along,
    exact,
    gap,
    nearest_fit,
    next_exact,
)
from tests.test_links import prove

NAME = "skip-connection-crop-add"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
CEIL, FLOOR = {"layers": "SAME.3"}, {"layers": "VALID.2"}
pytestmark = pytest.mark.usefixtures("warm_engine")
STAGE = st.builds(Stage, st.integers(2, 7), st.sampled_from(["SAME", "VALID"]))


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def layers_text(stages: list[Stage]) -> str:
    return "_".join(f"{stage.padding}.{stage.kernel}" for stage in stages)


def test_the_default_is_the_questions_own_error() -> None:
    trace, known = run(), GOLDEN["crop_47_46"]["inputs"]
    assert [list(shape) for shape in trace.facts["parted_shapes"]] == [known["x1"], known["x2"]]
    assert trace.facts["message"] == "Incompatible shapes: [1,47,47,64] vs. [1,46,46,64] [Op:AddV2]"
    assert trace.facts["parted"] == 2
    assert trace.facts["stopped"]
    assert "y" not in trace.tensors
    assert any("level 2 (/4)" in note and "[1, 46, 46, 64]" in note for note in trace.notes)


def test_golden_crop() -> None:
    expected = GOLDEN["crop_47_46"]["expected"]
    trace = run(repair="crop-encoder")
    assert list(trace["a2"].shape) == expected["shape"]
    level = next(one for one in trace.facts["levels"] if one["level"] == 2)
    assert level["offsets"] == ((expected["offset"], expected["offset"]), (0, 0))
    np.testing.assert_array_equal(trace["encoder_fitted"], trace["encoder"][:, :46, :46])


def test_golden_stages() -> None:
    ceil, floor = GOLDEN["stages_406_same"], GOLDEN["stages_188_floor"]
    known = run(size=(ceil["inputs"]["n"], 256), **CEIL).facts
    assert [height for height, _ in known["encoder_sizes"]] == ceil["expected"]
    for layers in (FLOOR, {}):
        known = run(size=floor["inputs"]["n"], **layers).facts
        assert [height for height, _ in known["encoder_sizes"]] == floor["expected"]


def test_golden_residues() -> None:
    first, last = GOLDEN["valid_residues_same"]["inputs"]["range"]
    known = run(size=192, **CEIL)
    assert known.facts["residues"] == GOLDEN["valid_residues_same"]["expected"]
    fitting = {n % 32 for n in range(first, last + 1) if known["gaps"][n] == 0}
    assert sorted(fitting) == GOLDEN["valid_residues_same"]["expected"]
    assert run(size=192, **FLOOR).facts["residues"] == [0, 1, 2, 3]
    assert known.facts["fitting"] == run(size=192, **FLOOR).facts["fitting"] == 28


@given(stage=STAGE, size=st.integers(1, 40))
@settings(max_examples=25)
def test_sizes_are_those_of_keras_layers(stage: Stage, size: int) -> None:
    """Both halving and doubling, from layers that were really built."""
    import keras

    sides = {"kernel_size": stage.kernel, "strides": 2, "padding": stage.padding.lower()}
    if size >= stage.least:
        halved = keras.layers.Conv2D(1, **sides).compute_output_shape((1, size, size, 1))
        assert halved[1] == stage.down(size)
    doubled = keras.layers.Conv2DTranspose(1, **sides).compute_output_shape((1, size, size, 1))
    assert doubled[1] == stage.up(size)
    assert stage.down(stage.up(size)) == size or stage.up(size) < stage.least


@given(stages=st.lists(STAGE, min_size=1, max_size=6), data=st.data())
def test_which_sizes_fit_repeats(stages: list[Stage], data: st.DataObject) -> None:
    """Sizes that fit are 2^stages apart, and there is always one where nothing is rounded."""
    skips = data.draw(st.sets(st.integers(0, len(stages) - 1)))
    size, period = data.draw(st.integers(1, 300)), 2 ** len(stages)
    here, later = gap(size, stages, skips), gap(size + period, stages, skips)
    assert here is None or here == later
    whole = next_exact(size, stages)
    assert whole >= size
    assert exact(whole, stages)
    assert not any(exact(n, stages) for n in range(size, whole))
    fitting = [n for n in range(2048, 2048 + period) if gap(n, stages, skips) == 0]
    assert len(fitting) == (2 ** min(skips) if skips else period)
    fit = nearest_fit(size, stages, skips)
    assert gap(fit, stages, skips) == 0
    assert not any(gap(n, stages, skips) == 0 for n in range(2 * size - fit + 1, fit)) or fit <= size


@given(
    size=st.tuples(st.integers(8, 60), st.integers(8, 60)),
    stages=st.lists(STAGE, min_size=1, max_size=4),
    repair=st.sampled_from(REPAIRS),
    data=st.data(),
)
def test_every_shape_is_what_was_planned(
    size: tuple[int, int], stages: list[Stage], repair: str, data: st.DataObject
) -> None:
    """The facts, written before TensorFlow ran, against the tensors it gave; refused crops say why."""
    skips = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=4))
    parameters = {"size": size, "stages": len(stages), "layers": layers_text(stages), "skips": tuple(skips)}
    try:
        trace = run(**parameters, repair=repair, channels=3)
    except engine.Rejected as refusal:
        assert refusal.parameter in ("size", "repair")
        assert refusal.remedy
        if "size" not in refusal.remedy:  # a larger size can show a crop that is refused in its turn
            engine.check(NAME, {**parameters, "repair": repair, **refusal.remedy})
        return
    known = trace.facts
    rows = along(known["network_size"][0], stages)
    assert [height for height, _ in known["encoder_sizes"]] == rows
    for number in range(1, len(stages) + 1):
        assert trace[f"e{number}"].shape[1:3] == known["encoder_sizes"][number]
    for one in known["levels"]:
        assert trace[f"d{one['level']}"].shape[1:3] == one["decoder"]
        if one["skip"] and one["met"]:
            assert trace[f"a{one['level']}"].shape == (1, *one["met"], 3)
    assert known["stopped"] == ("y" not in trace.tensors)
    assert bool(known["message"]) == known["stopped"]
    if repair in ("output-shape", "pad-input"):
        assert known["output_shape"] == (1, *size, 1)
        assert known["parted"] is None
    if repair == "another-size":
        assert known["parted"] is None
    if repair != "none":
        assert not known["stopped"]


@given(
    size=st.tuples(st.integers(5, 13), st.integers(5, 13)),
    stages=st.lists(STAGE, min_size=1, max_size=2),
    repair=st.sampled_from([repair for repair in REPAIRS if repair != "another-size"]),
    level=st.integers(0, 1),
)
@settings(max_examples=12)
def test_the_maps_hold_for_crops_and_pads(
    size: tuple[int, int], stages: list[Stage], repair: str, level: int
) -> None:
    parameters = {
        "size": size,
        "stages": len(stages),
        "layers": layers_text(stages),
        "skips": (1, 1),
        "repair": repair,
        "level": level,
        "channels": 1,
    }
    try:
        read = engine.check(NAME, parameters)
    except engine.Rejected:
        return
    assert prove(NAME, read) > 0


def test_same_and_valid_fail_on_opposite_sides() -> None:
    ceil, floor = (run(size=192, **way)["gaps"] for way in (CEIL, FLOOR))
    assert np.nanmax(ceil) == 0
    assert np.nanmin(ceil) < 0
    assert np.nanmin(floor) == 0
    assert np.nanmax(floor) > 0


def test_output_shape_leaves_the_unread_row_empty() -> None:
    """VALID windows of 2 on 47 rows reach 46: nothing is written to the last."""
    trace = run(repair="output-shape")
    decoder = trace["decoder"][0, :, :, 0]
    assert decoder.shape == (47, 47)
    assert not decoder[46].any()
    assert decoder[45, :46].all()
    level = next(one for one in trace.facts["levels"] if one["level"] == 2)
    assert level["unread"] == (1, 1)


def test_gradients_tell_zero_from_none() -> None:
    """Stopped: the skip has no path (None), rows that halving left out get 0. Cropped: dropped rows get 0."""
    stopped = run()
    assert stopped.facts["skip_has_path"] is False
    gradient = stopped["encoder_gradient"][0, :, :, 0]
    assert not gradient[46].any()
    assert gradient[:46, :46].all()
    cropped = run(repair="crop-encoder")
    assert cropped.facts["skip_has_path"] is True
    assert not cropped["encoder_gradient"][0, 46].any()
    assert cropped["encoder_gradient"][0, :46, :46].all()
    padded = run(repair="pad-smaller")
    assert padded["encoder_gradient"][0, 46].any()


def test_a_single_channel_broadcasts_with_a_warning() -> None:
    for channels, decoder in ((64, 1), (1, 64)):
        trace = run(repair="crop-encoder", channels=channels, decoder_channels=decoder)
        assert trace["a2"].shape == (1, 46, 46, 64)
        assert any("broadcasts the single channel" in note for note in trace.notes)
    assert not any("broadcasts" in note for note in run(repair="crop-encoder").notes)


@pytest.mark.parametrize(
    ("bad", "says", "remedy"),
    [
        ({"size": 0}, "the nearest allowed value is 1", None),
        ({"size": "-3x20"}, "the nearest allowed value is 1", None),
        ({"size": 31, **FLOOR}, "at least 32 on each side: 5 stages of stride 2 divide by 32", {"size": (32, 32)}),
        ({"size": (15, 200), **FLOOR, "stages": 4}, "stage 4 is left with a map 1 high where it needs 2", {"size": (16, 200)}),
        ({"size": 16, **CEIL}, "a map of one pixel would be added to any other by broadcasting", {"size": (17, 17)}),
        ({"size": 7, "stages": 1, "layers": "VALID.7"}, "", {}),
        ({"size": 6, "stages": 1, "layers": "VALID.7"}, "is left with a map 6 high where it needs 7", {"size": (7, 7)}),
        ({"repair": "crop-decoder"}, "the decoder has 46x46; expected the decoder's map to be at least as large as the encoder's, 47x47", {"repair": "crop-encoder"}),
        ({"repair": "crop-encoder", **CEIL}, "fix: crop the decoder there", {"repair": "crop-decoder"}),
        ({"decoder_channels": 32}, "[.., 64] + [.., 32] cannot be added; fix: use 64", {"decoder_channels": None}),
        ({"layers": "FULL.2"}, "layers, row 1, padding: received 'FULL'; expected one of SAME, VALID", None),
        ({"layers": "VALID.1"}, "layers, row 1, kernel: received '1'; expected a whole number from 2 to 7", None),
        ({"repair": "Crop-both"}, "write crop-both", {"repair": "crop-both"}),
        ({"stages": 7}, "the nearest allowed value is 6", {"stages": 6}),
        ({"skips": "012"}, "write only 0 and 1", None),
    ],
    ids=str,
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str, remedy: dict[str, Any] | None) -> None:
    if not says:  # a window as large as the map has room
        assert run(**bad).facts["encoder_sizes"][1] == (1, 1)
        return
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if remedy is not None:
        assert refusal.value.remedy == remedy
        engine.check(NAME, {**bad, **remedy})


def test_larger_along_one_axis_only_is_cropped_on_both() -> None:
    """Without a skip in between, rounding at two levels adds up: find a size where axes differ in sign."""
    layers = "VALID.2_SAME.2_VALID.3"
    sizes = {n: gap(n, [Stage(2, "VALID"), Stage(2, "SAME"), Stage(3, "VALID")], [0]) for n in range(16, 64)}
    larger = next(n for n, miss in sizes.items() if miss and miss > 0)
    smaller = next(n for n, miss in sizes.items() if miss and miss < 0)
    for repair in ("crop-encoder", "crop-decoder"):
        with pytest.raises(engine.Rejected, match="each is larger along one axis: crop both") as refusal:
            run(size=(larger, smaller), stages=3, layers=layers, skips="1", repair=repair)
        assert refusal.value.remedy == {"repair": "crop-both"}
    assert run(size=(larger, smaller), stages=3, layers=layers, skips="1", repair="crop-both").facts[
        "output_shape"
    ]


def test_too_much_is_refused_with_its_numbers() -> None:
    with pytest.raises(engine.TooExpensive, match="MiB of tensors"):
        run(size=512, skips="111111", channels=128, repair="crop-both")


@pytest.mark.parametrize(
    ("asked", "shape", "message"),
    [
        ({"asks": "tf.slice"}, (1, 46, 46, 3), ""),
        ({"asks": "tf.slice", "encoder": 46, "decoder": 47}, (), "Expected begin[1] in [0, 46], but got -1"),
        ({"asks": "tf.slice", "decoder": "46x48"}, (), "Expected begin[2] in [0, 47], but got -1"),
        ({"asks": "slice notation", "encoder": 46, "decoder": 47}, (1, 47, 47, 3), ""),
        ({"asks": "unpool", "encoder": "7x5"}, (1, 7, 5, 1), ""),
        ({"asks": "unknown size", "encoder": "7x5"}, (1, 6, 4, 3), "A KerasTensor cannot be used"),
        ({"asks": "transposed convolution", "encoder": 47}, (47, 48, 47, 48), ""),
    ],
    ids=str,
)
def test_what_the_installed_versions_do(asked: dict[str, Any], shape: tuple[int, ...], message: str) -> None:
    known = engine.run("skip-alignment", **asked).facts
    assert known["shape"] == shape
    assert message in known["message"]
    assert bool(message) == bool(known["message"])


@pytest.mark.parametrize(
    "settings", [{}, {**CEIL}, {"size": "406x256", **CEIL}, {"size": 192, **FLOOR}], ids=str
)
def test_what_every_repair_comes_to_is_what_it_gives(settings: dict[str, Any]) -> None:
    """The table of all repairs, made by formula, against each of them really run."""
    for told in run(**settings).facts["repairs"]:
        try:
            known = run(**settings, repair=told["repair"]).facts
        except engine.Rejected:
            assert told["output"] is None
            continue
        assert told["input"] == known["network_size"]
        output = known["output_shape"][1:3] if known["output_shape"] else None
        assert told["output"] == output
        assert (told["level"] is not None) == known["stopped"]

"""The gradient lens, in a worker: run the technique under a tape, ask it, and check its answer.

Everything shown is computed from the technique's own run: its function is called once with its
arrays as watched tensors, the tape gives the gradients, and the operations that ran (lens_record)
give finite differences (lens_replay) and reasons (lens_reasons).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import lens_reasons as reasons
from engine.errors import Rejected, TechniqueFailed
from engine.lens import FEWEST_CHECKED, OF, TYPICAL_INPUTS, Asked, checked, index_of
from engine.lens_inputs import Input, arrays_in, as_tensors, inputs_of, replaced
from engine.lens_record import Listening, Operation, Record
from engine.lens_replay import Differences, chosen_cells, differences, replay_of
from engine.technique import Story, Technique, technique
from engine.trace import Trace
from engine.worker import arguments_of, first_line, of_tensorflow, where

Array = np.ndarray[Any, Any]
MOST_BETWEEN = 800  # operations between inputs and output whose own gradients are looked at
MOST_MOVED = 3  # inputs without a path that are moved to see whether the output follows all the same
STRIDED = ("Conv2D", "Conv3D", "DepthwiseConv2dNative")


@dataclass(frozen=True)
class Found:
    """What the lens found out about one input."""

    input: Input
    status: str  # "gradient", "zero", "none" or "error"
    why: str = ""
    gradient: Array | None = None
    differences: Differences | None = None
    apart: str = ""  # why gradient and differences may differ


@dataclass
class Run:
    """One run of a technique under a tape, and the number that is asked about."""

    technique: str
    function: Callable[..., Mapping[str, Any]]
    arguments: Mapping[str, Any]
    asked: Asked
    results: Mapping[str, Any]
    story: Story
    choices: Sequence[str]
    record: Record
    tape: Any
    target: Any
    of: str
    index: tuple[int, ...] | None
    alive: dict[int, Array | None] = field(default_factory=dict)

    def value_again(self, place: Sequence[Any], new: Array) -> float:
        """The number when the technique is really called again with one argument replaced."""
        answer = self.function(**replaced(self.arguments, place, as_tensors(new)))
        return float(np.asarray(number_of(answer[self.of], self.index, self.asked.at)))


def number_of(tensor: Any, index: tuple[int, ...] | None, at: str) -> Any:
    """The one number that is asked about, as a scalar tensor."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(tensor)
    if index is not None:
        return tensor[index] if index else tf.identity(tensor)
    return tf.reduce_sum(tf.square(tensor) if at == "squares" else tensor)


def compute_lens(name: str, parameters: Mapping[str, Any], asked: Asked) -> Trace:
    """Run a technique here and answer what the lens is asked."""
    from engine.lens_story import tell

    found, (place, version) = technique(name), where()
    start = time.perf_counter()
    try:
        run = record_run(found, parameters, asked)
        answers = answers_of(run, checked(found.cost(parameters)))
    except Exception as e:
        if not of_tensorflow(e):
            raise
        raise TechniqueFailed(f"TensorFlow said: {first_line(e)}") from None
    seconds = time.perf_counter() - start
    return tell(parameters, run, answers, (place, f"TensorFlow {version}"), seconds)


def record_run(found: Technique, parameters: Mapping[str, Any], asked: Asked) -> Run:
    """Call the technique's function with its arrays watched, and hear every operation."""
    import tensorflow as tf

    from engine.lens_story import default_of, offered

    arguments = as_tensors(arguments_of(found, parameters))
    with tf.GradientTape(persistent=True) as tape:
        for _, tensor in arrays_in(arguments):
            if tensor.dtype.is_floating:
                tape.watch(tensor)
        with Listening(tape) as record:
            results = found.function(**arguments)
            story = found.describe(parameters, {key: np.asarray(value) for key, value in results.items()})
            choices = offered(story, results)
            of = asked.of or default_of(found, story, choices)
            if of not in choices:
                known = ", ".join(choices) or "no result of floating numbers"
                raise Rejected(
                    OF, asked.of or "no result", f"one of {known}", "choose one of these", {OF: ""}
                )
            tensor = results[of]
            index = index_of(asked.at, tuple(np.shape(tensor)))
            target = number_of(tensor, index, asked.at)
    given = (found.name, found.function, arguments, asked, results, story, choices)
    return Run(*given, record, tape, target, of, index)


def answers_of(run: Run, most: int) -> list[Found]:
    """What there is to say about every input."""
    inputs = inputs_of(run.arguments, run.results, run.record)
    between = {one.name: run.record.between(one.tensors, run.target) for one in inputs}
    inputs = [one for one in inputs if one.argument or between[one.name] or one.source is run.results[run.of]]
    most = max(FEWEST_CHECKED, most * TYPICAL_INPUTS // max(TYPICAL_INPUTS, len(inputs)))
    _refuse_dangerous([one for steps in between.values() for one in steps])
    everything = run.record.between([t for one in inputs for t in one.tensors if one.floating], run.target)
    run.alive = _gradients_on_the_way(run, everything)
    answers, moved = [], 0
    for one in inputs:
        can_move = moved < MOST_MOVED and one.floating and bool(one.argument) and not between[one.name]
        moved += can_move
        answers.append(_found(run, one, between[one.name], most, can_move))
    return answers


def _refuse_dangerous(operations: Sequence[Operation]) -> None:
    """TensorFlow 2.21's gradient of a strided one-tap convolution corrupts memory with oneDNN."""
    for one in operations:
        if one.name in STRIDED and set(one.inputs[1].shape[:-2]) == {1}:
            settings = dict(zip(one.settings[::2], one.settings[1::2], strict=False))
            if max(settings.get("strides", [1])) > 1 and one.inputs[1].dtype.name != "float64":
                raise TechniqueFailed(
                    "the way to this output holds a convolution of one tap with a stride, whose gradient "
                    "corrupts memory in TensorFlow 2.21 on CPUs with oneDNN; choose stride 1 or another output"
                )


def _gradients_on_the_way(run: Run, operations: Sequence[Operation]) -> dict[int, Array | None]:
    """Gradients of everything between inputs and output; {} where TensorFlow has none to give."""
    tensors = {id(t): t for one in operations for t in (*one.inputs, *one.outputs) if t.dtype.is_floating}
    if len(operations) > MOST_BETWEEN:
        return {}
    try:
        found = run.tape.gradient(run.target, list(tensors.values()))
    except Exception as e:
        if not of_tensorflow(e):
            raise
        return {}
    return {key: _values(value) for key, value in zip(tensors, found, strict=True)}


def _values(gradient: Any) -> Array | None:
    import tensorflow as tf

    return None if gradient is None else np.asarray(tf.convert_to_tensor(gradient))


def _found(run: Run, one: Input, between: Sequence[Operation], most: int, can_move: bool) -> Found:
    if not one.floating:
        return Found(one, "none", reasons.integers(str(one.values.dtype)))
    if not between:
        return Found(one, "none", _no_path(run, one) if can_move else NO_PATH)
    try:
        gradient = _values(run.tape.gradient(run.target, one.source))
    except Exception as e:
        if not of_tensorflow(e):
            raise
        missing = reasons.without_gradient(between)
        named = f" ({', '.join(missing)})" if missing else ""
        return Found(one, "error", f"TensorFlow raises {type(e).__name__}{named}: {first_line(e)}")
    found = _differences(run, one, between, gradient, most)
    lost = reasons.cuts(between, one.tensors, run.target, run.alive)
    if gradient is None:
        return Found(one, "none", reasons.why_none(lost) or NOT_TOLD, None, found, FOLLOWS)
    apart = _apart(between, lost, found)
    if not np.isfinite(gradient).all():
        why = reasons.why_odd(between, run.target, run.alive) or "it is NaN or infinite"
        return Found(one, "gradient", why, gradient, found, why)
    if not np.any(gradient != 0):
        return Found(one, "zero", reasons.why_zero(between, run.target, run.alive), gradient, found, apart)
    return Found(one, "gradient", "", gradient, found, apart)


NO_PATH = "no path: the output is not computed from it"
FOLLOWS = "the output does follow it, by ways the tape does not"
NOT_TOLD = "the tape lost it on the way"
DETOUR = (
    "its values leave TensorFlow on the way (NumPy, or a copy into a variable): the output follows it, "
    "but the tape cannot see how"
)


def _no_path(run: Run, one: Input) -> str:
    """Whether the output follows the input all the same, when the technique is really called again."""
    generator = np.random.default_rng(0)
    values = one.values + 0.01 * generator.normal(size=one.values.shape)
    try:
        value = run.value_again(one.argument, values.astype(one.values.dtype))
    except Exception as e:
        if not of_tensorflow(e):
            raise
        return NO_PATH
    same = np.isclose(value, float(run.target), rtol=1e-6, atol=0, equal_nan=True)
    return NO_PATH if same else DETOUR


def _differences(
    run: Run, one: Input, between: Sequence[Operation], gradient: Array | None, most: int
) -> Differences | None:
    """Finite differences; None where the operations cannot run again."""
    if not one.values.size or not np.isfinite(float(run.target)):
        return None
    replay = replay_of(between, run.target)
    if replay is not None:
        values = one.values.astype("float64") if replay.dtype == "float64" else one.values
        places = chosen_cells(gradient, one.values.size, most)
        return differences(lambda moved: replay.at(one.tensors, moved), values, places)
    if not one.argument:
        return None
    places = chosen_cells(gradient, one.values.size, FEWEST_CHECKED)  # each is two runs of everything
    return differences(lambda moved: run.value_again(one.argument, moved), one.values, places)


def _apart(between: Sequence[Operation], lost: Sequence[str], found: Differences | None) -> str:
    if found is None:
        return ""
    return reasons.why_apart(between, lost, found.kinks, len(found.places), found.dtype)

"""What people say about Conv1D and channels, each with the measurement that decides."""

from __future__ import annotations

from collections.abc import Sequence

from pages.kit.declare import Claim, Measured, Run

EXACT = 2e-5  # float32 sums of 60 products in another order
PADDINGS = ("valid", "same", "causal")


def shape(sizes: Sequence[int]) -> str:
    """A shape as TensorFlow prints it."""
    return f"[{', '.join(map(str, sizes))}]"


def _holds(right: bool, value: str) -> Measured:
    return Measured(value, "holds" if right else "wrong")


def _length(run: Run) -> Measured:
    found = {padding: run(padding=padding)["y"].shape[1:] for padding in PADDINGS}
    value = ", ".join(f"{padding} gives {size[0]} × {size[1]}" for padding, size in found.items())
    same = [padding for padding, size in found.items() if size == (800, 16)]
    return Measured(value, "holds" if len(same) == 3 else "depends" if same else "wrong")


def _kernel(run: Run) -> Measured:
    trace = run()
    kernel, counted = trace["w"].shape, trace.facts["keras_parameters"]
    value = f"kernel {shape(kernel)}; keras.layers.Conv1D counts {counted} parameters"
    return _holds(kernel == (6, 10, 16) and counted == 976, value)


def _summary(run: Run) -> Measured:
    trace = run(padding="same")
    x, w, y = (trace[name].shape for name in "xwy")
    value = f"{x[1]} × {x[2]} → {y[1]} × {y[2]}; {w[0]} is the width of the kernel {shape(w)}"
    return _holds(x[2] == 6, value)


def _toy(run: Run) -> Measured:
    with_bias, without = run(channels=3, filters=1), run(channels=3, filters=1, bias=False)
    counts = [one.facts["keras_parameters"] for one in (without, with_bias)]
    value = f"kernel {shape(with_bias['w'].shape)}: {counts[0]} weights, {counts[1]} with the bias"
    return _holds(with_bias["w"].shape == (6, 3, 1) and counts == [18, 19], value)


def _shorter(run: Run) -> Measured:
    steps = run()["y"].shape[1]
    return _holds(700 < steps < 800, f"{steps} steps")


def _one_axis(run: Run) -> Measured:
    known = run().facts["apart"]
    value = (
        f"Conv2D with kernel [6, 1] on 800 × 1 × 10 differs by {known['conv2d_column']:.2g}, "
        f"with kernel [6, 10] on 800 × 10 × 1 by {known['conv2d_image']:.2g}"
    )
    return _holds(max(known["conv2d_column"], known["conv2d_image"]) < EXACT, value)


def _second_axis(run: Run) -> Measured:
    column, image = run(layout="conv2d-column"), run(layout="conv2d-image")
    sizes = [(trace["image"].shape[2], trace["maps"].shape[2]) for trace in (column, image)]
    value = "; ".join(f"on a picture {wide} wide, {places} place to slide over" for wide, places in sizes)
    value += ": what would make it two-dimensional is sliding along the second axis"
    runs_on_one = sizes[0] == (1, 1)
    return Measured(value, "depends" if runs_on_one and sizes[1] == (10, 1) else "holds")


def _separately(run: Run) -> Measured:
    trace, stopped = run(), run(sum_channels=False)
    apart, counted = stopped.facts["apart"]["added_up"], stopped.facts["keras_parameters"]
    value = (
        f"one output cell reads {len(trace.facts['unit_channels'])} channels, the output is "
        f"{shape(trace['y'].shape[1:])}. Kept apart it is DepthwiseConv1D: {stopped['y'].shape[2]} channels, "
        f"{counted} parameters; added up over the channels, Conv1D to {apart:.1g}"
    )
    differs = trace["y"].shape == (1, 795, 16) and apart < EXACT
    return Measured(value, "wrong" if differs and stopped["y"].shape[2] == 160 else "holds")


CLAIMS = (
    Claim("Conv1D(16, 6) on 800 × 10 gives 800 × 16.", "the shape with each padding", "depends", _length),
    Claim("The kernel is kernel_size × channels, the whole depth.",
          "the kernel of a Conv1D that was built, and what Keras counts", "holds", _kernel),
    Claim("In short: 800 × 6 → 800 × 16.", "the shapes of signal, kernel and output", "wrong", _summary),
    Claim("With 3 channels and one filter the effective kernel is [3, 1, 6].",
          "kernel size 6 on 3 channels, with and without bias", "holds", _toy),
    Claim("The output is slightly shorter, 700 and something.", "steps that valid leaves", "holds", _shorter),
    Claim("It is called 1-D because the kernel slides along one axis.",
          "the same numbers from Conv2D, written in two ways", "holds", _one_axis),
    Claim("Conv2D needs a second dimension larger than 1.",
          "pictures 1 and 10 pixels wide, and over how many places the kernel slides", "depends", _second_axis),
    Claim("A filter slides over each dimension separately, so the output is 800 × 16 × 10.",
          "which channels one output cell reads, and the layer that keeps them apart", "wrong", _separately),
)  # fmt: skip

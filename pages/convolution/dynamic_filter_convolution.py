"""**What you see.** Two branches read the same **features** x, the maps that earlier layers made. One keeps them; the other
shrinks each sample to a small **g**: by adaptive pooling (means of as many regions as g has cells), from your drawing, or
at random. Then g is no picture any more but a *filter*, and slides over the features.

Every sample has its own. Point at a response **y**: its window lights up in the features, its weights in g, and through g
the whole sample it was pooled from.

**What to try.**

- Switch between *depthwise_conv2d* and *conv2d*: the same numbers in the same shape [k, k, C, 1] give C maps in one
  operation and a single map, their sum, in the other.
- Give every sample the first one's filter, the `g = g[0]` that makes the error message go away, and look at sample 1.
- Hand over the filter as [k, k, C], or all filters at once.
- Draw your own: click its cells.

**What it means for your code.**

- A layer owns its *kernel* (its weights); a filter that was computed belongs into an operation.
  `tf.nn.depthwise_conv2d(f, g[..., None], [1, 1, 1, 1], "SAME")` does it for one sample.
- For a batch fold it into the channels, as the code tab does, or use `tf.map_fn`, `tf.vectorized_map` or patches with an
  einsum: they agree. In a functional model wrap the operation in a layer.
- Do not copy g into a layer by its initializer: values are copied once and the branch that made g gets no gradient.
- VALID shrinks the map by k − 1; SAME keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.dynamic_filter_convolution_charts import CHARTS, TABLES, short
from pages.convolution.dynamic_filter_convolution_claims import CLAIMS
from pages.convolution.dynamic_filter_convolution_predictions import PREDICTIONS
from pages.kit.declare import Control, Grid, Lab, Panel, Preset, Scale

MODES = {
    "depthwise": "depthwise_conv2d",
    "sum": "conv2d",
    "sample-0": "g[0] for all samples",
}
SHAPES = {"k,k,C,1": "[k, k, C, 1]", "k,k,C": "[k, k, C]", "N,k,k,C": "[N, k, k, C]"}


def panels(trace: Trace) -> Sequence[Panel]:
    """Both branches, the filter, the responses, and what the first sample's filter gives instead."""
    at = {"batch": trace.parameters["batch"] - 1}  # sample 0 is right even when the others are not
    source, wrong = trace.parameters["source"], trace.parameters["mode"] == "sample-0"
    scale: Scale = "diverging" if trace.parameters["features"] == "noise" else "sequential"
    found: list[Panel] = [Grid("f", "features", scale, at=at)]
    if source == "pool":
        found = [*found, Grid("x", "what the filter branch sees", scale, at=at)]
    if source == "drawn":
        found.append(Grid("pattern", "drawn", "mask", at=at, paints="cells"))
    found.append(Grid("g", "filter g, one a sample", at=at))
    if trace.parameters["normalise"]:
        found.append(Grid("g_normalised", "filter ÷ Σ|g|", at=at))
    mode = "responses, g[0] for all" if wrong else "responses, each sample its own g"
    other = (
        Grid("right", "right: each sample its own g", at=at)
        if wrong
        else Grid("first", "wrong: g[0] for all", at=at)
    )
    return [*found, Grid("y", mode, at=at), other, Grid("error", "wrong − right", at=at)]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the loss sends to the filter, to the features, and through the filter branch."""
    at = {"batch": trace.parameters["batch"] - 1}
    found = [Grid("filter_gradient", "d loss / d g", at=at), Grid("feature_gradient", "d loss / d f", at=at)]
    return (
        [*found, Grid("branch_gradient", "through g into x", at=at)]
        if "branch_gradient" in trace.tensors
        else found
    )


def gradient_note(trace: Trace) -> str:
    """Where the gradient of the filter goes, with this state's numbers."""
    known = trace.facts
    norms = ", ".join(short(norm) for norm in known["filter_gradient_norms"])
    start = f"The loss is half the sum of squared responses. The gradient of each sample's filter has norm {norms}. "
    if trace.parameters["mode"] == "sample-0" and trace.parameters["batch"] > 1:
        start += "Sample 0's filter gets everybody's gradient; the others get exactly **zero**, connected but unused. "
    return start + (
        "Copied into a layer's kernel, as an initializer does it, the same filter gets "
        f"**{known['copied_gradient']}**: a variable made from values has no path back to what made them."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The counts people look for."""
    known = trace.facts
    return (
        ("output", " × ".join(map(str, known["output_shape"]))),
        ("maps a sample", f"{known['maps']:,}"),
        ("values in g", f"{known['filter_values']:,} a sample"),
        ("Conv2D(C, k) would hold", f"{known['conv2d_kernel']:,}"),
        ("multiplications", f"{known['multiplications']:,}"),
        (
            "g[0] for all is off by up to",
            f"{short(known['largest_error'])} of {short(known['largest_response'])}",
        ),
        ("gradient into a copied filter", known["copied_gradient"]),
    )


LAB = Lab(
    title="Filters made by another branch",
    question="How do I convolve features (H × W × 128) with a filter (5 × 5 × 128) that another branch of the network produced?",
    technique="dynamic-filter-convolution",
    controls=(
        Control("mode", "Operation", labels=MODES),
        Control("source", "The filter is", labels={"pool": "pooled from x"}),
        Control("cells", "Drawn filter, sample by sample", help="Clicking the drawn cells writes this",
                auto="a cross, then a diagonal one", when=("source", ("drawn",))),
        Control("taps", "Filter size k", low=1, high=7),
        Control("size", "Feature size H × W", low=5, high=32),
        Control("channels", "Channels C", low=1, high=16, help="A link may ask for up to 128"),
        Control("batch", "Samples N", low=1, high=4),
        Control("padding", "Padding", help="SAME keeps the size with zeros around; VALID has none"),
        Control("features", "Features"),
        Control("normalise", "Normalise each filter", help="Divides each filter by the sum of its absolute values"),
        Control("filter_shape", "Filter handed over as", labels=SHAPES),
        Control("filter_channels", "Channels of the filter", low=1, high=16, auto="as the features"),
        Control("compare", "Compare the ways"),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("One map, not four", {"mode": "sum"},
               "The same [5, 5, 4, 1] in conv2d instead of depthwise_conv2d: one map, the sum of the four."),
        Preset("g = g[0]", {"mode": "sample-0"},
               "The popular mistake: the shapes fit at last, and sample 1 is searched with sample 0's filter. "
               "Its own filter gets a gradient of 0."),
        Preset("The question's 128 channels", {"channels": 128, "source": "random", "padding": "VALID"},
               "3,200 values slide over 128 channels; a Conv2D(128, 5) would need 409,600. VALID makes 12 × 12 of 16 × 16."),
        Preset("A drawn filter", {"source": "drawn", "taps": 7, "channels": 1, "normalise": True},
               "An upright cross for sample 0, a diagonal one for sample 1: paint your own."),
        Preset("The filter is the whole picture", {"size": 7, "taps": 7, "padding": "VALID"},
               "A filter as large as its features leaves one number a channel: the features with themselves."),
        Preset("An even filter", {"taps": 4, "channels": 1},
               "Four taps have no middle: SAME adds one zero before and two after, so responses sit half a cell off."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("dynamic filter", "dynamic convolution", "hypernetwork", "kernel_initializer", "depthwise", "depthwise_conv2d", "per-sample filter",
           "adaptive pooling", "conv2d", "cross-correlation", "siamese", "template matching", "filter must be 4-dimensional",
           "Could not interpret initializer identifier", "input depth must be evenly divisible by filter depth"),
    card=Grid("y"),
)  # fmt: skip

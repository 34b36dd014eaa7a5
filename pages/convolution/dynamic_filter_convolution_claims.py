"""What people say about filters made by another branch, each with the measurement that decides."""

from __future__ import annotations

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run

QUESTION = {"channels": 128, "source": "random", "features": "noise"}
MOST_QUOTED = 110  # characters of an error


def _answers() -> dict[str, str]:
    """What TensorFlow and Keras say today, by call."""
    return dict(engine.run("filter-calls").facts["answers"])


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= MOST_QUOTED else text[: MOST_QUOTED - 1] + '…'}”"


def _cannot(_: Run) -> Measured:
    said = _answers()
    symbolic, exact, flat = (
        said[name] for name in ("symbolic initializer", "array initializer", "array initializer, rank 3")
    )
    value = f"a Keras tensor: {_quoted(symbolic)}; an array of the kernel's whole shape: {exact}; "
    value += f"[5, 5, 128]: {_quoted(flat)}"
    now_some = exact.startswith("accepted") and not symbolic.startswith("accepted")
    return Measured(value, "outdated" if now_some else "holds")


def _function(run: Run) -> Measured:
    said = _answers()
    kinds = ("function", "string", "object", "array")
    taken = [kind for kind in kinds if said[f"{kind} initializer"].startswith("accepted")]
    gradient = run().facts["copied_gradient"]
    value = f"accepted: {', '.join(taken)}; each is copied once, and the gradient that reaches the "
    value += f"branch behind the copy is {gradient}"
    return Measured(value, "depends" if len(taken) > 1 and gradient == "None" else "holds")


def _rank(_: Run) -> Measured:
    said = _answers()
    eager, graph = said["rank 3, eager"], said["rank 3, graph"]
    value = f"eager: {_quoted(eager)}; in a graph: {_quoted(graph)}"
    return Measured(value, "holds" if eager.startswith("accepted") else "wrong")


def _valid(run: Run) -> Measured:
    valid, same = (run(padding=padding).facts["output_shape"] for padding in ("VALID", "SAME"))
    value = f"16 × 16 becomes {valid[1]} × {valid[2]} with VALID and {same[1]} × {same[2]} with SAME"
    return Measured(value, "holds" if valid[1] == 16 else "wrong")


def _missing(run: Run) -> Measured:
    each, summed = (run(**QUESTION, mode=mode) for mode in ("depthwise", "sum"))
    maps = [one.facts["maps"] for one in (each, summed)]
    apart = float(np.abs(each["y"].sum(axis=-1) - summed["y"][..., 0]).max())
    scale = float(np.abs(summed["y"]).max())
    value = f"g[..., None] gives {maps[0]} maps in depthwise_conv2d and {maps[1]} in conv2d, "
    value += f"their sum (apart by {apart:.1g} of {scale:.3g})"
    right = maps == [128, 1] and apart < 1e-4 * scale
    return Measured(value, "holds" if right else "wrong")


def _layer(run: Run) -> Measured:
    known = run(**QUESTION).facts
    value = f"Conv2D(128, 5) holds {known['conv2d_kernel']:,} values, g has {known['filter_values']:,}"
    return Measured(value, "wrong" if known["conv2d_kernel"] > known["filter_values"] else "holds")


def _sample(run: Run) -> Measured:
    trace = run(**QUESTION, mode="sample-0")
    value = f"sample 0 is off by {trace.facts['errors'][0]:g}, sample 1 by {trace.facts['errors'][1]:.3g}, "
    value += f"beside responses of up to {trace.facts['largest_response']:.3g}"
    return Measured(value, "wrong" if trace.facts["largest_error"] > 1 else "holds")


def _batch(_: Run) -> Measured:
    said = _answers()["batch of filters"]
    return Measured(_quoted(said), "holds" if said.startswith("accepted") else "wrong")


def _ways(run: Run) -> Measured:
    known = run(compare=True).facts
    ways = dict(known["ways"]) | {"conv2d in groups, [5, 5, 1, C]": known["grouped"]}
    value = "largest difference to folding the batch into channels: "
    value += ", ".join(f"{name} {apart:.2g}" for name, apart in ways.items())
    return Measured(value, "holds" if max(ways.values()) <= 1e-4 * known["largest_response"] else "wrong")


def _reaches(run: Run) -> Measured:
    known = run().facts
    norms = " and ".join(f"{norm:,.0f}" for norm in known["branch_gradient_norms"])
    value = f"norm of the gradient that passes through the filter branch into x, by sample: {norms}"
    return Measured(value, "holds" if min(known["branch_gradient_norms"]) > 0 else "wrong")


CLAIMS = (
    Claim("A kernel_initializer cannot take the tensor.",
          "Conv2D(128, 5) given a Keras tensor, an array [5, 5, 128, 128] and one of [5, 5, 128]", "outdated", _cannot),
    Claim("It expects a function that initialises.",
          "what Keras accepts as initializer, and the gradient behind the copy it makes", "depends", _function),
    Claim("tf.nn.conv2d(f, g, …) is all that is needed.", "g of shape [5, 5, 128]", "wrong", _rank),
    Claim("With VALID the map keeps its size.", "16 × 16 features, a 5 × 5 filter", "wrong", _valid),
    Claim("The step that is missing is one axis: g[..., None].",
          "[5, 5, 128, 1] in depthwise_conv2d and in conv2d", "holds", _missing),
    Claim("A Conv2D layer with 128 filters of 5 × 5 is the same thing.",
          "values in both", "wrong", _layer),
    Claim("g = g[0] gets rid of the batch axis.", "each sample's own filter against sample 0's for all", "wrong", _sample),
    Claim("conv2d takes the whole batch of filters, [N, 5, 5, 128].", "the call", "wrong", _batch),
    Claim("Folding the batch into channels, mapping over samples, patches with einsum: all give the same.",
          "five other ways, a functional model and grouped conv2d among them", "holds", _ways),
    Claim("Gradients reach the branch that made g.", "through adaptive pooling, without the direct path", "holds", _reaches),
)  # fmt: skip

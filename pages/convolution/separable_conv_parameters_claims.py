"""What people say about NASNet's parameters, each with a measurement made now."""

from __future__ import annotations

from engine import Trace
from pages.convolution.network_receptive_field_published import PARAMETER_SOURCE, PARAMETERS
from pages.convolution.separable_conv_parameters_tables import share
from pages.kit.declare import Claim, Measured, Published, Run

ASKED = {"channels_in": 3840, "channels_out": 768}
MOBILE = {"penultimate": 1056, "blocks": 4, "image": 224, "classes": 1000, "skip_reduction": False}
LARGE = {"penultimate": 4032, "stem": 96, "image": 331, "classes": 1000}
DOCUMENTED = (PARAMETERS["NASNetMobile"], 88_949_818)  # keras.io/api/applications: 5.3M and 88.9M


def _depthwise(run: Run) -> Measured:
    count = run(**ASKED).facts["chosen"]["keras"][0][0]
    return Measured(f"{count:,} in the layer Keras built", "holds" if count == 96_000 else "wrong")


def _pointwise(run: Run) -> Measured:
    parts = run(**ASKED).facts["chosen"]["keras"][0]
    value = f"{parts[1]:,}; with the depthwise half {sum(parts):,}"
    return Measured(value, "holds" if parts[1] == 2_949_128 else "wrong")


def _built(run: Run) -> Trace:
    return run(network="built")


def _filters(run: Run) -> Measured:
    told = _built(run).facts["network"]
    value = (
        f"filters {', '.join(map(str, told['filters']))}; the depth after joining is "
        f"{', '.join(map(str, told['depths']))}; Keras' cells {'agree' if told['agrees'] else 'do not agree'}"
    )
    return Measured(value, "wrong" if told["agrees"] and told["filters"][2] != 768 else "holds")


def _doubles(run: Run) -> Measured:
    told = _built(run).facts["network"]
    held = told["agrees"] and told["filters"] == [32, 64, 128]
    return Measured(
        f"768 / 24 = {told['filters'][0]}, then {told['filters'][1:]}", "holds" if held else "wrong"
    )


def _chunks(run: Run) -> Measured:
    told = _built(run).facts["network"]
    chunks = [depth / filters for depth, filters in zip(told["depths"], told["filters"], strict=True)]
    value = f"{told['depths'][0]} = {chunks[0]:g} · {told['filters'][0]}, and so in every group"
    return Measured(value, "holds" if told["agrees"] and chunks == [6, 6, 6] else "wrong")


def _last(run: Run) -> Measured:
    alone = run().facts["chosen"]["total"]
    twice = run(squeeze=True, repeats=2).facts["chosen"]["totals"][1:]
    built = _built(run).facts["network"]
    value = (
        f"such a layer has {alone:,}, but the network's is 128 → 128 after the squeeze: {twice[0]:,}, "
        f"applied twice {sum(twice):,}"
    )
    there = built["agrees"] and built["last_separable"] == twice[0] != alone
    return Measured(value, "depends" if alone == 117_504 and there else "holds")


def _total(run: Run) -> Measured:
    told = _built(run).facts["network"]
    value = f"{told['keras_total']:,}, of which {told['keras_trainable']:,} are trained"
    return Measured(value, "holds" if round(told["keras_trainable"] / 1e6, 1) == 3.3 else "wrong")


def _applications(run: Run) -> Measured:
    found = [run(network="built", **settings).facts["network"] for settings in (MOBILE, LARGE)]
    value = "; ".join(
        f"{name} {one['keras_total']:,} ({one['keras_trainable']:,} trained, {one['layers']:,} layers)"
        for name, one in zip(("Mobile", "Large"), found, strict=True)
    )
    held = tuple(one["keras_total"] for one in found) == DOCUMENTED and all(one["agrees"] for one in found)
    return Measured(value, "holds" if held else "wrong")


def _product(run: Run) -> Measured:
    told = run().facts
    value = f"largest difference {told['difference']:.1e} where values reach {told['scale']:.3g}"
    return Measured(value, "holds" if told["difference"] < 1e-5 * told["scale"] else "wrong")


def _ratio(run: Run) -> Measured:
    found = [run(kernel=k, channels_out=c).facts for k, c in ((5, 128), (3, 128), (3, 8), (1, 64))]
    value = ", ".join(share(one["ratio"]) for one in found) + " for k, C_out of 5, 128; 3, 128; 3, 8; 1, 64"
    held = all(abs(one["ratio"] - one["ratio_formula"]) < 1e-12 for one in found)
    return Measured(value, "holds" if held else "wrong")


def _squeeze(run: Run) -> Measured:
    once = run().facts
    cell = run().facts["network"]["cells"][-2]  # the last normal cell
    thin = cell["squeeze"] + cell["adjust"] + cell["separable"]
    wide = sum(run(kernel=kernel, repeats=2).facts["chosen"]["total"] for kernel in (5, 3, 5, 3, 3))
    value = (
        f"one layer: {once['other']['total']:,} with, {once['chosen']['total']:,} without; a cell of five pairs: "
        f"{thin:,} with two squeezes, {wide:,} without"
    )
    return Measured(
        value, "depends" if once["other"]["total"] > once["chosen"]["total"] and thin < wide else "holds"
    )


CLAIMS = (
    Claim("A 5 × 5 depthwise convolution on 3,840 channels has 96,000 parameters.",
          "SeparableConv2D(768, 5, use_bias=False) on 3,840 channels", "holds", _depthwise),
    Claim("Its pointwise half has 3840 · 768 = 2,949,128.",
          "the same layer's pointwise kernel", "wrong", _pointwise),
    Claim("768 is the number of filters of each operation; five of them are concatenated.",
          "NASNet-A (6 @ 768) built by Keras, counted cell by cell", "wrong", _filters),
    Claim("The filters begin at 32 and double after each reduction.",
          "penultimate / 24, held against the cells Keras built", "holds", _doubles),
    Claim("Six chunks are concatenated: 192 = 6 · 32.",
          "depth of each group's normal cells ÷ their filters", "holds", _chunks),
    Claim("The last 5 × 5 separable convolution has 5·5·768 + 768·128 = 117,504 parameters.",
          "that layer alone, and the one that is in the network", "depends", _last),
    Claim("The model has 3.3 million parameters.",
          "Keras' NASNet(penultimate 768, 6 blocks, stem 32, 10 classes)", "holds", _total),
    Claim("NASNetMobile has 5.3 million parameters, NASNetLarge 88.9.",
          "both built by Keras without filling their weights, and by the ledger", "holds", _applications),
    Claim("A separable convolution is a full one whose kernel is the product of its two.",
          "both on the same random input, with einsum's product as the kernel", "holds", _product),
    Claim("It costs 1/C_out + 1/k² of a full convolution.",
          "weights of layers Keras built, four sizes", "holds", _ratio),
    Claim("Squeezing the channels first saves parameters.",
          "one layer alone, and NASNet's last normal cell with and without", "depends", _squeeze),
)  # fmt: skip

PUBLISHED = (
    Published("Parameters of NASNetLarge", PARAMETER_SOURCE, DOCUMENTED[1], {"network": "built", **LARGE},
              lambda trace: int(trace.facts["network"]["keras_total"])),
)  # fmt: skip

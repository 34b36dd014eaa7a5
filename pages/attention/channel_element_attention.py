"""**What you see.** Features such as a network makes of a picture, 4 × 4 places of 128 channels, and two modules that
can be put behind any such layer. **Channel attention** (squeeze and excitation) takes the mean of each channel, sends
it through a bottleneck, two dense layers with few units between them, and scales each channel by a **gate**, a number
from 0 to 1.

**Element-wise attention** gives every place a score **S** for each class and multiplies it by a map **A**: M = S · A.
The mean of M over all places is the **logit** of a class, its score before softmax makes probabilities of it.

**What to try.**

- Click on a place to move the lesion.
- Let the softmax run over *space* instead of *classes*, and look at what A adds up to: *which class, here* becomes
  *where, for this class*.
- Raise the gain. The weights are untrained, so gates stand near 0.5 and A is almost flat; a large gain makes both as
  decided as training does.
- Switch a module off and read the Gradients tab: its weights get None.

**What it means for your code.**

- `softmax(a)` in Keras normalises over the last axis, the classes. For the importance of places say
  `keras.layers.Softmax(axis=(1, 2))`.
- A sigmoid of a map is no squeeze: without the mean over all places nothing looks at the whole picture.
- A is 1 ÷ C on average, so the logits of C classes shrink about C times: expect a slow start, or multiply by C.
- Tap the network where the map is still large: DenseNet121 makes 4 × 4 of a 32 × 32 picture at `conv3_block1_0_bn`, and
  1 × 1 at its end.
- Call `super().__init__()` first, and make the gate for as many channels as it scales: one channel against 128 is
  broadcast without a word. The Code tab holds both modules as Keras layers.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.attention.channel_element_attention_claims import CLAIMS
from pages.attention.channel_element_attention_predictions import PREDICTIONS
from pages.attention.channel_element_attention_words import TABLES, between, count, shape, short
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset

SPOT = {"pattern": "lesion"}
WEIGHTS = ("reduce", "expand", "1×1 W", "1×1 b", "3×3 W", "3×3 b", "attend", "score W", "score b")


def panels(trace: Trace) -> Sequence[Panel]:
    """Features and gate, then the answer, then A, S and M of every class."""
    shown: list[Panel] = [Grid("x", "features x (click moves the lesion)", picks="spot", sets=SPOT)]
    if trace.parameters["channel_attention"]:
        shown += [
            Bars(("gate",), "gate of each channel"),
            Grid("scaled", "x · gate"),
            Grid("units", "hidden units of the squeeze", "sequential"),
        ]
    if not trace.parameters["element_attention"]:
        answer: list[Panel] = [
            Bars(("logits",), "logits"),
            Bars(("probabilities",), "probability of each class"),
        ]
        return [*shown, *answer, Grid("modulated", "M = S, no attention", beside="class")]
    over = "which class, here" if trace.parameters["softmax"] == "classes" else "where, for this class"
    return [
        *shown,
        Bars(("plain_logits", "logits"), "logits without A and with it"),
        Bars(("probabilities",), "probability of each class"),
        Bars(("space_sums",), "A, summed over locations"),
        Grid("class_sums", "A, summed over classes", "sequential"),
        Grid("attention", f"A: {over}", "sequential", beside="class"),
        Grid("scores", "S: scores of each class", beside="class"),
        Grid("modulated", "M = S · A", beside="class"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the cross-entropy sends back, to each weight tensor and to the maps."""
    shown: list[Panel] = [
        Bars(
            ("gradient_norms",), f"‖d loss / d weights‖ of {', '.join(WEIGHTS)} (hatched: None)", "connected"
        )
    ]
    if trace.parameters["element_attention"]:
        shown += [
            Grid("gradient_attention", "d loss / d A", beside="class"),
            Grid("gradient_scores", "d loss / d S", beside="class"),
        ]
    if trace.parameters["channel_attention"]:
        shown.append(Bars(("gradient_gate",), "d loss / d gate"))
    return [*shown, Grid("gradient_x", "d loss / d feature")]


def gradient_note(trace: Trace) -> str:
    """Which weights learn, which get 0 and which None, with this state's numbers."""
    told, label = trace.facts, trace.parameters["label"]
    start = f"The loss is the cross-entropy with class {label}: {short(told['loss'])}. "
    none = told["gradients_none"]
    zero = [
        name
        for name, norm in zip(WEIGHTS, told["gradient_norms"], strict=True)
        if norm == 0 and name not in none
    ]
    if none:
        off = f"**None** for {', '.join(none)}: the module is switched off, so the loss has no path to them. "
    else:
        off = "No gradient is **None**: the loss has a path to all weights of both modules. "
    learns = len(WEIGHTS) - len(none) - len(zero)
    closed = (
        f"Exactly 0, which is not None, for {', '.join(zero)}: there is a path, but nothing comes through. "
    )
    return start + off + (closed if zero else "") + f"{learns} of {len(WEIGHTS)} weight tensors learn."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Shapes, counts, what A adds up to, and how far logits shrink."""
    told = trace.facts
    shown = [("features", shape(told["feature_shape"])), ("answer", f"class {told['answer']}")]
    if told["gate_mean"] is not None:
        shown += [
            ("gates", f"{between(told['gate_least'], told['gate_most'])}, mean {short(told['gate_mean'])}"),
            ("squeeze", f"{trace.parameters['channels']} → {told['units']} → {trace.parameters['channels']}"),
            ("weights of the gate", count(told["gate_weights"])),
        ]
    if told["class_sum_ends"] is not None:
        shrink = told["plain_logits_std"] / told["logits_std"] if told["logits_std"] else None
        shown += [
            ("A over classes", between(*told["class_sum_ends"])),
            ("A over locations", between(*told["space_sum_ends"])),
            ("logits shrink by", "–" if shrink is None else f"{short(shrink)}"),
            ("element-wise weights", count(told["element_weights"])),
        ]
    apart = told["layer_difference"]
    return [
        *shown,
        ("plug-in layers differ by", "not run above 64 places" if apart is None else short(apart)),
        ("loss", short(told["loss"])),
    ]


CONTROLS = (
    Control("size", "Height, width of the features", when=("image", (None,))),
    Control("image", "Picture for DenseNet121", "px", low=32, auto="choose the size by hand",
            help="Its layer conv3_block1_0_bn gives the size of the features"),
    Control("channels", "Channels D", low=4),
    Control("classes", "Classes C", low=2),
    Control("channel_attention", "Channel attention"),
    Control("reduction", "Reduction ratio", help="D ÷ this is the number of units of the bottleneck, rounded down", when=("channel_attention", (True,))),
    Control("gate", "Gate", when=("channel_attention", (True,))),
    Control("gate_channels", "Channels the gate was made for", auto="D", when=("channel_attention", (True,))),
    Control("element_attention", "Element-wise attention"),
    Control("softmax", "Softmax over", when=("element_attention", (True,)),
            labels={"classes": "classes (as coded)", "space": "space (as meant)"}),
    Control("hidden", "Hidden channels", help="Channels of the convolutions that make A", when=("element_attention", (True,))),
    Control("gain", "Gain of the attention's weights", help="1 is untrained; larger is as decided as after training"),
    Control("pattern", "Features hold"),
    Control("spot", "Lesion at row × column", auto="near the middle", when=("pattern", ("lesion",))),
    Control("label", "True class", help="The class whose logit the loss wants to raise"),
    Control("seed", "Seed", high=99),
)  # fmt: skip

PRESETS = (
    Preset("Where, for this class", {"softmax": "space", "gain": 8},
           "Over space A answers where: each class looks at places of its own, and its map adds up to 1."),
    Preset("Which class, here (the usual mistake)", {"gain": 8},
           "As posted, A compares classes at each place. It adds up to 1 there, and says nothing about which place matters."),
    Preset("Untrained and flat", {"pattern": "noise", "label": 3},
           "Gates near 0.5 and A near 1 ÷ 10: logits are ten times smaller than without A, so the first steps are slow."),
    Preset("Nothing stands out", {"pattern": "constant", "softmax": "space", "gain": 8},
           "Every place is alike, yet A is not flat: the 3 × 3 convolution sees zeros of padding at the border."),
    Preset("The end of DenseNet121", {"size": 1, "softmax": "space"},
           "One place is left of a 32 × 32 picture: its share of the attention is 1 whatever it holds."),
    Preset("All hidden units closed", {"channels": 8, "reduction": 8},
           "One hidden unit, and the ReLU closes it: every gate is exactly 0.5 and the gate never learns."),
    Preset("No attention at all", {"channel_attention": False, "element_attention": False},
           "A 1 × 1 convolution and a mean: seven of the nine weight tensors get None."),
)  # fmt: skip

LAB = Lab(
    title="Attention over channels and places",
    question="How do I build channel-wise and element-wise attention as plug-in layers?",
    technique="channel-element-attention",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "squeeze and excitation",
        "SE block",
        "channel attention",
        "spatial attention",
        "element-wise attention",
        "CBAM",
        "gate",
        "DenseNet121",
        "reduction ratio",
        "softmax axis",
        "global average pooling",
        "incompatible shapes",
        "received an invalid value for units",
    ),
    card=Grid("attention", "A", "sequential", beside="class"),
)

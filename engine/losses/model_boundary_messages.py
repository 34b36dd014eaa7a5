"""What the errors at the model's boundary say, and what they mean in plain words."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_VALUES = re.compile(r"(for input ).*?( with name)", re.DOTALL)
_NODE = re.compile(r"\{\{.*?\}\} ")
MOST = 4000  # characters of one message that are kept

# Each message of Keras 3 and TensorFlow at these boundaries, and its meaning; groups are put in.
MEANINGS: tuple[tuple[str, str], ...] = (
    (r"expected min_ndim=(\d+), found ndim=(\d+)",
     "ndim counts axes, the batch axis included: the layer needs {0}, it was given {1}. Its “full shape” begins "
     "with the batch axis, None while the model is built."),
    (r"expected ndim=(\d+), found ndim=(\d+)",
     "ndim counts axes, the batch axis included: the layer needs exactly {0}, it was given {1}."),
    (r"Kernel shape must have the same length as input.*kernel of shape (\(.*?\)) and input of shape (\(.*?\))",
     "A convolution's kernel {0} has an axis for each axis of its input {1}, with the filters in place of the batch: "
     "the input has axes too many or too few."),
    (r"expected shape=(\(.*?\)), found shape=(\(.*?\))",
     "The model was built for {0}, where None is any batch size; it was called with {1}."),
    (r"Expected shape (\(.*?\)), but input has incompatible shape (\(.*?\))",
     "The model was built for {0}, where None is any batch size; it was called with {1}: another number of axes."),
    (r"expected axis -1 of input shape to have value (\d+), but received input with shape (\(.*?\))",
     "A layer's weights were made for {0} values on the last axis; what arrives there is {1}. Number of axes right, "
     "size wrong: the mistake may lie some layers before the one named."),
    (r"must have the same rank \(ndim\).*target.shape=(\(.*?\)), output.shape=(\(.*?\))",
     "target is y, output is what the model gave: this loss compares them cell by cell, so {0} and {1} need "
     "equally many axes. Integer labels have one less than one-hot ones."),
    (r"must have the same shape\. Received: target.shape=(\(.*?\)), output.shape=(\(.*?\))",
     "target is y, output is what the model gave: this loss compares them cell by cell, and {0} is not {1}."),
    (r"must have rank \(ndim\) `target.ndim - 1`.*target.shape=(\(.*?\)), output.shape=(\(.*?\))",
     "The sparse loss wants one number for each row of the output, so y needs one axis less than the output; it "
     "got {0} for {1}. (The sentence has the two the wrong way round: the target's rank must be the output's − 1.)"),
    (r"must have the same shape up until the last dimension: target.shape=(\(.*?\)), output.shape=(\(.*?\))",
     "The sparse loss wants one number for each row of the output: y is {0}, the output {1}."),
    (r"must be at least rank 1.*output.shape=(\(.*?\))", "The output {0} has no class axis."),
    (r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)",
     "Label {0} is none of the {1} classes that the head has units for: they are counted from 0."),
    (r"Incompatible shapes: (\[.*?\]) vs\. (\[.*?\])",
     "y {0} and the output {1} are aligned from the right; two sizes that stand above each other differ and none "
     "of them is 1."),
    (r"required broadcastable shapes",
     "Shapes are aligned from the right; two sizes that stand above each other differ and none of them is 1."),
    (r"Matrix size-incompatible: In\[0\]: (\[.*?\]), In\[1\]: (\[.*?\])",
     "A matrix product inside a layer, {0} · {1}: the inner sizes must agree. The last axis of what arrives is not "
     "the one that the weights were made for."),
    (r"Data cardinality is ambiguous.*'x' sizes: (\d+).*'y' sizes: (\d+)",
     "fit counts samples along the first axis: {0} in x, {1} in y. A missing batch axis also reads like this."),
    (r"tuple index out of range",
     "fit looks for the batch axis of y, and a single label has no axis at all."),
    (r"Cannot take the length of shape with unknown rank", "A shape was lost on the way: rebuild the model."),
)  # fmt: skip


def full(text: str) -> str:
    """The whole message without colours, the node it came from and the printed values of x."""
    return _NODE.sub("", _VALUES.sub(r"\1[…]\2", _COLOURS.sub("", text))).strip()[:MOST]


def headline(text: str) -> str:
    """The sentence that matters, with the kind of error in front."""
    kind, _, said = full(text).partition(": ")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if lines and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:] or lines
    if lines and lines[0].startswith("Data cardinality"):
        lines = [" ".join(lines)]
    sentence = lines[0].partition(" [Op:")[0] if lines else ""
    return f"{kind}: {sentence.partition('  Label values')[0]}"


def meaning(text: str) -> str:
    """The message in plain words; "" for one that is not known."""
    for pattern, words in MEANINGS:
        found = re.search(pattern, full(text), re.DOTALL)
        if found:
            return words.format(*found.groups())
    return ""

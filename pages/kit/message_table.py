"""The error messages that the labs explain: how each reads, what it means, which labs show it.

The first that fits counts, so the special ones stand before the general ones. The texts are those of
TensorFlow 2.21, Keras 3 and NumPy 2, and older ones where people still meet them.
"""

from __future__ import annotations

from pages.kit import message_losses as losses
from pages.kit import message_settings as s
from pages.kit import message_windows as w
from pages.kit.messages import Known

CELL_BY_CELL = "Two tensors meet cell by cell, and on some axis their sizes differ although neither is 1."
PRODUCT = "In a matrix product the columns of the first operand are the rows of the second; here they differ."
MAPS = "Two feature maps are joined whose heights or widths differ: halving rounded, and doubling did not undo it."
TOO_LARGE = "The window is larger than what it slides over, so there is no place for it: no output is left."
AXES = "The layer counts the axes of its input, and one is missing: mostly the batch axis or the channels."
BUILT = "A layer fixed the size of this axis when it was built, and now gets another one."
DEPTH = "A filter has a slice for each channel of its input, and here the two counts differ."
TARGET = "The loss compares target and output number by number, and their shapes are not the same."
CLASS_NUMBERS = "A sparse loss wants one class number for each example, not a row of numbers."
SEQUENCE = "A recurrent layer reads [batch, time, features]; what it got has no time axis."
BATCH_KEPT = "A stateful layer keeps one state for each sequence of the batch it was built for; the batch may not change."
RESHAPE = "A reshape only renames places: there must be exactly as many numbers as places."
CUT_OFF = "No path leads from the loss to a variable: something on the way has no derivative, or stops it."
NO_AXIS = "The axis asked for does not exist: a tensor of rank n has the axes 0 to n - 1, or -n to -1."

meets = ("broadcasting", s.broadcasting)
joins = (("skip-connection-crop-add", s.skip), ("skip-connection-crop-add", s.skip_near))
conv = "convolution-arithmetic"
product = ("einsum", s.products)
boundary = "model-boundary"
capsules = ("capsule-prediction-einsum", s.as_it_is)

ATTENTION = (
    Known("Incompatible shapes: [a] vs. [b]", "The mask meets the scores [batch, heads, queries, keys], and an axis of it fits none of theirs.",
          (("multi-head-attention", s.attention_mask), meets), within="MultiHeadAttention"),
    Known("The mask must be broadcastable to inputs", "The mask meets the scores [batch, heads, queries, keys], and an axis of it fits none of theirs.",
          (("multi-head-attention", s.as_it_is),)),
    Known("All dimensions of value and key, except the last one, must be equal. Received: value_shape=[b] and key_shape=[a]",
          "Each key names one value, so there must be as many of both.", (("multi-head-attention", s.as_it_is),)),
    Known("condition [a], then [b], and else [c] must be broadcastable", CELL_BY_CELL, (meets, ("masked-softmax-attention", s.as_it_is))),
    Known("does not support masking", "A mask came with the input, and this layer cannot take one: it must be dropped on purpose.",
          (("mask-propagation", s.as_it_is),)),
    Known("destroy the mask information", "This layer throws the mask away, so the layers after it count the padding.",
          (("mask-propagation", s.as_it_is),)),
)  # fmt: skip

CONVOLUTIONS = (
    Known("Computed output size would be zero or negative. Received: inputs.shape=[a], pool_size=[b], strides=[s]", TOO_LARGE, ((conv, w.pooling),)),
    Known("Computed output size would be zero or negative. Received inputs shape=[a], kernel shape=[b], dilation_rate=[d], strides=[s]", TOO_LARGE, ((conv, w.window),)),
    Known("Computed output size would be negative: {o} [input_size: {m}, effective_filter_size: {n}, stride: {stride}]", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("Negative dimension size caused by subtracting {n} from {m}…dilations=[d]…strides=[s]… with input shapes: [a], [b]", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("Negative dimension size caused by subtracting {n} from {m}…strides=[s]… with input shapes: [a]", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("Negative dimension size caused by subtracting {n} from {m}… with input shapes: [a], [b]", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("Negative dimension size caused by subtracting {n} from {m}… with input shapes: [a]", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("Negative dimension size caused by subtracting {n} from {m}", TOO_LARGE, ((conv, w.window_numbers),)),
    Known("input depth must be evenly divisible by filter depth: {n} vs {m}", DEPTH, (("dynamic-filter-convolution", w.filter_depth),)),
    Known("Depth of input ({n}) is not a multiple of input depth of filter ({m})", DEPTH, (("dynamic-filter-convolution", w.filter_depth),)),
    Known("number of input channels does not match corresponding dimension of filter, {n} != {m}", DEPTH, (("dynamic-filter-convolution", w.filter_depth),)),
    Known("input depth must be evenly divisible by filter depth", DEPTH, (("dynamic-filter-convolution", s.as_it_is),)),
    Known("number of input channels must be evenly divisible by the number of groups. Received groups={n}, but the input has {m} channels",
          "Grouped channels fall into equal groups, and these do not.", ((conv, w.groups),)),
    Known("output depth must be evenly divisible by number of groups: {n} vs {m}",
          "The kernel has fewer input channels than the image, so TensorFlow takes it for a grouped one, and the filters do not fall into so many groups.",
          ((conv, w.output_groups),)),
    Known("strides > 1 not supported in conjunction with dilation_rate > 1. Received: strides=[s] and dilation_rate=[d]",
          "Keras takes a stride or a dilation, not both.", ((conv, w.strided_dilated),)),
    Known("output_padding is {n} but strides is {m}", "Output padding chooses among the sizes that one stride rounds together, so it is smaller than the stride.",
          ((conv, w.output_padding),)),
    Known("Size of out_backprop doesnt match computed: actual = {n}, computed = {m}…filter: {kernel} output: {o} stride: {stride}",
          "A transposed convolution was asked for an output that its convolution would not shrink to this input.", ((conv, w.transposed),)),
    Known("Size of out_backprop doesnt match computed: actual = {n}, computed = {m}",
          "A transposed convolution was asked for an output that its convolution would not shrink to this input.", ((conv, w.transposed),)),
    Known("only supports equal length strides in the row and column dimensions", "This operation moves its window equally far down and across.",
          (("anisotropic-strided-conv", w.unequal_strides),)),
)  # fmt: skip

LAYERS = (
    Known("is incompatible with the layer: expected axis -1 of input shape to have value {n}, but received input with shape [a]", BUILT,
          (("conv1d-channels", s.conv1d_input), ("batchnorm-nd", w.normalised_channels), (boundary, s.layer_input))),
    Known("expected axis -1 of input shape to have value {n} but received input with shape [a]", BUILT, ((boundary, s.layer_input),)),
    Known("expected ndim=3, found ndim=2. Full shape received: [a]", SEQUENCE,
          (("rnn-input-windows", s.windows), ("recurrent-cell", s.recurrent), (boundary, s.layer_input))),
    Known("expected ndim=3, found ndim=2", SEQUENCE, (("recurrent-cell", s.recurrent), ("rnn-input-windows", s.as_it_is))),
    Known("expected min_ndim={ndim}, found ndim={m}. Full shape received: [a]", AXES,
          (("conv1d-channels", s.conv1d_input), (boundary, s.layer_input))),
    Known("expected ndim={ndim}, found ndim={m}. Full shape received: [a]", AXES, ((boundary, s.layer_input), ("sliding-window-labels", s.as_it_is))),
    Known("expected shape=[b], found shape=[a]", BUILT, ((boundary, s.layer_input),)),
    Known("Expected shape [b], but input has incompatible shape [a]", BUILT, ((boundary, s.layer_input),)),
    Known("to have shape [b] but got array with shape [a]", BUILT, ((boundary, s.layer_input),)),
    Known("expected min_ndim={ndim}, found ndim={m}", AXES, ((boundary, s.as_it_is),)),
    Known("Kernel shape must have the same length as input", AXES, (("time-distributed-cnn-gru", s.as_it_is), (boundary, s.as_it_is))),
    Known("is not in [0, {n})", "An embedding has one row for each token id, counted from 0.", (("dying-relu-siamese", s.as_it_is),), within="indices["),
    Known("If an RNN is stateful, the batch size…Expected batch size: {n}…Received batch size: {m}", BATCH_KEPT, (("rnn-input-windows", s.stateful),)),
    Known("stateful=True in a RNN, the batch size must be static", BATCH_KEPT, (("rnn-input-windows", s.stateful_unknown),)),
    Known("If a RNN is stateful, it needs to know its batch size", BATCH_KEPT, (("rnn-input-windows", s.stateful_unknown),)),
    Known("Invalid value for axis argument…inputs.shape.rank={m}). Received: axis={n}", NO_AXIS, (("batchnorm-nd", w.normalised_axis),)),
    Known("Invalid axis: {n}", NO_AXIS, (("batchnorm-nd", w.normalised_axis),)),
    Known("tuple index out of range", NO_AXIS, (("batchnorm-nd", s.as_it_is),), within="batch_normalization.py"),
    Known("must have the same number of elements as the channels of x, got {m} and {n}", "Batch normalisation has one scale and one offset for each channel.",
          (("batchnorm-nd", s.as_it_is),)),
)  # fmt: skip

LOSSES = (
    Known("Received a label value of {label} which is outside the valid range of [0, {n})", "A label is the number of a class, counted from 0: of n classes the last is n - 1.",
          (("sparse-softmax-cross-entropy", losses.label_range), (boundary, losses.from_one))),
    Known("target and output must have the same shape up until the last dimension: target.shape=[a], output.shape=[b]", CLASS_NUMBERS, ((boundary, losses.sparse),)),
    Known("must have rank (ndim) target.ndim - 1. Received: target.shape=[a], output.shape=[b]", CLASS_NUMBERS,
          ((boundary, losses.sparse), ("sparse-softmax-cross-entropy", losses.one_hot_labels))),
    Known("Received: target.shape=[a], output.shape=[b]", TARGET, ((boundary, losses.categorical), meets)),
    Known("logits and labels must have the same shape, received ([b] vs [a])", TARGET, ((boundary, losses.binary),)),
    Known("logits and labels must have the same shape ([b] vs [a])", TARGET, ((boundary, losses.binary),)),
    Known("logits and labels must be broadcastable: logits_size=[b] labels_size=[a]", TARGET, ((boundary, losses.logits),)),
    Known("logits and labels must be same size: logits_size=[b] labels_size=[a]", TARGET, ((boundary, losses.logits),)),
    Known("logits and labels must have the same first dimension, got logits shape [a] and labels shape [b]",
          "A sparse loss wants one class number for each example; one-hot rows, laid out flat, are as many numbers as classes.", ((boundary, losses.flat_labels),)),
    Known("labels.shape.rank must equal logits.shape.rank - 1. Received: labels.shape=[a]…logits.shape=[b]", CLASS_NUMBERS,
          (("sparse-softmax-cross-entropy", losses.one_hot_labels), (boundary, losses.sparse))),
    Known("Rank of labels (received {n}) should equal rank of logits minus 1", CLASS_NUMBERS, (("sparse-softmax-cross-entropy", s.as_it_is),)),
    Known("labels.shape must equal logits.shape except for the last dimension. Received: labels.shape=[a] and logits.shape=[b]",
          "There must be one label for each row of logits.", ((boundary, losses.sparse), ("sparse-softmax-cross-entropy", s.as_it_is))),
    Known("Shapes [a] and [b] are incompatible", TARGET, ((boundary, losses.either), meets)),
    Known("Data cardinality is ambiguous…x sizes: {n}…y sizes: {m}", "There must be one label for each sample.", ((boundary, losses.cardinality),)),
)  # fmt: skip

GENERAL = (
    Known("Inputs have incompatible shapes. Received shapes [a] and [b]", MAPS, (joins[0], meets, joins[1])),
    Known("requires inputs with matching shapes except for the concatenation axis. Received: input_shape=[[a], [b]", MAPS, (*joins, meets)),
    Known("requires inputs with matching shapes except for the concat axis. Got inputs shapes: [[a], [b]", MAPS, (*joins, meets)),
    Known("ConcatOp : Dimension {n} in both shapes must be equal: shape[0] = [a] vs. shape[1] = [b]", MAPS, (*joins, meets)),
    Known("ConcatOp : Dimensions of inputs should match: shape[0] = [a] vs. shape[1] = [b]", MAPS, (*joins, meets)),
    Known("Dimension {n} in both shapes must be equal, but are {m} and {o}. Shapes are [a] and [b]", MAPS, (*joins, meets)),
    Known("Matrix size-incompatible: In[0]: [a], In[1]: [b]", PRODUCT, (product, ("recurrent-cell", s.recurrent_features), capsules)),
    Known("In[0] and In[1] must have compatible batch dimensions: [a] vs. [b]", PRODUCT, (product, capsules)),
    Known("Dimensions must be equal, but are {m} and {n} for…MatMul…with input shapes: [a], [b]", PRODUCT, (product, capsules)),
    Known("Inner dimensions…x1.shape=[a] and x2.shape=[b]", PRODUCT, (product, capsules)),
    Known("shapes [a] and [b] not aligned", PRODUCT, (product, capsules)),
    Known("Full input shapes: [a], [b]", PRODUCT, (product, capsules), within="axis values"),
    Known("mismatch in its core dimension…(size {m} is different from {n})", PRODUCT, (("einsum", s.sizes_of_products), capsules)),
    Known("Expected dimension {n} at axis {axis} of the input shaped [a] but got dimension", "A letter of the einsum stands for two sizes.",
          (("einsum", s.one_operand), capsules)),
    Known("Expected input {o} to have rank {n} but got: {m}", "The einsum has more letters for this operand, or fewer, than it has axes.", (("einsum", s.operand_rank),)),
    Known("Output subscripts contain the label", "A letter of the output stands for no axis of any operand.", (("einsum", s.unknown_letter),)),
    Known("Dimensions must be equal, but are {m} and {n} for…with input shapes: [a], [b]", CELL_BY_CELL, ((boundary, losses.mean_square), meets)),
    Known("Cannot broadcast shape, the failure dim…Input shapes are: [a] and [b]", CELL_BY_CELL, (meets, *joins)),
    Known("Incompatible shapes for broadcasting: [a] and [b]", CELL_BY_CELL, (meets, *joins)),
    Known("Incompatible shapes: [a] vs. [b]", CELL_BY_CELL, (meets, joins[0])),
    Known("operands could not be broadcast together with shapes [a] [b] [c]", CELL_BY_CELL, (meets,)),
    Known("operands could not be broadcast together with shapes [a] [b]", CELL_BY_CELL, (meets, joins[0])),
    Known("operands could not be broadcast together with remapped shapes [original->remapped]: [a] and requested shape [b]", CELL_BY_CELL, (meets,)),
    Known("operands could not be broadcast together with remapped shapes [original->remapped]: [a]->… [b]->", PRODUCT, (product,)),
    Known("must match exactly, but along dimension {n}, the array at index {i} has size {m} and the array at index {j} has size {o}",
          "Arrays are joined along one axis and must agree on all others.", (("broadcasting", s.two_sizes),)),
    Known("shape mismatch: objects cannot be broadcast to a single shape. Mismatch is between arg 0 with shape [a] and arg 1 with shape [b]", CELL_BY_CELL, (meets,)),
    Known("Must provide as many biases as the last dimension of the input tensor: [b] vs. [a]", CELL_BY_CELL, (meets,)),
    Known("values[0].shape = [a] != values[1].shape = [b]", "Tensors are stacked that do not all have one shape.", (meets,)),
    Known("required broadcastable shapes", CELL_BY_CELL, (("broadcasting", s.clash),)),
    Known("Invalid reduction dimension ({n} for input with {m} dimension", NO_AXIS, (("moments-stop-gradient", w.reduced_axis),)),
    Known("Invalid reduction dimension {n} for input with {m} dimension", NO_AXIS, (("moments-stop-gradient", w.reduced_axis),)),
    Known("Expected dimension in the range [-{m}, {o}), but got {n}", NO_AXIS, (("moments-stop-gradient", w.reduced_axis),)),
    Known("No gradients provided for any variable", CUT_OFF, (("fake-quantization-ste", s.as_it_is), ("moments-stop-gradient", s.as_it_is))),
    Known("Input to reshape is a tensor with {n} values, but the requested shape has {m}", RESHAPE, (("sliding-window-labels", w.reshaped),)),
    Known("cannot reshape array of size {n} into shape [a]", RESHAPE, (("sliding-window-labels", w.reshaped),)),
    Known("Cannot reshape a tensor with {n} elements to shape [a]", RESHAPE, (("sliding-window-labels", w.reshaped),)),
    Known("total size of the tensor must be unchanged. Received: input_shape=[b], target_shape=[a]", RESHAPE, (("sliding-window-labels", w.reshaped),)),
    Known("for an array with shape [a]", "Windows that are copied out repeat each row as often as it stands in a window.", (("rnn-input-windows", w.copied),), within="unable to allocate"),
    Known("OOM when allocating tensor with shape[a]", "A tensor does not fit into memory: look for the axis that is repeated.",
          (("rnn-input-windows", w.copied), ("capsule-prediction-einsum", s.as_it_is))),
    Known("was expected to be a float tensor", "Fake quantisation takes float32 only.", (("fake-quantization-ste", w.not_float),), within="FakeQuant"),
    Known("gradient registry has no entry for: ExtractGlimpse", "TensorFlow has no gradient for this operation.", (("glimpse-extraction", s.as_it_is),)),
)  # fmt: skip

KNOWN = (*ATTENTION, *CONVOLUTIONS, *LAYERS, *LOSSES, *GENERAL)

"""Finding a lab: the gallery's filters and courses, related labs, synonyms, and pasted error messages."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from engine.pool import ROOT
from pages.kit import trail
from pages.kit.courses import COURSES, course_of
from pages.kit.gallery import families, shown
from pages.kit.labs import labs
from pages.kit.link import link_text, link_values, read_link
from pages.kit.message_table import KNOWN
from pages.kit.messages import MOST_TEXT, excerpt, explain
from pages.kit.related import alike, related
from pages.kit.search import find, misspelt
from pages.kit.told import smaller

LABS = list(labs().values())

# What TensorFlow 2.21, Keras 3 and NumPy 2 said when they were asked, the lab it opens, and with what
ADD = (
    "{{function_node __wrapped__AddV2_device_/job:localhost/replica:0/task:0/device:CPU:0}} "
    "Incompatible shapes: [7,13] vs. [7,12] [Op:AddV2] name: "
)
MASK = """InvalidArgumentError: Exception encountered when calling MultiHeadAttention.call().

\x1b[1m{{function_node __wrapped__LogicalAnd_device_/job:localhost/replica:0/task:0/device:CPU:0}} Incompatible shapes: [2,2,5,5] vs. [1,1,2,5] [Op:LogicalAnd] name: \x1b[0m

Arguments received by MultiHeadAttention.call():
  • query=tf.Tensor(shape=(2, 5, 16), dtype=float32)"""
NEGATIVE = """Negative dimension size caused by subtracting 5 from 3 for '{{node Conv2D}} = Conv2D[T=DT_FLOAT, \
data_format="NHWC", dilations=[1, 1, 1, 1], explicit_paddings=[], padding="VALID", strides=[1, 2, 2, 1], \
use_cudnn_on_gpu=true](a, b)' with input shapes: [1,3,3,1], [5,5,1,8]."""
LABEL = """InvalidArgumentError: Graph execution error:

Detected at node compile_loss/SparseSoftmaxCrossEntropyWithLogits defined at (most recent call last):
  File "/usr/lib/python3.11/site-packages/keras/src/losses/loss.py", line 67, in __call__

Received a label value of 10 which is outside the valid range of [0, 10).  Label values: 10 1
 [[{{node compile_loss/SparseSoftmaxCrossEntropyWithLogits}}]] [Op:__inference_multi_step_on_iterator_905]"""
STATEFUL = """ValueError: Exception encountered when calling LSTM.call().

\x1b[1mIf an RNN is stateful, the batch size of the input sequences must be the same as the batch size of the initial state.
- Expected batch size: 32
- Received batch size: 16\x1b[0m"""
INPUT = "Input 0 with name 'None' of layer '{}' is incompatible with the layer: "
TOO_SMALL = (
    "Computed output size would be zero or negative. Received `inputs shape=(None, 7, 7, 1)`, "
    "`kernel shape=(3, 3, 1, 8)`, `dilation_rate=[4 4]`, `strides=(1, 1)`, `padding=valid`."
)
POOL = (
    "Computed output size would be zero or negative. Received: `inputs.shape=[None 2 2 8]`, `pool_size=[4 4]`, "
    "`strides=(4, 4)`, `padding=valid`."
)
CONCAT = (
    "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. Received: "
    "input_shape=[(None, 47, 47, 64), (None, 46, 46, 64)]"
)
MESSAGES = [
    (ADD, "broadcasting", "a=7,13&b=7,12"),
    ("required broadcastable shapes [Op:Mul]", "broadcasting", "a=2,3&b=2,4"),
    ("operands could not be broadcast together with shapes (3,4) (4,3) ", "broadcasting", "a=3,4&b=4,3"),
    ("Must provide as many biases as the last dimension of the input tensor: [4] vs. [2,3]", "broadcasting", "a=2,3&b=4"),
    ("Inputs have incompatible shapes. Received shapes (47, 47, 64) and (46, 46, 64)",
     "skip-connection-crop-add", "size=47&stages=1&layers=VALID.2&skips=1"),
    (CONCAT, "skip-connection-crop-add", "size=47&stages=1&layers=VALID.2&skips=1"),
    ("ConcatOp : Dimensions of inputs should match: shape[0] = [1,30,30,32] vs. shape[1] = [1,28,28,32]",
     "skip-connection-crop-add", "size=30&stages=2&layers=VALID.2&skips=10&channels=32"),
    ("Matrix size-incompatible: In[0]: [2,3], In[1]: [4,5] [Op:MatMul] name: ", "einsum", "sizes=2x3,%204x5"),
    ("shapes (2,3) and (4,5) not aligned: 3 (dim 1) != 4 (dim 0)", "einsum", "sizes=2x3,%204x5"),
    ("Expected dimension 3 at axis 0 of the input shaped [4,5] but got dimension 4 [Op:Einsum] name: ",
     "einsum", "expression=i,ij-%3Ej&sizes=3,%204x5"),
    (INPUT.format("conv2d") + "expected min_ndim=4, found ndim=3. Full shape received: (None, 28, 28)",
     "model-boundary", "data=12,28,28&body=conv2d"),
    (INPUT.format("conv1d_3") + "expected min_ndim=3, found ndim=2. Full shape received: (100, 6)",
     "conv1d-channels", "steps=100&channels=6&batch_axis=off"),
    (INPUT.format("dense_1") + "expected axis -1 of input shape to have value 20, but received input with shape (2, 10)",
     "model-boundary", "data=2,10&body=dense&input_shape=20"),
    (INPUT.format("lstm") + "expected ndim=3, found ndim=2. Full shape received: (32, 10)",
     "rnn-input-windows", "features=10&handed=rank%202"),
    ("Input 0 of layer sequential is incompatible with the layer: : expected min_ndim=4, found ndim=3. "
     "Full shape received: [20, 28, 28]", "model-boundary", "data=20,28,28&body=conv2d"),
    (NEGATIVE, "convolution-arithmetic", "size=3&kernel=5&stride=2&filters=8"),
    (TOO_SMALL, "convolution-arithmetic", "size=7&dilation=4&filters=8"),
    (POOL, "convolution-arithmetic", "operation=max-pool&size=2&kernel=4&stride=4"),
    ("Computed output size would be negative: -1 [input_size: 3, effective_filter_size: 5, stride: 1]",
     "convolution-arithmetic", "size=3&kernel=5"),
    ("input depth must be evenly divisible by filter depth: 5 vs 2", "dynamic-filter-convolution",
     "channels=5&filter_channels=2"),
    ("Shapes (None, 10) and (None, 1) are incompatible", "model-boundary",
     "data=4,6,6&labels=integers-column&classes=10&units=10"),
    ("`logits` and `labels` must have the same shape, received ((8, 5) vs (8, 1)).", "model-boundary",
     "data=8,6,6&labels=integers-column&classes=5&batch_size=8&units=5&activation=sigmoid&loss=binary"),
    ("Arguments `target` and `output` must have the same shape. Received: target.shape=(4, 1), output.shape=(4, 10)",
     "model-boundary", "data=4,6,6&labels=integers-column&classes=10&units=10"),
    (LABEL, "sparse-softmax-cross-entropy", "logits=0,1,2,3,4,5,6,7,8,9&label=10"),
    ("logits and labels must be broadcastable: logits_size=[8,10] labels_size=[8,7]", "model-boundary",
     "data=8,6,6&labels=one-hot&classes=7&batch_size=8&units=10&activation=none&from_logits=on"),
    ("Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' sizes: 32\n'y' sizes: 30",
     "model-boundary", "data=32,6,6&label_count=30&way=fit"),
    ("No gradients provided for any variable.", "fake-quantization-ste", ""),
    ("Invalid reduction dimension (5 for input with 2 dimension(s) [Op:Mean] name: ", "moments-stop-gradient",
     "moments=custom&axes=5"),
    (STATEFUL, "rnn-input-windows", "mode=stateful&streams=16&built_streams=32"),
    (MASK, "multi-head-attention", "sentences=a%20b%20c%20d%20e%20%2F%20a%20b%20c%20d%20e&layout=batch,keys"),
    (INPUT.format("batch_normalization_2") + "expected axis -1 of input shape to have value 4, but received input with "
     "shape (2, 3, 5)", "batchnorm-nd", "case=custom&sizes=3,5"),
    ("cannot reshape array of size 1000 into shape (30,10)", "sliding-window-labels", "steps=1000&channels=1&window=30"),
    ("Cannot reshape a tensor with 1000 elements to shape [3,30,10] (900 elements)", "sliding-window-labels",
     "steps=100&window=30"),
]  # fmt: skip


def said_of(link: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in link.split("&")) if link else {}


@pytest.mark.parametrize(("message", "slug", "link"), MESSAGES, ids=lambda value: value[:24])
def test_a_message_opens_its_lab_with_its_shapes(message: str, slug: str, link: str) -> None:
    pasted = f'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n{message}\n'
    for text in (message, pasted, pasted.replace("\n", " "), pasted.replace("\n", ""), excerpt(pasted * 9)):
        explained = explain(text)
        assert explained
        opening = explained.openings[0]
        assert opening.lab == slug
        assert said_of(link_text(labs()[slug], opening.settings)) == said_of(link)


def test_every_known_message_names_labs_there_are_and_says_a_sentence() -> None:
    assert {lab for known in KNOWN for lab, _ in known.opens} <= set(labs())
    assert all(known.means.endswith(".") for known in KNOWN)


LARGE = [
    ("Incompatible shapes: [4096,2048] vs. [4096,2047]", "4096 is drawn as 1024"),
    (INPUT.format("dense") + "expected axis -1 of input shape to have value 784, but received input with shape (2, 1024)",
     "1024 is drawn as 64"),
    ("Inputs have incompatible shapes. Received shapes (28, 28, 1024) and (30, 30, 1024)", "1024 channels: drawn with 128"),
    ("Received a label value of 1000 which is outside the valid range of [0, 1000)", "1000 classes: drawn with 10"),
    ("Computed output size would be negative: -1 [input_size: 30, effective_filter_size: 33, stride: 1]",
     "a window of 33 over 30 is drawn as 16 over 13"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "says"), LARGE, ids=lambda value: value[:24])
def test_what_a_lab_cannot_draw_is_made_smaller_and_said(message: str, says: str) -> None:
    explained = explain(message)
    assert explained
    assert says in explained.openings[0].cut


def test_unequal_sizes_stay_unequal_and_ones_stay_ones() -> None:
    assert smaller((4096, 2048, 4096, 1), 1024) == {4096: 1024, 2048: 1023, 1: 1}
    assert smaller((9, 7, 5), 64) == {9: 9, 7: 7, 5: 5}


@pytest.mark.parametrize("number", ["0", "1", "7", "999999999", "-5"])
def test_every_pattern_gives_settings_its_lab_can_read_whatever_the_numbers(number: str) -> None:
    """Also hostile ones: nothing fails, and each link is read without a word dropped."""
    for known in KNOWN:
        for shape in ("[]", f"[{number}]", f"({number}, None)", f"[?,{number},3]", f"(2, {number}, 8, 4)"):
            text = known.says.replace("…", " ")
            for name in "abcds":
                text = text.replace(f"[{name}]", shape)
            for name in ("label", "stride", "kernel", "axis", "ndim", *"nmoij"):
                text = text.replace(f"{{{name}}}", number)
            explained = explain(f"{text} {known.within} of layer gru_1")
            for opening in explained.openings if explained else ():
                listed = labs()[opening.lab]
                read, dropped = read_link(listed, link_values(listed, opening.settings))
                assert (read, dropped) == (opening.settings, [])


@pytest.mark.parametrize(
    "hostile",
    ["[" * MOST_TEXT, "Incompatible shapes: [" * 600, "1," * 6000, "Incompatible shapes: [1,1] vs. (" * 380,
     "Negative dimension size caused by subtracting 5 from 3 dilations=[1] strides=[1] " * 150, "\x1b[1;" * 3000, " " * MOST_TEXT,
     "operands could not be broadcast together with shapes (1 (1 (1 " * 200, "?" * MOST_TEXT],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(hostile: str) -> None:
    began = time.process_time()
    for text in (hostile[:4000], hostile):
        explain(text)
        excerpt(text)
        find(text, LABS)
    assert (
        time.process_time() - began < 5
    )  # it takes some hundredths of a second; quadratic would take minutes


def test_a_long_paste_is_cut_to_what_says_what_is_wrong() -> None:
    short = excerpt('  File "x.py", line 1, in f\n' * 300 + ADD + "and so on " * 100)
    assert len(short) < 1000
    assert "Incompatible shapes: [7,13] vs. [7,12]" in short
    assert excerpt("stride") == "stride"


def test_a_message_that_no_pattern_knows_still_finds_labs_by_its_words() -> None:
    text = "Traceback (most recent call last):\n" + '  File "/a/b/model.py", line 12, in train\n' * 8
    text += "UserWarning: Layer 'conv1d' (of type Conv1D) was passed an input with a mask attached to it, destroyed"
    assert explain(text) is None
    assert "mask-propagation" in [one.slug for one in find(text, LABS)[:3]]


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("fully connected", "dense-as-convolution"),
        ("fc", "dense-as-convolution"),
        ("deconvolution", "convolution-arithmetic"),
        ("subsampling", "convolution-arithmetic"),
        ("channels last", "dense-as-convolution"),
        ("kernal", "conv1d-channels"),
        ("convoluton stirde", "convolution-arithmetic"),
        ("OOM", "rnn-input-windows"),
        ("nan", "masked-softmax-attention"),
        ("logits", "sparse-softmax-cross-entropy"),
        ("backprop", "manual-backpropagation"),
        ("gradeint by hand", "manual-backpropagation"),
        ("transformer", "multi-head-attention"),
        ("residual", "skip-connection-crop-add"),
        ("einsom", "einsum"),
    ],
)
def test_search_knows_misspellings_and_synonyms(words: str, slug: str) -> None:
    assert slug in [listed.slug for listed in find(words, LABS)[:4]]


def test_a_misspelling_is_a_letter_or_two() -> None:
    assert misspelt("stirde", "stride")
    assert misspelt("convoluton", "convolution")
    assert not misspelt("stride", "string")
    assert not misspelt("fc", "fcn")


def test_courses_are_lists_of_labs_and_every_lab_is_in_one() -> None:
    for course in COURSES:
        assert len(set(course.labs)) == len(course.labs)
        assert set(course.labs) <= set(labs())
        assert all(why.endswith(".") for _, why in course.steps)
    assert {slug for course in COURSES for slug in course.labs} == set(labs())


def test_a_lab_of_two_courses_belongs_to_the_one_that_is_followed() -> None:
    first, second = course_of("broadcasting"), course_of("broadcasting", "from-data-to-loss")
    assert first
    assert second
    assert (first.slug, second.slug) == ("attention-and-masks", "from-data-to-loss")
    assert course_of("einsum", "from-data-to-loss") == first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("masked-softmax-attention", "multi-head-attention"),
        ("receptive-field", "convolution-arithmetic"),
        ("optimizer-steps", "rmsprop-update-delta"),
        ("batchnorm-nd", "moments-stop-gradient"),
        ("einsum", "capsule-prediction-einsum"),
        ("rnn-input-windows", "sliding-window-labels"),
    ],
)
def test_labs_that_belong_together_name_each_other(one: str, other: str) -> None:
    assert labs()[other] in related(one)
    assert labs()[one] in related(other)
    assert alike(one, other) == alike(other, one)


def test_every_lab_has_three_others_that_are_related() -> None:
    for slug in labs():
        assert len({other.slug for other in related(slug)} - {slug}) == 3


def test_the_gallery_groups_filters_and_finds() -> None:
    assert shown().count == len(LABS)
    assert [name for name, _ in shown().groups] == families()
    assert {one.family for _, group in shown(family="Attention").groups for one in group} == {"Attention"}
    trained = [one for _, group in shown(marks=["trains"]).groups for one in group]
    assert {one.technique.lane({}) for one in trained} == {"training"}
    assert shown(marks=["trains", "lens"]).nothing  # the lens runs no training
    steps = shown(way="shapes-of-a-cnn").groups[0][1]
    assert tuple(one.slug for one in steps) == COURSES[0].labs
    assert shown("zzzzqqq").nothing


def gallery(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages/explorer.py"), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def test_the_gallery_on_the_page() -> None:
    """The state is a link, hostile parts of it are dropped, a message has its box, and labs are come back to."""
    at = gallery(family="Attention", only="x", course="<script>alert(1)</script>")
    assert not at.exception
    assert [one.value for one in at.header] == ["Attention"]
    assert at.query_params == {"family": "Attention"} or dict(at.query_params) == {"family": ["Attention"]}
    at.text_input(key="search").set_value(ADD).run()
    links = [(link.proto.page, link.proto.query_string) for link in at.get("page_link")]
    assert links[:2] == [("scoreboard", ""), ("broadcasting", "a=7%2C13&b=7%2C12")]
    at.text_input(key="search").set_value("[click](http://evil) **Incompatible shapes: [2] vs. [3]**").run()
    assert "](http" not in " ".join(block.value for block in at.markdown)
    assert not at.exception


def step_script() -> None:
    """What a lab's page says of its course."""
    from pages.kit import trail
    from pages.kit.labs import labs

    trail.show_step(labs()["convolution-arithmetic"])


def test_a_lab_says_which_step_of_its_course_it_is() -> None:
    at = AppTest.from_function(step_script, default_timeout=60).run()
    assert "Step 2 of 10 of **Shapes of a CNN**" in at.markdown[0].value
    assert at.session_state[trail.VISITS] == ["convolution-arithmetic"]

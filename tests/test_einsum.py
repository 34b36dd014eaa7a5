"""Einsum: what is accepted is what TensorFlow accepts; values, loops, other calls, errors, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

import engine
from engine import Rejected, technique
from engine.linear_algebra.einsum_expression import lonely, read, suggestion
from engine.linear_algebra.einsum_loops import pairs
from engine.linear_algebra.einsum_mistakes import handed_over, mistakes, ours, written
from engine.linear_algebra.einsum_sizes import MOST_SIZE, resolve
from engine.worker import compute
from pages.kit.labs import labs
from pages.kit.payload import error_payload
from pages.linear_algebra.einsum import asks
from tests.test_links import prove

pytestmark = pytest.mark.usefixtures("warm_engine")
FEW = settings(max_examples=12)


@st.composite
def calls(draw: st.DrawFn, most: int = 4, right: bool = False) -> tuple[str, str]:
    """An expression and shapes; unless `right`, a rank, a size or the output may be wrong."""
    sizes = {letter: draw(st.integers(1, 3)) for letter in "ijK"}
    dots = draw(st.lists(st.integers(1, 2), max_size=2).map(tuple))
    operands, shapes = [], []
    for _ in range(draw(st.integers(1, most))):
        letters = draw(st.lists(st.sampled_from("ijK"), max_size=3))
        shape = [sizes[letter] for letter in letters]
        if draw(st.integers(0, 2)) == 0:
            at = draw(st.integers(0, len(letters)))
            own = [size if draw(st.booleans()) else 1 for size in dots[draw(st.integers(0, len(dots))) :]]
            letters.insert(at, "...")
            shape[at:at] = own
        if not right and draw(st.integers(0, 9)) == 0:
            shape.append(2)
        operands.append("".join(letters))
        shapes.append(tuple(shape))
    text = ",".join(operands)
    pool = [label for label in ("i", "j", "K", "...") if label in text or (not right and label == "...")]
    output = draw(st.lists(st.sampled_from(pool), unique=right, max_size=3)) if pool else []
    if right and "..." in text and "..." not in output:
        output.append("...")
    arrow = right or draw(st.booleans())
    return f"{text}->{''.join(output)}" if arrow else text, written(tuple(shapes))


def run(expression: str, sizes: str = "auto", **parameters: Any) -> engine.Trace:
    return engine.run("einsum", expression=expression, sizes=sizes, **parameters)


def here(expression: str, sizes: str) -> engine.Trace:
    """The same in this process, which random states need not share with a worker."""
    return compute("einsum", technique("einsum").read({"expression": expression, "sizes": sizes}))


@given(call=calls())
@example(call=(",,ij->...", "(), (), 1x1"))
@example(call=(",ij->...", "(), 1x1"))
@settings(max_examples=25)
def test_what_is_accepted_is_what_tensorflow_accepts(call: tuple[str, str]) -> None:
    expression, sizes = call
    try:
        mine: Any = resolve(read(expression), sizes, None).output
    except Rejected:
        mine = "refused"
    shapes = [tuple(map(int, shape.split("x"))) if shape != "()" else () for shape in sizes.split(", ")]
    try:
        theirs: Any = tuple(tf.einsum(expression, *map(tf.ones, shapes)).shape)
    except (ValueError, tf.errors.InvalidArgumentError):
        theirs = "refused"
    assert mine == theirs


@given(call=calls(most=3, right=True))
@FEW
def test_values_loops_and_other_calls_agree(call: tuple[str, str]) -> None:
    trace = here(*call)
    operands = [trace[name] for name in "ABCD"[: len(trace.facts["shapes"])]]
    np.testing.assert_allclose(trace["Y"], np.einsum(trace.facts["text"], *operands), rtol=1e-5)
    assert trace["Y"].shape == trace.facts["shape"]
    space: dict[str, Any] = {"tf": tf, **dict(zip("ABC", map(tf.constant, operands), strict=False))}
    for name, (text, apart) in trace.facts["ways"].items():
        assert apart < 1e-6, name
        np.testing.assert_allclose(eval(text, dict(space)), trace["Y"], rtol=1e-5, err_msg=text)
    assert trace.facts["loops_off"] is None or trace.facts["loops_off"] < 1e-6
    space["Y"] = np.zeros(trace.facts["shape"])
    program = "\n".join(line.replace("\u00a0", " ") for line in trace.facts["lines"])
    if trace.facts["shape"]:  # a single number has no place to write to
        exec(program, space)
        np.testing.assert_allclose(space["Y"], trace["Y"], rtol=1e-5)


@given(call=calls(most=3, right=True))
@FEW
def test_the_map_of_any_expression_is_the_jacobians_support(call: tuple[str, str]) -> None:
    parameters = technique("einsum").read({"expression": call[0], "sizes": call[1]})
    assert prove("einsum", parameters) > 0


@given(call=calls(right=True))
@FEW
def test_any_expression_can_be_drawn_and_asked_about(call: tuple[str, str]) -> None:
    trace, lab = here(*call), labs()["einsum"].lab
    assert lab.panels(trace)
    assert lab.facts(trace)
    for table in lab.tables[:3]:
        assert all(len(row) == len(table.columns) for row in table.rows(trace))
    for prediction in lab.predictions:
        assert len(set(prediction.answers(trace))) >= 2


@pytest.mark.parametrize(
    ("expression", "sizes", "ways"),
    [
        ("ij,jk->ik", "auto", ["tf.matmul(A, B)", "tf.tensordot(A, B, axes=[[1], [0]])"]),
        ("bqd,bkd->bqk", "auto", ["tf.matmul(A, B, transpose_b=True)"]),
        ("jk,ij->ik", "auto", ["tf.matmul(B, A)"]),
        ("...ij,...jk->...ik", "2x3x4, 2x4x5", ["tf.matmul(A, B)"]),
        ("ij,j->i", "auto", ["tf.linalg.matvec(A, B)"]),
        ("ij,ik->kj", "auto", ["tf.transpose(tf.tensordot(A, B, axes=[[0], [0]]), [1, 0])"]),
        ("ij->", "auto", ["tf.reduce_sum(A, axis=[0, 1])"]),
        ("ij->ji", "auto", ["tf.transpose(A, [1, 0])"]),
        ("bii->b", "auto", ["tf.linalg.trace(A)"]),
        ("ii->i", "auto", ["tf.linalg.diag_part(A)"]),
        ("i,j->ij", "auto", ["A[:, None] * B[None, :]"]),
    ],
)
def test_the_call_that_does_the_same_is_named(expression: str, sizes: str, ways: list[str]) -> None:
    texts = [text for text, _ in here(expression, sizes).facts["ways"].values()]
    assert set(ways) <= set(texts)


def test_axes_of_a_batch_are_folded_where_no_call_takes_them() -> None:
    text, apart = here("ijkl,bil->bijk", "i=2, j=3, k=2, l=4, b=5").facts["ways"]["by_batched"]
    assert "tf.matmul" in text
    assert apart < 1e-6


@pytest.mark.parametrize(
    ("expression", "sizes", "parameter", "says", "remedy"),
    [
        ("ij,jk->iz", "auto", "expression", "z is in no operand: did you mean k?", {"expression": "ij,jk->ik"}),
        ("ij,jk->iK", "auto", "expression", "K is in no operand: did you mean k?", {"expression": "ij,jk->ik"}),
        ("ij,jk->ii", "auto", "expression", "write i once", {"expression": "ij,jk->i"}),
        ("i->ii", "auto", "expression", "tf.linalg.diag", {"expression": "i->i"}),
        ("ij,jk=>ik", "auto", "expression", "write ->", {"expression": "ij,jk->ik"}),
        ("ij.jk->ik", "auto", "expression", "operands are separated by commas", {"expression": "ij,jk->ik"}),
        ("ij,jk->ik->i", "auto", "expression", "leave out the second ->", {"expression": "ij,jk->ik"}),
        ("ij,jk->i,k", "auto", "expression", "write the operands before the arrow", {}),
        ("i1,jk->ik", "auto", "expression", "remove or replace '1'", {}),
        ("ij,jk->é", "auto", "expression", "remove or replace 'é'", {}),
        ("__import__('os')", "auto", "expression", "letters a-z and A-Z", {}),
        ("......i", "auto", "expression", "write ...i", {}),
        ("a,b,c,d,e->a", "auto", "expression", "multiply some of them first", {}),
        ("abcdefg->a", "auto", "expression", "at most 6 axes", {}),
        ("abcd,efgh", "auto", "expression", "an output of 8 axes", {}),
        ("...ij,...jk", "auto", "expression", "tf.einsum never sums it", {"expression": "...ij,...jk->...ik"}),
        ("...i->i", "auto", "expression", "tf.einsum never sums it", {"expression": "...i->...i"}),
        ("...i,...i->...", "5x2x3, 4x3", "sizes", "equal or 1, counted from the right", None),
        ("ij,jk->ik", "3x4, 5x2", "sizes", "j of size 4 in A, axis 1 and 5 in B, axis 0", None),
        ("ij,jk->ik", "3x1, 4x2", "sizes", "tf.einsum never stretches a letter", None),
        ("ii->i", "3x2", "sizes", "i of size 3 in A, axis 0 and 2 in A, axis 1", None),
        ("ij,jk->ik", "3x4x1, 4x2", "sizes", "2 axes, one for each letter of “ij”", None),
        ("...ijk->...", "3x4", "sizes", "at least 3 axes", None),
        ("ij,jk->ik", "3x4", "sizes", "received 1 shape; expected 2", None),
        ("ij,jk->ik", "i=3, j=x", "sizes", "received 'x'", {"sizes": "auto"}),
        ("ij,jk->ik", "ij=3", "sizes", "received 'ij=3'", {"sizes": "auto"}),
        ("ij,jk->ik", "i=2x3", "sizes", "received 'i=2x3'", {"sizes": "auto"}),
        ("ij,jk->ik", "i=0", "sizes", f"sizes from 1 to {MOST_SIZE}", None),
        ("ij,jk->ik", "i=999999999999", "sizes", "such as i=3, j=4", None),
        ("abcd->a", "a=32,b=32,c=32,d=32", "sizes", "A of 1,048,576 cells", None),
        ("ij,kl->ijkl", "i=32,j=32,k=32,l=32", "sizes", "Y of 1,048,576 cells", None),
        ("ij,kl,mn->", "i=32,j=32,k=32,l=32,m=2,n=2", "sizes", "4,194,304 products", None),
        ("...i->...", "1x1x1x1x1x1x1x1x2", "sizes", "A of 9 axes", None),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(
    expression: str, sizes: str, parameter: str, says: str, remedy: dict[str, str] | None
) -> None:
    with pytest.raises(Rejected) as caught:
        run(expression, sizes)
    assert caught.value.parameter == parameter
    assert says in str(caught.value)
    if remedy is not None:
        assert caught.value.remedy == remedy
    if "expression" in caught.value.remedy:  # what the page's button does must not be refused for the same
        read(caught.value.remedy["expression"])


@given(text=st.text(max_size=30), sizes=st.text(max_size=30))
@FEW
def test_whatever_is_typed_is_read_or_refused(text: str, sizes: str) -> None:
    try:
        resolve(read(text), sizes, None)
    except Rejected as refusal:
        assert refusal.expected
        assert refusal.fix
    handed_over(text, sizes, None)  # asked for any text that was refused


def test_a_size_that_disagrees_is_repaired() -> None:
    with pytest.raises(Rejected) as caught:
        run("ij,jk->ik", "3x4, 5x2")
    assert run("ij,jk->ik", **caught.value.remedy).facts["shapes"] == ((3, 4), (4, 2))


def test_sizes_are_written_by_letter_by_operand_or_not_at_all() -> None:
    for sizes in (
        "i=3, j=4, k=2",
        "i=3 j=4 k=2",
        "k = 2; j = 4; i = 3",
        "3x4, 4x2",
        "[3, 4], [4, 2]",
        "auto",
        "AUTO",
    ):
        assert resolve(read("ij,jk->ik"), sizes, None).shapes == ((3, 4), (4, 2)), sizes
    assert resolve(read("ij,jk->ik"), "j=7", 5).shapes == ((5, 7), (7, 5))
    assert resolve(read("i...,->..."), "...=2x3, i=4", None).shapes == ((4, 2, 3), ())
    assert resolve(read("ij"), "i=2, j=2, z=5", None).unused == ("z",)


def test_the_likeliest_letter_is_suggested() -> None:
    assert suggestion("L", read("il,lk->k")) == "l"
    assert suggestion("m", read("in,nk->i")) == "n"
    assert suggestion("z", read("i,i->i")) == ""


def test_a_letter_that_is_alone_is_told() -> None:
    assert lonely(read("ij,lk->ik")) == [("j", "l"), ("l", "j")]
    assert lonely(read("ij,jk->ik")) == []
    notes = run("ij,lk->ik", "3x4, 4x2").notes
    assert "one is misspelt" in notes[0]


def test_the_order_of_pairs_is_tensorflows_own() -> None:
    from tensorflow.python.ops.special_math_ops import _get_opt_einsum_contract_path as path

    class Shaped:
        def __init__(self, shape: tuple[int, ...]) -> None:
            self.shape = shape

    for text, shapes in (
        ("ab,bc,cd,de->ae", ((2, 6), (6, 6), (6, 6), (6, 2))),
        ("i,j,k,l->ijkl", ((2,), (3,), (4,), (5,))),
        ("ij,ij,jk->k", ((3, 4), (3, 4), (4, 2))),
    ):
        theirs = [equation for _, equation in path(text, tuple(map(Shaped, shapes)), "greedy")]
        assert [equation for equation, _ in pairs(text, shapes)] == theirs


def test_operations_are_counted() -> None:
    told = run("ij,jk->ik", "3x4, 4x2").facts
    assert told["flops"] == 3 * 2 * (4 + 3)
    chain = run("ab,bc,cd->ad", "a=2, b=8, c=8, d=2").facts
    assert chain["path_flops"] == sum(count for _, count in chain["pairs"]) < chain["flops"]


@pytest.mark.parametrize("expression", ["ij,jk->ik", "bqd,bkd->bqk", "ab,bc,ca->", "ij->ji", "ij,lk->ik"])
def test_the_gradient_is_the_einsum_that_is_named(expression: str) -> None:
    trace = here(expression, "auto")
    names = "ABCD"[: len(trace.facts["shapes"])]
    for place, (name, text) in enumerate(zip(names, trace.facts["gradients"], strict=True)):
        if not text:  # summed within this operand alone: the same along that axis
            assert lonely(read(expression))
            continue
        others = [trace[other] for at, other in enumerate(names) if at != place]
        found = np.einsum(text, np.ones_like(trace["Y"]), *others)
        np.testing.assert_allclose(trace[f"gradient_{name}"], found, rtol=1e-5)


def test_an_integer_operand_gets_none() -> None:
    whole = tf.constant([[1, 2]])
    with tf.GradientTape() as tape:
        tape.watch(whole)
        y = tf.einsum("ij->i", whole)
    assert tape.gradient(y, whole) is None


def test_each_mistake_ends_as_tensorflow_says() -> None:
    """What this page calls an error is one, and what it calls none is accepted."""
    for expression, sizes in (
        ("ij,jk->ik", "auto"),
        ("...ij,jk->...ik", "2x3x4, 4x2"),
        ("ab,bc,cd,de->ae", "auto"),
    ):
        found = read(expression)
        made = mistakes(found, resolve(found, sizes, None))
        assert len(made) >= 6
        for one in made:
            answer = engine.run("einsum-calls", expression=one.expression, shapes=one.sizes)
            assert answer.facts["tensorflow"].startswith("accepted") == ours(one).startswith("no error"), one


def test_tensorflows_own_words_stand_beside_ours() -> None:
    said = "Output subscripts contain the label z not present in the input subscripts."
    assert said in asks({"expression": "ij,jk->iz"})
    assert "Expected dimension 4 at axis 0" in asks({"expression": "ij,jk->ik", "sizes": "3x4, 5x2"})
    assert asks({"expression": "ij", "sizes": "9999x9999"}) == ""
    with pytest.raises(Rejected) as caught:
        run("ij,jk->iz")
    error = error_payload(labs()["einsum"], caught.value, {"expression": "ij,jk->iz"})
    assert said in error["framework"]
    assert error["remedy"] == {"expression": "ij,jk->ik"}


def test_what_tensorflow_is_asked_is_bounded() -> None:
    for shapes, says in (
        ("1024x1024, 2", "product is at most"),
        ("2x2x2x2x2x2x2x2x2", "at most 8"),
        ("x", "correct"),
    ):
        with pytest.raises(Rejected, match="shapes") as caught:
            engine.run("einsum-calls", expression="i->i", shapes=shapes)
        assert says in str(caught.value)

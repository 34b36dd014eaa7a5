"""A long table for an RNN: golden counts, alignment, memory, pipelines that run, errors, gradients."""

from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import engine
from engine.sequences import rnn_input_windows as technique
from engine.sequences.rnn_input_windows_functions import table_rows
from engine.sequences.rnn_input_windows_sizes import Sizes, lstm_parameters, sizes
from pages.kit.labs import labs
from tests.strategies import parameters_of

NAME = "rnn-input-windows"
run = partial(engine.run, NAME)
listed = labs()[NAME]
pytestmark = pytest.mark.usefixtures("warm_engine")
SETTINGS = settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
SMALL = {"features": 2, "units": 2, "window": 5, "chunk": 4}

# Golden values: the question's own table


def test_golden_counts_memory_and_parameters():
    told = run().facts
    assert told["windows"] == 549951
    bytes_ = told["materialised"]
    golden = [2969735400, 2.9697354, 2.76578162, 59400000]
    assert [bytes_, bytes_ / 1e9, bytes_ / 2**30, told["source"]] == pytest.approx(golden, rel=1e-6)
    assert [run(head="cell").facts["keras_parameters"], run(units=32).facts["keras_parameters"]] == [
        116,
        7680,
    ]
    assert run(dtype="float64").facts["materialised"] == 2 * 2969735400
    assert told["batches"] == 135


# Windows


@SETTINGS
@given(
    rows=st.integers(1, 60), window=st.integers(1, 20), stride=st.integers(1, 7), horizon=st.integers(0, 6)
)
def test_windows_are_counted_as_a_loop_counts_them(rows, window, stride, horizon):
    starts = [i for i in range(0, rows, stride) if i + window + horizon <= rows]
    found = Sizes(rows, 3, window, stride, horizon, 4, 4)
    assert found.windows == len(starts)
    assert found.batches == -(-len(starts) // 4)
    assert found.materialised == len(starts) * window * 3 * 4
    assert [found.label_row(place) for place in range(len(starts))] == [
        s + window - 1 + horizon for s in starts
    ]


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (1, 5), (4, 4), (4, 9)])
def test_one_window_is_piped_whatever_the_stride(window, stride):
    """Keras refuses a stride as long as its data."""
    told = run(mode="tf.data", rows=100, window=window, stride=stride, shown=1, batch_size=1).facts
    assert told["piped_off"] == told["piped_labels_off"] == 0


@SETTINGS
@given(data=st.data())
def test_any_state_cuts_the_rows_it_says(data):
    trace = run(**data.draw(parameters_of(listed.technique, small=True, base={"window": 4, "chunk": 3})))
    p, told = trace.parameters, trace.facts
    first, table = told["first_row"], trace["table"]
    whole = table_rows(first, len(table), p["features"], p["scale"], p["seed"]).astype(p["dtype"])
    np.testing.assert_array_equal(table, whole)
    if "windows" in trace.tensors:
        for place in range(told["count"]):
            start = place * p["stride"]
            np.testing.assert_array_equal(
                trace["windows"][place], table[start : start + p["window"], : p["features"]]
            )
            label = start + p["window"] - 1 + p["horizon"]
            assert trace["labels"][place] == table[label, p["features"]]
            assert trace["used"][place].nonzero()[0].max() == max(label, start + p["window"] - 1)
            assert trace["used"][place][label] == 2
        assert told["view_off"] == 0 and told["shares"]
        assert told.get("piped_off", 0) == told.get("piped_labels_off", 0) == 0
    else:
        count, chunk, features = trace["pieces"].shape
        np.testing.assert_array_equal(
            trace["pieces"].reshape(-1, features), table[: count * chunk, :features]
        )
        np.testing.assert_array_equal(trace["labels"], table[p["horizon"] :, features][: count * chunk])


def test_a_row_is_the_same_wherever_it_is_seen_from():
    whole = table_rows(0, 300, 5, 2.0, 3)
    np.testing.assert_array_equal(table_rows(120, 50, 5, 2.0, 3), whole[120:170])
    assert np.isfinite(table_rows(549_000, 1000, 64, 100.0, 9999)).all()
    assert np.abs(np.diff(whole[:, 0])).max() > 0.1  # noise, not only waves


def test_the_last_window_ends_with_the_last_row():
    trace = run(first=549_999, shown=2)
    assert trace.tensors["table"].origin[0] + len(trace["table"]) == 550_000
    assert trace.tensors["windows"].origin[0] + len(trace["windows"]) == 549_951


def test_the_pipeline_really_hands_out_batches():
    trace = run(**SMALL, mode="tf.data", shown=7, batch_size=3, horizon=2, stride=2)
    assert trace["batch_sizes"].tolist() == [3, 3, 1]
    assert trace.facts["piped_labels_off"] == 0


def test_keras_own_cells_walk_to_the_same_states():
    import keras

    for cell in ("SimpleRNN", "LSTM", "GRU"):
        parameters = listed.technique.read({**SMALL, "cell": cell})
        given_ = {
            k: v.value() if hasattr(v, "value") else v for k, v in technique.arguments(**parameters).items()
        }
        found = {k: np.asarray(v) for k, v in technique.rnn_input_windows(**given_).items()}
        layer = getattr(keras.layers, cell)(2)
        layer.build((1, 5, 2))
        kernel, recurrent, bias, dense = given_["weights"]
        bias = np.stack([bias, np.zeros_like(bias)]) if cell == "GRU" else bias
        layer.set_weights([kernel, recurrent, bias])
        np.testing.assert_allclose(np.asarray(layer(found["windows"])), found["last"], atol=1e-6)
        np.testing.assert_allclose(found["last"] @ dense, found["prediction"], atol=1e-6)


# Chunks


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_chunks_are_one_pass_until_they_are_reset(cell):
    state = {**SMALL, "mode": "stateful", "cell": cell}
    kept, reset = run(**state), run(**state, reset=True)
    assert kept.facts["one_pass_off"] == 0 < reset.facts["one_pass_off"]
    assert kept["reached"].tolist() == reset["reached"].tolist() == [0, 0, 1]
    assert not kept["gradient"][:2].any() and kept["gradient"][2].any()
    one = run(**{**state, "mode": "one sequence"})
    assert one["reached"].all() and one["gradient"].any(axis=(1, 2)).all()
    np.testing.assert_array_equal(one["states"], kept["states"])


def test_streams_and_what_fills_no_chunk():
    told = run(mode="stateful", rows=1000, streams=3, chunk=50).facts
    assert (told["stream"], told["calls"], told["dropped"]) == (333, 6, 1000 - 3 * 6 * 50)
    assert run(mode="stateful").facts["calls"] == 11_000


def test_gradients_are_the_slopes_of_the_prediction():
    parameters = listed.technique.read({**SMALL, "shown": 2})
    given_ = {
        k: v.value() if hasattr(v, "value") else v for k, v in technique.arguments(**parameters).items()
    }
    gradient = np.asarray(technique.rnn_input_windows(**given_)["gradient"])
    for row, feature in [(0, 0), (3, 1), (4, 0)]:
        step = np.zeros_like(given_["table"])
        step[row, feature] = 1e-2
        ends = [
            float(
                np.asarray(
                    technique.rnn_input_windows(**{**given_, "table": given_["table"] + sign * step})[
                        "prediction"
                    ]
                ).sum()
            )
            for sign in (1, -1)
        ]
        expected = sum(gradient[i, row - i, feature] for i in range(2) if 0 <= row - i < 5)
        assert (ends[0] - ends[1]) / 2e-2 == pytest.approx(expected, abs=1e-3)


# Errors


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"rows": 100, "window": 120}, "at most 100 rows.*Keras would hand out an empty dataset"),
        ({"rows": 100, "window": 101}, "window: received 101; expected at most 100 rows"),
        ({"rows": 100, "window": 90, "horizon": 11}, "at most 89 rows: 100 less the horizon of 11"),
        ({"handed": "rank 2"}, r"\[550000, 27\]: a table has two axes.*expected ndim=3, found ndim=2"),
        ({"mode": "stateful", "streams": 2, "built_streams": 4}, "a batch of 2; expected batches of 4.*must be the same"),
        ({"mode": "stateful", "chunk": 60, "built_chunk": 50}, r"\[1, 60, 27\]; expected \[1, 50, 27\]: nothing is divided"),
        ({"mode": "stateful", "rows": 100, "streams": 4, "chunk": 26}, "at most 25 rows: a stream has no more"),
        ({"mode": "materialise", "dtype": "float64"}, "5.94 GB of windows, 50 times the table; expected at most 4 GB"),
        ({"mode": "materialise", "memory": 1}, "expected at most 1 GB; fix: look at the same rows through a view"),
        ({"window": 0}, "a whole number from 1 to 500"),
        ({"rows": 10**9}, "a whole number from 100 to 550000"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do_and_the_remedy_works(state, says):
    with pytest.raises(engine.Rejected, match=says) as refusal:
        run(**state)
    run(**{**state, **refusal.value.remedy})


def test_the_longest_window_that_fits_is_taken():
    trace = run(**{**SMALL, "rows": 100, "window": 100})
    assert trace.facts["windows"] == 1 and trace["windows"].shape == (1, 100, 2)


def test_a_target_that_a_cell_cannot_reach_is_warned_of():
    assert "stays between −1 and 1" in run(head="cell").notes[0]
    assert not run(head="cell", scale=0.1).notes
    assert not run().notes


def test_nothing_of_the_real_size_is_made():
    found = listed.technique
    for mode in ("view", "tf.data", "one sequence", "stateful"):
        assert found.cost(found.read({"mode": mode, "dtype": "float64"})).memory < 2**25
    assert run().nbytes < 2**20


# What is said


def test_predictions_follow_the_state():
    count, handed, size, parameters = listed.lab.predictions
    assert count.answers(run())[:2] == ["549,951", "549,950"]
    assert size.answers(run())[0] == "2.97 GB"
    assert handed.answers(run())[0] == "[4096, 50, 27]"
    assert handed.answers(run(mode="stateful", streams=8))[0] == "[8, 50, 27]"
    assert parameters.answers(run(units=32))[0] == f"{7680 + 33:,}"
    assert lstm_parameters("GRU", 27, 32) == 3 * 32 * (27 + 32 + 2)


def test_the_formula_of_every_cell_is_keras_count():
    for cell in ("SimpleRNN", "LSTM", "GRU"):
        for units in (1, 5):
            told = run(**{**SMALL, "cell": cell, "units": units, "features": 3}).facts
            assert told["cell_parameters"] == told["keras_parameters"]
    assert sizes(listed.technique.read({})).label_row(0) == 49

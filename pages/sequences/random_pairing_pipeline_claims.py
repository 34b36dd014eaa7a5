"""What people say about drawing pairs in a pipeline, each with a measurement made now."""

from __future__ import annotations

from typing import Any

import engine
from pages.kit.declare import Claim, Measured, Run

FEW: dict[str, Any] = {"epochs": 6}  # a pass starts an iterator: six are enough to tell
MANY: dict[str, Any] = {"epochs": 30, "items": 50, "method": "stateless"}


def _calls() -> dict[str, Any]:
    return dict(engine.run("pairing-calls").facts)


def word(frozen: bool) -> str:
    """What every epoch does."""
    return "every epoch the same" if frozen else "varies"


def _frozen(run: Run, **settings: Any) -> bool:
    return bool(run(**FEW, **settings).facts["frozen"])


def _one_based(run: Run) -> Measured:
    said = _calls()["one_based"]
    trace = run(items=2, targets=10, lists="0 1 / 8 9", **FEW)
    value = (
        f"counted from 0, indices 0 to {max(map(max, trace.facts['lists']))} of 10 y work; index 10: {said}"
    )
    return Measured(value, "wrong" if "not in [0, 10)" in said else "holds")


def _copies(run: Run) -> Measured:
    known, calls = run(method="copies").facts, _calls()
    stored = known["storage"]
    ten, hundred = (f"{1e3 * seconds:.0f} ms" for seconds in calls["seconds"])
    value = (
        f"5 copies show {known['different_epochs']} different epochs of 30 and {known['coverage'] * 100:.0f} % of the pairs; stored "
        f"pairs of a million x take {stored['copies'] / stored['lists']:.1f} times the lists' bytes already; reading 10 and 100 "
        f"concatenated data sets took {ten} and {hundred}"
    )
    return Measured(value, "depends" if known["different_epochs"] == 5 else "wrong")


def _converges(run: Run) -> Measured:
    known = run(method="copies", copies=1, epochs=30).facts
    value = f"opinion; what can be measured: 30 epochs of it show {known['coverage'] * 100:.0f} % of the pairs asked for"
    return Measured(value, "depends" if known["frozen"] else "wrong")


def _map(run: Run) -> Measured:
    free, seeded = (_frozen(run, method="uniform", global_seed=on) for on in (False, True))
    keras = _calls()["frozen"]["keras.utils.set_random_seed"]
    value = (
        f"no seed: {word(free)}; tf.random.set_seed: {word(seeded)}; keras.utils.set_random_seed: {word(keras)}; a seed in "
        f"the operation: {word(_frozen(run, method='op seed'))}"
    )
    return Measured(value, "depends" if seeded and keras and not free else "wrong" if free else "holds")


def _remedies(run: Run) -> Measured:
    ways = ("generator", "stateless", "rerandomize")
    frozen = [_frozen(run, method=way, global_seed=True) for way in ways]
    value = "; ".join(f"{way}: {word(one)}" for way, one in zip(ways, frozen, strict=True))
    return Measured(value, "wrong" if any(frozen) else "holds")


def _repeat(run: Run) -> Measured:
    seeded = {"method": "uniform", "global_seed": True}
    ways = ("loop", "repeat after", "repeat before")
    frozen = [_frozen(run, **seeded, passes=way) for way in ways]
    value = "; ".join(f"{way}: {word(one)}" for way, one in zip(ways, frozen, strict=True))
    return Measured(value, "wrong" if frozen == [True, False, False] else "holds")


def _parallel(_: Run) -> Measured:
    again = _calls()["repeatable"]
    told = {
        name: "the same in every run" if same else "other numbers in a second run"
        for name, same in again.items()
    }
    value = f"a seeded Generator: {told['stateful']}; stateless_uniform: {told['stateless']}"
    return Measured(value, "wrong" if again == {"stateful": False, "stateless": True} else "depends")


def _numpy(run: Run) -> Measured:
    trace = run(method="numpy", **FEW)
    places = sorted(set(trace["places"].ravel().tolist()))
    value = f"{trace['places'].size} draws, all at place {', '.join(map(str, places))}"
    return Measured(value, "wrong" if len(places) == 1 else "holds")


def _cache(run: Run) -> Measured:
    after = _frozen(run, method="cache")
    return Measured(f".cache() after map: {word(after)}", "wrong" if after else "holds")


def _shuffle(_: Run) -> Measured:
    frozen = _calls()["frozen"]["shuffle, seeded"]
    return Measured(f"order of the passes: {word(frozen)}", "wrong" if frozen else "holds")


def _thirty(run: Run) -> Measured:
    known = run(**MANY).facts
    value = (
        f"{known['coverage'] * 100:.1f} % of {known['pairs']} pairs seen after 30 epochs, {known['expected'][-1] * 100:.2f} % expected; all ten "
        f"of one x take {known['expected_epochs']:.2f} epochs on average"
    )
    near = abs(known["coverage"] - known["expected"][-1]) < 0.05
    return Measured(value, "wrong" if near and known["coverage"] < 1 else "holds")


def _cyclic(run: Run) -> Measured:
    after = run(method="cyclic").facts["all_seen_after"]
    return Measured(f"all pairs seen after {after} epochs", "holds" if after == 10 else "wrong")


def _storage(run: Run) -> Measured:
    stored = run(method="copies", copies=1, epochs=30).facts["storage"]
    value = f"the lists {stored['lists'] / 1e6:,.0f} MB, thirty epochs drawn beforehand {stored['every_epoch'] / 1e6:,.0f} MB"
    return Measured(value, "wrong" if stored["lists"] < stored["every_epoch"] else "holds")


def _empty(_: Run) -> Measured:
    said = _calls()["empty"]
    return Measured(f"TensorFlow answers: {said}", "wrong" if "minval < maxval" in said else "holds")


CLAIMS = (
    Claim("list_vectors[i] are the candidates of x i, i from 1 to N (elsewhere: list_vectors[i − 1]).",
          "indices counted from 0 and from 1", "wrong", _one_based),
    Claim("Build N static data sets, each with another draw, concatenate and save them.",
          "5 copies for 30 epochs, storage, and the time to read concatenated data sets", "depends", _copies),
    Claim("Pairs that do not change from epoch to epoch converge faster.",
          "opinion, against the requirement; the pairs that such a run sees", "depends", _converges),
    Claim("A random draw inside map changes in every epoch.",
          "six passes without a seed, with a global seed, with Keras' seed and with a seed of its own", "depends", _map),
    Claim("A captured Generator, an epoch number or rerandomize_each_iteration varies even with a global seed.",
          "six passes each, after tf.random.set_seed", "holds", _remedies),
    Claim("With a global seed it makes no difference how the epochs are made.",
          "a pass for each epoch, .repeat() after map, .repeat() before map", "wrong", _repeat),
    Claim("With a seed and deterministic=True, num_parallel_calls gives the same draws in every run.",
          "500 draws by eight parallel calls, up to twenty times", "wrong", _parallel),
    Claim("np.random inside map draws for every element.", "six passes over ten x", "wrong", _numpy),
    Claim(".cache() at the end of the pipeline only makes it faster.", "six passes without any seed", "wrong", _cache),
    Claim("Dataset.shuffle shuffles anew in every epoch, even with a seed.", "four passes", "holds", _shuffle),
    Claim("After thirty epochs every x has met its ten candidates.",
          "50 x, stateless draws, beside 1 − (1 − 1/10)³⁰", "wrong", _thirty),
    Claim("Going round the list covers all ten candidates in exactly ten epochs.", "method cyclic", "holds", _cyclic),
    Claim("For new pairs in every epoch all of them have to be stored.", "bytes for a million x", "wrong", _storage),
    Claim("An x without candidates is skipped.", "a draw from a list of length 0", "wrong", _empty),
)  # fmt: skip

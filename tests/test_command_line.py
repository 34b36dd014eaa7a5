"""`python -m engine`: list, run, code; one line and exit 2 for what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.pool import ROOT


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_run_prints_the_trace_as_json() -> None:
    done = call(
        "run", "receptive-field", "--set", "kernel=4", "--set", "size=9", "--set", "padding=SAME", "--json"
    )
    told = json.loads(done.stdout)
    assert told["technique"] == "receptive-field"
    assert told["parameters"]["kernel"] == [4, 4]
    assert told["tensors"]["y"] == {
        "shape": [1, 9, 9, 8],
        "dtype": "float32",
        "axes": ["batch", "height", "width", "channel"],
    }
    assert told["facts"]["output_shape"] == [1, 9, 9, 8]
    assert told["steps"][0]["operation"] == "conv2d"
    assert told["device"]
    assert told["seconds"] > 0


def test_list_names_techniques_and_parameters() -> None:
    told = {one["technique"]: one for one in json.loads(call("list", "--json").stdout)}
    assert {"receptive-field", "masked-softmax-attention", "moments-stop-gradient"} <= set(told)
    assert {"name", "default", "expected", "about", "kind"} <= set(told["receptive-field"]["parameters"][0])


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "receptive-field", "--set", "kernel=abc"),
        ("run", "receptive-field", "--set", "kernal=3"),
        ("run", "receptive-field", "--set", "size=1000000"),
        ("run", "nothing-such"),
        ("code", "receptive-field", "--set", "padding=causal"),
        ("run", "receptive-field", "--set", "kernel"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert "received" in lines[-1]
    assert "fix" in lines[-1]
    assert len(lines) == 1 or arguments[-1] == "kernel"  # argparse adds its usage line


def test_code_prints_a_program() -> None:
    program = call("code", "receptive-field", "--set", "kernel=3").stdout
    compile(program, "shown", "exec")
    assert "def receptive_field(" in program
    assert "import tensorflow as tf" in program

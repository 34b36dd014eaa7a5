"""Runs what the code tab shows as people do who paste it: in a process that knows nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

RUNNER = """
import contextlib, io, json, sys
import numpy as np
say = sys.stdout
for line in sys.stdin:
    source, target = json.loads(line)
    answers = {}
    for number, program in enumerate(json.load(open(source))):
        space = {"__name__": "pasted"}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(program, "pasted", "exec"), space)
        for name, value in space["results"].items():
            if np.asarray(value).dtype != object:
                answers[f"{number}/{name}"] = np.asarray(value)
    np.savez(target, **answers)
    print("done", file=say, flush=True)
"""

Answer = dict[str, np.ndarray[Any, Any]]


class Pasted:
    """A process for pasted programs, each in a namespace of its own. One that ends with an error begins anew."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def run(self, programs: list[str], folder: Path) -> list[Answer]:
        """What each program leaves in `results`; fails with what the process said."""
        (folder / "programs.json").write_text(json.dumps(programs))
        files = [str(folder / "programs.json"), str(folder / "answers.npz")]
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(files), file=process.stdin, flush=True)
        if process.stdout.readline() != "done\n":
            raise AssertionError(self._last_words())
        return _read(folder / "answers.npz", len(programs))

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None:
            self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
            pipe = subprocess.PIPE
            command = [sys.executable, "-I", "-c", RUNNER]
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True)
        return self.process

    def _last_words(self) -> str:
        self.end()
        self.errors.seek(0)
        return self.errors.read()[-3000:]

    def end(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.communicate()
            self.process = None


def _read(file: Path, programs: int) -> list[Answer]:
    answers: list[Answer] = [{} for _ in range(programs)]
    with np.load(file) as stored:
        for key in stored.files:
            number, _, name = key.partition("/")
            answers[int(number)][name] = stored[key]
    return answers

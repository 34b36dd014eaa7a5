"""The door's command line: `python -m engine list | run | lens | code`, for scripts and notebooks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import engine
from engine.code import code


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"received {text!r}; expected name=value; fix: write e.g. kernel=4")
    return name.strip(), value.strip()


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every technique with its parameters")
    running = commands.add_parser("run", help="run a technique and print what happened")
    asking = commands.add_parser("lens", help="the gradient of one number with respect to every input")
    asking.add_argument("--of", default="", help="the result that is asked about; the technique's own choice")
    asking.add_argument(
        "--at", default="", help="an index such as 0,3,2, or sum, or squares; the middle cell"
    )
    showing = commands.add_parser("code", help="print the program that computes it")
    for command in (running, asking, showing):
        command.add_argument("technique")
        command.add_argument("--set", action="append", default=[], type=_setting, metavar="NAME=VALUE")
    for command in (listing, running, asking):
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def _list(as_json: bool) -> None:
    found = engine.techniques().values()
    if as_json:
        print(json.dumps([_described(technique) for technique in found]))
        return
    for technique in found:
        print(f"{technique.name}  ({technique.family})\n  {technique.about}")
        for parameter in technique.parameters:
            default = "auto" if parameter.default is None else parameter.text(parameter.default) or "none"
            print(f"    {parameter.name}={default}  {parameter.about or parameter.expected}")


def _described(technique: engine.Technique) -> dict[str, object]:
    parameters = [
        {
            "name": p.name,
            "default": engine.to_plain(p.default),
            "expected": p.expected,
            "about": p.about,
            "kind": type(p).__name__.lower(),
        }
        for p in technique.parameters
    ]
    return {
        "technique": technique.name,
        "family": technique.family,
        "about": technique.about,
        "parameters": parameters,
    }


def _run(name: str, parameters: dict[str, object], as_json: bool) -> None:
    trace = engine.run(name, **parameters)
    if as_json:
        print(json.dumps(trace.to_json()))
        return
    for step in trace.steps:
        print(
            f"{' + '.join(step.reads)} → {step.operation} {step.settings} → {step.writes}".replace("  ", " ")
        )
        for line in step.formula:
            print(f"    {line}")
    for key, tensor in trace.tensors.items():
        print(f"{key} {tensor.dtype}[{', '.join(map(str, tensor.shape))}] ({', '.join(tensor.axes)})")
    for key, value in engine.to_plain(trace.facts).items():
        print(f"{key} = {value}")
    for note in trace.notes:
        print(f"note: {note}")
    print(f"{trace.device}, {trace.framework}, {trace.seconds * 1e3:.1f} ms")


def _lens(name: str, of: str, at: str, parameters: dict[str, object], as_json: bool) -> None:
    trace = engine.lens(name, lens=of, lens_at=at, **parameters)
    if as_json:
        print(json.dumps(trace.to_json()))
        return
    print(f"{trace.facts['number']} = {trace.facts['value']}")
    for row in trace.facts["inputs"]:
        largest = f", largest slope {row['largest']:.6g}" if "largest" in row else ""
        apart = f", {row['difference']:.2g} from finite differences" if "difference" in row else ""
        why = "; ".join(filter(None, (row["why"], row.get("apart", ""))))
        print(f"{row['name']} {row['dtype']}{row['shape']}: {row['status']}{largest}{apart} {why}".rstrip())
    print(f"{trace.device}, {trace.framework}, {trace.seconds * 1e3:.1f} ms")


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line; a refused parameter or failed computation is one line and exit 2."""
    arguments = _arguments(given)
    try:
        if arguments.command == "list":
            _list(arguments.json)
        elif arguments.command == "run":
            _run(arguments.technique, dict(arguments.set), arguments.json)
        elif arguments.command == "lens":
            asked = (arguments.of, arguments.at)
            _lens(arguments.technique, *asked, dict(arguments.set), arguments.json)
        else:
            print(code(arguments.technique, **dict(arguments.set)))
    except engine.EngineError as e:
        print(" ".join(str(e).split()), file=sys.stderr)
        return 2
    finally:
        engine.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

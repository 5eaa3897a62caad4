#!/usr/bin/env python3
"""Validates event logs of libinterim, and the schema itself.

    event_log_validate.py SCHEMA check LOG...      each line fits the schema, and the lines to each other
    event_log_validate.py SCHEMA kinds LOG         prints the kinds of events in LOG, one a line
    event_log_validate.py SCHEMA mutants LOG...    each line, damaged in many ways, is rejected
    event_log_validate.py SCHEMA examples DOC      prints the lines of the ```json blocks of DOC
    event_log_validate.py SCHEMA documented DOC    each member and kind of event has its row in DOC

Exit: 0 it is so, 1 it is not, 77 python3-jsonschema is missing or too old.
"""

import json
import re
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("python3-jsonschema with JSON Schema 2020-12 is not installed", file=sys.stderr)
    sys.exit(77)

HEADER = "http.response.header."


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a member is there twice")
    return dict(pairs)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse(line):
    return json.loads(line, object_pairs_hook=no_duplicates, parse_constant=no_constant)


def read(path):
    """Yields (place, raw line, object or None, problem)."""
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            place = f"{path}:{number}"
            if not raw.endswith(b"\n"):
                yield place, raw, None, "the line has no end"
                continue
            try:
                yield place, raw, parse(raw.decode("ascii")), None
            except ValueError as error:
                yield place, raw, None, str(error)


class Order:
    """What one line alone cannot show: each operation counts its events, and ends once."""

    def __init__(self):
        self.last = {}

    def problem(self, line):
        key = (line["process.pid"], line["interim.operation"])
        before = self.last.get(key)
        self.last[key] = line
        if before is None or before["interim.event"] == "end":
            return None if line["interim.sequence"] == 1 else "the operation does not begin with 1"
        if line["interim.sequence"] != before["interim.sequence"] + 1:
            return "an event is missing or doubled"
        for name in ("interim.monotonic_ns", "interim.elapsed_ms"):
            if line[name] < before[name]:
                return f"{name} goes back"
        return None

    def unfinished(self):
        return [key for key, line in self.last.items() if line["interim.event"] != "end"]


def check(validator, paths):
    lines = failures = 0
    for path in paths:
        order = Order()
        for place, _, line, problem in read(path):
            lines += 1
            if problem is None:
                errors = sorted(validator.iter_errors(line), key=str)
                problem = errors[0].message if errors else order.problem(line)
            if problem is not None:
                failures += 1
                print(f"{place}: {problem}")
        for pid, operation in order.unfinished():
            failures += 1
            print(f"{path}: operation {operation} of process {pid} has no end")
    if lines == 0:
        failures += 1
        print("there is no line to check")
    print(f"{lines} lines, {failures} problems")
    return failures == 0


def wrong_values(value):
    """Values of the wrong type or range for a member that holds value."""
    wrong = [None, {}, True]
    if isinstance(value, list):
        return wrong + ["x", [], [5], value + [None], ["x"] * 33, ["v" * 1026]]
    if isinstance(value, str):
        return wrong + [5, [value], ""]
    return wrong + [str(value), -1e9 if value >= 0 else 1, 0.5]


def is_lenient(name, value):
    """Wrong values that are right for this member."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if name == "interim.percent":
        return 0 <= value <= 100
    return name in ("interim.error.os_error", "interim.error.tls_error") and value == int(value)


def mutants(schema, line):
    """Yields (what was done, damaged copy)."""
    kind = line["interim.event"]

    def changed(**members):
        return {**line, **{name.replace("__", "."): value for name, value in members.items()}}

    for name in schema["required"]:
        damaged = dict(line)
        del damaged[name]
        yield f"without {name}", damaged
    for name, value in line.items():
        for wrong in wrong_values(value):
            if not is_lenient(name, wrong):
                yield f"{name} = {wrong!r:.40}", {**line, name: wrong}
    for name in ("unknown", "interim.unknown", "interim.hop.index", HEADER, HEADER + "Upper",
                 HEADER + "a b", HEADER + "n" * 129, "x" + HEADER + "a"):
        yield f"with {name}", {**line, name: ["x"]}
    for time in ("2026-11-22T10:38:00Z", "2026-11-22T10:38:00.123456789+00:00",
                 "2026-13-22T10:38:00.123456789Z", "2026-11-22 10:38:00.123456789Z"):
        yield f"time = {time}", changed(time=time)
    for url in ("http://u:p@h/", "ftp://h/", "/a", "http://h/#f"):
        yield f"url.full = {url}", changed(url__full=url)
    yield "port 0", changed(server__port=0)
    yield "port 65536", changed(server__port=65536)
    yield "another kind", changed(interim__event="other")
    yield "another hop", changed(interim__hop="connect")
    yield "percent 101", changed(interim__percent=101)
    unix = changed(network__transport="unix", network__peer__address="/a", network__peer__port=1)
    yield "socket with port", unix
    yield "peer without port", {k: v for k, v in unix.items()
                                if k not in ("network.peer.port", "network.transport")}
    yield "transport alone", {k: v for k, v in unix.items() if "peer" not in k}
    yield "reason without status", {k: v for k, v in changed(interim__reason="OK").items()
                                    if k != "http.response.status_code"}
    yield "error text alone", {k: v for k, v in changed(interim__error__text="x").items()
                               if k != "interim.error.code"}
    yield "error code alone", {k: v for k, v in changed(interim__error__code=-1).items()
                               if k != "error.type"}
    yield from mutants_of_kind(kind, line, changed)


def mutants_of_kind(kind, line, changed):
    def without(name):
        return {k: v for k, v in line.items() if k != name}

    message = kind in ("interim", "response", "poll")
    if message:
        yield "without status", without("http.response.status_code")
        status = 200 if kind == "interim" else 199
        yield f"status {status}", changed(http__response__status_code=status)
    else:
        yield "with a field", {**line, HEADER + "a": ["x"]}
        yield "with fields left out", changed(interim__fields_left_out=1)
    if kind in ("connected", "sent", "interim", "response"):
        yield "without peer", {k: v for k, v in line.items() if "peer" not in k}
    if kind in ("start", "connected", "sent"):
        yield "with status", changed(http__response__status_code=200)
    if kind in ("waiting", "retry"):
        yield "without wait_ms", without("interim.wait_ms")
    else:
        yield "with wait_ms", changed(interim__wait_ms=1)
    if kind == "end":
        yield "without outcome", without("interim.outcome")
        yield "pending", changed(interim__outcome="pending")
    else:
        yield "with outcome", changed(interim__outcome="done")
    if kind not in ("retry", "end"):
        yield "with error", changed(error__type="404")
    yield "status and code as error", changed(error__type="404", interim__error__code=-1,
                                              interim__error__stage="head")


def check_mutants(schema, validator, paths):
    tried = accepted = 0
    kinds = set()
    for path in paths:
        for place, _, line, problem in read(path):
            if problem is not None or not validator.is_valid(line):
                print(f"{place}: the line itself is not valid")
                return False
            kinds.add(line["interim.event"])
            for what, damaged in mutants(schema, line):
                tried += 1
                if validator.is_valid(damaged):
                    accepted += 1
                    print(f"{place}: accepted {what}")
    print(f"{tried} damaged lines of {len(kinds)} kinds, {accepted} accepted")
    return tried > 0 and accepted == 0


def kinds(path):
    for _, _, line, _ in read(path):
        if line is not None:
            print(line["interim.event"])
    return True


def examples(path):
    with open(path, encoding="utf-8") as file:
        for block in re.findall(r"^```json\n(.*?)^```$", file.read(), re.M | re.S):
            print(block, end="")
    return True


def documented(schema, path):
    with open(path, encoding="utf-8") as file:
        rows = set(re.findall(r"^\| `([^`]+)` \|", file.read(), re.M))
    names = set(schema["properties"]) | {HEADER + "<name>"}
    names |= set(schema["properties"]["interim.event"]["enum"])
    for name in sorted(names - rows):
        print(f"{path}: {name} has no row")
    for name in sorted(rows - names):
        print(f"{path}: {name} is not in the schema")
    print(f"{len(rows)} rows")
    return rows == names


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 1
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    commands = {
        "check": lambda: check(validator, sys.argv[3:]),
        "kinds": lambda: kinds(sys.argv[3]),
        "mutants": lambda: check_mutants(schema, validator, sys.argv[3:]),
        "examples": lambda: examples(sys.argv[3]),
        "documented": lambda: documented(schema, sys.argv[3]),
    }
    return 0 if commands[sys.argv[2]]() else 1


sys.exit(main())

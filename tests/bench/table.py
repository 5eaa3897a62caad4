#!/usr/bin/env python3
"""Makes the table of goals from the log of a `make bench`.

    table.py BENCH.LOG              prints it
    table.py BENCH.LOG FILE.md      puts it between the two marks in that file

Ratios are medians of the ratios taken round by round: CPU time of the client, by that of the floor.
"""
import re
import shlex
import statistics
import sys

OURS = "interim"
OTHERS = ("neon", "serf", "soup")
BEGIN = "<!-- the table: make bench, then tests/bench/table.py bench.log docs/performance.md -->"
END = "<!-- the table ends -->"

# What is measured, in which workload, against which floor, and the goal.
RATIOS = [
    ("small GET, keep-alive, one at a time", "small", "raw", 1.20),
    ("small GET, 100 connections", "small-c100", "epoll", 1.30),
    ("a new connection each, one at a time", "fresh", "raw", 1.10),
    ("a new connection each, 100 at once", "fresh-c100", "epoll", 1.15),
    ("10 × 102 then 201, callback on", "interim-10", "raw", 1.25),
    ("1000 × 102 then 201, callback on", "interim-1000", "raw", 2.3),
    ("10 × 102 on 100 connections", "interim-10-c100", "epoll", 1.35),
    ("202 and 3 polls", "job", "raw", 1.25),
    ("202 and 3 polls, 100 at once", "job-c100", "epoll", 1.35),
    ("1 GiB plain", "big", "raw", 1.05),
    ("256 MiB in chunks of 16 KiB", "chunked-16k", "raw", 1.08),
    ("256 MiB in chunks of 100 bytes", "chunked-100", "raw", 1.6),
    ("gzip, 256 MiB", "gzip", "raw-ssl", 1.03),
    ("TLS, 512 MiB", "tls-big", "raw-ssl", 1.04),
    ("TLS, small GET", "tls-small", "raw-ssl", 1.15),
    ("TLS, small GET, 100 connections", "tls-small-c100", "epoll-ssl", 1.2),
    ("TLS, full handshakes", "tls-full", "raw-ssl", 1.05),
    ("TLS, resumed handshakes", "tls-resumed", "raw-ssl", 1.05),
    ("10,000 operations with a 102 a second: CPU", "slow-10k", "epoll", 1.4),
]


class Log:
    """The lines of a log: a kind (or none), then name=value pairs."""

    def __init__(self, path):
        self.runs = {}  # (workload, label): {round: line}
        self.fails = {}  # (workload, label): what it said
        self.lines = {}  # kind: lines
        with open(path, encoding="utf-8", errors="replace") as file:
            for text in file:
                self.take(text)

    def take(self, text):
        words = shlex.split(text)
        line = dict(word.split("=", 1) for word in words if "=" in word)
        if not words:
            return
        if "=" not in words[0]:
            self.lines.setdefault(words[0], []).append(line)
        elif "fails" in line:
            self.fails[line["workload"], line["label"]] = line["fails"]
        else:
            runs = self.runs.setdefault((line["workload"], line["label"]), {})
            runs[int(line["round"])] = line

    def figure(self, lines, name, **where):
        for line in self.lines.get(lines, ()):
            if all(line.get(key) == value for key, value in where.items()):
                return float(line[name])
        return None

    def ratio(self, workload, label, floor):
        ours, theirs = (self.runs.get((workload, name), {}) for name in (label, floor))
        both = [cpu(ours[i]) / cpu(theirs[i]) for i in ours if i in theirs and cpu(theirs[i]) > 0]
        return statistics.median(both) if both else None

    def median(self, workload, label, name):
        runs = self.runs.get((workload, label))
        return statistics.median(float(line[name]) for line in runs.values()) if runs else None

    def instructions(self, workload, label):
        return self.figure("instructions", "per_op", workload=workload, label=label)

    def each_interim(self, label):
        many, none = (self.instructions(name, label) for name in ("interim-1000", "small"))
        return None if many is None or none is None else (many - none) / 1000


def cpu(line):
    return (float(line["user_s"]) + float(line["sys_s"])) / float(line["requests"])


def per(value, by):
    return None if value is None or not by else value / by


def best(values):
    """The least of a dictionary, as (value, its name)."""
    there = [(value, name) for name, value in values.items() if value is not None]
    return min(there) if there else (None, "")


def curl_of(of):
    """libcurl's figure: that of its better interface."""
    return best({label: of(label) for label in ("curl", "curlm")})[0]


def by_client(title, goal, of, form):
    """A row of a figure that every client has: OF gives it for a label."""
    other, name = best({label: of(label) for label in OTHERS})
    return title, goal, of(OURS), curl_of(of), (other, name), form


def rows(log):
    two, whole, bytes_, mib = "{:.2f}", "{:,.0f}", "{:,.0f} B", "{:,.0f} MiB"
    for title, workload, floor, goal in RATIOS:
        yield by_client(title, goal, lambda l: log.ratio(workload, l, floor), two)
    yield by_client("instructions: small GET", 5000, lambda l: log.instructions("small", l), whole)
    yield by_client("instructions: each 102", 450, log.each_interim, whole)
    yield by_client(
        "10,000 operations with a 102 a second: memory of each",
        1536,
        lambda l: log.median("slow-10k", l, "rss_bytes_per_op"),
        bytes_,
    )
    yield ("100,000 operations at once: memory", 200,
           per(log.median("at-once-100k", OURS, "rss_bytes_per_op"), 1048576 / 100000), None, (None, ""), mib)
    yield "1,000,000 jobs that wait: memory", 1024, log.figure("waiting", "rss_mib", jobs="1000000"), None, (None, ""), mib
    yield ("the same: a poll is late by at most", 1000,
           log.figure("polls", "late_max_ms", jobs="1000000"), None, (None, ""), "{:,.0f} ms")
    yield ("shared object, stripped", 160,
           per(log.figure("size", "bytes", label=OURS), 1024), per(log.figure("size", "bytes", label="curl"), 1024),
           best({name: per(log.figure("size", "bytes", label=name), 1024) for name in OTHERS}), "{:,.0f} KiB")
    yield by_client(
        "one-request program: CPU, by raw with OpenSSL and zlib",
        1.1,
        lambda l: per(log.figure("start", "cpu_ms", label=l), log.figure("start", "cpu_ms", label="raw-ssl")),
        two,
    )
    for title, case in (("an event in the log: a 102", "102"), ("the same with three fields", "102-fields")):
        yield title, 3.0, log.figure("log", "median_us", case=case), None, (None, ""), "{:.1f} µs"
    yield ("a status document of 1 KiB", 20, log.figure("document", "median_us", kind="steps"),
           None, (None, ""), "{:.1f} µs")


def show(value, form):
    return "-" if value is None else form.format(value)


def table(log):
    yield "| | goal | ours | | libcurl | best other |"
    yield "|---|--:|--:|---|--:|--:|"
    for title, goal, ours, curl, (other, name), form in rows(log):
        met = "" if ours is None else "met" if ours <= goal else "**missed**"
        other = show(other, form) + (" " + name if name else "")
        yield f"| {title} | ≤ {form.format(goal)} | {show(ours, form)} | {met} | {show(curl, form)} | {other} |"


def heading(log):
    machine = (log.lines.get("machine") or [{}])[0]
    rounds = max((len(runs) for runs in log.runs.values()), default=0)
    versions = {label: list(runs.values())[0]["version"] for (_, label), runs in sorted(log.runs.items())}
    peers = [re.match(r"[^: ]*(?: [0-9][^: ]*)?", versions[name])[0] for name in ("curl", *OTHERS) if name in versions]
    yield (f"{machine.get('date', '')}: {machine.get('cpu', 'an unknown machine')}, {machine.get('cpus', '?')} "
           f"processors, Linux {machine.get('kernel', '?')}, {machine.get('compiler', '')}; load {machine.get('load', '?')} "
           f"before the start; {rounds} rounds, counts at {machine.get('scale', '?')} %; {', '.join(peers)}.")
    yield ""


def main():
    log = Log(sys.argv[1])
    text = "\n".join([*heading(log), *table(log)]) + "\n"
    if len(sys.argv) < 3:
        print(text, end="")
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        whole = file.read()
    parts = re.split(f"({re.escape(BEGIN)}\n).*?({re.escape(END)})", whole, flags=re.S)
    if len(parts) != 4:
        sys.exit(f"{sys.argv[2]} has not the two marks once")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(parts[0] + parts[1] + text + parts[2] + parts[3])


main()

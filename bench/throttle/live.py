"""Live migrations of built-in guests between two processes of this machine, for the measurements beside this file."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "bench" / "out" / "throttle"
MULTIFD = os.environ.get("MULTIFD", str(ROOT / ".build" / "release" / "multifd"))


def migrate(name, guest, *options, again=False):
    """The source's report of a migration, kept in bench/out: made only if it is not there yet, or `again`."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    if path.exists() and not again:
        return json.loads(path.read_text())
    with tempfile.TemporaryDirectory() as directory:
        socket = f"unix:{directory}/socket"
        destination = subprocess.Popen(
            [MULTIFD, "receive", socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{directory}/socket"):
            time.sleep(0.01)
        source = subprocess.run(
            [MULTIFD, "send", guest, socket, "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        destination.wait()
    report = json.loads(source.stdout)
    path.write_text(json.dumps(report, indent=1))
    return report


def simulate(*options):
    """The report of a simulated migration."""
    run = subprocess.run([MULTIFD, "simulate", "--json", *options], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def final_throttle(report):
    """In force when the migration ended: what was released then, in %."""
    decisions = report["throttle-decisions"]
    released = [d for d in decisions if d["trigger"] == "release"]
    return released[-1]["from"] if released else 0


def work_lost(report):
    """Guest time that the throttle took away, in ms: the integral of the throttle."""
    lost, since, throttle = 0.0, 0.0, 0
    for decision in report["throttle-decisions"]:
        lost += (decision["time"] - since) * throttle / 100
        since, throttle = decision["time"], decision["to"]
    return lost


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def write_section(name, text):
    """Replaces what is between the markers of a section in RESULTS.md."""
    path = ROOT / "bench" / "RESULTS.md"
    before, rest = path.read_text().split(f"<!-- {name}:begin -->")
    after = rest.split(f"<!-- {name}:end -->")[1]
    path.write_text(f"{before}<!-- {name}:begin -->\n{text}\n<!-- {name}:end -->{after}")

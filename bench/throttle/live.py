"""Live migrations of built-in guests between two processes of this machine, for the measurements beside this file."""

import hashlib
import json
import os
import platform
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "bench" / "out" / "throttle"
MULTIFD = os.environ.get("MULTIFD", str(ROOT / ".build" / "release" / "multifd"))


# Of the reports that were used, made now or kept, and from which builds.
used = []


def migrate(name, guest, *options, again=False):
    """The source's report of a migration, kept in bench/out with how it was made: made only if it is not there yet, was
    made with other options, or `again`."""
    OUT.mkdir(parents=True, exist_ok=True)
    path, making = OUT / f"{name}.json", OUT / f"{name}.run"
    made = json.loads(making.read_text()) if making.exists() else {}
    if path.exists() and made.get("arguments") == [guest, *options] and not again:
        used.append(made)
        return json.loads(path.read_text())
    with tempfile.TemporaryDirectory() as directory:
        socket = f"unix:{directory}/socket"
        destination = subprocess.Popen(
            [MULTIFD, "receive", socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{directory}/socket"):
            if destination.poll() is not None:
                raise SystemExit(f"multifd receive ended with {destination.returncode} instead of listening")
            time.sleep(0.01)
        source = subprocess.run(
            [MULTIFD, "send", guest, socket, "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        destination.wait()
    report = json.loads(source.stdout)
    path.write_text(json.dumps(report, indent=1))
    used.append({"arguments": [guest, *options], "build": build(), "date": date.today().isoformat()})
    making.write_text(json.dumps(used[-1]))
    return report


def build():
    """What is being measured."""
    return hashlib.sha256(Path(MULTIFD).read_bytes()).hexdigest()[:12]


def machine():
    processor = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {processor}, Linux {platform.release()}"


def provenance():
    """Under a table of live runs: when, where, and whether one build made them all."""
    dates = sorted({run["date"] for run in used})
    builds = len({run["build"] for run in used})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"{when}, {machine()}" + (f"; runs of {builds} builds" if builds > 1 else "") + "."


def simulated():
    """Under a table of simulations, which are the same on every machine."""
    return f"{date.today().isoformat()}, {machine()}; simulated, so that any machine gives the same."


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

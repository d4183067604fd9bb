#!/usr/bin/env python3
"""Live runs beside their simulations: each run's report is given to `multifd simulate --fit`, and total time and final
throttle are compared. Of some, a run without throttle is fitted as well, and asked what the throttle would have done.
Writes bench/RESULTS.md.
"""

import argparse

from live import OUT, final_throttle, migrate, provenance, simulate, table, work_lost, write_section

# Guest, link and policy. RAM small enough that all of them together take minutes.
RUNS = [
    ("stress,working-set=40MiB,rate=200MB/s", "60MB/s", ["--policy", "dynamic"]),
    ("stress,working-set=40MiB,rate=200MB/s", "60MB/s", ["--policy", "predictive"]),
    ("stress,working-set=40MiB,rate=200MB/s", "60MB/s", ["--policy", "geometric"]),
    ("stress,working-set=80MiB,rate=100MB/s", "50MB/s", ["--policy", "dynamic"]),
    ("stress,working-set=80MiB,rate=100MB/s", "50MB/s", ["--policy", "tailslow"]),
    ("stress,working-set=80MiB,rate=400MB/s", "100MB/s", ["--policy", "predictive"]),
    ("stress,working-set=20MiB,rate=30MB/s", "40MB/s", ["--policy", "dynamic"]),
    ("random,working-set=60MiB,rate=150MB/s", "60MB/s", ["--policy", "dynamic"]),
    ("random,working-set=60MiB,rate=150MB/s", "60MB/s", ["--policy", "predictive"]),
    ("random,working-set=100MiB,rate=80MB/s", "80MB/s", ["--policy", "tailslow-fixed"]),
    ("stress,working-set=60MiB,rate=300MB/s", "100MB/s", ["--policy", "dynamic", "--cpu-throttle-increment", "20"]),
    ("stress,working-set=60MiB,rate=220MB/s", "100MB/s", ["--policy", "legacy-2013"]),
    ("stress,working-set=100MiB,rate=60MB/s", "20MB/s", [
        "--policy", "dynamic", "--cpu-periodic-throttle-interval", "1", "--cpu-responsive-throttle"]),
]

# Rows of which a run without throttle is fitted, too, and asked what the row's throttle would have done.
WHAT_IF = [1, 5, 8, 11]


def compare(run, fitted, report, simulated):
    """A row of the table: a live run's report, and what the simulator made of the one that was fitted."""
    guest, limit, policy = run
    live, model = report["total-time"], simulated["total-time"]
    throttles = final_throttle(report), simulated["cpu-throttle-percentage"]
    increment = report["parameters"]["cpu-throttle-increment"]
    holds = abs(model / live - 1) <= 0.15 and abs(throttles[0] - throttles[1]) <= increment
    name = " ".join(policy[1:]).replace("--cpu-", "")
    return [
        guest.replace(",", " "), limit, name, fitted, f"{live / 1000:.1f}", f"{model / 1000:.1f}",
        f"{100 * (model / live - 1):+.0f} %", throttles[0], throttles[1], f"{work_lost(report) / 1000:.1f}",
        f"{simulated['work-lost'] / 1000:.1f}", "yes" if holds else "no"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", nargs="*", type=int, metavar="ROW", choices=range(1, len(RUNS) + 1),
                        help="make live runs again in place of those kept in bench/out: all, or those of some rows")
    parser.add_argument("--only", nargs="*", type=int, metavar="ROW", choices=range(1, len(RUNS) + 1),
                        help="print these rows, and write nothing")
    options = parser.parse_args()
    rows = []
    for number, run in enumerate(RUNS, 1):
        if options.only and number not in options.only:
            continue
        guest, limit, policy = run
        again = options.again is not None and (not options.again or number in options.again)

        def live(name, *throttle):
            return migrate(
                name, f"workload:{guest},ram=512MiB,vcpus=2", "--max-bandwidth", limit, "--downtime-limit", "300",
                *throttle, again=again)

        name = f"validate-{number}"
        report = live(name, "--auto-converge", "--timeout", "180", *policy)
        rows.append(compare(run, "itself", report, simulate("--fit", str(OUT / f"{name}.json"))))
        if number in WHAT_IF:
            live(f"{name}-off", "--timeout", "20")
            simulated = simulate(
                "--fit", str(OUT / f"{name}-off.json"), "--auto-converge", "--timeout", "180", *policy)
            rows.append(compare(run, "no throttle", report, simulated))
    text = table(
        ["guest", "limit", "policy", "fitted", "live s", "simulated s", "off by", "final % live", "simulated",
         "work lost s live", "simulated", "holds"], rows) + "\n\n" + provenance()
    print(text)
    if not options.only:
        write_section("throttle-validation", text)


if __name__ == "__main__":
    main()

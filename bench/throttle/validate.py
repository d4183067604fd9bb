#!/usr/bin/env python3
"""Live runs beside their simulations: each run's report is given to `multifd simulate --fit`, and total time and final
throttle are compared. Writes bench/RESULTS.md.
"""

import argparse

from live import OUT, final_throttle, migrate, provenance, simulate, table, work_lost, write_section

# Guest, link and policy. RAM small enough that twelve of them take five minutes.
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
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", nargs="*", type=int, metavar="ROW", choices=range(1, len(RUNS) + 1),
                        help="make live runs again in place of those kept in bench/out: all, or those of some rows")
    again = parser.parse_args().again
    rows = []
    for number, (guest, limit, policy) in enumerate(RUNS, 1):
        report = migrate(
            f"validate-{number}", f"workload:{guest},ram=512MiB,vcpus=2", "--max-bandwidth", limit, "--downtime-limit",
            "300", "--auto-converge", "--timeout", "180", *policy,
            again=again is not None and (not again or number in again))
        simulated = simulate("--fit", str(OUT / f"validate-{number}.json"))
        live, model = report["total-time"], simulated["total-time"]
        throttles = final_throttle(report), simulated["cpu-throttle-percentage"]
        increment = report["parameters"]["cpu-throttle-increment"]
        holds = abs(model / live - 1) <= 0.15 and abs(throttles[0] - throttles[1]) <= increment
        rows.append([
            guest.replace(",", " "), limit, policy[1], f"{live / 1000:.1f}", f"{model / 1000:.1f}",
            f"{100 * (model / live - 1):+.0f} %", throttles[0], throttles[1], f"{work_lost(report) / 1000:.1f}",
            f"{simulated['work-lost'] / 1000:.1f}", "yes" if holds else "no"])
    text = table(
        ["guest", "limit", "policy", "live s", "simulated s", "off by", "final % live", "simulated", "work lost s live",
         "simulated", "holds"], rows) + "\n\n" + provenance()
    print(text)
    write_section("throttle-validation", text)


if __name__ == "__main__":
    main()

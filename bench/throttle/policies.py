#!/usr/bin/env python3
"""Compares predictive with the best published policy of each of 207 simulated scenarios: 200 drawn at random and those
with published results. Writes bench/RESULTS.md.

    bench/throttle/policies.py
"""

import json
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor

from live import MULTIFD, simulated, table, write_section

PUBLISHED = ["rhel-30", "rhel-50", "rhel-60", "rhel-100", "2024-3000", "2024-5000", "2013"]
SCENARIOS = {name: ["--published", name] for name in PUBLISHED}
SCENARIOS |= {f"random {seed}": ["--random", str(seed)] for seed in range(1, 201)}


def compare(options):
    run = subprocess.run(
        [MULTIFD, "simulate", "--all-policies", "--json", *options], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def main():
    with ThreadPoolExecutor(2) as pool:
        comparisons = dict(zip(SCENARIOS, pool.map(compare, SCENARIOS.values())))
    work, time, unfinished, too_long, rows = [], [], [], [], []
    for name, comparison in comparisons.items():
        ours = comparison["predictive"]
        if not ours["completes"]:
            if "least-work-lost" in comparison:
                unfinished.append(name)
            continue
        if ours["downtime"] > comparison["downtime-limit"]:
            too_long.append(name)
        if "total-time-ratio" in comparison:
            time.append(comparison["total-time-ratio"])
        # There is none where nobody throttles.
        if "work-lost-ratio" not in comparison:
            continue
        ratio, least = comparison["work-lost-ratio"], comparison["least-work-lost"]
        work.append(ratio)
        if ratio > 1.1:
            rows.append([name, f"{ratio:.2f}", ours["work-lost"], least["work-lost"], least["throttle-policy"],
                         ours["total-time"], least["total-time"]])
    text = table(
        ["", "goal", "measured"],
        [
            ["work lost, median", "≤ 0.7", f"{statistics.median(work):.2f}"],
            ["work lost, more than 1.1 times", "none", f"{len(rows)} of {len(work)}"],
            ["total time, median", "≤ 1.0", f"{statistics.median(time):.2f}"],
            ["total time, longest", "", f"{max(time):.2f}"],
            ["scenarios that a published policy finishes and ours does not", "none", len(unfinished)],
            ["downtime above the limit", "none", len(too_long)],
        ])
    text += "\n\nThe scenarios in which predictive loses more than 1.1 times the least:\n\n" + table(
        ["scenario", "ratio", "ours ms", "least ms", "whose", "our total ms", "its total ms"], rows)
    text += "\n\n" + simulated()
    print(text)
    write_section("throttle-policies", text)


if __name__ == "__main__":
    main()

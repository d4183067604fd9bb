#!/usr/bin/env python3
"""Compares predictive with the best published policy of each of 207 simulated scenarios: 200 drawn at random and those
with published results. Writes bench/RESULTS.md.

    bench/throttle/policies.py
"""

import json
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor

from live import MULTIFD, table, write_section
from published import scenario_2013, scenario_2024


def rhel(megabytes):
    return ["--ram", "2GiB", "--vcpus", "1", "--working-set", f"{megabytes}MiB", "--rate", "500MB/s", "--zero-share",
            "0.52", "--bandwidth", "125MB/s", "--max-bandwidth", "100MB/s", "--downtime-limit", "500", "--timeout", "600"]


def compare(options):
    run = subprocess.run(
        [MULTIFD, "simulate", "--all-policies", "--json", *options], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


SCENARIOS = {f"RHEL {megabytes} MB": rhel(megabytes) for megabytes in (30, 50, 60, 100)}
SCENARIOS |= {
    f"2024, {megabytes} MB": [o for o in scenario_2024(megabytes, 1e9) if o != "--auto-converge"]
    for megabytes in (3000, 5000)}
SCENARIOS |= {"2013": scenario_2013(300e6)}
SCENARIOS |= {f"random {seed}": ["--random", str(seed)] for seed in range(1, 201)}


def main():
    with ThreadPoolExecutor(2) as pool:
        comparisons = dict(zip(SCENARIOS, pool.map(compare, SCENARIOS.values())))
    work, time, unfinished, too_long, rows = [], [], [], [], []
    for name, comparison in comparisons.items():
        ours = comparison["predictive"]
        finished = [outcome for outcome in comparison["published"] if outcome["completes"]]
        if not ours["completes"]:
            if finished:
                unfinished.append(name)
            continue
        if ours["downtime"] > comparison["downtime-limit"]:
            too_long.append(name)
        if not finished:
            continue
        least = min(finished, key=lambda outcome: (outcome["work-lost"], outcome["total-time"]))
        time.append(ours["total-time"] / min(outcome["total-time"] for outcome in finished))
        if ours["work-lost"] > 0 or least["work-lost"] > 0:
            # A millisecond more for both, so that there is a ratio where one is 0.
            ratio = (ours["work-lost"] + 1) / (least["work-lost"] + 1)
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
            ["scenarios that a published policy finishes and ours does not", "none", len(unfinished)],
            ["downtime above the limit", "none", len(too_long)],
        ])
    text += "\n\nThe scenarios in which predictive loses more than 1.1 times the least:\n\n" + table(
        ["scenario", "ratio", "ours ms", "least ms", "whose", "our total ms", "its total ms"], rows)
    print(text)
    write_section("throttle-policies", text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares predictive with the best published policy of each of 607 simulated scenarios: those with published results,
200 drawn at random, and 400 more that were not looked at when its constants were chosen. Writes bench/RESULTS.md.

    bench/throttle/policies.py
"""

import json
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor

from live import MULTIFD, simulated, table, write_section

PUBLISHED = ["rhel-30", "rhel-50", "rhel-60", "rhel-100", "2024-3000", "2024-5000", "2013"]
SETS = {
    "published and seeds 1 to 200": {
        **{name: ["--published", name] for name in PUBLISHED},
        **{f"random {seed}": ["--random", str(seed)] for seed in range(1, 201)},
    },
    "seeds 1001 to 1400": {f"random {seed}": ["--random", str(seed)] for seed in range(1001, 1401)},
}


def compare(options):
    run = subprocess.run(
        [MULTIFD, "simulate", "--all-policies", "--json", *options], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def judge(scenarios):
    """What the goals come to in a set of scenarios, and the scenarios in which more work is lost than they allow."""
    with ThreadPoolExecutor(2) as pool:
        comparisons = dict(zip(scenarios, pool.map(compare, scenarios.values())))
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
    return [f"{statistics.median(work):.2f}", f"{len(rows)} of {len(work)}", f"{statistics.median(time):.2f}",
            f"{max(time):.2f}", len(unfinished), len(too_long)], rows


def main():
    judged = {name: judge(scenarios) for name, scenarios in SETS.items()}
    goals = [
        ["work lost, median", "≤ 0.7"], ["work lost, more than 1.1 times", "none"], ["total time, median", "≤ 1.0"],
        ["total time, longest", ""], ["scenarios that a published policy finishes and ours does not", "none"],
        ["downtime above the limit", "none"]]
    text = table(
        ["", "goal", *judged],
        [[*goal, *(figures[index] for figures, _ in judged.values())] for index, goal in enumerate(goals)])
    text += "\n\nWhere predictive loses more than 1.1 times the least, of the first set:\n\n" + table(
        ["scenario", "ratio", "ours ms", "least ms", "whose", "our total ms", "its total ms"],
        next(iter(judged.values()))[1])
    text += "\n\n" + simulated()
    print(text)
    write_section("throttle-policies", text)


if __name__ == "__main__":
    main()

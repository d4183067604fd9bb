#!/usr/bin/env python3
"""Compares predictive with the best published policy of each of 1207 simulated scenarios: those with published results,
200 drawn at random, and 1000 more that were not looked at when it was made. Writes bench/RESULTS.md.

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
    "seeds 5001 to 6000": {f"random {seed}": ["--random", str(seed)] for seed in range(5001, 6001)},
}

# Which published policy is the best of a scenario, of those that complete.
ORDERS = {"fastest": ("total-time", "work-lost"), "least lost": ("work-lost", "total-time")}


def compare(options):
    run = subprocess.run(
        [MULTIFD, "simulate", "--all-policies", "--json", *options], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def work_ratio(ours, best):
    """None where nobody throttles. A millisecond is added to both, so that there is a ratio where one loses nothing."""
    if ours["work-lost"] or best["work-lost"]:
        return (ours["work-lost"] + 1) / (best["work-lost"] + 1)


def judge(scenarios):
    """What the goals come to in a set of scenarios, and the scenarios in which more work is lost than they allow."""
    with ThreadPoolExecutor(2) as pool:
        comparisons = dict(zip(scenarios, pool.map(compare, scenarios.values())))
    work, time = {order: [] for order in ORDERS}, {order: [] for order in ORDERS}
    unfinished, too_long, rows, hopeless = 0, 0, [], []
    for name, comparison in comparisons.items():
        ours = comparison["predictive"]
        published = [outcome for outcome in comparison["published"] if outcome["completes"]]
        if not ours["completes"]:
            unfinished += bool(published)
            if not published:
                hopeless.append(ours["work-lost"] / ours["total-time"])
            continue
        too_long += ours["downtime"] > comparison["downtime-limit"]
        for order, keys in ORDERS.items() if published else ():
            best = min(published, key=lambda outcome: [outcome[key] for key in keys])
            time[order].append(ours["total-time"] / best["total-time"])
            ratio = work_ratio(ours, best)
            if ratio is not None:
                work[order].append(ratio)
            if ratio is not None and ratio > 1.1:
                rows.append([name, order, f"{ratio:.2f}", ours["work-lost"], best["work-lost"], best["throttle-policy"],
                             ours["total-time"], best["total-time"]])
    figures = []
    for order in ORDERS:
        above = sum(ratio > 1.1 for ratio in work[order])
        figures += [f"{statistics.median(work[order]):.2f}", f"{above} of {len(work[order])}",
                    f"{statistics.median(time[order]):.3f}", f"{max(time[order]):.2f}"]
    share = f"{100 * statistics.median(hopeless):.1f} % ({len(hopeless)} scenarios)" if hopeless else "no such scenario"
    return [*figures, unfinished, too_long, share], rows


def main():
    judged = {name: judge(scenarios) for name, scenarios in SETS.items()}
    goals = [
        ["beside the fastest: work lost, median", "≤ 0.7"], ["work lost, more than 1.1 times", "none"],
        ["total time, median", "≤ 1.0"], ["total time, longest", ""],
        ["beside the one that loses the least: work lost, median", "≤ 0.7"], ["work lost, more than 1.1 times", "none"],
        ["total time, median", "≤ 1.0"], ["total time, longest", ""],
        ["scenarios that a published policy finishes and ours does not", "none"], ["downtime above the limit", "none"],
        ["work lost where no policy finishes, median share of the time", ""]]
    text = table(
        ["", "goal", *judged],
        [[*goal, *(figures[index] for figures, _ in judged.values())] for index, goal in enumerate(goals)])
    # Of so many scenarios, those beside the least loss would be a long list.
    (_, rows), (_, more) = judged.values()
    text += "\n\nWhere predictive loses more than 1.1 times as much, of the second set beside the fastest only:\n\n" + table(
        ["scenario", "beside the", "ratio", "ours ms", "its ms", "which is", "our total ms", "its total ms"],
        rows + [row for row in more if row[1] == "fastest"])
    text += "\n\n" + simulated()
    print(text)
    write_section("throttle-policies", text)


if __name__ == "__main__":
    main()

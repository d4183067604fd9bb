#!/usr/bin/env python3
"""Plots throttle and guest speed over time for three cases, each under dynamic and under predictive: two of the live runs
that published.py makes and a simulated one.

    pip install -r bench/requirements.txt && bench/throttle/plot_throttle.py      writes bench/pictures/throttle.svg
"""

import json

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from live import OUT, ROOT
from published import POLICIES_2024, published

COLOURS = {"dynamic": "tab:red", "predictive": "tab:blue"}


def throttle(report):
    """The throttle's steps, in s and %."""
    times, values = [0], [0]
    for decision in report["throttle-decisions"]:
        times.append(decision["time"] / 1000)
        values.append(decision["to"])
    return times + [report["total-time"] / 1000], values + [values[-1]]


def speed(report):
    """How fast the guest ran in each iteration, as it was measured, in s and %."""
    times, values, now = [], [], report["setup-time"] / 1000
    for iteration in report["iterations"]:
        seconds = iteration["duration"] / 1000
        if "guest-speed" in iteration:
            times += [now, now + seconds]
            values += [iteration["guest-speed"]] * 2
        now += seconds
    return times, values


def live(name):
    path = OUT / f"{name}.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run bench/throttle/published.py rhel first")
    return json.loads(path.read_text())


def cases():
    return [
        ("RHEL, 60 MB (live)", {"dynamic": live("rhel-60-dynamic-20-10"), "predictive": live("rhel-60-predictive")}),
        ("RHEL, 100 MB (live)", {"dynamic": live("rhel-100-dynamic-20-10"), "predictive": live("rhel-100-predictive")}),
        ("2024, 3000 MB (simulated)", {
            policy: published("2024-3000", "--auto-converge", *POLICIES_2024[options])
            for policy, options in [("dynamic", "dynamic"), ("predictive", "predictive (ours)")]}),
    ]


def draw(above, below, title, reports):
    above.set_title(title)
    for policy, report in reports.items():
        above.step(*throttle(report), where="post", color=COLOURS[policy], label=policy)
        if "setup-time" in report:
            below.plot(*speed(report), color=COLOURS[policy])
        else:
            times, values = throttle(report)
            below.step(times, [100 - value for value in values], where="post", color=COLOURS[policy])
        for axis in (above, below):
            axis.axvline(report["total-time"] / 1000, color=COLOURS[policy], linewidth=0.8, linestyle=":")
    below.set_xlabel("s")


def main():
    shown = cases()
    figure, axes = plt.subplots(2, len(shown), figsize=(12, 5), sharex="col", sharey=True)
    for column, (title, reports) in enumerate(shown):
        draw(axes[0][column], axes[1][column], title, reports)
    axes[0][0].set_ylabel("throttle, %")
    axes[1][0].set_ylabel("guest speed, %")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(ROOT / "bench" / "pictures" / "throttle.svg")


if __name__ == "__main__":
    main()

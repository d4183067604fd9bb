#!/usr/bin/env python3
"""The published results of the field's throttles, made again: RHEL bug 1289285 live, those of 2024 and 2013 simulated.

    bench/throttle/published.py            all three tables, into bench/RESULTS.md
    bench/throttle/published.py --again    with new live runs in place of those kept in bench/out
    bench/throttle/published.py rhel --again 50-dynamic predictive    only of those whose name has one of these in it
"""

import sys

from live import final_throttle, migrate, simulate, table, work_lost, write_section

AGAIN = "--again" in sys.argv
CHOSEN = [argument for argument in sys.argv[1:] if argument not in ("--again", "rhel", "2024", "2013")]

# 2015: S MB, auto-converge, initial, increment; final throttle, total ms, MB/s, downtime ms.
RHEL = [
    (30, None, None, 11822, 905),
    (30, (20, 10), 0, 10697, 776),
    (50, None, None, 51665, 505),
    (50, (20, 10), 40, 17419, 395),
    (60, None, None, None, None),
    (60, (20, 10), 80, 34539, 382),
    (60, (30, 5), 60, 36549, 398),
    (100, None, None, None, None),
    (100, (20, 10), 90, 39724, 568),
]


def guest(megabytes, rate="400MB/s"):
    pace = f",rate={rate}" if rate else ""
    return f"workload:stress,ram=2GiB,vcpus=2,writers=1,working-set={megabytes}MiB{pace}"


LINK = ["--max-bandwidth", "100MB/s", "--downtime-limit", "500", "--timeout", "120"]


def seconds(milliseconds):
    return "never" if milliseconds is None else f"{milliseconds / 1000:.1f}"


def ours(report):
    done = report["status"] == "completed"
    ram = report["ram"]
    return [
        f"{final_throttle(report)} %" if report["throttle-decisions"] else "",
        seconds(report["total-time"] if done else None),
        report.get("downtime", "") if done else "",
        f"{ram['transferred'] / 1e6:.0f}",
        f"{ram['dirty-sync-count']} / {ram['iteration-count']}",
        f"{work_lost(report) / 1000:.1f}",
    ]


def rhel():
    def run(name, megabytes, *options):
        again = AGAIN and (not CHOSEN or any(part in name for part in CHOSEN))
        return migrate(name, guest(megabytes), *LINK, *options, again=again)

    rows = []
    for megabytes, steps, throttle, total, downtime in RHEL:
        options = []
        if steps:
            options += ["--auto-converge", "--policy", "dynamic", "--cpu-throttle-initial", str(steps[0])]
            options += ["--cpu-throttle-increment", str(steps[1])]
        name = f"rhel-{megabytes}-{'off' if not steps else f'dynamic-{steps[0]}-{steps[1]}'}"
        report = run(name, megabytes, *options)
        published = ["" if throttle is None else f"{throttle} %", seconds(total), "" if downtime is None else downtime]
        rows.append([megabytes, f"dynamic {steps[0]}/{steps[1]}" if steps else "off", *published, *ours(report)])
    for megabytes in (30, 50, 60, 100):
        report = run(f"rhel-{megabytes}-predictive", megabytes, "--auto-converge", "--policy", "predictive")
        rows.append([megabytes, "predictive", "", "", "", *ours(report)])
    header = [
        "MB", "policy", "published: final", "s", "downtime ms", "ours: final", "s", "downtime ms", "MB sent",
        "syncs / iterations", "work lost s"]
    return table(header, rows)


PUBLISHED_2024 = {
    3000: {"dynamic": 399.0, "+ periodic": 274.7, "+ periodic + responsive": 227.4},
    5000: {"dynamic": 592.3, "+ periodic": 274.8, "+ periodic + responsive": 242.8},
}
POLICIES_2024 = {
    "dynamic": ["--policy", "dynamic", "--no-cpu-periodic-throttle"],
    "+ periodic": ["--policy", "dynamic"],
    "+ periodic + responsive": ["--policy", "dynamic", "--cpu-responsive-throttle"],
    "predictive (ours)": ["--policy", "predictive"],
}


def scenario_2024(megabytes, rate):
    # Why the working set is the tool's size and not 16 times it, and where the zero share comes from, is said where the
    # simulator's tests have the same scenario: Scenario+Published.swift.
    return [
        "--ram", "100GiB", "--vcpus", "16", "--working-set", str((megabytes << 20) // 16), "--rate",
        f"{int(rate / 16)}", "--zero-share", "0.861", "--bandwidth", "1.59Gbit/s", "--downtime-limit", "500",
        "--timeout", "3600", "--auto-converge"]


def fit(total, goal, low=20e6, high=20e9):
    """The write rate for which a simulation takes a given time; the time grows with the rate."""
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if total(middle) < goal else (low, middle)
    return high


def follow_up_2024():
    rows = []
    for megabytes, published in PUBLISHED_2024.items():
        def total(rate):
            return simulate(*scenario_2024(megabytes, rate), *POLICIES_2024["dynamic"])["total-time"] / 1000
        rate = fit(total, published["dynamic"])
        for policy, options in POLICIES_2024.items():
            report = simulate(*scenario_2024(megabytes, rate), *options)
            seconds = report["total-time"] / 1000
            known = published.get(policy)
            rows.append([
                megabytes, policy, f"{known:.0f}" if known else "", f"{seconds:.0f}",
                f"{100 * (seconds / known - 1):+.0f} %" if known else "", report["highest-cpu-throttle-percentage"],
                report["downtime"], report["iteration-count"], f"{report['work-lost'] / 1000:.0f}"])
        rows[-len(POLICIES_2024)][1] += f" (fitted: {rate / 1e6:.0f} MB/s)"
    return table(
        ["MB", "policy", "published s", "simulated s", "off by", "max %", "downtime ms", "iterations", "work lost s"],
        rows)


def scenario_2013(rate):
    ram, working_set = 256 << 30, 2_214_000_000
    return [
        "--ram", str(ram), "--vcpus", "20", "--working-set", str(working_set // 20), "--rate", f"{int(rate / 20)}",
        "--pattern", "random", "--zero-share", f"{64_946_416 * 4096 / (ram - working_set):.4f}", "--bandwidth",
        "285MB/s", "--downtime-limit", "4000", "--timeout", "1487"]


def proposal_2013():
    on = ["--auto-converge", "--policy", "legacy-2013"]
    def total(rate):
        return simulate(*scenario_2013(rate), *on)["total-time"] / 1000
    rate = fit(total, 241.2, low=100e6, high=2e9)
    rows = []
    for name, options, published in [
        ("off", [], "never (1487)"), ("legacy-2013", on, "241.2"), ("dynamic", ["--auto-converge", "--policy", "dynamic"], ""),
        ("predictive (ours)", ["--auto-converge", "--policy", "predictive"], ""),
    ]:
        report = simulate(*scenario_2013(rate), *options)
        done = report["status"] == "completed"
        rows.append([
            name, published, f"{report['total-time'] / 1000:.1f}" if done else "never (1487)",
            report["highest-cpu-throttle-percentage"], report["downtime"] if done else "", report["iteration-count"],
            f"{report['transferred'] / 1e9:.1f}", f"{report['work-lost'] / 1000:.0f}"])
    rows[1][0] += f" (fitted: {rate / 1e6:.0f} MB/s)"
    return table(
        ["policy", "published s", "simulated s", "max %", "downtime ms", "iterations", "GB sent", "work lost s"], rows)


if __name__ == "__main__":
    for name, make in [("rhel", rhel), ("2024", follow_up_2024), ("2013", proposal_2013)]:
        if len(sys.argv) > 1 and sys.argv[1] in ("rhel", "2024", "2013") and sys.argv[1] != name:
            continue
        text = make()
        print(text, flush=True)
        write_section(f"throttle-{name}", text)

#!/usr/bin/env python3
"""Draws what `multifd bench ... --json FILE` and `multifd send ... --json` measured.

    bench/plot.py OUTPUT-DIRECTORY FILE...

Each FILE becomes the pictures that its content allows, as PNG and SVG, named after it:

    -throughput   RAM moved a second by the number of channels: median, and the whole spread
    -pareto       total time against bytes on the wire, without a limit or else on the fastest link: a point a mode, the
                  Pareto front marked
    -links        total time by mode, a group a link, with the most channels there are
    -channels     how the channels spent their time, in one run of each of the first four modes
    -iterations   memory sent in each iteration, in one run a mode and link
    -guest        throttle and the guest's speed over time, in the run with the strongest throttle
"""

import itertools
import json
import statistics
import sys
from pathlib import Path

try:
    import matplotlib
except ImportError:
    sys.exit("plot.py: there is no matplotlib: python3 -m pip install --requirement bench/requirements.txt")

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter  # noqa: E402

plt.rcParams.update({
    "figure.figsize": (8, 4.8), "figure.dpi": 100, "savefig.bbox": "tight", "axes.grid": True, "grid.alpha": 0.3,
    "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "multifd", "font.size": 10,
    "axes.titlesize": 11, "figure.titlesize": 11,
})


def save(figure, directory, name):
    figure.tight_layout()
    # Without the date the same measurements give the same file.
    for path, options in [(directory / f"{name}.svg", {"metadata": {"Date": None}}), (directory / f"{name}.png", {})]:
        try:
            figure.savefig(path, **options)
        except OSError as error:
            sys.exit(f"plot.py: cannot write {path}: {error.strerror}")
    plt.close(figure)


def link_text(link):
    if not link:
        return "no limit"
    return f"{link * 8 / 1e9:g} Gbit/s" if link >= 1e9 / 8 else f"{link * 8 / 1e6:g} Mbit/s"


def case_text(case):
    return f"{case['mode']}, {link_text(case['link'])}"


def logarithmic(axis):
    """Numbers that people read: 0.5, 1, 2, 5, 10, not powers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def grouped(runs, key):
    groups = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups


def seconds(run):
    return run["source"]["total-time"] / 1e3


def throughput(run):
    return run["source"]["ram"]["total"] / 1e9 / max(seconds(run), 1e-3)


def draw_throughput(document, runs, directory, name):
    if len({run["case"]["channels"] for run in runs}) < 2:
        return
    figure, axes = plt.subplots()
    every = sorted({run["case"]["channels"] for run in runs})
    for (mode, link), of_mode in grouped(runs, lambda run: (run["case"]["mode"], run["case"]["link"])).items():
        by_count = sorted(grouped(of_mode, lambda run: run["case"]["channels"]).items())
        counts = [count for count, _ in by_count]
        values = [[throughput(run) for run in group] for _, group in by_count]
        label = mode if link == 0 else f"{mode}, {link_text(link)}"
        line, = axes.plot(counts, [statistics.median(group) for group in values], marker="o", label=label)
        axes.fill_between(counts, [min(group) for group in values], [max(group) for group in values],
                          color=line.get_color(), alpha=0.15)
    axes.set_xscale("log", base=2)
    axes.set_xticks(every, [str(count) for count in every])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("channels")
    axes.set_ylabel("RAM moved (GB/s), median and whole spread")
    axes.set_title(title(document, "Throughput by channels"))
    axes.legend()
    save(figure, directory, f"{name}-throughput")


def pareto_front(points):
    front, best = [], float("inf")
    for x, y, label in sorted(points):
        if y < best:
            front.append((x, y, label))
            best = y
    return front


def draw_pareto(document, runs, directory, name):
    links = {run["case"]["link"] for run in runs}
    link = 0 if 0 in links else max(links)
    runs = [run for run in runs if run["case"]["link"] == link]
    points = []
    for (mode, channels), group in grouped(runs, lambda run: (run["case"]["mode"], run["case"]["channels"])).items():
        points.append((statistics.median(run["source"]["ram"]["transferred"] / 1e6 for run in group),
                       statistics.median(map(seconds, group)), (mode, channels)))
    if len({label[0] for _, _, label in points}) < 2:
        return
    figure, axes = plt.subplots()
    several = len({label[1] for _, _, label in points}) > 1
    front = pareto_front(points)
    axes.plot([x for x, _, _ in front], [y for _, y, _ in front], color="tab:red", linewidth=1, zorder=1,
              label="Pareto front: no mode is better in both")
    on_front = {label for _, _, label in front}
    for x, y, label in points:
        is_front = label in on_front
        axes.scatter(x, y, color="tab:red" if is_front else "tab:gray", zorder=2)
        # On the front's own side of it, so that neighbours on and off it do not share a place.
        axes.annotate(f"{label[0]} × {label[1]}" if several else label[0], (x, y),
                      xytext=(-5, -5) if is_front else (5, 5), ha="right" if is_front else "left",
                      va="top" if is_front else "bottom", textcoords="offset points", fontsize=8)
    axes.set_xlim(0, 1.08 * max(x for x, _, _ in points))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("bytes on the wire (MB)")
    axes.set_ylabel(f"total time {f'at {link_text(link)}' if link else 'without a limit'} (s)")
    axes.set_title(title(document, "Time against bytes"))
    axes.legend()
    save(figure, directory, f"{name}-pareto")


def draw_links(document, runs, directory, name):
    # Numbers of channels are another picture's matter.
    most = max(run["case"]["channels"] for run in runs)
    runs = [run for run in runs if run["case"]["channels"] == most]
    links = sorted({run["case"]["link"] for run in runs if run["case"]["link"]}, reverse=True)
    links = ([0] if any(run["case"]["link"] == 0 for run in runs) else []) + links
    if len(links) < 2:
        return
    modes = list(dict.fromkeys(run["case"]["mode"] for run in runs))
    figure, axes = plt.subplots(figsize=(max(8, 1.6 * len(links)), 4.8))
    width = 0.8 / len(modes)
    every = []
    for index, mode in enumerate(modes):
        places, medians, below, above = [], [], [], []
        for place, link in enumerate(links):
            times = [seconds(run) for run in runs if run["case"]["mode"] == mode and run["case"]["link"] == link]
            if times:
                places.append(place + (index - (len(modes) - 1) / 2) * width)
                medians.append(statistics.median(times))
                below.append(medians[-1] - min(times))
                above.append(max(times) - medians[-1])
        colour = {"color": {"auto": "black", "auto+deltas": "dimgray"}.get(mode, f"C{index % 10}")}
        axes.bar(places, medians, width, yerr=[below, above], label=mode, error_kw={"linewidth": 0.7, "ecolor": "gray"},
                 **colour)
        every += medians
    if max(every) > 10 * min(every):
        axes.set_yscale("log")
        logarithmic(axes.yaxis)
    axes.grid(axis="x", visible=False)
    axes.set_xticks(range(len(links)), [link_text(link) for link in links])
    axes.set_ylabel("total time (s), median and whole spread")
    axes.set_title(title(document, f"Total time by link, {most} channels"))
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, directory, f"{name}-links")


def draw_channels(document, runs, directory, name):
    runs = [run for run in runs if run["source"]["channels"] and run["source"]["total-time"]]
    # With the most channels, on the first link, each mode once.
    runs.sort(key=lambda run: -len(run["source"]["channels"]))
    by_mode = {}
    for run in runs:
        by_mode.setdefault(run.get("case", {}).get("mode"), run)
    runs = list(by_mode.values())[:4]
    if not runs:
        return
    figure, row = plt.subplots(1, len(runs), figsize=(max(6, 3.2 * len(runs)), 4.4), sharey=True, squeeze=False)
    for axes, run in zip(row[0], runs):
        channels, total = run["source"]["channels"], run["source"]["total-time"]
        numbers = [channel["channel"] for channel in channels]
        bottom = [0.0] * len(channels)
        for field, label in [("encoding-time", "staging and encoding"), ("writing-time", "sending, limiter included"),
                             ("waiting-time", "waiting for pages or the barrier")]:
            shares = [channel[field] / total * 100 for channel in channels]
            axes.bar(numbers, shares, bottom=bottom, label=label)
            bottom = [low + share for low, share in zip(bottom, shares)]
        axes.set_ylim(0, 100)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("channel")
        if "case" in run:
            axes.set_title(case_text(run["case"]))
    row[0][0].set_ylabel("share of the total time (%)")
    figure.suptitle(title(document, "What channels did"))
    figure.legend(*row[0][0].get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3)
    save(figure, directory, f"{name}-channels")


def draw_iterations(document, runs, directory, name):
    figure, axes = plt.subplots(figsize=(10, 4.8))
    # Runs that did not complete tell the most: what would have gone on.
    cases = {}
    for run in runs:
        if len(run["source"]["iterations"]) > 1:
            cases.setdefault(case_text(run["case"]) if "case" in run else "sent", run)
    if not cases:
        plt.close(figure)
        return
    longest = 0
    for label, run in cases.items():
        iterations = run["source"]["iterations"]
        longest = max(longest, len(iterations))
        if run["source"]["status"] != "completed":
            label += f" (given up after {seconds(run):.0f} s)"
        axes.plot([iteration["iteration"] for iteration in iterations],
                  [max(iteration["transferred"], 1) / 1e6 for iteration in iterations], marker=".", label=label)
    axes.set_yscale("log")
    logarithmic(axes.yaxis)
    if longest > 20:
        axes.set_xscale("log")
        logarithmic(axes.xaxis)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("iteration (the last is with the guest paused)")
    axes.set_ylabel("bytes sent (MB)")
    axes.set_title(title(document, "Memory sent in each iteration"))
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, directory, f"{name}-iterations")


def draw_guest(document, runs, directory, name):
    runs = [run for run in runs if any("guest-speed" in iteration for iteration in run["source"]["iterations"])]
    if not runs:
        return
    run = max(runs, key=lambda run: (max(i["cpu-throttle-percentage"] for i in run["source"]["iterations"]),
                                     len(run["source"]["iterations"])))
    start, edges, throttles, speeds = 0.0, [0.0], [], []
    for iteration in run["source"]["iterations"]:
        start += iteration["duration"] / 1e3
        edges.append(start)
        throttles.append(iteration["cpu-throttle-percentage"])
        # Nothing where the iteration was too short to tell, or the guest paused.
        speeds.append(iteration.get("guest-speed", float("nan")))
    figure, axes = plt.subplots()
    axes.stairs(throttles, edges, baseline=None, label="throttle: vCPU time taken away", color="tab:red")
    axes.stairs(speeds, edges, baseline=None, label="guest speed, of its speed before", color="tab:blue")
    axes.set_xlim(left=0)
    axes.set_ylim(0, max([110.0] + [speed * 1.1 for speed in speeds if speed == speed]))
    axes.set_xlabel("time since the first page (s)")
    axes.set_ylabel("%")
    what = f", {case_text(run['case'])}" if "case" in run else ""
    axes.set_title(title(document, f"Throttle and guest speed{what}"))
    axes.legend()
    save(figure, directory, f"{name}-guest")


def input_text(text):
    """Of a path its last component; a workload is no path, whatever is in it."""
    if text.startswith("workload:"):
        return text
    prefix = "replay:" if text.startswith("replay:") else ""
    return prefix + Path(text.removeprefix(prefix)).name


def title(document, text):
    machine = document.get("machine")
    if not machine:
        return text
    place = f"{machine['processor']}, {machine['cores']} cores, {machine['date'][:10]}"
    return f"{text}\n{input_text(document['input'])}: {place}"


def draw(path, directory):
    document = json.loads(path.read_text())
    if "runs" not in document:
        # The report of a single migration.
        runs = attempts = [{"source": document}]
    else:
        attempts = [run for run in document["runs"] if run.get("source")]
        runs = [run for run in attempts if "error" not in run]
    if not attempts:
        sys.exit(f"plot.py: no run in {path} has a report: there is nothing to draw")
    if "runs" in document and runs:
        draw_throughput(document, runs, directory, path.stem)
        draw_pareto(document, runs, directory, path.stem)
        draw_links(document, runs, directory, path.stem)
    draw_channels(document, runs, directory, path.stem)
    draw_iterations(document, attempts, directory, path.stem)
    draw_guest(document, attempts, directory, path.stem)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: plot.py OUTPUT-DIRECTORY FILE...")
    directory, paths = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    for path, other in itertools.combinations(paths, 2):
        if path.stem == other.stem:
            sys.exit(f"plot.py: the pictures of {path} and {other} would have the same names: rename one of the files")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"plot.py: cannot make the directory {directory}: {error.strerror}")
    for path in paths:
        try:
            draw(path, directory)
        except OSError as error:
            sys.exit(f"plot.py: cannot read {path}: {error.strerror}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            sys.exit(f"plot.py: {path} is not what multifd wrote: {error!r}")


if __name__ == "__main__":
    main()

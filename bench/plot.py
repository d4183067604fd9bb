#!/usr/bin/env python3
"""Draws what `multifd bench ... --json FILE` and `multifd send ... --json` measured.

    bench/plot.py OUTPUT-DIRECTORY FILE...

Each FILE becomes the pictures that its content allows, as PNG and SVG, named after it:

    -throughput   RAM moved a second by the number of channels: median, and the whole spread
    -pareto       total time against bytes on the wire, a point a mode, the Pareto front marked
    -links        total time by mode, a group a link
    -channels     how the channels of one run spent their time
    -iterations   memory sent in each iteration, and what the guest dirtied meanwhile
    -guest        throttle and the guest's speed over time
"""

import json
import statistics
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

plt.rcParams.update({
    "figure.figsize": (8, 4.8), "figure.dpi": 100, "savefig.bbox": "tight", "axes.grid": True, "grid.alpha": 0.3,
    "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "multifd", "font.size": 10,
})


def save(figure, directory, name):
    figure.tight_layout()
    # Without the date the same measurements give the same file.
    figure.savefig(directory / f"{name}.svg", metadata={"Date": None})
    figure.savefig(directory / f"{name}.png")
    plt.close(figure)


def link_text(link):
    return f"{link * 8 / 1e9:g} Gbit/s" if link else "no limit"


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
    for (mode, link), of_mode in grouped(runs, lambda run: (run["case"]["mode"], run["case"]["link"])).items():
        by_count = sorted(grouped(of_mode, lambda run: run["case"]["channels"]).items())
        counts = [count for count, _ in by_count]
        values = [[throughput(run) for run in group] for _, group in by_count]
        label = mode if link == 0 else f"{mode}, {link_text(link)}"
        line, = axes.plot(counts, [statistics.median(group) for group in values], marker="o", label=label)
        axes.fill_between(counts, [min(group) for group in values], [max(group) for group in values],
                          color=line.get_color(), alpha=0.15)
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
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
    unlimited = [run for run in runs if run["case"]["link"] == 0]
    points = []
    for (mode, channels), group in grouped(unlimited, lambda run: (run["case"]["mode"], run["case"]["channels"])).items():
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
        axes.scatter(x, y, color="tab:red" if label in on_front else "tab:gray", zorder=2)
        axes.annotate(f"{label[0]} × {label[1]}" if several else label[0], (x, y), xytext=(5, 4),
                      textcoords="offset points", fontsize=8)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("bytes on the wire (MB)")
    axes.set_ylabel("total time without a limit (s)")
    axes.set_title(title(document, "Time against bytes"))
    axes.legend()
    save(figure, directory, f"{name}-pareto")


def draw_links(document, runs, directory, name):
    links = sorted({run["case"]["link"] for run in runs if run["case"]["link"]}, reverse=True)
    links = ([0] if any(run["case"]["link"] == 0 for run in runs) else []) + links
    if len(links) < 2:
        return
    modes = list(dict.fromkeys(run["case"]["mode"] for run in runs))
    figure, axes = plt.subplots()
    width = 0.8 / len(modes)
    for index, mode in enumerate(modes):
        places, medians, below, above = [], [], [], []
        for place, link in enumerate(links):
            times = [seconds(run) for run in runs if run["case"]["mode"] == mode and run["case"]["link"] == link]
            if times:
                places.append(place + (index - (len(modes) - 1) / 2) * width)
                medians.append(statistics.median(times))
                below.append(medians[-1] - min(times))
                above.append(max(times) - medians[-1])
        axes.bar(places, medians, width, yerr=[below, above], label=mode, error_kw={"linewidth": 0.7})
    axes.set_yscale("log")
    axes.set_xticks(range(len(links)), [link_text(link) for link in links])
    axes.set_ylabel("total time (s), median and whole spread")
    axes.set_title(title(document, "Total time by link"))
    axes.legend(fontsize=8, ncols=2)
    save(figure, directory, f"{name}-links")


def draw_channels(document, run, directory, name):
    channels = run["source"]["channels"]
    total = run["source"]["total-time"]
    if not channels or not total:
        return
    figure, axes = plt.subplots()
    numbers = [channel["channel"] for channel in channels]
    bottom = [0.0] * len(channels)
    for field, label in [("encoding-time", "staging and encoding"), ("writing-time", "sending, limiter included"),
                         ("waiting-time", "waiting for pages or the barrier")]:
        shares = [channel[field] / total * 100 for channel in channels]
        axes.bar(numbers, shares, bottom=bottom, label=label)
        bottom = [low + share for low, share in zip(bottom, shares)]
    axes.set_xticks(numbers)
    axes.set_xlabel("channel")
    axes.set_ylabel("share of the total time (%)")
    case = run.get("case")
    what = f", {case['mode']}, {link_text(case['link'])}" if case else ""
    axes.set_title(title(document, f"What channels did{what}"))
    axes.legend()
    save(figure, directory, f"{name}-channels")


def draw_iterations(document, runs, directory, name):
    live = [run for run in runs if len(run["source"]["iterations"]) > 1]
    if not live:
        return
    figure, axes = plt.subplots()
    seen = set()
    for run in live:
        case = run.get("case", {"mode": "", "link": 0, "channels": 0})
        key = (case["mode"], case["link"], case["channels"])
        if key in seen:
            continue
        seen.add(key)
        iterations = run["source"]["iterations"]
        axes.plot([iteration["iteration"] for iteration in iterations],
                  [max(iteration["transferred"], 1) / 1e6 for iteration in iterations], marker=".",
                  label=", ".join(filter(None, [case["mode"], link_text(case["link"]) if case["link"] else ""])) or "sent")
    axes.set_yscale("log")
    axes.set_xlabel("iteration (the last is with the guest paused)")
    axes.set_ylabel("bytes sent (MB)")
    axes.set_title(title(document, "Memory sent in each iteration"))
    axes.legend(fontsize=8)
    save(figure, directory, f"{name}-iterations")


def draw_guest(document, run, directory, name):
    iterations = run["source"]["iterations"]
    if not any("guest-speed" in iteration for iteration in iterations):
        return
    time, times, throttles, speed_times, speeds = 0.0, [], [], [], []
    for iteration in iterations:
        time += iteration["duration"] / 1e3
        times.append(time)
        throttles.append(iteration["cpu-throttle-percentage"])
        if "guest-speed" in iteration:
            speed_times.append(time)
            speeds.append(iteration["guest-speed"])
    figure, axes = plt.subplots()
    axes.step(times, throttles, where="pre", label="throttle: vCPU time taken away", color="tab:red")
    axes.plot(speed_times, speeds, marker=".", label="guest speed, of its speed before", color="tab:blue")
    axes.set_ylim(0, max([110.0] + [speed * 1.1 for speed in speeds]))
    axes.set_xlabel("time since the first page (s)")
    axes.set_ylabel("%")
    axes.set_title(title(document, "Throttle and guest speed"))
    axes.legend()
    save(figure, directory, f"{name}-guest")


def title(document, text):
    machine = document.get("machine")
    if not machine:
        return text
    return f"{text}: {Path(document['input']).name}\n{machine['processor']}, {machine['cores']} cores, {machine['date'][:10]}"


def draw(path, directory):
    document = json.loads(path.read_text())
    if "runs" not in document:
        # The report of a single migration.
        runs = [{"source": document}]
    else:
        runs = [run for run in document["runs"] if "error" not in run]
    if not runs:
        sys.exit(f"plot.py: no run in {path} succeeded: there is nothing to draw")
    if "runs" in document:
        draw_throughput(document, runs, directory, path.stem)
        draw_pareto(document, runs, directory, path.stem)
        draw_links(document, runs, directory, path.stem)
    draw_channels(document, runs[-1], directory, path.stem)
    draw_iterations(document, runs, directory, path.stem)
    draw_guest(document, runs[-1], directory, path.stem)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: plot.py OUTPUT-DIRECTORY FILE...")
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        try:
            draw(Path(name), directory)
        except (OSError, json.JSONDecodeError, KeyError) as error:
            sys.exit(f"plot.py: {name} is not what multifd wrote: {error!r}")


if __name__ == "__main__":
    main()

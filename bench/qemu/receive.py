#!/usr/bin/env python3
"""Has QEMU and 'multifd receive --snapshot' receive a QEMU, in turn, and compares their time.

The source is a paused QEMU 10 with a memory image as its RAM, multifd, the return path and no bandwidth limit, over TCP on
loopback. Once it is there, and time is what it says itself; once what it says has been recorded before and is sent again,
connection by connection, as fast as the destination reads, so that no source takes the processor from it. Time ends when
the destination has said that the guest is in: QEMU's is loaded then, in memory of its own or in a file; ours is a snapshot
in the same folder under its final name, with hashes and synced to the disk, which QEMU's file is not. The folder is one of
a disk, as for most snapshots, and one of /dev/shm, where no disk has a part in it. Each round runs all in an order of its
own, because the machine's speed drifts, and a host that takes back what memory was freed slows one run of every few; the
first of each is not counted; medians are compared.

    bench/qemu/receive.py                    makes an image if there is none, and writes bench/RESULTS.md
    bench/qemu/receive.py --image FILE --runs 9 --no-results
"""
import argparse, datetime, itertools, json, os, platform, random, re, shutil, statistics, subprocess, sys, tempfile, time

from compare import HERE, ROOT, QEMU, free_port, wait_for_listener, warm_memory
from stream import Recording, play

RECORDING, LIVE = "a recording", "a QEMU"
MODES = [("none", None), ("zstd", 1.2)]


class QEMUDestination:
    """QEMU with memory of its own."""

    def __init__(self, folder, size, codec, channels, memory="memory-backend-ram"):
        self.uri = f"tcp:127.0.0.1:{free_port()}"
        self.qemu = QEMU("destination", [
            "-m", f"{size >> 20}M", "-machine", "memory-backend=ram", "-object",
            f"{memory},id=ram,size={size}", "-incoming", "defer"], folder)
        configure(self.qemu, codec, channels)
        self.qemu("migrate-incoming", uri=self.uri)
        self.before = self.qemu.cpu_seconds()

    def end(self):
        cpu = self.qemu.cpu_seconds() - self.before
        self.qemu.quit()
        return cpu


class QEMUFileDestination(QEMUDestination):
    """QEMU with a file for its memory, on the filesystem that our snapshot is on."""

    def __init__(self, folder, size, codec, channels):
        super().__init__(folder, size, codec, channels, f"memory-backend-file,mem-path={folder}/ram,share=on")


class OurDestination:
    def __init__(self, folder, size, codec, channels):
        self.uri = f"tcp:127.0.0.1:{free_port()}"
        self.snapshot = os.path.join(folder, "snapshot")
        self.process = subprocess.Popen([
            os.path.join(ROOT, ".build", "release", "multifd"), "receive", self.uri, "--snapshot", self.snapshot,
            "--multifd-channels", str(channels)])
        wait_for_listener(self.uri)

    def end(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        if status:
            raise SystemExit("multifd's destination failed")
        shutil.rmtree(self.snapshot)
        return usage.ru_utime + usage.ru_stime


KINDS = {"qemu": QEMUDestination, "qemu-file": QEMUFileDestination, "multifd": OurDestination}


def configure(qemu, codec, channels):
    qemu("migrate-set-capabilities", capabilities=[
        {"capability": name, "state": True} for name in ("multifd", "return-path")])
    qemu("migrate-set-parameters", **{
        "multifd-channels": channels, "multifd-compression": codec, "max-bandwidth": 1 << 40})


def migrate(image, uri, codec, channels, folder):
    """Migrates a QEMU with the image as its RAM. Returns the milliseconds that it says it took."""
    size = os.path.getsize(image)
    source = QEMU("source", [
        "-m", f"{size >> 20}M", "-machine", "memory-backend=ram", "-object",
        f"memory-backend-file,id=ram,mem-path={image},share=on,size={size}"], folder)
    try:
        configure(source, codec, channels)
        source("migrate", uri=uri)
        while (info := source("query-migrate"))["status"] not in ("completed", "failed", "cancelled"):
            time.sleep(0.01)
        if info["status"] != "completed":
            raise SystemExit(f"the migration failed: {info.get('error-desc')}")
        return info["total-time"]
    finally:
        source.quit()


def record(image, codec, channels, folder):
    """Migrates to another QEMU, and returns the recording."""
    destination = QEMUDestination(folder, os.path.getsize(image), codec, channels)
    recording = Recording(folder, destination.uri)
    try:
        migrate(image, recording.uri, codec, channels, folder)
    finally:
        destination.end()
    return recording.end()


def receive(kind, image, recording, codec, channels, place):
    """From a recording, or from a QEMU if that is None, into a folder of the place."""
    size = os.path.getsize(image)
    warm_memory(size)
    os.sync()
    with tempfile.TemporaryDirectory(dir=place) as folder:
        destination = kind(folder, size, codec, channels)
        if recording:
            milliseconds = round(1000 * play(recording, destination.uri))
        else:
            milliseconds = migrate(image, destination.uri, codec, channels, folder)
        time.sleep(0.05)
        return {"total-time": milliseconds, "destination-cpu": destination.end()}


def compare(image, codec, source, channels, runs, place):
    results = {name: [] for name in KINDS}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        recording = record(image, codec, channels, folder) if source == RECORDING else None
        for run in range(runs + 1):
            for name in random.Random(run).sample(list(KINDS), len(KINDS)):
                result = receive(KINDS[name], image, recording, codec, channels, place)
                print(f"{place} {source} {codec:5} run {run} {name:9} {result['total-time']:6} ms, CPU "
                      f"{result['destination-cpu']:5.2f} s" + (" (not counted)" if run == 0 else ""), file=sys.stderr)
                if run > 0:
                    results[name].append(result)
    return results


def table(report):
    lines = ["| into | from | compression | to QEMU ms | in a file ms | to multifd ms | speed | beside a file | goal | CPU s of each |",
             "|---|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for entry in report["comparisons"]:
        def medians(key):
            return [statistics.median(result[key] for result in entry[end]) for end in KINDS]
        times = medians("total-time")
        goal = f"{entry['goal']} ×" if entry["goal"] else ""
        lines.append(
            f"| {entry['place']} | {entry['source']} | {entry['compression']} | {times[0]:.0f} | {times[1]:.0f} | {times[2]:.0f} | "
            f"**{times[0] / times[2]:.2f} ×** | **{times[1] / times[2]:.2f} ×** | {goal} | "
            + " / ".join(f"{cpu:.2f}" for cpu in medians("destination-cpu")) + " |")
    return "\n".join(lines)


def write_results(report):
    text = (
        f"{table(report)}\n\n"
        f"{report['date']}, {report['machine']}, Linux {report['kernel']}, {report['qemu']}. {report['channels']} channels, "
        f"level 1, medians of {report['runs']} runs in turn, the first not counted. CPU is the destination's.\n")
    path = os.path.join(ROOT, "bench", "RESULTS.md")
    results = open(path).read()
    pattern = re.compile(r"(<!-- qemu-receive:begin -->\n).*?(<!-- qemu-receive:end -->)", re.S)
    if not pattern.search(results):
        raise SystemExit(f"{path} has no place for the table, between the marks of qemu-receive")
    open(path, "w").write(pattern.sub(lambda match: match[1] + text + match[2], results))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default="/dev/shm/guest.img", help="raw memory image; made if it does not exist")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default: 5)")
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--places", nargs="+", default=["/var/tmp", "/dev/shm"], metavar="FOLDER",
                        help="where to receive (default: /var/tmp /dev/shm)")
    parser.add_argument("--json", default=os.path.join(ROOT, "bench", "out", "qemu-receive.json"),
                        help="where to write every run")
    parser.add_argument("--no-results", action="store_true", help="leave bench/RESULTS.md as it is")
    options = parser.parse_args()

    subprocess.run([os.path.join(HERE, "install-qemu.sh")], check=True)
    if not os.path.exists(options.image):
        subprocess.run([os.path.join(HERE, "make-guest-image.sh"), options.image], check=True)
    subprocess.run(["swift", "build", "-c", "release", "--product", "multifd"], cwd=ROOT, check=True, stdout=sys.stderr)

    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True).stdout
    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}",
        "kernel": platform.release(), "qemu": version.split(" (")[0], "channels": options.channels,
        "runs": options.runs, "image-bytes": os.path.getsize(options.image), "comparisons": []}
    for place, source, (codec, goal) in itertools.product(options.places, (RECORDING, LIVE), MODES):
        results = compare(options.image, codec, source, options.channels, options.runs, place)
        report["comparisons"].append({
            "place": place, "source": source, "compression": codec, "goal": goal, **results})
    os.makedirs(os.path.dirname(options.json), exist_ok=True)
    json.dump(report, open(options.json, "w"), indent=1)
    print(table(report))
    if not options.no_results:
        write_results(report)


if __name__ == "__main__":
    main()

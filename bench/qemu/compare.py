#!/usr/bin/env python3
"""Moves one memory image with QEMU and with multifd, in turn, and compares their total-time.

A paused QEMU 10 has the image as its RAM (memory-backend-file, shared) and migrates to a second one over TCP on
loopback, with multifd and without a bandwidth limit. multifd sends the same image to a second process. Runs alternate,
because the machine's speed drifts, each with memory that the machine has touched before; the first of each is not counted;
medians are compared.

    bench/qemu/compare.py                    makes an image if there is none, and writes bench/RESULTS.md
    bench/qemu/compare.py --image FILE --runs 9 --no-results
"""
import argparse, datetime, json, os, platform, re, resource, shutil, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODES = [("none", "dense", 1.3), ("zstd", "dense", 1.3), ("zlib", "dense", 3.0), ("none", "sparse", 2.5)]


class QEMU:
    """A QEMU process and its QMP connection."""

    def __init__(self, name, arguments, folder):
        path = os.path.join(folder, name)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-accel", "tcg", "-M", "pc",
             "-qmp", f"unix:{path},server=on,wait=off"] + arguments)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit(f"QEMU did not start: {' '.join(arguments)}")
                time.sleep(0.02)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while line := self.stream.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise SystemExit(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise SystemExit(f"{command}: QEMU closed the connection")

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def quit(self):
        try:
            self.stream.write('{"execute": "quit"}\n')
            self.stream.flush()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def warm_memory(size):
    """Has the machine touch as much memory as a run needs. In a virtual machine the first touch of a page that the host
    has taken back costs several times as much as receiving it, and would fall on whichever run comes across it."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        piece = bytes(1 << 20)
        for _ in range(2 * size >> 20):
            file.write(piece)


def move_with_qemu(image, codec, channels):
    size = os.path.getsize(image)
    with tempfile.TemporaryDirectory() as folder:
        common = ["-m", f"{size >> 20}M", "-machine", "memory-backend=ram"]
        source = QEMU("source", common + [
            "-object", f"memory-backend-file,id=ram,mem-path={image},share=on,size={size}"], folder)
        destination = QEMU("destination", common + [
            "-object", f"memory-backend-ram,id=ram,size={size}", "-incoming", "defer"], folder)
        try:
            for end in (source, destination):
                end("migrate-set-capabilities", capabilities=[{"capability": "multifd", "state": True}])
                end("migrate-set-parameters", **{
                    "multifd-channels": channels, "multifd-compression": codec, "max-bandwidth": 1 << 40})
            uri = f"tcp:127.0.0.1:{free_port()}"
            destination("migrate-incoming", uri=uri)
            before = source.cpu_seconds() + destination.cpu_seconds()
            source("migrate", uri=uri)
            while (info := source("query-migrate"))["status"] not in ("completed", "failed", "cancelled"):
                time.sleep(0.01)
            if info["status"] != "completed":
                raise SystemExit(f"QEMU's migration failed: {info.get('error-desc')}")
            time.sleep(0.05)
            cpu = source.cpu_seconds() + destination.cpu_seconds() - before
            return {"total-time": info["total-time"], "transferred": info["ram"]["transferred"], "cpu-seconds": cpu}
        finally:
            source.quit()
            destination.quit()


def move_with_multifd(image, codec, channels):
    program = os.path.join(ROOT, ".build", "release", "multifd")
    uri = f"tcp:127.0.0.1:{free_port()}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    destination = subprocess.Popen([program, "receive", uri, "--json"], stdout=subprocess.PIPE, text=True)
    wait_for_listener(uri)
    source = subprocess.run(
        [program, "send", image, uri, "--json", "--multifd-channels", str(channels), "--multifd-compression", codec],
        stdout=subprocess.PIPE, text=True)
    destination.communicate()
    info = json.loads(source.stdout)
    if source.returncode or destination.returncode:
        raise SystemExit(f"multifd's migration failed: {info.get('error-desc')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"total-time": info["total-time"], "transferred": info["ram"]["transferred"], "cpu-seconds": cpu}


def wait_for_listener(uri):
    """Waits until the port is listened on, without connecting: a connection would count as a source."""
    port = f"{int(uri.rsplit(':', 1)[1]):04X}"
    deadline = time.monotonic() + 10
    while not any(line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"
                  for line in open("/proc/net/tcp").readlines()[1:]):
        if time.monotonic() > deadline:
            raise SystemExit("multifd receive did not start")
        time.sleep(0.01)


def compare(image, codec, kind, channels, runs):
    movers = {"qemu": move_with_qemu, "multifd": move_with_multifd}
    results = {name: [] for name in movers}
    for run in range(runs + 1):
        for name, move in movers.items():
            path = image
            if kind == "sparse":  # a fresh copy each time: reading a hole through QEMU's mapping fills it
                path = image + ".sparse"
                subprocess.run(["cp", "--sparse=always", image, path], check=True)
            warm_memory(os.path.getsize(image))
            result = move(path, codec, channels)
            if kind == "sparse":
                os.unlink(path)
            print(f"{codec:5} {kind:6} run {run} {name:8} {result['total-time']:6} ms "
                  f"{result['transferred'] / 1e6:8.1f} MB {result['cpu-seconds']:6.2f} s CPU"
                  + (" (not counted)" if run == 0 else ""), file=sys.stderr)
            if run > 0:
                results[name].append(result)
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)


def table(report):
    lines = [
        "| image | compression | QEMU ms | multifd ms | speed | goal | QEMU MB | multifd MB | QEMU CPU s | multifd CPU s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for entry in report["comparisons"]:
        qemu, ours = entry["qemu"], entry["multifd"]
        figures = [median(qemu, "total-time"), median(ours, "total-time")]
        lines.append(
            f"| {entry['image']} | {entry['compression']} | {figures[0]:.0f} | {figures[1]:.0f} | "
            f"**{figures[0] / figures[1]:.2f} ×** | {entry['goal']} × | {median(qemu, 'transferred') / 1e6:.1f} | "
            f"{median(ours, 'transferred') / 1e6:.1f} | {median(qemu, 'cpu-seconds'):.2f} | "
            f"{median(ours, 'cpu-seconds'):.2f} |")
    return "\n".join(lines)


def write_results(report):
    text = (
        f"{table(report)}\n\n"
        f"{report['date']}, {report['machine']}, Linux {report['kernel']}, {report['qemu']}. {report['channels']} channels, "
        f"level 1, medians of {report['runs']} alternating runs, the first not counted. The image is "
        f"{report['image-bytes'] >> 20} MiB of a Linux guest's RAM, {report['zero-share']:.0f} % zero pages.\n")
    path = os.path.join(ROOT, "bench", "RESULTS.md")
    results = open(path).read()
    pattern = re.compile(r"(<!-- qemu:begin -->\n).*?(<!-- qemu:end -->)", re.S)
    if not pattern.search(results):
        raise SystemExit(f"{path} has no place for the table, between <!-- qemu:begin --> and <!-- qemu:end -->")
    open(path, "w").write(pattern.sub(lambda match: match[1] + text + match[2], results))


def zero_share(image):
    zeros, pages, zero = 0, 0, bytes(4096)
    with open(image, "rb") as file:
        while block := file.read(1 << 20):
            for offset in range(0, len(block), 4096):
                pages += 1
                zeros += block[offset:offset + 4096] == zero
    return 100 * zeros / pages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default="/dev/shm/guest.img", help="raw memory image; made if it does not exist")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default: 5)")
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--json", default=os.path.join(ROOT, "bench", "out", "qemu.json"), help="where to write every run")
    parser.add_argument("--no-results", action="store_true", help="leave bench/RESULTS.md as it is")
    options = parser.parse_args()

    subprocess.run([os.path.join(HERE, "install-qemu.sh")], check=True)
    if not os.path.exists(options.image):
        subprocess.run([os.path.join(HERE, "make-guest-image.sh"), options.image], check=True)
    subprocess.run(["swift", "build", "-c", "release"], cwd=ROOT, check=True, stdout=sys.stderr)

    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}",
        "kernel": platform.release(),
        "qemu": subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True).stdout.split(" (")[0],
        "channels": options.channels, "runs": options.runs,
        "image-bytes": os.path.getsize(options.image), "zero-share": zero_share(options.image), "comparisons": []}
    for codec, kind, goal in MODES:
        results = compare(options.image, codec, kind, options.channels, options.runs)
        report["comparisons"].append({"compression": codec, "image": kind, "goal": goal, **results})
    os.makedirs(os.path.dirname(options.json), exist_ok=True)
    json.dump(report, open(options.json, "w"), indent=1)
    print(table(report))
    if not options.no_results:
        write_results(report)


if __name__ == "__main__":
    main()

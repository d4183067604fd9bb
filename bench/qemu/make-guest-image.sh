#!/bin/bash
# Makes a file with the RAM of a Linux guest: boots one under QEMU, with some of this machine's /usr in its page cache and
# a few processes, and stops it when it has settled.
#
#   make-guest-image.sh IMAGE        IMAGE should lie on a tmpfs; it is allocated in full (dense)
#
# MIB (default 2048) is the guest's RAM, CONTENT_MIB (default 640) how much of /usr it holds: 40 % of its pages are not
# zero then. Needs a Debian system, and root only for packages that are missing.
set -euo pipefail
image=$(realpath -m "${1:?which file to make}")
mib=${MIB:-2048}
content_mib=${CONTENT_MIB:-640}
here=$(dirname "$(realpath "$0")")
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

"$here/install-qemu.sh"
root=; [ "$(id -u)" = 0 ] || root=sudo
missing=()
for package in busybox-static cpio zstd python3; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}" >&2
    $root apt-get install -qy --no-install-recommends "${missing[@]}" >&2
fi

work=$(mktemp -d)
trap 'kill "$(cat "$work/qemu.pid" 2> /dev/null)" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# The kernel, out of its package: it is not installed.
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
apt-get download -q "$package" >&2
dpkg-deb -x "$package"_*.deb kernel
kernel=$(ls kernel/boot/vmlinuz-*)

# An initramfs with files of /usr, chosen by a hash of their paths so that they are a fair sample, and a Python with its
# libraries so that processes with real heaps run.
mkdir -p root/{proc,sys,dev,tmp,bin}
find /usr -xdev -type f -size -16M -not -path '/usr/src/*' -not -path '/usr/share/doc/*' -printf '%s %p\n' |
    python3 -c '
import hashlib, sys
budget = int(sys.argv[1]) << 20
files = [line.rstrip("\n").split(" ", 1) for line in sys.stdin]
files.sort(key=lambda file: hashlib.md5(file[1].encode(errors="surrogateescape")).digest())
for size, path in files:
    size = (int(size) + 4095) // 4096 * 4096
    if size <= budget:
        budget -= size
        print(path)
' "$content_mib" > files
python=$(readlink -f /usr/bin/python3)
{
    echo "$python"
    ldd "$python" | grep -o '/[^ ]*' || true
    find "$("$python" -c 'import os; print(os.path.dirname(os.__file__))')" -name '*.py' -not -path '*/test/*' \
        -not -path '*-packages/*'
} >> files
sort -u files | sed 's,^/,,' > list
tar -C / -chf - --no-recursion --ignore-failed-read --files-from=list 2> /dev/null | tar -C root -xf - 2> /dev/null || true
cp /bin/busybox root/bin/busybox
cat > root/init <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
$b mkdir -p /t; $b mount -t tmpfs t /t
for i in 1 2 3 4 5 6; do $b sleep 100000 & done
$b cat > /t/heap.py <<'HEAP'
import json, random, re, time
random.seed(7)
words = [word for word in re.split(r'\W+', open(re.__file__).read()) if word]
heap = [{"id": n, "name": random.choice(words) + str(n), "value": random.random(),
         "tags": [random.choice(words) for _ in range(6)]} for n in range(60000)]
text = json.dumps(heap[:20000])
index = {entry["name"]: entry for entry in heap}
print("HEAP-READY", flush=True)
while True: time.sleep(1000)
HEAP
for python in /usr/bin/python3.*; do [ -x $python ] && break; done
$python -S /t/heap.py > /t/heap.log 2>&1 &
$b dmesg > /t/dmesg; $b find /usr -type f > /t/list; $b gzip -k /t/list
for i in $($b seq 60); do $b grep -q HEAP-READY /t/heap.log && break; $b sleep 1; done
$b sleep 5
echo GUEST-READY
while :; do $b sleep 1000; done
INIT
chmod +x root/init
(cd root && find . -print0 | cpio --null -o -H newc --quiet) | zstd -q -3 -T0 > initrd

# init_on_free: what the kernel unpacked the initramfs from goes back as zeros.
rm -f "$image"
qemu-system-x86_64 -accel tcg,thread=multi -cpu max -M pc -m "$mib" -smp 2 -nodefaults -display none -no-reboot \
    -object "memory-backend-file,id=ram,size=${mib}M,mem-path=$image,share=on" -machine memory-backend=ram \
    -kernel "$kernel" -initrd initrd -append "console=ttyS0 quiet init_on_free=1 nokaslr panic=-1" \
    -serial file:serial.log -qmp unix:qmp,server=on,wait=off -pidfile qemu.pid -daemonize
for _ in $(seq 300); do
    grep -q GUEST-READY serial.log && break
    kill -0 "$(cat qemu.pid)" 2> /dev/null || { cat serial.log >&2; exit 1; }
    sleep 1
done
grep -q GUEST-READY serial.log || { echo "the guest did not boot within 300 s:" >&2; tail serial.log >&2; exit 1; }
python3 - <<'QMP'
import json, socket
connection = socket.socket(socket.AF_UNIX)
connection.connect("qmp")
stream = connection.makefile("rw")
stream.readline()
for command in ["qmp_capabilities", "stop", "quit"]:
    stream.write(json.dumps({"execute": command}) + "\n")
    stream.flush()
    while (line := stream.readline()) and "return" not in line and "error" not in line:
        pass
QMP
sleep 1
fallocate -l "${mib}M" "$image"   # dense: a page that the guest never touched is stored too

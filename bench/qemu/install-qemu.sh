#!/bin/bash
# Installs QEMU from Debian's backports suite (version 10 on Debian 12) unless one that new is there already.
# The mirror is the one that apt is configured with.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

installed() { qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p'; }
[ "$(installed || true)" ] && [ "$(installed)" -ge 10 ] && exit 0

root=; [ "$(id -u)" = 0 ] || root=sudo
echo "installing qemu-system-x86 from backports${root:+, as root through sudo}" >&2
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
targets() { apt-get indextargets --format "$1" 'Created-By: Packages'; }
[ -n "$(targets '$(CODENAME)')" ] || $root apt-get update -q >&2
if ! targets '$(RELEASE) $(CODENAME) $(SUITE)' | grep -q -- "$codename-backports"; then
    mirror=$(targets '$(REPO_URI) $(CODENAME)' | awk -v suite="$codename" '$2 == suite { print $1; exit }')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $codename-backports main" |
        $root tee /etc/apt/sources.list.d/backports.list > /dev/null
    $root apt-get update -q >&2
fi
$root apt-get install -qy --no-install-recommends -t "$codename-backports" qemu-system-x86 >&2

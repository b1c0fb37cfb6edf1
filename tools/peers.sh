#!/usr/bin/env bash
# Programs that we did not write and that the tests talk to. Servers are unpacked into .peers and not installed, so that
# none of them starts as a service of this machine; libraries are installed. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

unpacked=(prometheus prometheus-alertmanager prometheus-blackbox-exporter       # information security
  mariadb-server-core liburing2 libaio1)                                        # a database of another make
installed=(python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good)  # an RTSP server

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "peers: neither root nor sudo: ask an administrator for: apt-get install ${installed[*]}" >&2; exit 1
  fi
}

stamp=.peers/.ready
want="${unpacked[*]} ${installed[*]}"
[ "$(cat $stamp 2>/dev/null)" = "$want" ] && exit 0
command -v apt-get >/dev/null || { echo "peers: the tests need these packages of Debian or Ubuntu: $want" >&2; exit 1; }
echo "peers: fetching $want" >&2
export DEBIAN_FRONTEND=noninteractive
as_root apt-get update -qq
as_root apt-get install -y -qq --no-install-recommends "${installed[@]}" >/dev/null
rm -rf .peers && mkdir -p .peers/deb
(cd .peers/deb && apt-get download -qq "${unpacked[@]}" 2>/dev/null) \
  || { echo "peers: apt-get could not download ${unpacked[*]}" >&2; exit 1; }
for deb in .peers/deb/*.deb; do dpkg -x "$deb" .peers; done
rm -rf .peers/deb
printf '%s' "$want" > $stamp

#!/usr/bin/env bash
# Everything a fresh Debian or Ubuntu needs: system packages, then .venv from the pinned lock. Safe to run again;
# when nothing is missing it ends in well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "missing system packages and neither root nor sudo: ask an administrator for: apt-get install ${missing[*]}"
  fi
}

has_postgis() {
  local control
  for control in /usr/share/postgresql/*/extension/postgis.control; do
    [ -e "$control" ] && [ -x "/usr/lib/postgresql/$(basename "$(dirname "$(dirname "$control")")")/bin/initdb" ] && return 0
  done
  # a conda environment brings its own server
  [ -n "${CONDA_PREFIX:-}" ] && [ -e "$CONDA_PREFIX/share/extension/postgis.control" ]
}

missing=()
has_postgis || missing+=(postgresql postgresql-postgis)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
  || missing+=(chromium)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "missing: ${missing[*]}; this is neither Debian nor Ubuntu, see environment.yml for conda"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  if [[ " ${missing[*]} " == *" postgresql-postgis "* ]]; then
    # the package that carries PostGIS is named after the server's version
    major=$(apt-cache depends postgresql | sed -n 's/.*postgresql-\([0-9]*\)$/\1/p' | head -n 1)
    [ -n "$major" ] || fail "this system offers no PostgreSQL; add its package source, or use environment.yml with conda"
    missing=("${missing[@]/postgresql-postgis/postgresql-$major-postgis-3}")
    # a private cluster is all we want: keep the package from creating and starting one of its own
    as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] \
      || echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || fail "apt-get could not install ${missing[*]}; its words are above"
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; this is $(python3 --version)"

stamp=.venv/.installed
want=$(cat requirements.lock pyproject.toml tools/setup.sh | sha256sum | cut -d' ' -f1)-$(python3 -c 'import sys; print(sys.version_info[:2])')
if [ ! -x .venv/bin/python ] || [ "$(cat $stamp 2>/dev/null)" != "$want" ]; then
  say "making .venv from requirements.lock (a few minutes the first time)"
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    || { rm -rf .venv; python3 -m venv .venv; }
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  printf '%s' "$want" > $stamp
fi

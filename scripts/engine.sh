#!/usr/bin/env bash
# A Docker engine for the tests, from Debian's packages: start installs and starts one where none answers, builds the
# base from Debian's packages and the images from it; stop ends the engine that start started; crash kills it, with its
# containerd, and runs it again.
# usage: scripts/engine.sh start|stop|crash     needs root on Debian or Ubuntu
set -euo pipefail
cd "$(dirname "$0")/.."
pidfile=.cache/dockerd.pid
run() {
  setsid nohup dockerd --pidfile "$PWD/$pidfile" >>.cache/dockerd.log 2>&1 </dev/null &
  for _ in $(seq 120); do docker version >/dev/null 2>&1 && return; sleep 0.5; done
  tail -20 .cache/dockerd.log >&2
  echo "engine: dockerd did not start" >&2
  exit 1
}
case "${1:-}" in
start)
  mkdir -p .cache
  if ! docker version >/dev/null 2>&1; then
    if ! command -v dockerd >/dev/null; then
      apt-get -qq update
      DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends docker.io iptables debootstrap >/dev/null
    fi
    run
  fi
  if ! docker image inspect python:3.11-slim galen/python:3.11-slim >/dev/null 2>&1; then
    command -v debootstrap >/dev/null || apt-get -qq install -y --no-install-recommends debootstrap >/dev/null
    docker image inspect galen/python:3.11-slim >/dev/null 2>&1 || sandbox/images/make-base.sh >.cache/make-base.log 2>&1 ||
      { tail -20 .cache/make-base.log >&2; exit 1; }
  fi
  .venv/bin/galen sandbox build >.cache/build.log 2>&1 || { tail -20 .cache/build.log >&2; exit 1; }
  tail -1 .cache/build.log
  ;;
stop)
  if [ -e "$pidfile" ]; then
    pid=$(cat "$pidfile")
    kill "$pid"
    for _ in $(seq 30); do [ -e "/proc/$pid" ] || break; sleep 1; done
  fi
  ;;
crash)
  pid=$(cat "$pidfile")
  pkill -9 -P "$pid" -x containerd || true
  kill -9 "$pid"
  rm -f "$pidfile" /var/run/docker/containerd/containerd.pid
  run
  ;;
*) echo "usage: $0 start|stop|crash" >&2; exit 2 ;;
esac

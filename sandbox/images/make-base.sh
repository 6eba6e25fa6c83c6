#!/usr/bin/env bash
# Make the base image (a Debian with Python 3.11) from Debian's packages, where no image registry can be reached.
# usage: sandbox/images/make-base.sh [TAG]     needs root, debootstrap and a running Docker engine
set -euo pipefail
tag=${1:-galen/python:3.11-slim}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
for need in debootstrap docker tar; do
  command -v "$need" >/dev/null || { echo "make-base: $need is missing: apt-get install debootstrap docker.io" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "make-base: debootstrap needs root: sudo $0 $tag" >&2; exit 2; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python-is-python3 bookworm "$root" "$mirror"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc "$root"/usr/share/man
# A network that inspects TLS has its own authorities: builds inside need them as much as the host does.
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
  chroot "$root" update-ca-certificates >/dev/null
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"
fi
tar -C "$root" -c . | docker import -c 'CMD ["python"]' -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin' - "$tag"

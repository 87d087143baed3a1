#!/bin/sh
# install.sh installs the Debian packages the peers are built of and run with,
# if they are missing. It asks nothing.
set -eu
missing=
for p in cyclonedds-dev cyclonedds-tools libfastrtps-dev libfastcdr-dev fastddsgen gcc g++ libc6-dev pkg-config openssl; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "install.sh: install as root:$missing" >&2
		exit 1
	}
	sudo=sudo
fi
# Another apt may hold the lock; a mirror may fail for a moment.
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3"
# Images without manual pages lack the folder that the Java runtime of fastddsgen links into.
$sudo mkdir -p /usr/share/man/man1
# The lists may be absent (a fresh container) or stale: update only if it fails without.
for pause in 0 5 15; do
	$apt install --no-install-recommends $missing </dev/null && exit 0
	sleep $pause
	# Some other source in the lists may be broken.
	$apt update </dev/null || echo "install.sh: apt-get update failed" >&2
done
exec $apt install --no-install-recommends $missing </dev/null

#!/bin/sh
# install.sh installs the Debian packages the peers are built of and run with,
# if they are missing.
set -eu
missing=
for p in cyclonedds-dev cyclonedds-tools libfastrtps-dev libfastcdr-dev fastddsgen gcc g++ pkg-config openssl; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y"
# The lists may be absent (a fresh container) or stale: update only if it fails without.
$apt install --no-install-recommends $missing || {
	$apt update
	$apt install --no-install-recommends $missing
}

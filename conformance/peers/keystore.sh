#!/bin/sh
# keystore.sh DIR [options] NAME… makes enclaves DIR/NAME in the layout of sros2
# with the openssl command alone, so that peers can be tried without our own
# keystore tool. The authorities in DIR are made once and then used again.
#
#   --kind encrypt|sros2|open   governance: everything ENCRYPT, the default of sros2 (rtps SIGN, metadata
#                               and data ENCRYPT), or authentication without protection
#   --lapsed                    the permissions ended in 2021
#   --topics PATTERN            the permissions allow these topics only; * if not given
#   --rsa                       RSA 2048 identities; EC P-256 if not given
#   --subject /O=x/CN=y         the subject of the one NAME; /O=secdds/CN=NAME if not given
set -eu
dir=${1:?usage: keystore.sh DIR [options] NAME...}
shift
kind=encrypt not_before=2020-01-01T00:00:00 not_after=2040-01-01T00:00:00 topics='*' rsa= subject=
while [ $# -gt 0 ]; do
	case $1 in
	--kind) kind=$2; shift ;;
	--lapsed) not_after=2021-01-01T00:00:00 ;;
	--topics) topics=$2; shift ;;
	--rsa) rsa=1 ;;
	--subject) subject=$2; shift ;;
	-*) echo "keystore.sh: $1: unknown option" >&2; exit 1 ;;
	*) break ;;
	esac
	shift
done

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ssl() { openssl "$@" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }; }
key() { if [ -n "$rsa" ]; then ssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1"; else ssl ecparam -name prime256v1 -genkey -noout -out "$1"; fi; }

ca=$dir/ca.cert.pem cakey=$dir/ca.key.pem
if [ ! -e "$ca" ]; then
	key "$cakey"
	ssl req -x509 -new -key "$cakey" -sha256 -days 3650 -subj "/O=secdds/CN=$(basename "$dir") CA" -out "$ca"
fi

case $kind in
encrypt) discovery=ENCRYPT rtps=ENCRYPT endpoint=ENCRYPT protect=true ;;
sros2) discovery=ENCRYPT rtps=SIGN endpoint=ENCRYPT protect=true ;;
open) discovery=NONE rtps=NONE endpoint=NONE protect=false ;;
*) echo "keystore.sh: --kind $kind: unknown" >&2; exit 1 ;;
esac
sign() { ssl smime -sign -text -in "$1" -out "$2" -signer "$ca" -inkey "$cakey"; }
cat >"$work/governance.xml" <<X
<?xml version="1.0" encoding="utf-8"?>
<dds><domain_access_rules><domain_rule>
  <domains><id_range><min>0</min><max>230</max></id_range></domains>
  <allow_unauthenticated_participants>false</allow_unauthenticated_participants>
  <enable_join_access_control>true</enable_join_access_control>
  <discovery_protection_kind>$discovery</discovery_protection_kind>
  <liveliness_protection_kind>$discovery</liveliness_protection_kind>
  <rtps_protection_kind>$rtps</rtps_protection_kind>
  <topic_access_rules><topic_rule>
    <topic_expression>*</topic_expression>
    <enable_discovery_protection>$protect</enable_discovery_protection>
    <enable_liveliness_protection>$protect</enable_liveliness_protection>
    <enable_read_access_control>true</enable_read_access_control>
    <enable_write_access_control>true</enable_write_access_control>
    <metadata_protection_kind>$endpoint</metadata_protection_kind>
    <data_protection_kind>$endpoint</data_protection_kind>
  </topic_rule></topic_access_rules>
</domain_rule></domain_access_rules></dds>
X
for name; do
	e=$dir/$name
	mkdir -p "$e"
	key "$e/key.pem"
	ssl req -new -key "$e/key.pem" -sha256 -subj "${subject:-/O=secdds/CN=$name}" -out "$work/csr"
	ssl x509 -req -in "$work/csr" -CA "$ca" -CAkey "$cakey" -set_serial "0x$(openssl rand -hex 8)" -sha256 -days 3650 -out "$e/cert.pem"
	cp "$ca" "$e/identity_ca.cert.pem"
	cp "$ca" "$e/permissions_ca.cert.pem"
	sign "$work/governance.xml" "$e/governance.p7s"
	cat >"$work/permissions.xml" <<X
<?xml version="1.0" encoding="utf-8"?>
<dds><permissions><grant name="$name">
  <subject_name>$(openssl x509 -in "$e/cert.pem" -noout -subject -nameopt RFC2253 | sed 's/^subject=//')</subject_name>
  <validity><not_before>$not_before</not_before><not_after>$not_after</not_after></validity>
  <allow_rule>
    <domains><id_range><min>0</min><max>230</max></id_range></domains>
    <publish><topics><topic>$topics</topic></topics></publish>
    <subscribe><topics><topic>$topics</topic></topics></subscribe>
  </allow_rule>
  <default>DENY</default>
</grant></permissions></dds>
X
	sign "$work/permissions.xml" "$e/permissions.p7s"
done

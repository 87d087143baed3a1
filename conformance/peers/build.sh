#!/bin/sh
# build.sh OUTDIR builds cyclone_peer and fast_peer into OUTDIR, unless they are
# there already, made of the same sources and libraries.
set -eu
cd "$(dirname "$0")"
out=${1:?usage: build.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)

libdir=$(pkg-config --variable=libdir CycloneDDS)
want=$({
	cat build.sh samples.idl common/* cyclone/* fast/*
	dpkg-query -W cyclonedds-dev libfastrtps-dev libfastcdr-dev fastddsgen gcc g++
} | sha256sum)
if [ -x "$out/cyclone_peer" ] && [ -e "$out/cyclone_trust.so" ] && [ -x "$out/fast_peer" ] && [ "$(cat "$out/peers.sha256" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
rm -f "$out/peers.sha256"

warn="-Wall -Wextra -Werror -O1 -g"
mkdir -p "$out/gen/c" "$out/gen/fast"
idl=$PWD/samples.idl

# The two toolchains run beside each other: the C++ of Fast takes the time.
cyclone() {
	(cd "$out/gen/c" && idlc "$idl")
	gcc -std=gnu11 $warn -Wno-missing-field-initializers -Icommon -I"$out/gen/c" \
		-DCYCLONE_PLUGINS="\"$libdir/libddsc0debian\"" \
		-o "$out/cyclone_peer" cyclone/main.c common/*.c "$out/gen/c/samples.c" \
		$(pkg-config --cflags --libs CycloneDDS) -pthread
	gcc -std=gnu11 $warn -fPIC -shared -DCYCLONE_PLUGINS="\"$libdir/libddsc0debian\"" \
		-o "$out/cyclone_trust.so" cyclone/trust.c $(pkg-config --cflags CycloneDDS) -ldl
}
fast() {
	fastddsgen -replace -d "$out/gen/fast" "$idl" >"$out/gen/fastddsgen.log" 2>&1 || {
		cat "$out/gen/fastddsgen.log" >&2
		return 1
	}
	g++ -std=c++17 -O1 -w -c -o "$out/gen/samples.o" "$out/gen/fast/samples.cxx" &
	samples=$!
	g++ -std=c++17 -O1 -w -c -o "$out/gen/pubsub.o" "$out/gen/fast/samplesPubSubTypes.cxx"
	for c in common/*.c; do
		gcc -std=gnu11 $warn -c -Icommon -o "$out/gen/$(basename "$c" .c).o" "$c"
	done
	wait $samples
	g++ -std=c++17 $warn -Icommon -isystem "$out/gen/fast" -o "$out/fast_peer" fast/*.cpp \
		"$out/gen/samples.o" "$out/gen/pubsub.o" "$out/gen/peer.o" "$out/gen/options.o" \
		-lfastrtps -lfastcdr -ldl -pthread
}
cyclone &
pid=$!
fast
wait $pid
echo "$want" >"$out/peers.sha256"

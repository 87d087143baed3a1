#!/bin/sh
# build.sh OUTDIR builds cyclone_perf, fast_perf and limits into OUTDIR.
# conformance/peers/install.sh installs what they are made of.
set -eu
cd "$(dirname "$0")"
out=${1:?usage: build.sh OUTDIR}
mkdir -p "$out/c" "$out/fast"
out=$(cd "$out" && pwd)
libdir=$(pkg-config --variable=libdir CycloneDDS)
warn="-Wall -Wextra -Werror"

# The generated files are named as the IDL file is: perf.h would hide ours.
cp perf.idl "$out/perf_type.idl"

gcc -std=gnu11 -O2 $warn -o "$out/limits" limits.c

# The two toolchains run beside each other: the C++ of Fast takes the time.
cyclone() {
	(cd "$out/c" && idlc ../perf_type.idl)
	gcc -std=gnu11 -O2 $warn -Wno-missing-field-initializers -Icommon -I"$out/c" \
		-DCYCLONE_PLUGINS="\"$libdir/libddsc0debian\"" \
		-o "$out/cyclone_perf" cyclone/main.c common/*.c "$out/c/perf_type.c" \
		$(pkg-config --cflags --libs CycloneDDS) -pthread
}
fast() {
	fastddsgen -replace -d "$out/fast" "$out/perf_type.idl" >"$out/fastddsgen.log" 2>&1 || {
		cat "$out/fastddsgen.log" >&2
		return 1
	}
	for c in common/*.c; do
		gcc -std=gnu11 -O2 $warn -c -Icommon -o "$out/fast/$(basename "$c" .c).o" "$c"
	done
	g++ -std=c++17 -O2 -w -c -o "$out/fast/type.o" "$out/fast/perf_type.cxx" &
	type=$!
	g++ -std=c++17 -O2 -w -c -o "$out/fast/pubsub.o" "$out/fast/perf_typePubSubTypes.cxx"
	g++ -std=c++17 -O2 $warn -Icommon -isystem "$out/fast" -c -o "$out/fast/main.o" fast/main.cpp
	wait $type
	g++ -o "$out/fast_perf" "$out/fast"/*.o -lfastrtps -lfastcdr -pthread
}
cyclone &
pid=$!
fast
wait $pid

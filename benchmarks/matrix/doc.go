// Matrix compares `secdds perf` with the same programs on Cyclone DDS and on
// Fast DDS (benchmarks/peers), and with the bare limits of the machine, in one
// run over loopback:
//
//	go run ./benchmarks/matrix -quick
//
// It is a tool. Everything is measured in rounds, and within a round one after
// the other, so that what else the machine does spoils a bit of each cell and
// not one cell altogether; the tables have medians and ratios. It writes them to
// benchmarks/RESULTS.md, and CPU profiles of ours, as text, to
// benchmarks/profiles. A cell that fails is a dash with the reason below.
//
// It needs the Debian packages that conformance/peers/install.sh installs.
package main

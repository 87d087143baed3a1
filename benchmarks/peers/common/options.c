#define _GNU_SOURCE
#include "perf.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_ENCLAVE = 1, OPT_BEST_EFFORT, OPT_DOMAIN, OPT_READERS, OPT_RATE, OPT_BATCH, OPT_DATA_SHARING, OPT_ASYNC };

static const struct option longs[] = {
	{"enclave", required_argument, NULL, OPT_ENCLAVE},
	{"best-effort", no_argument, NULL, OPT_BEST_EFFORT},
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"readers", required_argument, NULL, OPT_READERS},
	{"rate", required_argument, NULL, OPT_RATE},
	{"batch", no_argument, NULL, OPT_BATCH},
	{"data-sharing", no_argument, NULL, OPT_DATA_SHARING},
	{"async", no_argument, NULL, OPT_ASYNC},
	{NULL, 0, NULL, 0},
};

void perf_fail(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fflush(stdout);
	fputs("perf: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	// Threads of the vendor are running; its exit handlers may wait for them.
	fflush(NULL);
	_Exit(2);
}

static double number(const char *what, const char *text, double min, double max) {
	char *end;
	errno = 0;
	double n = strtod(text, &end);
	if (errno || *end || end == text || !(n >= min && n <= max))
		perf_fail("%s %s: want a number from %.0f to %.0f", what, text, min, max);
	return n;
}

static const char usage[] = "usage: pub SIZE SECONDS | sub SECONDS | ping SIZE COUNT | pong SECONDS [options]";

struct perf_options perf_parse(int argc, char **argv) {
	struct perf_options o = {.readers = 1};
	int c, at;
	while ((c = getopt_long(argc, argv, "", longs, &at)) != -1)
		switch (c) {
		case OPT_ENCLAVE: o.enclave = optarg; break;
		case OPT_BEST_EFFORT: o.best_effort = true; break;
		case OPT_DOMAIN: o.domain = (int)number("--domain", optarg, 0, 232); break;
		case OPT_READERS: o.readers = (int)number("--readers", optarg, 1, 1000); break;
		case OPT_RATE: o.rate = number("--rate", optarg, 0, 1e9); break;
		case OPT_BATCH: o.batch = true; break;
		case OPT_DATA_SHARING: o.data_sharing = true; break;
		case OPT_ASYNC: o.async = true; break;
		default: perf_fail("%s", usage);
		}
	// getopt_long has moved what are no options to the end.
	static const struct { const char *name; enum perf_role role; int args; } roles[] = {
		{"pub", PERF_PUB, 2}, {"sub", PERF_SUB, 1}, {"ping", PERF_PING, 2}, {"pong", PERF_PONG, 1},
	};
	char **args = argv + optind;
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
		if (argc - optind != 1 + roles[i].args || strcmp(args[0], roles[i].name))
			continue;
		o.role = roles[i].role;
		const char *last = args[roles[i].args];
		if (o.role == PERF_PUB || o.role == PERF_PING)
			o.size = (size_t)number("SIZE", args[1], 0, 1 << 28);
		if (o.role == PERF_PING)
			o.count = (long)number("COUNT", last, 1, 1e8);
		else
			o.seconds = number("SECONDS", last, 0, 1e6);
		return o;
	}
	perf_fail("%s", usage);
}

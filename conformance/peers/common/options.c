#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_DOMAIN = 1, OPT_TOPIC, OPT_TYPE, OPT_KEY, OPT_RELIABLE, OPT_BEST_EFFORT, OPT_TRANSIENT_LOCAL,
	OPT_VOLATILE, OPT_KEEP_ALL, OPT_KEEP_LAST, OPT_PARTITION, OPT_COUNT, OPT_SIZE, OPT_PERIOD,
	OPT_REPRESENTATION, OPT_ENCLAVE, OPT_INTERFACE, OPT_TIMEOUT, OPT_DISPOSE, OPT_UNREGISTER,
	OPT_WAIT_MATCH, OPT_WAIT_ACK, OPT_LINGER, OPT_VERBOSE, OPT_INSTANCES, OPT_TRUST_SELF, OPT_CLOSE,
	OPT_LIVELINESS, OPT_KEY_SIZE,
};

static const struct option longs[] = {
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"topic", required_argument, NULL, OPT_TOPIC},
	{"type", required_argument, NULL, OPT_TYPE},
	{"key", required_argument, NULL, OPT_KEY},
	{"reliable", no_argument, NULL, OPT_RELIABLE},
	{"best-effort", no_argument, NULL, OPT_BEST_EFFORT},
	{"transient-local", no_argument, NULL, OPT_TRANSIENT_LOCAL},
	{"volatile", no_argument, NULL, OPT_VOLATILE},
	{"keep-all", no_argument, NULL, OPT_KEEP_ALL},
	{"keep-last", required_argument, NULL, OPT_KEEP_LAST},
	{"partition", required_argument, NULL, OPT_PARTITION},
	{"count", required_argument, NULL, OPT_COUNT},
	{"size", required_argument, NULL, OPT_SIZE},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"representation", required_argument, NULL, OPT_REPRESENTATION},
	{"enclave", required_argument, NULL, OPT_ENCLAVE},
	{"interface", required_argument, NULL, OPT_INTERFACE},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"dispose", no_argument, NULL, OPT_DISPOSE},
	{"unregister", no_argument, NULL, OPT_UNREGISTER},
	{"wait-match", required_argument, NULL, OPT_WAIT_MATCH},
	{"wait-ack", no_argument, NULL, OPT_WAIT_ACK},
	{"linger", required_argument, NULL, OPT_LINGER},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{"instances", required_argument, NULL, OPT_INSTANCES},
	{"close", no_argument, NULL, OPT_CLOSE},
	{"trust-self", no_argument, NULL, OPT_TRUST_SELF},
	{"liveliness", required_argument, NULL, OPT_LIVELINESS},
	{"key-size", required_argument, NULL, OPT_KEY_SIZE},
	{NULL, 0, NULL, 0},
};

static int number(const char *option, const char *text, long min, long max) {
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < min || n > max)
		peer_fail("--%s %s: want a number from %ld to %ld", option, text, min, max);
	return (int)n;
}

// sizes reads numbers with commas between them.
static void sizes(struct peer_options *o, const char *name, const char *text) {
	char one[16];
	for (o->size_count = 0;; text++) {
		size_t n = strcspn(text, ",");
		if (o->size_count == PEER_MAX_SIZES || n >= sizeof one)
			peer_fail("--%s %s: want up to %d numbers", name, text, PEER_MAX_SIZES);
		memcpy(one, text, n);
		one[n] = 0;
		o->sizes[o->size_count++] = (size_t)number(name, one, 0, 1 << 30);
		text += n;
		if (*text == 0)
			return;
	}
}

static enum peer_type type(const char *name) {
	if (!strcmp(name, "shape"))
		return PEER_SHAPE;
	if (!strcmp(name, "blob"))
		return PEER_BLOB;
	if (!strcmp(name, "note"))
		return PEER_NOTE;
	peer_fail("--type %s: want shape, blob or note", name);
}

struct peer_options peer_parse(int argc, char **argv) {
	struct peer_options o = {
		.topic = "Blob", .type = PEER_BLOB, .reliable = true, .count = 1, .interface = "lo",
		.timeout_s = 20, .wait_match = 1, .linger_ms = -1, .instances = 1, .size_count = 1,
	};
	if (argc < 2 || (strcmp(argv[1], "pub") && strcmp(argv[1], "sub")))
		peer_fail("usage: %s pub|sub [options]", argv[0]);
	o.publish = !strcmp(argv[1], "pub");
	int c, at;
	for (optind = 2; (c = getopt_long(argc, argv, "", longs, &at)) != -1;) {
		if (c == '?')
			peer_fail("%s: bad option", argv[optind - 1]);
		const char *name = longs[at].name;
		switch (c) {
		case OPT_DOMAIN: o.domain = number(name, optarg, 0, 232); break;
		case OPT_TOPIC: o.topic = optarg; break;
		case OPT_TYPE: o.type = type(optarg); break;
		case OPT_KEY: o.key = optarg; break;
		case OPT_RELIABLE: o.reliable = true; break;
		case OPT_BEST_EFFORT: o.reliable = false; break;
		case OPT_TRANSIENT_LOCAL: o.transient_local = true; break;
		case OPT_VOLATILE: o.transient_local = false; break;
		case OPT_KEEP_ALL: o.keep_last = 0; break;
		case OPT_KEEP_LAST: o.keep_last = number(name, optarg, 1, INT_MAX); break;
		case OPT_PARTITION:
			if (o.partition_count == PEER_MAX_PARTITIONS)
				peer_fail("more than %d partitions", PEER_MAX_PARTITIONS);
			o.partitions[o.partition_count++] = optarg;
			break;
		case OPT_COUNT: o.count = number(name, optarg, 0, INT_MAX); break;
		case OPT_SIZE: sizes(&o, name, optarg); break;
		case OPT_PERIOD: o.period_ms = number(name, optarg, 0, INT_MAX); break;
		case OPT_REPRESENTATION: o.representation = number(name, optarg, 1, 2); break;
		case OPT_ENCLAVE:
			if ((o.enclave = realpath(optarg, NULL)) == NULL)
				peer_fail("--enclave %s: %s", optarg, strerror(errno));
			break;
		case OPT_INTERFACE: o.interface = optarg; break;
		case OPT_TIMEOUT: o.timeout_s = number(name, optarg, 1, 86400); break;
		case OPT_DISPOSE: o.dispose = true; break;
		case OPT_UNREGISTER: o.unregister = true; break;
		case OPT_WAIT_MATCH: o.wait_match = number(name, optarg, 0, 1000); break;
		case OPT_WAIT_ACK: o.wait_ack = true; break;
		case OPT_LINGER: o.linger_ms = number(name, optarg, 0, INT_MAX); break;
		case OPT_VERBOSE: o.verbose = true; break;
		case OPT_INSTANCES: o.instances = number(name, optarg, 1, 1000); break;
		case OPT_CLOSE: o.close = true; break;
		case OPT_TRUST_SELF: o.trust_self = true; break;
		case OPT_LIVELINESS: o.liveliness_ms = number(name, optarg, 1, INT_MAX); break;
		case OPT_KEY_SIZE: o.key_size = number(name, optarg, 128, 256); break;
		}
	}
	if (optind != argc)
		peer_fail("%s: not expected", argv[optind]);
	if (o.linger_ms < 0)
		o.linger_ms = o.publish ? 0 : 500;
	if (!o.publish && o.dispose && o.unregister)
		peer_fail("a subscriber waits for --dispose or --unregister: a disposed instance stays disposed");
	if (o.instances > 1 && o.type == PEER_SHAPE)
		peer_fail("--instances: not of shapes");
	if (!o.key)
		o.key = o.type == PEER_SHAPE ? "BLUE" : "1";
	return o;
}

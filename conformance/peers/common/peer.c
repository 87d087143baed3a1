#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct peer_seen peer_seen;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool ended; // stdin is at its end, or said quit
static struct timespec deadline;

void peer_set(int *counter, int value) {
	pthread_mutex_lock(&mu);
	*counter = value;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mu);
}

void peer_add(int *counter) {
	pthread_mutex_lock(&mu);
	++*counter;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mu);
}

static void *read_stdin(void *arg) {
	(void)arg;
	char line[64];
	while (fgets(line, sizeof line, stdin) && strcmp(line, "quit\n") != 0) {
	}
	pthread_mutex_lock(&mu);
	ended = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mu);
	return NULL;
}

static struct timespec after_ms(int64_t ms) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

void peer_start(const struct peer_options *o) {
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	deadline = after_ms((int64_t)o->timeout_s * 1000);
	pthread_t t;
	if (pthread_create(&t, NULL, read_stdin, NULL) != 0)
		peer_fail("pthread_create");
	pthread_detach(t);
}

int64_t peer_left_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ms = (int64_t)(deadline.tv_sec - now.tv_sec) * 1000 + (deadline.tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? ms : 0;
}

int peer_wait(bool (*done)(const struct peer_options *), const struct peer_options *o) {
	int rc = PEER_OK;
	pthread_mutex_lock(&mu);
	while (!done(o)) {
		if (ended) {
			rc = PEER_ENDED;
			break;
		}
		if (pthread_cond_timedwait(&changed, &mu, &deadline) == ETIMEDOUT && !done(o)) {
			rc = PEER_TIMEOUT;
			break;
		}
	}
	pthread_mutex_unlock(&mu);
	return rc;
}

int peer_sleep(int ms) {
	struct timespec until = after_ms(ms);
	pthread_mutex_lock(&mu);
	while (!ended && pthread_cond_timedwait(&changed, &mu, &until) != ETIMEDOUT) {
	}
	int rc = ended ? PEER_ENDED : PEER_OK;
	pthread_mutex_unlock(&mu);
	return rc;
}

bool peer_is_matched(const struct peer_options *o) { return peer_seen.matched >= o->wait_match; }

bool peer_is_satisfied(const struct peer_options *o) {
	return o->count > 0 && peer_seen.samples + peer_seen.bad >= o->count &&
	       (!o->dispose || peer_seen.disposed > 0) && (!o->unregister || peer_seen.unregistered > 0);
}

static void print_line(const char *first, const char *format, va_list args) {
	flockfile(stdout);
	fputs(first, stdout);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

void peer_emit(const char *format, ...) {
	va_list args;
	va_start(args, format);
	print_line("", format, args);
	va_end(args);
}

void peer_fail(const char *format, ...) {
	va_list args;
	va_start(args, format);
	print_line("FAILED ", format, args);
	va_end(args);
	_exit(PEER_FAILED); // the vendors' exit handlers may hang on what is half made
}

const char *peer_guid(const uint8_t *g, char *out) {
	char *p = out;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 8)
			*p++ = '.';
		if (i == 12)
			*p++ = ':';
		p += sprintf(p, "%02x", g[i]);
	}
	return out;
}

const char *peer_policy(int id) {
	// DDS 1.4, 2.3.3: the QosPolicyId_t constants; 23 and 24 are of DDS-XTypes 1.3.
	static const char *const names[] = {
		"INVALID", "USER_DATA", "DURABILITY", "PRESENTATION", "DEADLINE", "LATENCY_BUDGET",
		"OWNERSHIP", "OWNERSHIP_STRENGTH", "LIVELINESS", "TIME_BASED_FILTER", "PARTITION",
		"RELIABILITY", "DESTINATION_ORDER", "HISTORY", "RESOURCE_LIMITS", "ENTITY_FACTORY",
		"WRITER_DATA_LIFECYCLE", "READER_DATA_LIFECYCLE", "TOPIC_DATA", "GROUP_DATA",
		"TRANSPORT_PRIORITY", "LIFESPAN", "DURABILITY_SERVICE", "DATA_REPRESENTATION",
		"TYPE_CONSISTENCY",
	};
	return id >= 0 && id < (int)(sizeof names / sizeof *names) ? names[id] : "UNKNOWN";
}

void peer_blob_fill(uint8_t *data, size_t size, uint64_t seq) {
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 31 + seq);
}

bool peer_blob_good(const uint8_t *data, size_t size, uint64_t seq) {
	for (size_t i = 0; i < size; i++)
		if (data[i] != (uint8_t)(i * 31 + seq))
			return false;
	return true;
}

void peer_note_fill(char *out, size_t size, uint64_t seq) {
	size_t i = (size_t)sprintf(out, "%" PRIu64 ":", seq);
	for (; i < size; i++)
		out[i] = (char)('a' + (i + seq) % 26);
	out[i] = 0;
}

bool peer_note_good(const char *text, uint64_t *seq) {
	char *colon;
	*seq = strtoull(text, &colon, 10);
	if (colon == text || *colon != ':')
		return false;
	for (size_t i = (size_t)(colon + 1 - text); text[i]; i++)
		if (text[i] != (char)('a' + (i + *seq) % 26))
			return false;
	return true;
}

int32_t peer_id(const struct peer_options *o, uint64_t seq) {
	return atoi(o->key) + (seq ? (int32_t)((seq - 1) % (uint64_t)o->instances) : 0);
}

size_t peer_size(const struct peer_options *o, uint64_t seq) {
	return o->sizes[seq ? (seq - 1) % (uint64_t)o->size_count : 0];
}

size_t peer_max_size(const struct peer_options *o) {
	size_t max = 0;
	for (int i = 0; i < o->size_count; i++)
		if (o->sizes[i] > max)
			max = o->sizes[i];
	return max;
}

void peer_sample(const struct peer_options *o, uint64_t seq, size_t size, const char *key, bool good) {
	size_t want = peer_size(o, seq);
	if (want != 0 && size != want && o->type != PEER_NOTE)
		good = false;
	peer_emit("SAMPLE seq=%" PRIu64 " size=%zu %s key=%s", seq, size, good ? "ok" : "BAD", key);
	peer_add(good ? &peer_seen.samples : &peer_seen.bad);
}

static int give_up(int rc, const char *what) {
	if (rc == PEER_TIMEOUT)
		peer_emit("TIMEOUT %s", what);
	return rc;
}

static void finish(const struct peer_options *o, void (*close)(void *self), void *self) {
	peer_emit("DONE");
	if (o->close) {
		close(self);
		peer_emit("CLOSED");
	}
	peer_sleep(o->linger_ms);
}

int peer_run_publisher(const struct peer_options *o, const struct peer_writer *w) {
	int rc = peer_wait(peer_is_matched, o);
	if (rc != PEER_OK)
		return give_up(rc, "match");
	const char *err;
	for (int seq = 1; seq <= o->count; seq++) {
		if (seq > 1 && (rc = peer_sleep(o->period_ms)) != PEER_OK)
			return rc;
		if ((err = w->write(w->self, (uint64_t)seq)) != NULL) {
			peer_emit("FAILED write %d: %s", seq, err);
			return PEER_FAILED;
		}
		peer_emit("SENT %d", seq);
	}
	if (o->dispose) {
		if ((err = w->dispose(w->self)) != NULL) {
			peer_emit("FAILED dispose: %s", err);
			return PEER_FAILED;
		}
		peer_emit("SENT dispose");
	}
	if (o->unregister) {
		if ((err = w->unregister(w->self)) != NULL) {
			peer_emit("FAILED unregister: %s", err);
			return PEER_FAILED;
		}
		peer_emit("SENT unregister");
	}
	if (o->wait_ack) {
		if ((err = w->wait_ack(w->self, peer_left_ms())) != NULL) {
			peer_emit("TIMEOUT ack: %s", err);
			return PEER_TIMEOUT;
		}
		peer_emit("ACKED");
	}
	finish(o, w->close, w->self);
	return PEER_OK;
}

// outlives waits until the last sample is no longer what keeps the writer alive.
static int outlives(const struct peer_options *o) {
	int rc = peer_sleep(o->liveliness_ms + o->liveliness_ms / 4);
	if (rc != PEER_OK)
		return rc;
	pthread_mutex_lock(&mu);
	rc = peer_seen.alive > 0 ? PEER_OK : PEER_TIMEOUT;
	pthread_mutex_unlock(&mu);
	return give_up(rc, "liveliness");
}

int peer_run_subscriber(const struct peer_options *o, void (*close)(void *self), void *self) {
	int rc = peer_wait(peer_is_satisfied, o);
	if (rc != PEER_OK)
		return give_up(rc, "samples");
	if (o->liveliness_ms) {
		if ((rc = outlives(o)) != PEER_OK)
			return rc;
		peer_emit("ALIVE");
	}
	finish(o, close, self);
	return peer_seen.bad ? PEER_TIMEOUT : PEER_OK;
}

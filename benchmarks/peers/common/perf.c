#define _GNU_SOURCE
#include "perf.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define MATCH_LIMIT (20 * SECOND)
#define SETTLE (SECOND / 5)     // between the match and the first sample
#define QUIET (3 * SECOND / 2)  // sub ends when nothing has come for so long
#define POLL (SECOND / 200)

int64_t perf_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t perf_cpu(void) {
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * SECOND + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000;
}

int perf_rmem_max(void) {
	int n = 212992; // the kernel's default
	FILE *f = fopen("/proc/sys/net/core/rmem_max", "r");
	if (f) {
		if (fscanf(f, "%d", &n) != 1)
			perf_fail("read net.core.rmem_max");
		fclose(f);
	}
	return n;
}

static void sleep_until(int64_t at) {
	struct timespec t = {at / SECOND, at % SECOND};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

// wait_match lets the other side match too: to wait for one side only would
// lose the first samples, the writer being volatile.
static void wait_match(const struct perf_options *o, const struct perf_link *l) {
	int64_t end = perf_now() + MATCH_LIMIT;
	while (!l->matched(l->self, o->readers)) {
		if (perf_now() > end)
			perf_fail("no match");
		sleep_until(perf_now() + POLL);
	}
	sleep_until(perf_now() + SETTLE);
}

int perf_pub(const struct perf_options *o, const struct perf_link *l) {
	prctl(PR_SET_TIMERSLACK, 1);
	wait_match(o, l);
	int64_t start = perf_now(), cpu = perf_cpu(), end = start + (int64_t)(o->seconds * 1e9), now = start;
	uint64_t n = 0;
	for (; now < end; now = perf_now()) {
		if (o->rate > 0) {
			int64_t due = start + (int64_t)((double)n / o->rate * 1e9);
			if (due > now)
				sleep_until(due);
		}
		l->write(l->self, ++n);
	}
	double took = (double)(now - start) / 1e9;
	cpu = perf_cpu() - cpu;
	l->drain(l->self);
	printf("PUB %.0f samples/s %.2f MB/s cpu %.3f us/sample\n", (double)n / took, (double)n * (double)o->size / took / 1e6,
		(double)cpu / 1e3 / (double)n);
	fflush(stdout);
	return 0;
}

void perf_sub_batch(struct perf_sub *s) {
	int64_t now = perf_now();
	if (!s->first_ns) {
		// The rate counts from the end of the first batch on.
		s->first_ns = now;
		s->first_n = s->n;
		s->first_bytes = s->bytes;
		s->cpu0 = perf_cpu();
	}
	__atomic_store_n(&s->last_ns, now, __ATOMIC_RELEASE);
}

int perf_sub_wait(const struct perf_options *o, struct perf_sub *s) {
	int64_t born = perf_now();
	for (;;) {
		sleep_until(perf_now() + 4 * POLL);
		int64_t now = perf_now(), last = __atomic_load_n(&s->last_ns, __ATOMIC_ACQUIRE);
		if (!last && now > born + MATCH_LIMIT + 5 * SECOND)
			perf_fail("no sample");
		if (last && (now > last + QUIET || now > s->first_ns + (int64_t)(o->seconds * 1e9) + 10 * SECOND))
			break;
	}
	double took = (double)(s->last_ns - s->first_ns) / 1e9;
	if (took <= 0)
		took = 1e-9;
	double n = (double)(s->n - s->first_n), bytes = (double)(s->bytes - s->first_bytes);
	printf("SUB %.0f samples/s %.2f MB/s n %" PRIu64 " lost %" PRIu64 " cpu %.3f us/sample\n", n / took,
		bytes / took / 1e6, s->n, s->lost, n > 0 ? (double)(perf_cpu() - s->cpu0) / 1e3 / n : 0);
	fflush(stdout);
	return 0;
}

struct perf_ping {
	const struct perf_options *o;
	const struct perf_link *l;
	pthread_mutex_t mu;
	pthread_cond_t done;
	uint64_t seq;  // of the ping that is under way
	int64_t sent;  // when it was written
	long warm, n;  // round trips not counted, and counted
	int64_t *took; // ns, by round trip
};

struct perf_ping *perf_ping_new(const struct perf_options *o, const struct perf_link *l) {
	struct perf_ping *p = calloc(1, sizeof *p);
	p->o = o;
	p->l = l;
	pthread_mutex_init(&p->mu, NULL);
	pthread_condattr_t a;
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&p->done, &a);
	p->warm = 100;
	p->took = calloc((size_t)o->count, sizeof *p->took);
	return p;
}

static void ping(struct perf_ping *p) {
	p->seq++;
	p->sent = perf_now();
	p->l->write(p->l->self, p->seq);
}

void perf_ping_reply(struct perf_ping *p, uint64_t seq) {
	int64_t now = perf_now();
	pthread_mutex_lock(&p->mu);
	if (seq == p->seq && p->n < p->o->count) {
		if (p->warm > 0)
			p->warm--;
		else
			p->took[p->n++] = now - p->sent;
		if (p->n < p->o->count)
			ping(p);
		else
			pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->mu);
}

static int by_size(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int perf_ping_run(struct perf_ping *p) {
	wait_match(p->o, p->l);
	pthread_mutex_lock(&p->mu);
	ping(p);
	for (int idle = 0; p->n < p->o->count;) {
		uint64_t seq = p->seq;
		int64_t at = perf_now() + SECOND;
		struct timespec t = {at / SECOND, at % SECOND};
		pthread_cond_timedwait(&p->done, &p->mu, &t);
		if (p->n == p->o->count || seq != p->seq) {
			idle = 0;
			continue;
		}
		if (++idle == 10)
			perf_fail("no answer");
		if (p->o->best_effort) // it may be lost
			ping(p);
	}
	pthread_mutex_unlock(&p->mu);
	qsort(p->took, (size_t)p->n, sizeof *p->took, by_size);
	printf("RTT us");
	static const struct { const char *name; double at; } points[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p99.9", .999}, {"max", 1}};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		printf(" %s %.1f", points[i].name, (double)p->took[(size_t)((double)(p->n - 1) * points[i].at)] / 1e3);
	putchar('\n');
	fflush(stdout);
	return 0;
}

int perf_pong(const struct perf_options *o, const struct perf_link *l) {
	int64_t end = perf_now() + (int64_t)(o->seconds * 1e9);
	bool met = false;
	while (perf_now() < end) {
		bool here = l->matched(l->self, 1);
		if (met && !here)
			break;
		met = met || here;
		sleep_until(perf_now() + 10 * POLL);
	}
	return 0;
}

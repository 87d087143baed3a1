// What cyclone_perf and fast_perf have in common: the command line, the
// measuring and the lines they print. See ../README.md.
#ifndef PERF_H
#define PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define PERF_NORETURN [[noreturn]]
#else
#define PERF_NORETURN _Noreturn
#endif

enum perf_role { PERF_PUB, PERF_SUB, PERF_PING, PERF_PONG };

#define PERF_MAX_SAMPLES 4000 // of the histories of Tput

struct perf_options {
	enum perf_role role;
	size_t size;        // octets of data in a sample: pub, ping
	double seconds;     // pub, sub, pong
	long count;         // round trips: ping
	const char *enclave; // NULL: not secured
	bool best_effort;
	int domain;
	int readers;        // pub begins when it has so many
	double rate;        // samples/s of pub; 0: as many as go
	bool batch;         // Cyclone: dds_write_set_batch
	bool data_sharing;  // Fast: shared memory beside UDP
	bool async;         // Fast: asynchronous publish mode
};

struct perf_options perf_parse(int argc, char **argv);
PERF_NORETURN void perf_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

int64_t perf_now(void); // ns, monotonic
int64_t perf_cpu(void); // ns of this process, user and system

// perf_rmem_max is how large a socket's receive buffer the kernel grants.
int perf_rmem_max(void);

// A perf_link is what pub and ping need of a vendor.
struct perf_link {
	bool (*matched)(void *self, int readers); // everything that is waited for
	void (*write)(void *self, uint64_t seq);  // fails the program if it cannot
	void (*drain)(void *self);                // until all is acknowledged, a while
	void *self;
};

int perf_pub(const struct perf_options *o, const struct perf_link *l);

// A perf_sub counts what a reader takes. One thread at a time calls
// perf_sub_batch; perf_sub_wait runs beside it.
struct perf_sub {
	uint64_t n, lost, last, first_n; // first: of the first batch
	size_t bytes, first_bytes;
	int64_t first_ns, cpu0;
	int64_t last_ns; // atomic
};

static inline void perf_sub_sample(struct perf_sub *s, uint64_t seq, size_t bytes) {
	if (s->n++ && seq > s->last + 1)
		s->lost += seq - s->last - 1;
	s->last = seq;
	s->bytes += bytes;
}
void perf_sub_batch(struct perf_sub *s); // after each batch of samples
int perf_sub_wait(const struct perf_options *o, struct perf_sub *s);

// A perf_ping sends the next ping from the thread that takes the answer.
struct perf_ping;
struct perf_ping *perf_ping_new(const struct perf_options *o, const struct perf_link *l);
void perf_ping_reply(struct perf_ping *p, uint64_t seq);
int perf_ping_run(struct perf_ping *p);

// perf_pong waits until the time is over or the pinger has left.
int perf_pong(const struct perf_options *o, const struct perf_link *l);

#ifdef __cplusplus
}
#endif
#endif

// What the Cyclone and the Fast peer share: the command line, the lines on
// stdout, the pattern of the samples and the wait for a state or an end.
#ifndef PEER_H
#define PEER_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum peer_type { PEER_SHAPE, PEER_BLOB, PEER_NOTE };

enum { PEER_MAX_PARTITIONS = 16, PEER_MAX_SIZES = 8 };

// Exit codes.
enum { PEER_OK = 0, PEER_TIMEOUT = 1, PEER_FAILED = 2, PEER_ENDED = 3 };

struct peer_options {
	bool publish;
	int domain;
	const char *topic;
	enum peer_type type;
	const char *key; // colour of a shape, id of a blob or note
	int instances; // ids from key on, in turn
	bool reliable;
	bool transient_local;
	int keep_last; // 0: keep all
	const char *partitions[PEER_MAX_PARTITIONS];
	int partition_count;
	int count;
	size_t sizes[PEER_MAX_SIZES]; // of the samples, in turn: see peer_size
	int size_count;
	int period_ms;
	int representation; // 0: the vendor's default; 1 or 2
	const char *enclave; // NULL: not secured
	const char *interface;
	int timeout_s;
	bool dispose;
	bool unregister;
	int wait_match;
	bool wait_ack;
	// A subscriber stays for 500 ms if not told otherwise, to acknowledge: Fast 2.9.1 does not notice
	// that a reader of Cyclone is gone, and would wait for it.
	int linger_ms;
	bool verbose;
	bool close; // delete the endpoint before the linger
	bool trust_self; // make endpoints without asking its own access control
	int liveliness_ms; // lease of AUTOMATIC liveliness; 0: infinite
	int key_size; // of AES, in bits; 0: the vendor's default
};

// peer_parse reads the command line; on a bad one it prints FAILED and exits.
struct peer_options peer_parse(int argc, char **argv);

// What has been seen so far. Callbacks change it by peer_set and peer_add only.
struct peer_seen {
	int matched; // endpoints now
	int samples; // good ones, ever
	int bad; // samples with wrong contents
	int disposed; // instances, ever
	int unregistered; // instances without writers, ever
	int alive; // matched writers now
};
extern struct peer_seen peer_seen;

void peer_set(int *counter, int value);
void peer_add(int *counter);

// peer_start starts the clock of --timeout and the thread that reads stdin.
void peer_start(const struct peer_options *o);

// peer_wait waits until done says so, or for the end: PEER_OK, PEER_TIMEOUT or PEER_ENDED.
int peer_wait(bool (*done)(const struct peer_options *), const struct peer_options *o);

// peer_sleep returns early, and PEER_ENDED, when stdin ends; it heeds no --timeout.
int peer_sleep(int ms);

// peer_left_ms is how much of --timeout is left.
int64_t peer_left_ms(void);

bool peer_is_matched(const struct peer_options *o);
bool peer_is_satisfied(const struct peer_options *o);

// peer_emit prints one line and flushes it.
void peer_emit(const char *format, ...) __attribute__((format(printf, 1, 2)));
void peer_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

// peer_guid formats 16 bytes as package rtps does; out holds PEER_GUID_LEN.
enum { PEER_GUID_LEN = 40 };
const char *peer_guid(const uint8_t *guid, char *out);

const char *peer_policy(int id); // the name of a QoS policy

// Contents of samples. peer_note_fill writes size characters (never fewer than
// the number needs) and a zero byte; out holds size + 32.
void peer_blob_fill(uint8_t *data, size_t size, uint64_t seq);
bool peer_blob_good(const uint8_t *data, size_t size, uint64_t seq);
void peer_note_fill(char *out, size_t size, uint64_t seq);
bool peer_note_good(const char *text, uint64_t *seq);
enum { PEER_SHAPESIZE = 30 };

// peer_id is the id of sample seq of a blob or note; of dispose and unregister if seq is 0.
int32_t peer_id(const struct peer_options *o, uint64_t seq);

// peer_size is the size of sample seq, or of the first one if seq is 0; peer_max_size the largest of all.
size_t peer_size(const struct peer_options *o, uint64_t seq);
size_t peer_max_size(const struct peer_options *o);

// peer_sample reports one sample.
void peer_sample(const struct peer_options *o, uint64_t seq, size_t size, const char *key, bool good);

// peer_run_publisher does what is asked of a publisher by the three calls.
struct peer_writer {
	const char *(*write)(void *self, uint64_t seq); // NULL or what went wrong
	const char *(*dispose)(void *self);
	const char *(*unregister)(void *self);
	const char *(*wait_ack)(void *self, int64_t ms);
	void (*close)(void *self);
	void *self;
};
int peer_run_publisher(const struct peer_options *o, const struct peer_writer *w);
int peer_run_subscriber(const struct peer_options *o, void (*close)(void *self), void *self);

#ifdef __cplusplus
}
#endif
#endif

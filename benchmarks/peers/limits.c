// limits measures what the machine allows a program that sends UDP over
// loopback, without any DDS: see README.md.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_DATAGRAM 65507
#define MAX_VECTOR 1024

static _Noreturn void fail(const char *what) {
	fprintf(stderr, "limits: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int must(int rc, const char *what) {
	if (rc < 0)
		fail(what);
	return rc;
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t cpu(void) {
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * INT64_C(1000000000) + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000;
}

// bound returns a socket on a free port of loopback, and its address.
static int bound(struct sockaddr_in *a) {
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	int size = 4 << 20; // the kernel caps it
	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), "set SO_RCVBUF");
	must(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), "set SO_SNDBUF");
	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof *a;
	must(bind(fd, (struct sockaddr *)a, len), "bind");
	must(getsockname(fd, (struct sockaddr *)a, &len), "getsockname");
	return fd;
}

// forked starts f in a process that ends with this one.
static pid_t forked(void (*f)(int fd, uint64_t *got), int fd, uint64_t *got) {
	pid_t pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		f(fd, got);
		_exit(0);
	}
	return pid;
}

static void end(pid_t pid) {
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

// stay keeps this process on the first core, or on the last one.
static void stay(bool last) {
	int core = last ? (int)sysconf(_SC_NPROCESSORS_ONLN) - 1 : 0;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	must(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static bool apart; // the two processes of an echo have a core each

static char buf[MAX_DATAGRAM + 1];

static void echo(int fd, uint64_t *got) {
	(void)got;
	if (apart)
		stay(true);
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len);
		if (n < 0 || sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len) < 0)
			fail("echo");
	}
}

static int by_size(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void udp_echo(size_t size, long count) {
	struct sockaddr_in there, here;
	int fd = bound(&there);
	pid_t pid = forked(echo, fd, NULL);
	close(fd);
	fd = bound(&here);
	if (apart)
		stay(false);
	int64_t *took = calloc((size_t)count, sizeof *took);
	for (long i = -100; i < count; i++) {
		int64_t start = now();
		must((int)sendto(fd, buf, size, 0, (struct sockaddr *)&there, sizeof there), "sendto");
		must((int)recvfrom(fd, buf, sizeof buf, 0, NULL, NULL), "recvfrom");
		if (i >= 0)
			took[i] = now() - start;
	}
	end(pid);
	qsort(took, (size_t)count, sizeof *took, by_size);
	printf("RTT us");
	static const struct { const char *name; double at; } points[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p99.9", .999}, {"max", 1}};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		printf(" %s %.1f", points[i].name, (double)took[(size_t)((double)(count - 1) * points[i].at)] / 1e3);
	putchar('\n');
}

// sink reads what comes, as many datagrams at once as there are.
static void sink(int fd, uint64_t *got) {
	enum { AT_ONCE = 32 };
	static char bufs[AT_ONCE][MAX_DATAGRAM + 1];
	static struct iovec iov[AT_ONCE];
	static struct mmsghdr m[AT_ONCE];
	for (int i = 0; i < AT_ONCE; i++) {
		iov[i] = (struct iovec){bufs[i], sizeof bufs[i]};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	for (;;) {
		int n = must(recvmmsg(fd, m, AT_ONCE, MSG_WAITFORONE, NULL), "recvmmsg");
		__atomic_fetch_add(got, (uint64_t)n, __ATOMIC_RELAXED);
	}
}

enum how { SENDTO, SENDMMSG, SEGMENT };

// rate sends datagrams of size octets, count with one system call.
static void rate(enum how how, size_t size, int count, double seconds, bool read) {
	struct sockaddr_in to, from;
	int in = bound(&to), out = bound(&from);
	uint64_t *got = mmap(NULL, sizeof *got, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = read ? forked(sink, in, got) : 0;

	static struct iovec iov[MAX_VECTOR];
	static struct mmsghdr m[MAX_VECTOR];
	union { char bytes[CMSG_SPACE(sizeof(uint16_t))]; struct cmsghdr align; } control = {0};
	struct msghdr train = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = iov, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	for (int i = 0; i < count; i++) {
		iov[i] = (struct iovec){buf, size};
		m[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov[i], .msg_iovlen = 1};
	}
	if (how == SEGMENT) {
		iov[0].iov_len = size * (size_t)count;
		struct cmsghdr *c = CMSG_FIRSTHDR(&train);
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
		uint16_t segment = (uint16_t)size;
		memcpy(CMSG_DATA(c), &segment, sizeof segment);
	}
	int64_t start = now(), used = cpu(), stop = start + (int64_t)(seconds * 1e9), at = start;
	uint64_t n = 0;
	for (; at < stop; at = now())
		switch (how) {
		case SENDTO:
			must((int)sendto(out, buf, size, 0, (struct sockaddr *)&to, sizeof to), "sendto");
			n++;
			break;
		case SENDMMSG:
			n += (uint64_t)must(sendmmsg(out, m, (unsigned)count, 0), "sendmmsg");
			break;
		case SEGMENT:
			must((int)sendmsg(out, &train, 0), "sendmsg with UDP_SEGMENT");
			n += (uint64_t)count;
			break;
		}
	double took = (double)(at - start) / 1e9;
	used = cpu() - used;
	if (read)
		end(pid);
	printf("SEND %.0f datagrams/s %.2f MB/s cpu %.3f us/datagram read %.0f datagrams/s\n", (double)n / took,
		(double)n * (double)size / took / 1e6, (double)used / 1e3 / (double)n, (double)*got / took);
}

static const char usage[] = "usage: limits udp_echo SIZE COUNT [apart] | sendto SIZE SECONDS [read]\n"
	"     | sendmmsg SIZE COUNT SECONDS [read] | segment SIZE COUNT SECONDS [read]\n";

int main(int argc, char **argv) {
	bool read = argc > 1 && !strcmp(argv[argc - 1], "read");
	apart = argc > 1 && !strcmp(argv[argc - 1], "apart");
	argc -= read || apart;
	const char *what = argc > 1 ? argv[1] : "";
	long size = argc > 2 ? atol(argv[2]) : -1, count = argc > 3 ? atol(argv[3]) : 0;
	double seconds = argc > 4 ? atof(argv[4]) : 0;
	if (size < 0 || size > MAX_DATAGRAM || (count < 1 && strcmp(what, "sendto")))
		what = "";
	if (!strcmp(what, "udp_echo") && argc == 4)
		udp_echo((size_t)size, count);
	else if (!strcmp(what, "sendto") && argc == 4)
		rate(SENDTO, (size_t)size, 1, atof(argv[3]), read);
	else if (!strcmp(what, "sendmmsg") && argc == 5 && count <= MAX_VECTOR)
		rate(SENDMMSG, (size_t)size, (int)count, seconds, read);
	else if (!strcmp(what, "segment") && argc == 5 && size * count <= MAX_DATAGRAM)
		rate(SEGMENT, (size_t)size, (int)count, seconds, read);
	else {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}

// cyclone_perf measures Cyclone DDS: see ../README.md.
#include "perf.h"
#include "perf_type.h"

#include <dds/dds.h>
#include <dds/ddsrt/environ.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct perf_options options;
static dds_entity_t participant, writer, reader;
static Perf out;

// What a take fills. The samples are ours and are used again, so that Cyclone
// allocates for none of them.
#define BATCH 64
static Perf in[BATCH];
static void *taken[BATCH];
static dds_sample_info_t infos[BATCH];

static struct perf_sub sub;
static struct perf_ping *pinger;

static dds_entity_t must(dds_return_t rc, const char *what) {
	if (rc < 0)
		perf_fail("%s: %s", what, dds_strretcode(-rc));
	return rc;
}

// configure sets what ../README.md tells, by CYCLONEDDS_URI as a user would.
static void configure(void) {
	char xml[1024];
	snprintf(xml, sizeof xml,
		"<CycloneDDS><Domain Id=\"any\">"
		"<General>"
		"<Interfaces><NetworkInterface name=\"lo\" multicast=\"true\"/></Interfaces>"
		"<MaxMessageSize>65500B</MaxMessageSize><FragmentSize>65000B</FragmentSize>"
		"</General>"
		"<Internal>"
		"<SocketReceiveBufferSize max=\"%dB\"/>"
		"<Watermarks><WhcHigh>2MB</WhcHigh></Watermarks>"
		"</Internal>"
		"</Domain></CycloneDDS>", perf_rmem_max());
	must(ddsrt_setenv("CYCLONEDDS_URI", xml), "set CYCLONEDDS_URI");
}

static void set_file(dds_qos_t *q, const char *property, const char *file) {
	char uri[4096];
	snprintf(uri, sizeof uri, "file:%s/%s", options.enclave, file);
	dds_qset_prop(q, property, uri);
}

static void secure(dds_qos_t *q) {
	dds_qset_prop(q, "dds.sec.auth.library.path", CYCLONE_PLUGINS "/libdds_security_auth.so");
	dds_qset_prop(q, "dds.sec.auth.library.init", "init_authentication");
	dds_qset_prop(q, "dds.sec.auth.library.finalize", "finalize_authentication");
	dds_qset_prop(q, "dds.sec.crypto.library.path", CYCLONE_PLUGINS "/libdds_security_crypto.so");
	dds_qset_prop(q, "dds.sec.crypto.library.init", "init_crypto");
	dds_qset_prop(q, "dds.sec.crypto.library.finalize", "finalize_crypto");
	dds_qset_prop(q, "dds.sec.access.library.path", CYCLONE_PLUGINS "/libdds_security_ac.so");
	dds_qset_prop(q, "dds.sec.access.library.init", "init_access_control");
	dds_qset_prop(q, "dds.sec.access.library.finalize", "finalize_access_control");
	set_file(q, "dds.sec.auth.identity_ca", "identity_ca.cert.pem");
	set_file(q, "dds.sec.auth.identity_certificate", "cert.pem");
	set_file(q, "dds.sec.auth.private_key", "key.pem");
	set_file(q, "dds.sec.access.permissions_ca", "permissions_ca.cert.pem");
	set_file(q, "dds.sec.access.governance", "governance.p7s");
	set_file(q, "dds.sec.access.permissions", "permissions.p7s");
}

// take takes all there is, a batch at a time.
static void take(dds_entity_t r, void (*sample)(const Perf *), void (*batch)(void)) {
	int n;
	do {
		n = dds_take(r, taken, infos, BATCH, BATCH);
		for (int i = 0; i < n; i++)
			if (infos[i].valid_data)
				sample(taken[i]);
		if (n > 0 && batch)
			batch();
	} while (n == BATCH);
}

static void count(const Perf *p) { perf_sub_sample(&sub, p->seq, p->data._length); }
static void counted(void) { perf_sub_batch(&sub); }
static void reply(const Perf *p) { perf_ping_reply(pinger, p->seq); }
static void echo(const Perf *p) { must(dds_write(writer, p), "write"); }

// The listeners run on the thread that receives: nothing is handed over.
static void on_sample(dds_entity_t r, void *arg) { (void)arg; take(r, count, counted); }
static void on_ping(dds_entity_t r, void *arg) { (void)arg; take(r, echo, NULL); }
static void on_pong(dds_entity_t r, void *arg) { (void)arg; take(r, reply, NULL); }

static bool matched(void *self, int readers) {
	(void)self;
	dds_publication_matched_status_t w;
	dds_subscription_matched_status_t r;
	if (writer && (must(dds_get_publication_matched_status(writer, &w), "matched readers"), w.current_count < (uint32_t)readers))
		return false;
	return !reader || (must(dds_get_subscription_matched_status(reader, &r), "matched writers"), r.current_count > 0);
}

static void write_sample(void *self, uint64_t seq) {
	(void)self;
	out.seq = seq;
	must(dds_write(writer, &out), "write");
}

static void drain(void *self) {
	(void)self;
	if (options.batch)
		dds_write_flush(writer);
	dds_wait_for_acks(writer, DDS_SECS(10));
}

static dds_qos_t *qos(bool tput) {
	dds_qos_t *q = dds_create_qos();
	dds_qset_reliability(q, options.best_effort ? DDS_RELIABILITY_BEST_EFFORT : DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
	if (tput)
		dds_qset_history(q, DDS_HISTORY_KEEP_ALL, 0);
	else
		dds_qset_history(q, DDS_HISTORY_KEEP_LAST, 1);
	dds_qset_resource_limits(q, tput ? PERF_MAX_SAMPLES : DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED);
	// Nobody joins late or looks at the state of instances.
	dds_qset_writer_data_lifecycle(q, false);
	const dds_data_representation_id_t xcdr1 = DDS_DATA_REPRESENTATION_XCDR1;
	dds_qset_data_representation(q, 1, &xcdr1);
	return q;
}

static dds_entity_t topic(const char *name) {
	return must(dds_create_topic(participant, &Perf_desc, name, NULL, NULL), "create topic");
}

static void make_writer(const char *name, bool tput) {
	dds_qos_t *q = qos(tput);
	writer = must(dds_create_writer(participant, topic(name), q, NULL), "create writer");
	dds_delete_qos(q);
}

static void make_reader(const char *name, bool tput, dds_on_data_available_fn f) {
	dds_qos_t *q = qos(tput);
	dds_listener_t *l = dds_create_listener(NULL);
	dds_lset_data_available(l, f);
	reader = must(dds_create_reader(participant, topic(name), q, l), "create reader");
	dds_delete_listener(l);
	dds_delete_qos(q);
}

int main(int argc, char **argv) {
	options = perf_parse(argc, argv);
	configure();
	for (int i = 0; i < BATCH; i++)
		taken[i] = &in[i];
	out.id = 1;
	out.data._length = out.data._maximum = (uint32_t)options.size;
	out.data._buffer = calloc(1, options.size + 1);

	dds_qos_t *q = dds_create_qos();
	if (options.enclave)
		secure(q);
	participant = must(dds_create_participant((dds_domainid_t)options.domain, q, NULL), "create participant");
	dds_delete_qos(q);
	if (options.batch)
		dds_write_set_batch(true); // of the domains there are

	const struct perf_link link = {matched, write_sample, drain, NULL};
	int rc = 0;
	switch (options.role) {
	case PERF_PUB:
		make_writer("Tput", true);
		rc = perf_pub(&options, &link);
		break;
	case PERF_SUB:
		make_reader("Tput", true, on_sample);
		rc = perf_sub_wait(&options, &sub);
		break;
	case PERF_PING:
		pinger = perf_ping_new(&options, &link);
		make_writer("Ping", false);
		make_reader("Pong", false, on_pong);
		rc = perf_ping_run(pinger);
		break;
	case PERF_PONG:
		make_writer("Pong", false);
		make_reader("Ping", false, on_ping);
		rc = perf_pong(&options, &link);
		break;
	}
	dds_delete(participant);
	return rc;
}

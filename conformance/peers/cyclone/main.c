// cyclone_peer publishes or subscribes with Cyclone DDS: see ../README.md.
#include "peer.h"
#include "samples.h"

#include <dds/dds.h>
#include <dds/ddsrt/environ.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct peer_options options;
static dds_entity_t participant, writer;
static dds_guid_t own_guid;

static dds_entity_t must(dds_return_t rc, const char *what) {
	if (rc < 0)
		peer_fail("%s: %s", what, dds_strretcode(-rc));
	return rc;
}

// configure selects the one interface, by CYCLONEDDS_URI as a user would.
static void configure(void) {
	char xml[1024];
	snprintf(xml, sizeof xml,
		"<CycloneDDS><Domain Id=\"any\"><General><Interfaces>"
		"<NetworkInterface name=\"%s\" multicast=\"true\"/>"
		"</Interfaces></General>%s</Domain></CycloneDDS>",
		options.interface,
		options.verbose ? "<Tracing><Verbosity>finest</Verbosity><OutputFile>stderr</OutputFile></Tracing>" : "");
	must(ddsrt_setenv("CYCLONEDDS_URI", xml), "set CYCLONEDDS_URI");
}

static void set_file(dds_qos_t *q, const char *property, const char *file) {
	char uri[4096];
	snprintf(uri, sizeof uri, "file:%s/%s", options.enclave, file);
	dds_qset_prop(q, property, uri);
}

// trusting is the path of the access control that trusts us: beside this program.
static const char *trusting(void) {
	static char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	if (n < 0)
		peer_fail("read /proc/self/exe: %s", strerror(errno));
	path[n] = 0;
	strcpy(strrchr(path, '/') + 1, "cyclone_trust.so");
	return path;
}

// key_size is a property of participants and of endpoints.
static void key_size(dds_qos_t *q) {
	char bits[16];
	snprintf(bits, sizeof bits, "%d", options.key_size);
	if (options.key_size)
		dds_qset_prop(q, "dds.sec.crypto.keysize", bits);
}

static void secure(dds_qos_t *q) {
	key_size(q);
	dds_qset_prop(q, "dds.sec.auth.library.path", CYCLONE_PLUGINS "/libdds_security_auth.so");
	dds_qset_prop(q, "dds.sec.auth.library.init", "init_authentication");
	dds_qset_prop(q, "dds.sec.auth.library.finalize", "finalize_authentication");
	dds_qset_prop(q, "dds.sec.crypto.library.path", CYCLONE_PLUGINS "/libdds_security_crypto.so");
	dds_qset_prop(q, "dds.sec.crypto.library.init", "init_crypto");
	dds_qset_prop(q, "dds.sec.crypto.library.finalize", "finalize_crypto");
	dds_qset_prop(q, "dds.sec.access.library.path", options.trust_self ? trusting() : CYCLONE_PLUGINS "/libdds_security_ac.so");
	dds_qset_prop(q, "dds.sec.access.library.init", "init_access_control");
	dds_qset_prop(q, "dds.sec.access.library.finalize", "finalize_access_control");
	set_file(q, "dds.sec.auth.identity_ca", "identity_ca.cert.pem");
	set_file(q, "dds.sec.auth.identity_certificate", "cert.pem");
	set_file(q, "dds.sec.auth.private_key", "key.pem");
	set_file(q, "dds.sec.access.permissions_ca", "permissions_ca.cert.pem");
	set_file(q, "dds.sec.access.governance", "governance.p7s");
	set_file(q, "dds.sec.access.permissions", "permissions.p7s");
}

// on_participants reports who comes and goes. A participant comes here with its
// announcement, before any handshake: that one has succeeded shows in a match.
static void on_participants(dds_entity_t reader, void *arg) {
	(void)arg;
	void *data[1] = {NULL};
	dds_sample_info_t info;
	char text[PEER_GUID_LEN];
	while (dds_take(reader, data, &info, 1, 1) == 1) {
		const dds_builtintopic_participant_t *p = data[0];
		if (memcmp(p->key.v, own_guid.v, sizeof own_guid.v) != 0)
			peer_emit("%s peer=%s", info.instance_state == DDS_ALIVE_INSTANCE_STATE ? "DISCOVERED" : "GONE",
				peer_guid(p->key.v, text));
		dds_return_loan(reader, data, 1);
	}
}

static void matched(dds_builtintopic_endpoint_t *peer, int now, int change) {
	char text[PEER_GUID_LEN] = "";
	if (peer) {
		peer_guid(peer->key.v, text);
		dds_builtintopic_free_endpoint(peer);
	}
	peer_emit("%s %d peer=%s", change > 0 ? "MATCHED" : "UNMATCHED", now, text);
	peer_set(&peer_seen.matched, now);
}

static void on_publication_matched(dds_entity_t w, const dds_publication_matched_status_t s, void *arg) {
	(void)arg;
	matched(dds_get_matched_subscription_data(w, s.last_subscription_handle), (int)s.current_count, s.current_count_change);
}

static void on_subscription_matched(dds_entity_t r, const dds_subscription_matched_status_t s, void *arg) {
	(void)arg;
	matched(dds_get_matched_publication_data(r, s.last_publication_handle), (int)s.current_count, s.current_count_change);
}

// policy: from 23 on Cyclone numbers as it likes.
static const char *policy(uint32_t id) {
	switch (id) {
	case DDS_PROPERTY_QOS_POLICY_ID: return "PROPERTY";
	case DDS_TYPE_CONSISTENCY_ENFORCEMENT_QOS_POLICY_ID: return "TYPE_CONSISTENCY";
	case DDS_DATA_REPRESENTATION_QOS_POLICY_ID: return "DATA_REPRESENTATION";
	}
	return peer_policy((int)id);
}

static void on_offered_incompatible(dds_entity_t w, const dds_offered_incompatible_qos_status_t s, void *arg) {
	(void)w, (void)arg;
	peer_emit("INCOMPATIBLE policy=%s", policy(s.last_policy_id));
}

static void on_requested_incompatible(dds_entity_t r, const dds_requested_incompatible_qos_status_t s, void *arg) {
	(void)r, (void)arg;
	peer_emit("INCOMPATIBLE policy=%s", policy(s.last_policy_id));
}

static void on_liveliness(dds_entity_t r, const dds_liveliness_changed_status_t s, void *arg) {
	(void)r, (void)arg;
	peer_set(&peer_seen.alive, (int)s.alive_count);
}

static const dds_topic_descriptor_t *descriptor(void) {
	switch (options.type) {
	case PEER_SHAPE: return &ShapeType_desc;
	case PEER_BLOB: return &Blob_desc;
	case PEER_NOTE: break;
	}
	return &Note_desc;
}

static void report(const void *data) {
	char key[16];
	switch (options.type) {
	case PEER_SHAPE: {
		const ShapeType *s = data;
		peer_sample(&options, (uint64_t)s->x, (size_t)s->shapesize, s->color, s->y == 2 * s->x);
		return;
	}
	case PEER_BLOB: {
		const Blob *b = data;
		snprintf(key, sizeof key, "%" PRId32, b->id);
		peer_sample(&options, b->seq, b->data._length, key, peer_blob_good(b->data._buffer, b->data._length, b->seq));
		return;
	}
	case PEER_NOTE: {
		const Note *n = data;
		uint64_t seq;
		bool good = peer_note_good(n->text, &seq);
		snprintf(key, sizeof key, "%" PRId32, n->id);
		peer_sample(&options, seq, strlen(n->text), key, good);
		return;
	}
	}
}

static void report_state(dds_instance_state_t state, const void *data) {
	char id[16] = "";
	const char *key = id;
	switch (options.type) {
	case PEER_SHAPE: key = ((const ShapeType *)data)->color; break;
	case PEER_BLOB: snprintf(id, sizeof id, "%" PRId32, ((const Blob *)data)->id); break;
	case PEER_NOTE: snprintf(id, sizeof id, "%" PRId32, ((const Note *)data)->id); break;
	}
	bool disposed = state == DDS_NOT_ALIVE_DISPOSED_INSTANCE_STATE;
	peer_emit("%s key=%s", disposed ? "DISPOSED" : "UNREGISTERED", key);
	peer_add(disposed ? &peer_seen.disposed : &peer_seen.unregistered);
}

static void on_data(dds_entity_t reader, void *arg) {
	(void)arg;
	void *data[1] = {NULL};
	dds_sample_info_t info;
	while (dds_take(reader, data, &info, 1, 1) == 1) {
		if (info.valid_data)
			report(data[0]);
		// A dispose may come along with the last valid sample of its instance.
		if (info.instance_state != DDS_ALIVE_INSTANCE_STATE && info.sample_rank == 0)
			report_state(info.instance_state, data[0]);
		dds_return_loan(reader, data, 1);
	}
}

static void *sample;

static void make_sample(void) {
	switch (options.type) {
	case PEER_SHAPE: {
		ShapeType *s = sample = ShapeType__alloc();
		s->color = dds_string_dup(options.key);
		return;
	}
	case PEER_BLOB: {
		Blob *b = sample = Blob__alloc();
		memset(b, 0, sizeof *b);
		b->data._buffer = dds_alloc(peer_max_size(&options) + 1);
		b->data._maximum = (uint32_t)peer_max_size(&options);
		return;
	}
	case PEER_NOTE: {
		Note *n = sample = Note__alloc();
		n->text = dds_alloc(peer_max_size(&options) + 32);
		return;
	}
	}
}

static const char *failed(dds_return_t rc) { return rc == DDS_RETCODE_OK ? NULL : dds_strretcode(-rc); }

static void fill(uint64_t seq) {
	size_t size = peer_size(&options, seq);
	switch (options.type) {
	case PEER_SHAPE: {
		ShapeType *s = sample;
		s->x = (int32_t)seq;
		s->y = 2 * s->x;
		s->shapesize = size ? (int32_t)size : PEER_SHAPESIZE;
		break;
	}
	case PEER_BLOB: {
		Blob *b = sample;
		b->id = peer_id(&options, seq);
		b->seq = seq;
		b->data._length = (uint32_t)size;
		peer_blob_fill(b->data._buffer, size, seq);
		break;
	}
	case PEER_NOTE: {
		Note *n = sample;
		n->id = peer_id(&options, seq);
		peer_note_fill(n->text, size, seq);
		break;
	}
	}
}

static const char *write_sample(void *self, uint64_t seq) {
	(void)self;
	fill(seq);
	return failed(dds_write(writer, sample));
}

static const char *dispose(void *self) {
	(void)self;
	fill(0);
	return failed(dds_dispose(writer, sample));
}

static const char *unregister(void *self) {
	(void)self;
	fill(0);
	return failed(dds_unregister_instance(writer, sample));
}

static void close_endpoint(void *self) { dds_delete(*(dds_entity_t *)self); }

static const char *wait_ack(void *self, int64_t ms) {
	(void)self;
	return failed(dds_wait_for_acks(writer, DDS_MSECS(ms)));
}

static dds_qos_t *endpoint_qos(void) {
	dds_qos_t *q = dds_create_qos();
	dds_qset_reliability(q, options.reliable ? DDS_RELIABILITY_RELIABLE : DDS_RELIABILITY_BEST_EFFORT,
		DDS_SECS(options.timeout_s));
	dds_qset_durability(q, options.transient_local ? DDS_DURABILITY_TRANSIENT_LOCAL : DDS_DURABILITY_VOLATILE);
	dds_qset_history(q, options.keep_last ? DDS_HISTORY_KEEP_LAST : DDS_HISTORY_KEEP_ALL, options.keep_last ? options.keep_last : 1);
	// What a late joiner is given is bounded by the durability service of the writer.
	dds_qset_durability_service(q, 0, options.keep_last ? DDS_HISTORY_KEEP_LAST : DDS_HISTORY_KEEP_ALL,
		options.keep_last ? options.keep_last : 1, DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED);
	// DISPOSED is then only what a writer disposed itself.
	dds_qset_writer_data_lifecycle(q, false);
	key_size(q);
	if (options.liveliness_ms)
		dds_qset_liveliness(q, DDS_LIVELINESS_AUTOMATIC, DDS_MSECS(options.liveliness_ms));
	if (options.partition_count)
		dds_qset_partition(q, (uint32_t)options.partition_count, options.partitions);
	if (options.representation) {
		dds_data_representation_id_t id = options.representation == 1 ? DDS_DATA_REPRESENTATION_XCDR1 : DDS_DATA_REPRESENTATION_XCDR2;
		dds_qset_data_representation(q, 1, &id);
	}
	return q;
}

int main(int argc, char **argv) {
	options = peer_parse(argc, argv);
	configure();
	peer_start(&options);

	dds_qos_t *q = dds_create_qos();
	if (options.enclave)
		secure(q);
	participant = must(dds_create_participant((dds_domainid_t)options.domain, q, NULL), "create participant");
	dds_delete_qos(q);
	must(dds_get_guid(participant, &own_guid), "participant's guid");
	dds_listener_t *who = dds_create_listener(NULL);
	dds_lset_data_available(who, on_participants);
	must(dds_create_reader(participant, DDS_BUILTIN_TOPIC_DCPSPARTICIPANT, NULL, who), "create participant reader");

	char text[PEER_GUID_LEN];
	q = endpoint_qos();
	dds_entity_t topic = must(dds_create_topic(participant, descriptor(), options.topic, NULL, NULL), "create topic");
	dds_listener_t *l = dds_create_listener(NULL);
	int rc;
	peer_emit("READY guid=%s", peer_guid(own_guid.v, text));
	if (options.publish) {
		make_sample();
		dds_lset_publication_matched(l, on_publication_matched);
		dds_lset_offered_incompatible_qos(l, on_offered_incompatible);
		writer = must(dds_create_writer(participant, topic, q, l), "create writer");
		const struct peer_writer w = {write_sample, dispose, unregister, wait_ack, close_endpoint, &writer};
		rc = peer_run_publisher(&options, &w);
	} else {
		dds_lset_subscription_matched(l, on_subscription_matched);
		dds_lset_requested_incompatible_qos(l, on_requested_incompatible);
		dds_lset_liveliness_changed(l, on_liveliness);
		dds_lset_data_available(l, on_data);
		dds_entity_t reader = must(dds_create_reader(participant, topic, q, l), "create reader");
		rc = peer_run_subscriber(&options, close_endpoint, &reader);
	}
	dds_delete(participant);
	return rc;
}

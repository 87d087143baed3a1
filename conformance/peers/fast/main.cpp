// fast_peer publishes or subscribes with Fast DDS: see ../README.md.
#include "peer.h"
#include "samplesPubSubTypes.h"
#include "trust.h"

#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/domain/DomainParticipantListener.hpp>
#include <fastdds/dds/log/Log.hpp>
#include <fastdds/dds/log/StdoutErrConsumer.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/DataWriterListener.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/DataReaderListener.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/rtps/transport/UDPv4TransportDescriptor.h>

#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <ifaddrs.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <vector>

using namespace eprosima::fastdds::dds;
using eprosima::fastdds::rtps::UDPv4TransportDescriptor;
using eprosima::fastrtps::rtps::GUID_t;
using eprosima::fastrtps::rtps::InstanceHandle_t;
using eprosima::fastrtps::rtps::ParticipantAuthenticationInfo;
using eprosima::fastrtps::rtps::ParticipantDiscoveryInfo;
using eprosima::fastrtps::types::ReturnCode_t;

static std::string text(const GUID_t &g) {
	uint8_t bytes[16];
	memcpy(bytes, g.guidPrefix.value, 12);
	memcpy(bytes + 12, g.entityId.value, 4);
	char out[PEER_GUID_LEN];
	return peer_guid(bytes, out);
}

static std::string text(const InstanceHandle_t &h) {
	GUID_t g;
	eprosima::fastrtps::rtps::iHandle2GUID(g, h);
	return text(g);
}

// address is the IPv4 address of a network interface.
static std::string address(const char *name) {
	struct ifaddrs *all = nullptr;
	if (getifaddrs(&all) != 0)
		peer_fail("getifaddrs: %s", strerror(errno));
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || strcmp(i->ifa_name, name) != 0)
			continue;
		char out[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in *>(i->ifa_addr)->sin_addr, out, sizeof out);
		freeifaddrs(all);
		return out;
	}
	peer_fail("--interface %s: no such interface with an IPv4 address", name);
}

class Participant : public DomainParticipantListener {
public:
	void on_participant_discovery(DomainParticipant *, ParticipantDiscoveryInfo &&info) override {
		switch (info.status) {
		case ParticipantDiscoveryInfo::DISCOVERED_PARTICIPANT:
			peer_emit("DISCOVERED peer=%s", text(info.info.m_guid).c_str());
			break;
		case ParticipantDiscoveryInfo::REMOVED_PARTICIPANT:
		case ParticipantDiscoveryInfo::DROPPED_PARTICIPANT:
			peer_emit("GONE peer=%s", text(info.info.m_guid).c_str());
			break;
		default:
			break;
		}
	}

#if HAVE_SECURITY
	void onParticipantAuthentication(DomainParticipant *, ParticipantAuthenticationInfo &&info) override {
		bool good = info.status == ParticipantAuthenticationInfo::AUTHORIZED_PARTICIPANT;
		peer_emit("%s peer=%s", good ? "AUTHENTICATED" : "UNAUTHORIZED", text(info.guid).c_str());
	}
#endif
};

template<class Status> static void matched(const Status &s, const InstanceHandle_t &peer) {
	peer_emit("%s %d peer=%s", s.current_count_change > 0 ? "MATCHED" : "UNMATCHED", s.current_count, text(peer).c_str());
	peer_set(&peer_seen.matched, s.current_count);
}

// A Samples knows one type: how to make its samples, check and show them.
struct Samples {
	const peer_options &o;
	explicit Samples(const peer_options &o) : o(o) {}
	virtual ~Samples() = default;
	virtual TopicDataType *support() = 0;
	virtual void *fill(uint64_t seq) = 0;
	virtual void *received() = 0;
	virtual void report() = 0;
	virtual std::string key() = 0; // of what was received
};

struct Shapes : Samples {
	using Samples::Samples;
	ShapeType sent, got;
	TopicDataType *support() override { return new ShapeTypePubSubType; }
	void *fill(uint64_t seq) override {
		sent.color(o.key);
		sent.x(int32_t(seq));
		sent.y(2 * int32_t(seq));
		size_t size = peer_size(&o, seq);
		sent.shapesize(size ? int32_t(size) : int32_t(PEER_SHAPESIZE));
		return &sent;
	}
	void *received() override { return &got; }
	void report() override {
		peer_sample(&o, uint64_t(got.x()), size_t(got.shapesize()), key().c_str(), got.y() == 2 * got.x());
	}
	std::string key() override { return got.color(); }
};

struct Blobs : Samples {
	using Samples::Samples;
	Blob sent, got;
	TopicDataType *support() override { return new BlobPubSubType; }
	void *fill(uint64_t seq) override {
		sent.id(peer_id(&o, seq));
		sent.seq(seq);
		size_t size = peer_size(&o, seq);
		sent.data().resize(size);
		peer_blob_fill(sent.data().data(), size, seq);
		return &sent;
	}
	void *received() override { return &got; }
	void report() override {
		const auto &d = got.data();
		peer_sample(&o, got.seq(), d.size(), key().c_str(), peer_blob_good(d.data(), d.size(), got.seq()));
	}
	std::string key() override { return std::to_string(got.id()); }
};

struct Notes : Samples {
	using Samples::Samples;
	Note sent, got;
	TopicDataType *support() override { return new NotePubSubType; }
	void *fill(uint64_t seq) override {
		std::vector<char> b(peer_max_size(&o) + 32);
		peer_note_fill(b.data(), peer_size(&o, seq), seq);
		sent.id(peer_id(&o, seq));
		sent.text(b.data());
		return &sent;
	}
	void *received() override { return &got; }
	void report() override {
		uint64_t seq;
		bool good = peer_note_good(got.text().c_str(), &seq);
		peer_sample(&o, seq, got.text().size(), key().c_str(), good);
	}
	std::string key() override { return std::to_string(got.id()); }
};

static std::unique_ptr<Samples> samples_of(const peer_options &o) {
	switch (o.type) {
	case PEER_SHAPE: return std::make_unique<Shapes>(o);
	case PEER_BLOB: return std::make_unique<Blobs>(o);
	case PEER_NOTE: break;
	}
	return std::make_unique<Notes>(o);
}

class Publication : public DataWriterListener {
public:
	Publication(Samples &samples) : samples(samples) {}
	DataWriter *writer = nullptr;

	void on_publication_matched(DataWriter *, const PublicationMatchedStatus &s) override {
		matched(s, s.last_subscription_handle);
	}
	void on_offered_incompatible_qos(DataWriter *, const OfferedIncompatibleQosStatus &s) override {
		peer_emit("INCOMPATIBLE policy=%s", peer_policy(int(s.last_policy_id)));
	}

	static const char *write(void *self, uint64_t seq) {
		auto p = static_cast<Publication *>(self);
		return p->writer->write(p->samples.fill(seq)) ? nullptr : "write returned false";
	}
	static const char *dispose(void *self) {
		auto p = static_cast<Publication *>(self);
		return good(p->writer->dispose(p->samples.fill(0), HANDLE_NIL), "dispose refused");
	}
	static const char *unregister(void *self) {
		auto p = static_cast<Publication *>(self);
		return good(p->writer->unregister_instance(p->samples.fill(0), HANDLE_NIL), "unregister refused");
	}
	static void close(void *self) {
		auto p = static_cast<Publication *>(self);
		const_cast<Publisher *>(p->writer->get_publisher())->delete_datawriter(p->writer);
		p->writer = nullptr;
	}
	static const char *wait_ack(void *self, int64_t ms) {
		auto p = static_cast<Publication *>(self);
		eprosima::fastrtps::Duration_t d(int32_t(ms / 1000), uint32_t(ms % 1000 * 1000000));
		return good(p->writer->wait_for_acknowledgments(d), "timeout");
	}

private:
	static const char *good(ReturnCode_t rc, const char *otherwise) {
		return rc == ReturnCode_t::RETCODE_OK ? nullptr : otherwise;
	}
	Samples &samples;
};

class Subscription : public DataReaderListener {
public:
	Subscription(Samples &samples) : samples(samples) {}

	void on_subscription_matched(DataReader *, const SubscriptionMatchedStatus &s) override {
		matched(s, s.last_publication_handle);
	}
	void on_requested_incompatible_qos(DataReader *, const RequestedIncompatibleQosStatus &s) override {
		peer_emit("INCOMPATIBLE policy=%s", peer_policy(int(s.last_policy_id)));
	}
	void on_liveliness_changed(DataReader *, const LivelinessChangedStatus &s) override {
		peer_set(&peer_seen.alive, s.alive_count);
	}
	void on_data_available(DataReader *reader) override {
		SampleInfo info;
		while (reader->take_next_sample(samples.received(), &info) == ReturnCode_t::RETCODE_OK) {
			if (info.valid_data) {
				samples.report();
				keys[info.instance_handle] = samples.key();
				continue;
			}
			// Fast 2.9.1 does not tell the key, but the instance.
			bool disposed = info.instance_state == NOT_ALIVE_DISPOSED_INSTANCE_STATE;
			peer_emit("%s key=%s", disposed ? "DISPOSED" : "UNREGISTERED", keys[info.instance_handle].c_str());
			peer_add(disposed ? &peer_seen.disposed : &peer_seen.unregistered);
		}
	}

private:
	Samples &samples;
	std::map<InstanceHandle_t, std::string> keys; // of what came
};

// key_size is a property of participants and of endpoints.
template<class Qos> static void key_size(const peer_options &o, Qos &q) {
	if (o.key_size)
		q.properties().properties().emplace_back("dds.sec.crypto.keysize", std::to_string(o.key_size));
}

static DomainParticipantQos participant_qos(const peer_options &o) {
	DomainParticipantQos q = PARTICIPANT_QOS_DEFAULT;
	q.name("fast_peer");
	auto udp = std::make_shared<UDPv4TransportDescriptor>();
	udp->interfaceWhiteList.push_back(address(o.interface));
	// 5 MB samples overrun the default buffers; the kernel caps this at rmem_max.
	udp->receiveBufferSize = udp->sendBufferSize = 4 << 20;
	q.transport().use_builtin_transports = false;
	q.transport().user_transports.push_back(udp);
	auto &discovery = q.wire_protocol().builtin.discovery_config;
	discovery.initial_announcements.count = 20;
	discovery.initial_announcements.period = {0, 100000000};
	if (o.enclave) {
		auto &p = q.properties().properties();
		auto set = [&](const char *name, const std::string &value) { p.emplace_back(name, value); };
		std::string dir = std::string("file://") + o.enclave + "/";
		set("dds.sec.auth.plugin", "builtin.PKI-DH");
		set("dds.sec.auth.builtin.PKI-DH.identity_ca", dir + "identity_ca.cert.pem");
		set("dds.sec.auth.builtin.PKI-DH.identity_certificate", dir + "cert.pem");
		set("dds.sec.auth.builtin.PKI-DH.private_key", dir + "key.pem");
		set("dds.sec.access.plugin", "builtin.Access-Permissions");
		set("dds.sec.access.builtin.Access-Permissions.permissions_ca", dir + "permissions_ca.cert.pem");
		set("dds.sec.access.builtin.Access-Permissions.governance", dir + "governance.p7s");
		set("dds.sec.access.builtin.Access-Permissions.permissions", dir + "permissions.p7s");
		set("dds.sec.crypto.plugin", "builtin.AES-GCM-GMAC");
		key_size(o, q);
	}
	return q;
}

static eprosima::fastrtps::Duration_t milliseconds(int64_t ms) {
	return eprosima::fastrtps::Duration_t(int32_t(ms / 1000), uint32_t(ms % 1000 * 1000000));
}

template<class Qos> static void endpoint_qos(const peer_options &o, Qos &q) {
	q.reliability().kind = o.reliable ? RELIABLE_RELIABILITY_QOS : BEST_EFFORT_RELIABILITY_QOS;
	q.durability().kind = o.transient_local ? TRANSIENT_LOCAL_DURABILITY_QOS : VOLATILE_DURABILITY_QOS;
	q.history().kind = o.keep_last ? KEEP_LAST_HISTORY_QOS : KEEP_ALL_HISTORY_QOS;
	q.history().depth = o.keep_last ? o.keep_last : 1;
	key_size(o, q);
	if (o.liveliness_ms) {
		q.liveliness().kind = AUTOMATIC_LIVELINESS_QOS;
		q.liveliness().lease_duration = milliseconds(o.liveliness_ms);
		q.liveliness().announcement_period = milliseconds(o.liveliness_ms / 4);
	}
	// Unlimited: by default it is 10 instances of 400 samples.
	q.resource_limits().max_samples = q.resource_limits().max_instances = q.resource_limits().max_samples_per_instance = 0;
	q.endpoint().history_memory_policy = eprosima::fastrtps::rtps::PREALLOCATED_WITH_REALLOC_MEMORY_MODE;
	q.data_sharing().off();
}

template<class Qos> static void partitions(const peer_options &o, Qos &q) {
	for (int i = 0; i < o.partition_count; i++)
		q.partition().push_back(o.partitions[i]);
}

static int run_publisher(const peer_options &o, DomainParticipant *p, Topic *topic, Samples &samples) {
	PublisherQos pq = PUBLISHER_QOS_DEFAULT;
	partitions(o, pq);
	Publisher *publisher = p->create_publisher(pq);
	DataWriterQos q = DATAWRITER_QOS_DEFAULT;
	endpoint_qos(o, q);
	q.reliability().max_blocking_time = eprosima::fastrtps::Duration_t(o.timeout_s, 0);
	// DISPOSED is then only what a writer disposed itself.
	q.writer_data_lifecycle().autodispose_unregistered_instances = false;
	// By default a lost sample is announced again after 3 s only.
	q.reliable_writer_qos().times.heartbeatPeriod = {0, 100000000};
	if (peer_max_size(&o) > 60000) // fragments
		q.publish_mode().kind = ASYNCHRONOUS_PUBLISH_MODE;
	Publication publication(samples);
	publication.writer = publisher ? publisher->create_datawriter(topic, q, &publication) : nullptr;
	if (!publication.writer)
		peer_fail("create writer");
	peer_writer w = {Publication::write, Publication::dispose, Publication::unregister, Publication::wait_ack, Publication::close, &publication};
	int rc = peer_run_publisher(&o, &w);
	if (publication.writer)
		Publication::close(&publication); // before its listener goes
	return rc;
}

static int run_subscriber(const peer_options &o, DomainParticipant *p, Topic *topic, Samples &samples) {
	SubscriberQos sq = SUBSCRIBER_QOS_DEFAULT;
	partitions(o, sq);
	Subscriber *subscriber = p->create_subscriber(sq);
	DataReaderQos q = DATAREADER_QOS_DEFAULT;
	endpoint_qos(o, q);
	Subscription subscription(samples);
	DataReader *reader = subscriber ? subscriber->create_datareader(topic, q, &subscription) : nullptr;
	if (!reader)
		peer_fail("create reader");
	auto close = [](void *self) {
		auto r = static_cast<DataReader **>(self);
		if (*r)
			const_cast<Subscriber *>((*r)->get_subscriber())->delete_datareader(*r);
		*r = nullptr;
	};
	int rc = peer_run_subscriber(&o, close, &reader);
	close(&reader);
	return rc;
}

int main(int argc, char **argv) {
	peer_options o = peer_parse(argc, argv);
	if (o.representation == 2)
		peer_fail("Fast DDS 2.9.1 has no XCDR2");
	Log::ClearConsumers();
	auto consumer = std::make_unique<StdoutErrConsumer>();
	consumer->stderr_threshold(Log::Kind::Info); // stdout has the protocol
	Log::RegisterConsumer(std::move(consumer));
	Log::SetVerbosity(o.verbose ? Log::Kind::Info : Log::Kind::Warning);
	trust_self = o.trust_self;
	peer_start(&o);

	Participant listener;
	auto factory = DomainParticipantFactory::get_instance();
	DomainParticipant *p = factory->create_participant(uint32_t(o.domain), participant_qos(o), &listener, StatusMask::none());
	if (!p) {
		Log::Flush(); // the reason is in the log only
		peer_fail("create participant");
	}
	auto samples = samples_of(o);
	TypeSupport type(samples->support());
	type.register_type(p);
	Topic *topic = p->create_topic(o.topic, type.get_type_name(), TOPIC_QOS_DEFAULT);
	if (!topic)
		peer_fail("create topic");
	peer_emit("READY guid=%s", text(p->guid()).c_str());
	int rc = o.publish ? run_publisher(o, p, topic, *samples) : run_subscriber(o, p, topic, *samples);
	p->delete_contained_entities();
	factory->delete_participant(p);
	return rc;
}

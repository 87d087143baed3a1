// fast_perf measures Fast DDS: see ../README.md.
#include "perf.h"
#include "perf_typePubSubTypes.h"

#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/log/Log.hpp>
#include <fastdds/dds/log/StdoutErrConsumer.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/DataReaderListener.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/rtps/transport/UDPv4TransportDescriptor.h>
#include <fastdds/rtps/transport/shared_mem/SharedMemTransportDescriptor.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

using namespace eprosima::fastdds::dds;
using eprosima::fastdds::rtps::SharedMemTransportDescriptor;
using eprosima::fastdds::rtps::UDPv4TransportDescriptor;
using eprosima::fastrtps::Duration_t;
using eprosima::fastrtps::types::ReturnCode_t;

FASTDDS_SEQUENCE(PerfSeq, Perf);

static perf_options options;
static DomainParticipant *participant;
static DataWriter *writer;
static DataReader *reader;
static Perf out;
static perf_sub sub;
static perf_ping *pinger;

// Takes takes all there is, in loans, on the thread that receives.
class Takes : public DataReaderListener {
public:
	std::function<void(Perf &)> sample;
	std::function<void()> batch = [] {};

	void on_data_available(DataReader *r) override {
		PerfSeq data;
		SampleInfoSeq infos;
		while (r->take(data, infos) == ReturnCode_t::RETCODE_OK) {
			for (PerfSeq::size_type i = 0; i < data.length(); i++)
				if (infos[i].valid_data)
					sample(data[i]);
			batch();
			r->return_loan(data, infos);
		}
	}
};

static DomainParticipantQos participant_qos() {
	DomainParticipantQos q = PARTICIPANT_QOS_DEFAULT;
	q.name("fast_perf");
	auto udp = std::make_shared<UDPv4TransportDescriptor>();
	udp->interfaceWhiteList.push_back("127.0.0.1");
	udp->receiveBufferSize = udp->sendBufferSize = uint32_t(perf_rmem_max());
	q.transport().use_builtin_transports = false;
	q.transport().user_transports.push_back(udp);
	if (options.data_sharing) {
		auto shm = std::make_shared<SharedMemTransportDescriptor>();
		shm->segment_size(64 << 20);
		shm->max_message_size(4 << 20);
		shm->port_queue_capacity(2 * PERF_MAX_SAMPLES); // a full queue loses
		q.transport().user_transports.push_back(shm);
	}
	auto &discovery = q.wire_protocol().builtin.discovery_config;
	discovery.initial_announcements.count = 20;
	discovery.initial_announcements.period = {0, 100000000};
	if (options.enclave) {
		auto &p = q.properties().properties();
		auto set = [&](const char *name, const std::string &value) { p.emplace_back(name, value); };
		std::string dir = std::string("file://") + options.enclave + "/";
		set("dds.sec.auth.plugin", "builtin.PKI-DH");
		set("dds.sec.auth.builtin.PKI-DH.identity_ca", dir + "identity_ca.cert.pem");
		set("dds.sec.auth.builtin.PKI-DH.identity_certificate", dir + "cert.pem");
		set("dds.sec.auth.builtin.PKI-DH.private_key", dir + "key.pem");
		set("dds.sec.access.plugin", "builtin.Access-Permissions");
		set("dds.sec.access.builtin.Access-Permissions.permissions_ca", dir + "permissions_ca.cert.pem");
		set("dds.sec.access.builtin.Access-Permissions.governance", dir + "governance.p7s");
		set("dds.sec.access.builtin.Access-Permissions.permissions", dir + "permissions.p7s");
		set("dds.sec.crypto.plugin", "builtin.AES-GCM-GMAC");
	}
	return q;
}

template<class Qos> static void endpoint_qos(Qos &q, bool tput) {
	q.reliability().kind = options.best_effort ? BEST_EFFORT_RELIABILITY_QOS : RELIABLE_RELIABILITY_QOS;
	q.durability().kind = VOLATILE_DURABILITY_QOS;
	q.history().kind = tput ? KEEP_ALL_HISTORY_QOS : KEEP_LAST_HISTORY_QOS;
	q.history().depth = 1;
	auto &limits = q.resource_limits();
	limits.max_instances = 1;
	// Fast sends as much as the history holds before it waits for acknowledgements:
	// what the reader's socket does not hold is lost and sent again.
	// The kernel counts a datagram's own costs too; it grants twice what is asked.
	size_t fit = size_t(perf_rmem_max()) / (options.size + 1024);
	int samples = int(std::clamp<size_t>(fit, 4, PERF_MAX_SAMPLES));
	limits.max_samples_per_instance = tput ? samples : 1;
	// If the history were full before the instance is, 2.9.1 would refuse
	// samples now and then instead of waiting for acknowledgements.
	limits.max_samples = limits.max_samples_per_instance + 1;
	limits.allocated_samples = std::min(samples, 100);
	// Sequences have no bound: memory grows to the largest sample and is used again.
	q.endpoint().history_memory_policy = eprosima::fastrtps::rtps::PREALLOCATED_WITH_REALLOC_MEMORY_MODE;
	if (options.data_sharing)
		q.data_sharing().automatic();
	else
		q.data_sharing().off();
}

static Topic *topic(const char *name) {
	TypeSupport type(new PerfPubSubType);
	type.register_type(participant);
	Topic *t = participant->create_topic(name, type.get_type_name(), TOPIC_QOS_DEFAULT);
	if (!t)
		perf_fail("create topic %s", name);
	return t;
}

static void make_writer(const char *name, bool tput) {
	DataWriterQos q = DATAWRITER_QOS_DEFAULT;
	endpoint_qos(q, tput);
	q.reliability().max_blocking_time = Duration_t(10, 0);
	q.writer_data_lifecycle().autodispose_unregistered_instances = false;
	// The defaults, 3 s and 5 ms for the answer, keep a writer waiting whose history is full.
	q.reliable_writer_qos().times.heartbeatPeriod = {0, 1000000};
	if (options.async)
		q.publish_mode().kind = ASYNCHRONOUS_PUBLISH_MODE;
	writer = participant->create_publisher(PUBLISHER_QOS_DEFAULT)->create_datawriter(topic(name), q);
	if (!writer)
		perf_fail("create writer");
}

static void make_reader(const char *name, bool tput, Takes *takes) {
	DataReaderQos q = DATAREADER_QOS_DEFAULT;
	endpoint_qos(q, tput);
	q.reliable_reader_qos().times.heartbeatResponseDelay = {0, 0};
	reader = participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT)->create_datareader(topic(name), q, takes);
	if (!reader)
		perf_fail("create reader");
}

static bool matched(void *, int readers) {
	PublicationMatchedStatus w;
	SubscriptionMatchedStatus r;
	if (writer && (writer->get_publication_matched_status(w), w.current_count < readers))
		return false;
	return !reader || (reader->get_subscription_matched_status(r), r.current_count > 0);
}

static void write_sample(void *, uint64_t seq) {
	out.seq(seq);
	ReturnCode_t rc = writer->write(&out, HANDLE_NIL);
	if (rc != ReturnCode_t::RETCODE_OK)
		perf_fail("write sample %llu: return code %u", (unsigned long long)seq, rc());
}

static void drain(void *) { writer->wait_for_acknowledgments(Duration_t(10, 0)); }

static int run() {
	const perf_link link = {matched, write_sample, drain, nullptr};
	static Takes takes; // the reader has it until the end
	switch (options.role) {
	case PERF_PUB:
		make_writer("Tput", true);
		return perf_pub(&options, &link);
	case PERF_SUB:
		takes.sample = [](Perf &p) { perf_sub_sample(&sub, p.seq(), p.data().size()); };
		takes.batch = [] { perf_sub_batch(&sub); };
		make_reader("Tput", true, &takes);
		return perf_sub_wait(&options, &sub);
	case PERF_PING:
		pinger = perf_ping_new(&options, &link);
		takes.sample = [](Perf &p) { perf_ping_reply(pinger, p.seq()); };
		make_writer("Ping", false);
		make_reader("Pong", false, &takes);
		return perf_ping_run(pinger);
	case PERF_PONG:
		takes.sample = [](Perf &p) {
			if (!writer->write(&p))
				perf_fail("write returned false");
		};
		make_writer("Pong", false);
		make_reader("Ping", false, &takes);
		break;
	}
	return perf_pong(&options, &link);
}

int main(int argc, char **argv) {
	options = perf_parse(argc, argv);
	Log::ClearConsumers();
	auto consumer = std::make_unique<StdoutErrConsumer>();
	consumer->stderr_threshold(Log::Kind::Info); // stdout has the results
	Log::RegisterConsumer(std::move(consumer));
	Log::SetVerbosity(Log::Kind::Error);
	out.id(1);
	out.data().resize(options.size);

	auto factory = DomainParticipantFactory::get_instance();
	participant = factory->create_participant(uint32_t(options.domain), participant_qos(), nullptr, StatusMask::none());
	if (!participant) {
		Log::Flush(); // the reason is in the log only
		perf_fail("create participant");
	}
	int rc = run();
	if (reader)
		reader->set_listener(nullptr);
	participant->delete_contained_entities();
	factory->delete_participant(participant);
	return rc;
}

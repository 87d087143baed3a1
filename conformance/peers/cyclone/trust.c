// cyclone_trust.so is the built-in access control of Cyclone DDS, but makes the
// participant's own endpoints without asking: see --trust-self in ../README.md.
#include <dds/security/dds_security_api.h>
#include <dlfcn.h>
#include <stdio.h>

static void *builtin(const char *symbol) {
	static void *lib;
	if (!lib && !(lib = dlopen(CYCLONE_PLUGINS "/libdds_security_ac.so", RTLD_NOW)))
		fprintf(stderr, "%s\n", dlerror());
	return lib ? dlsym(lib, symbol) : NULL;
}

static DDS_Security_boolean check_create_endpoint(dds_security_access_control *self, DDS_Security_PermissionsHandle rights,
	DDS_Security_DomainId domain, const DDS_Security_char *topic, const DDS_Security_Qos *qos,
	const DDS_Security_PartitionQosPolicy *partition, const DDS_Security_DataTags *tag, DDS_Security_SecurityException *ex) {
	(void)self, (void)rights, (void)domain, (void)topic, (void)qos, (void)partition, (void)tag, (void)ex;
	return true;
}

static DDS_Security_boolean check_create_topic(dds_security_access_control *self, DDS_Security_PermissionsHandle rights,
	DDS_Security_DomainId domain, const DDS_Security_char *topic, const DDS_Security_Qos *qos, DDS_Security_SecurityException *ex) {
	(void)self, (void)rights, (void)domain, (void)topic, (void)qos, (void)ex;
	return true;
}

int init_access_control(const char *argument, void **context, struct ddsi_domaingv *gv) {
	plugin_init init = (plugin_init)builtin("init_access_control");
	int rc = init ? init(argument, context, gv) : -1;
	if (rc == 0) {
		dds_security_access_control *ac = *context;
		ac->check_create_datawriter = check_create_endpoint;
		ac->check_create_datareader = check_create_endpoint;
		ac->check_create_topic = check_create_topic;
	}
	return rc;
}

int finalize_access_control(void *context) {
	plugin_finalize finalize = (plugin_finalize)builtin("finalize_access_control");
	return finalize ? finalize(context) : -1;
}

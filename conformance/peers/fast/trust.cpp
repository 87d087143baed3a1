// For --trust-self these stand before the functions of libfastrtps that check
// what the participant itself makes: the linker takes the program's first.
#include "trust.h"

#include <cstdint>
#include <dlfcn.h>

bool trust_self;

#define SYMBOL(what) "_ZN8eprosima8fastrtps4rtps8security11Permissions23check_create_" what \
	"ERKNS2_6HandleEjRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKSt6vectorISC_SaISC_EERNS2_17SecurityExceptionE"

// The arguments after the domain are references.
typedef bool check(void *self, const void *handle, uint32_t domain, const void *topic, const void *partitions, void *exception);

check check_create_datawriter __asm__(SYMBOL("datawriter"));
check check_create_datareader __asm__(SYMBOL("datareader"));

static bool ask(const char *symbol, void *self, const void *handle, uint32_t domain, const void *topic, const void *partitions, void *exception) {
	auto original = reinterpret_cast<check *>(dlsym(RTLD_NEXT, symbol));
	return trust_self || original(self, handle, domain, topic, partitions, exception);
}

bool check_create_datawriter(void *self, const void *handle, uint32_t domain, const void *topic, const void *partitions, void *exception) {
	return ask(SYMBOL("datawriter"), self, handle, domain, topic, partitions, exception);
}

bool check_create_datareader(void *self, const void *handle, uint32_t domain, const void *topic, const void *partitions, void *exception) {
	return ask(SYMBOL("datareader"), self, handle, domain, topic, partitions, exception);
}

/* Names of options in messages about a unit or a property list. Several keys of a unit may lead to one option, or a
 * key to an option of another name: the list below has a word for these. An option that neither the list nor the
 * directive table names was not set by such a text. */
#include "config/option/option_name.h"

#include <string.h>

#include "config/option/option_table.h"

static const struct {
	const char *option, *key;
} of_units[] = {
	{ "condition", "Condition" },
	{ "exec_prefix", "ExecStart" },
	{ "ip_address_allow", "IPAddressAllow" },
	{ "ip_address_deny", "IPAddressDeny" },
	{ "kill_rest", "KillMode" },
	{ "listen", "Listen" },
	{ "no_access", "IPAddressDeny" },
	{ "only_from", "IPAddressAllow" },
	{ "rlimit_nice", "LimitNICE" },
	{ "runtime_max", "RuntimeMaxSec" },
	{ "timeout_start", "TimeoutStartSec" },
	{ "timeout_stop", "TimeoutStopSec" },
	{ "trigger_limit_pause", "TriggerLimitIntervalSec" },
};

static const char *key_of(const char *option)
{
	for (size_t n = 0; n < sizeof(of_units) / sizeof(*of_units); n++) {
		if (!strcmp(of_units[n].option, option))
			return of_units[n].key;
	}
	return NULL;
}

static bool has_keys(const struct service *service)
{
	return service->dialect == UNIT || service->dialect == LAUNCHD;
}

const char *option_name_of(const struct service *service, const char *option)
{
	const struct directive *directive = has_keys(service) ? directive_find(NATIVE, option) : NULL;
	const char *key = service->dialect == UNIT ? key_of(option) : NULL, *dot;

	if (key)
		return key;
	key = directive ? directive->name[service->dialect] : NULL;
	dot = key ? strrchr(key, '.') : NULL;
	return dot ? dot + 1 : key ? key : option;
}

void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out)
{
	buf_addf(out, service->dialect == UNIT ? "%s=%s" : "%s = %s", option_name_of(service, option), value);
}

/* Names of options in messages about a unit or a property list. The list below has a key for options that several keys
 * of a unit set, or that a translated key sets. An option that neither the list nor the directive table names cannot
 * come from a unit. */
#include "table/option/option_name.h"

#include <string.h>

#include "table/option/option_table.h"

static const struct {
	const char *option, *key;
} unit_keys[] = {
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

static const char *find_unit_key(const char *option)
{
	for (size_t n = 0; n < sizeof(unit_keys) / sizeof(*unit_keys); n++) {
		if (!strcmp(unit_keys[n].option, option))
			return unit_keys[n].key;
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
	const char *key = service->dialect == UNIT ? find_unit_key(option) : NULL, *dot;

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

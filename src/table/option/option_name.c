/* Names of options in messages about a unit or a property list. The list below has a key for options that several keys
 * of a unit set, or that a translated key sets. An option that neither the list nor the directive table names cannot
 * come from a unit. */
#include "table/option/option_name.h"

#include <string.h>

static const struct {
	const char *option, *key;
} unit_keys[] = {
	{ "condition", "Condition" },
	{ "socket_condition", "Condition" },
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

const char *option_name_in(enum dialect dialect, const struct directive *directive)
{
	const char *key = dialect == UNIT ? find_unit_key(directive->name[NATIVE]) : NULL, *dot;

	key = key ? key : directive->name[dialect];
	dot = key ? strrchr(key, '.') : NULL;
	return dot ? dot + 1 : key ? key : directive->name[NATIVE];
}

const char *option_name_of(const struct service *service, const char *option)
{
	bool has_keys = service->dialect == UNIT || service->dialect == LAUNCHD;
	const struct directive *directive = has_keys ? directive_find(NATIVE, option) : NULL;

	return directive ? option_name_in(service->dialect, directive) : option;
}

void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out)
{
	buf_addf(out, service->dialect == UNIT ? "%s=%s" : "%s = %s", option_name_of(service, option), value);
}

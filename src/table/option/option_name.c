/* Names of options in messages about a unit or a property list. */
#include "table/option/option_name.h"

#include <string.h>

const char *option_name_in(enum dialect dialect, const struct option_def *option)
{
	const char *key = dialect == UNIT && option->unit_key ? option->unit_key : option->name[dialect], *dot;

	dot = key ? strrchr(key, '.') : NULL;
	return dot ? dot + 1 : key ? key : option->name[NATIVE];
}

const char *option_name_of(const struct service *service, const char *name)
{
	bool has_keys = service->dialect == UNIT || service->dialect == LAUNCHD;
	const struct option_def *option = has_keys ? option_find(NATIVE, name) : NULL;

	return option ? option_name_in(service->dialect, option) : name;
}

void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out)
{
	buf_addf(out, service->dialect == UNIT ? "%s=%s" : "%s = %s", option_name_of(service, option), value);
}

/* Names of options in messages about a unit or a property list. */
#include "table/option/option_name.h"

#include <string.h>

const char *option_name_in(enum dialect dialect, const struct directive *directive)
{
	const char *key = dialect == UNIT && directive->unit_key ? directive->unit_key : directive->name[dialect], *dot;

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

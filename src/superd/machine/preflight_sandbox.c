/* Checks whether this machine supports a service's hardening. Each message names the option and the value as the table
 * has them. */
#include "lib/buf.h"
#include "superd/machine/preflight_internal.h"
#include "table/option/option_table.h"

static void report_missing(void *context, const struct service *service, const char *option, const char *why)
{
	struct preflight *preflight = context;
	const struct directive *directive = directive_find(NATIVE, option);
	enum severity severity = preflight->table->warns_of_unsupported ? SEVERITY_WARNING : SEVERITY_ERROR;
	struct buf value = { 0 };

	type_format(directive, directive_field(directive, service), &value);
	preflight_report(preflight, severity, service, option, buf_string(&value), "%s%s", why,
			 severity == SEVERITY_WARNING ? "; it is left out" : "");
	buf_free(&value);
}

void preflight_sandbox(struct preflight *preflight, const struct service *service)
{
	sandbox_support_compare(&preflight->support, service, preflight->table->pool, report_missing, preflight);
}

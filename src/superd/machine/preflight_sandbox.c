/* Checks whether this machine supports a service's hardening. Each message names the option and the value as the table
 * has them. */
#include "superd/machine/preflight_internal.h"

static void report_missing(void *context, const struct service *service, const char *option, const char *why)
{
	struct preflight *preflight = context;
	enum severity severity = preflight->table->warns_of_unsupported ? SEVERITY_WARNING : SEVERITY_ERROR;

	preflight_report(preflight, severity, service, option, NULL, "%s%s", why,
			 severity == SEVERITY_WARNING ? "; it is left out" : "");
}

void preflight_sandbox(struct preflight *preflight, const struct service *service)
{
	sandbox_support_compare(&preflight->support, service, preflight->table->pool, report_missing, preflight);
}

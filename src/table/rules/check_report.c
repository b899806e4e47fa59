/* Adds the diagnostics of the rules. */
#include "table/rules/check_internal.h"
#include "table/option/service_mark.h"

#include <stdarg.h>
#include <stdio.h>

void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
{
	struct origin at = option ? service_origin(service, option) : service->at;
	char message[DIAGS_MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	diag_error(diags, at, "%s: %s", service->name, message);
}

void service_hint(const struct service *service, struct diags *diags, const char *hint)
{
	if (!service->is_foreign)
		diags_hint(diags, "%s", hint);
}

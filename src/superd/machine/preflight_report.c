/* Helpers of the preflight: reports a finding, and decides whether a path may be examined. */
#include "table/option/service_mark.h"
#include "superd/machine/preflight_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "os/fs/path_trust.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"

void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *option, const char *value, const char *wrong, ...)
{
	struct origin at = service_origin(service, option);
	const struct directive *directive;
	struct buf setting = { 0 }, own = { 0 };
	char text[1024];
	va_list arguments;

	va_start(arguments, wrong);
	vsnprintf(text, sizeof(text), wrong, arguments);
	va_end(arguments);
	if (!value) {
		directive = directive_find(NATIVE, option);
		type_format(directive, directive_field(directive, service), &own);
		value = buf_string(&own);
	}
	if (service->is_foreign && !strcmp(option, "exec"))
		buf_text(&setting, value);
	else
		option_name_add(service, option, value, &setting);
	diags_add(preflight->diags, severity, at, "%s: %s: %s", service->name, buf_string(&setting), text);
	buf_free(&setting);
	buf_free(&own);
}

bool preflight_may_look(const struct preflight *preflight, const char *path)
{
	struct path_finding finding;

	return !preflight->serves || *path != '/' ||
	       path_is_trusted_for(path, PATH_OWNER | PATH_WORLD | PATH_REMOTE, NULL, preflight->mounts, &finding) ||
	       finding.is_missing;
}

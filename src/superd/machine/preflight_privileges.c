/* What superd must be allowed to do for a service. Whether it is root says little: root in a container lacks
 * capabilities, and limits may be too low for any user. */
#include <inttypes.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "lib/scan.h"
#include "os/rights/capability.h"
#include "superd/machine/preflight_internal.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"

#define CLAMPED_NAMED 24 /* units named in one message */

static void check_user(struct preflight *preflight, const struct service *service)
{
	if (!preflight->root || service->groups->identity->user || service->groups->identity->dynamic_user ||
	    service_is_unclear(service, "user"))
		return;
	if (!service->exec->exec || service->groups->access->deny_time >= 0)
		return;         /* helper programs have users of their own, sensors run no program */
	if (service->dialect == UNIT) {
		if (!preflight->root_units++)
			preflight->root_unit = service;
		return;
	}
	diag_warning(preflight->diags, service->at, "%s: it would run as root", service->name);
	if (!service->is_foreign)
		diags_hint(preflight->diags, "set user = \"root\" if that is intended, or name another user");
}

/* A unit without User= means root, so one note covers all of them. */
void preflight_root_units(struct preflight *preflight)
{
	const struct service *first = preflight->root_unit;

	if (preflight->root_units == 1)
		diag_note(preflight->diags, first->at, "%s: it runs as root, as its unit names no User", first->name);
	else if (preflight->root_units)
		diag_note(preflight->diags, first->at, "%s and %zu more: they run as root, as their units name no User",
			  first->name, preflight->root_units - 1);
}

static void check_capabilities(struct preflight *preflight, const struct service *service)
{
	const struct identity_options *identity = service->groups->identity;
	struct buf names = { 0 };
	uint64_t missing = 0;

	for (int bit = 0; bit < 64; bit++) {
		if (identity->ambient_capabilities >> bit & 1 && !capability_held(bit))
			missing |= UINT64_C(1) << bit;
	}
	if (missing) {
		type_format(directive_find(NATIVE, "ambient_capabilities"), &missing, &names);
		preflight_report(preflight, SEVERITY_WARNING, service, "ambient_capabilities", buf_string(&names),
				 "superd does not have this itself, so it cannot pass it on");
		buf_free(&names);
	}
	if (identity->capability_bounding_set != UINT64_MAX && !capability_held(CAP_SETPCAP))
		preflight_report(preflight, SEVERITY_ERROR, service, "capability_bounding_set", NULL,
				 "only root or CAP_SETPCAP can remove capabilities permanently");
}

static void check_chroot(struct preflight *preflight, const struct service *service)
{
	const char *root = service->groups->environment->root_directory;

	if (root && !capability_held(CAP_SYS_CHROOT))
		preflight_report(preflight, SEVERITY_ERROR, service, "root_directory", root,
				 "only root or CAP_SYS_CHROOT can change the root");
	else if (root && sandbox_leaves_root(service))
		preflight_report(preflight, SEVERITY_WARNING, service, "root_directory", root,
				 "superd may not create mounts here, and root can leave a chroot(2)");
}

/* Reports a value that superd may not set, so that the service gets the closest one. Packages have such values in most
 * of their units, so one message names them all; in other tables the administrator wrote them, and each is reported. */
__attribute__((format(printf, 6, 7))) static void report_clamped(struct preflight *preflight,
								 const struct service *service, int capability,
								 const char *option, const char *value,
								 const char *wrong, ...)
{
	struct clamped_units *units = &preflight->clamped;
	char text[160];
	va_list arguments;

	if (service->dialect != UNIT) {
		va_start(arguments, wrong);
		vsnprintf(text, sizeof(text), wrong, arguments);
		va_end(arguments);
		preflight_report(preflight, SEVERITY_WARNING, service, option, value, "%s", text);
		return;
	}
	units->lacking |= UINT64_C(1) << capability;
	if (units->last != service) {
		if (!units->count++)
			units->at = service_origin(service, option);
		units->last = service;
		if (units->count <= CLAMPED_NAMED)
			buf_addf(&units->names, "%s%s (", units->count > 1 ? "), " : "", service->name);
	} else if (units->count <= CLAMPED_NAMED) {
		buf_text(&units->names, ", ");
	}
	if (units->count <= CLAMPED_NAMED)
		buf_text(&units->names, option_name_of(service, option));
}

void preflight_clamped_units(struct preflight *preflight)
{
	struct clamped_units *units = &preflight->clamped;
	bool nice = units->lacking >> CAP_SYS_NICE & 1, resource = units->lacking >> CAP_SYS_RESOURCE & 1;

	buf_char(&units->names, ')');
	if (units->count > CLAMPED_NAMED)
		buf_addf(&units->names, " and %zu more", units->count - CLAMPED_NAMED);
	if (units->count)
		diag_warning(preflight->diags, units->at,
			     "%zu unit%s root or %s%s%s; superd sets the nearest values: %s",
			     units->count, units->count == 1 ? " needs" : "s need", nice ? "CAP_SYS_NICE" : "",
			     nice && resource ? " and " : "", resource ? "CAP_SYS_RESOURCE" : "",
			     buf_string(&units->names));
	buf_free(&units->names);
}

/* The lowest nice value without privilege is 20 - RLIMIT_NICE (getrlimit(2)). */
static void check_nice(struct preflight *preflight, const struct service *service)
{
	int64_t nice = service->groups->environment->nice;
	struct rlimit limit = { 0 };
	char text[32];

	if (nice >= 0 || capability_held(CAP_SYS_NICE))
		return;
	if (getrlimit(RLIMIT_NICE, &limit) == 0 &&
	    (limit.rlim_cur == RLIM_INFINITY || nice >= 20 - (int64_t)limit.rlim_cur))
		return;
	snprintf(text, sizeof(text), "%" PRId64, nice);
	report_clamped(preflight, service, CAP_SYS_NICE, "nice", text,
		       "only root or CAP_SYS_NICE can set values below 0: superd sets the nearest value");
}

/* Any process may raise oom_score_adj; lowering it needs CAP_SYS_RESOURCE. */
static void check_oom_score(struct preflight *preflight, const struct service *service)
{
	int64_t wanted = service->groups->environment->oom_score_adjust;
	FILE *file;
	long own = 0;
	char text[32];

	if (wanted == INT64_MIN || wanted >= 0 || capability_held(CAP_SYS_RESOURCE))
		return;
	file = fopen("/proc/self/oom_score_adj", "re");
	if (file && fgets(text, sizeof(text), file))
		own = strtol(text, NULL, 10);
	if (file)
		fclose(file);
	if (wanted >= own)
		return;
	snprintf(text, sizeof(text), "%" PRId64, wanted);
	report_clamped(preflight, service, CAP_SYS_RESOURCE, "oom_score_adjust", text,
		       "superd's own is %ld, and only root or CAP_SYS_RESOURCE can go below: it keeps that", own);
}

static bool exceeds_limit(int64_t wanted, rlim_t hard)
{
	if (hard == RLIM_INFINITY)
		return false;
	return wanted == SCAN_INFINITY || (rlim_t)wanted > hard;
}

static void check_limit(struct preflight *preflight, const struct service *service, int resource)
{
	const struct limit *wanted = &service->groups->limits->of[resource];
	int64_t most = wanted->hard > wanted->soft ? wanted->hard : wanted->soft;
	struct rlimit own;
	char text[32] = "unlimited";

	if (most < 0 || !limit_option(resource) || getrlimit(resource, &own) < 0 ||
	    !exceeds_limit(most, own.rlim_max) || capability_held(CAP_SYS_RESOURCE))
		return;
	if (most != SCAN_INFINITY)
		snprintf(text, sizeof(text), "%" PRId64, most);
	report_clamped(
		preflight, service, CAP_SYS_RESOURCE, limit_option(resource), text,
		"superd's own hard limit is %llu, and only root or CAP_SYS_RESOURCE can raise it: superd sets the "
		"nearest value",
		(unsigned long long)own.rlim_max);
}

void preflight_privileges(struct preflight *preflight, const struct service *service)
{
	check_user(preflight, service);
	check_capabilities(preflight, service);
	check_chroot(preflight, service);
	check_nice(preflight, service);
	check_oom_score(preflight, service);
	for (int resource = 0; resource < RLIMITS; resource++)
		check_limit(preflight, service, resource);
}

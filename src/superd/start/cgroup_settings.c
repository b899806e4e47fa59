/* Makes the settings of a service's control group, and finds out which of them this machine supports.
 *
 * Settings that only tune are ignored with a warning. A limit becomes the closest one that the machine supports. A rule
 * for devices or addresses that cannot be enforced prevents the service's start. */
#include "superd/start/cgroup_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "exec/child/cgroup_join.h"
#include "lib/array.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/bpf/cgroup_bpf.h"
#include "os/cgroup/cgroup.h"
#include "os/proc/clone_into_cgroup.h"
#include "superd/start/bpf_program.h"
#include "table/option/service_mark.h"
#include "table/words/resource_words.h"

/* ---- the files ---- */

/* The table of options that are files of a control group, in the order of writing. Source: the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.
 *
 * A percentage becomes a share of this machine's memory or tasks. */

#define NUMBER_MOST 64

int64_t machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (int64_t)pages * size : SCAN_INFINITY;
}

static int64_t read_limit(const char *path)
{
	size_t length;
	char *text = fd_read_file(path, NUMBER_MOST, &length);
	int64_t value = SCAN_INFINITY;

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (!text || scan_count(text, &value) || value <= 0)
		value = SCAN_INFINITY;
	free(text);
	return value;
}

int64_t machine_tasks(void)
{
	int64_t pids = read_limit("/proc/sys/kernel/pid_max"), threads = read_limit("/proc/sys/kernel/threads-max");

	return pids < threads ? pids : threads;
}

/* The amount itself, or its share of `whole`; -1: unset; SCAN_INFINITY. */
static int64_t amount_resolve(const struct amount *amount, int64_t whole)
{
	if (amount->share < 0)
		return amount->number;
	if (whole == SCAN_INFINITY)
		return SCAN_INFINITY;
	return whole / WHOLE * amount->share + whole % WHOLE * amount->share / WHOLE;
}

static void write_amount(const struct amount *amount, int64_t whole, struct buf *out)
{
	int64_t value = amount_resolve(amount, whole);

	if (value == SCAN_INFINITY)
		buf_text(out, "max");
	else if (value >= 0)
		buf_addf(out, "%" PRId64, value);
}

/* The kernel allows no quota below 1 ms; then the period grows, up to 1 s. */
static void write_quota(const struct resource_options *resources, struct buf *out)
{
	int64_t period = resources->cpu_quota_period, quota;

	if (resources->cpu_quota < 0)
		return;
	quota = (int64_t)((double)period * (double)resources->cpu_quota / WHOLE);
	if (quota < 1000) {
		period = (int64_t)(1000. * WHOLE / (double)resources->cpu_quota);
		quota = 1000;
	}
	buf_addf(out, "%" PRId64 " %" PRId64, quota, period > 1000000 ? 1000000 : period);
}

/* What a file is written from. */
enum cgroup_form { MEMORY, TASKS, OOM_GROUP, QUOTA, IDLE, WEIGHT };

/* An option that is a file of a control group (cgroup-v2.rst). */
struct cgroup_file {
	const char *option, *file;
	unsigned controller;            /* the file's controller, enum controller */
	const char *default_text;       /* restores the kernel's default */
	bool optional;                  /* some kernels lack the file */
	enum cgroup_form form;
	size_t offset;                  /* of the option in struct resource_options */
};

#define OF(member) offsetof(struct resource_options, member)

static const struct cgroup_file cgroup_file_list[] = {
	{ "memory_min", "memory.min", CONTROLLER_MEMORY, "0", false, MEMORY, OF(memory_min) },
	{ "memory_low", "memory.low", CONTROLLER_MEMORY, "0", false, MEMORY, OF(memory_low) },
	{ "memory_high", "memory.high", CONTROLLER_MEMORY, "max", false, MEMORY, OF(memory_high) },
	{ "memory_max", "memory.max", CONTROLLER_MEMORY, "max", false, MEMORY, OF(memory_max) },
	{ "memory_swap_max", "memory.swap.max", CONTROLLER_MEMORY, "max", true, MEMORY, OF(memory_swap_max) },
	{ "oom_policy", "memory.oom.group", CONTROLLER_MEMORY, "0", false, OOM_GROUP, 0 },
	{ "tasks_max", "pids.max", CONTROLLER_PIDS, "max", false, TASKS, OF(tasks_max) },
	{ "cpu_quota", "cpu.max", CONTROLLER_CPU, "max", false, QUOTA, 0 },
	{ "cpu_weight", "cpu.idle", CONTROLLER_CPU, "0", false, IDLE, OF(cpu_weight) },
	{ "cpu_weight", "cpu.weight", CONTROLLER_CPU, "100", false, WEIGHT, OF(cpu_weight) },
};
static const size_t cgroup_file_count = sizeof(cgroup_file_list) / sizeof(*cgroup_file_list);

/* Appends the service's text, a line for each write(2); nothing if the service does not set the option. */
static void cgroup_file_write(const struct cgroup_file *file, const struct service *service, struct buf *out)
{
	const struct resource_options *resources = service->groups->resources;
	const void *value = (const char *)resources + file->offset;
	const struct amount *amount = value;
	const int64_t *weight = value;

	switch (file->form) {
	case MEMORY:
		write_amount(amount, amount->share >= 0 ? machine_memory() : 0, out);
		break;
	case TASKS:
		write_amount(amount, amount->share >= 0 ? machine_tasks() : 0, out);
		break;
	case OOM_GROUP:
		buf_text(out, resources->oom_policy != OOM_CONTINUE ? "1" : "");
		break;
	case QUOTA:
		write_quota(resources, out);
		break;
	case IDLE:
		buf_text(out, *weight ? "" : "1");
		break;
	case WEIGHT:
		if (*weight > 0)
			buf_addf(out, "%" PRId64, *weight);
		break;
	}
}

/* Whether the service has any text for the file. */
static bool cgroup_file_is_set(const struct cgroup_file *file, const struct service *service)
{
	struct buf text = { 0 };
	bool is_set;

	cgroup_file_write(file, service, &text);
	is_set = text.length || text.failed;
	buf_free(&text);
	return is_set;
}

/* The settings of one service while they are made. */
struct settings_build {
	const struct service *service;
	struct pool *pool;
	struct cgroup_attribute *list;
	size_t count, capacity;
	struct cgroup_settings result;
};

static bool add_memory_error(const struct service *service, struct diags *diags)
{
	diag_error(diags, service->at, "%s: resources: out of memory", service->name);
	return false;
}

static bool needs_nothing(const struct service *service)
{
	const struct resource_options *resources = service->groups->resources;
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;

	if (resources->delegate || cgroup_filters->device_policy != DEVICES_AUTO || cgroup_filters->device_allow ||
	    cgroup_filters->ip_address_deny)
		return false;
	for (size_t n = 0; n < cgroup_file_count; n++) {
		if (cgroup_file_is_set(&cgroup_file_list[n], service))
			return false;
	}
	return true;
}

static bool add_line(struct settings_build *build, const struct cgroup_file *file, const char *text, size_t length)
{
	struct cgroup_attribute *list = array_grow(build->list, &build->capacity, build->count, sizeof(*list));
	struct cgroup_attribute *line;

	if (!list)
		return false;
	build->list = list;
	line = &list[build->count++];
	memset(line, 0, sizeof(*line)); /* the padding, too: pools share equal bytes */
	line->file = file->file;
	line->text = pool_text_n(build->pool, text, length);
	line->option = file->option;
	line->optional = file->optional;
	return line->text;
}

static bool add_file_text(struct settings_build *build, const struct cgroup_file *file)
{
	struct buf text = { 0 };
	const char *line;
	bool good;

	cgroup_file_write(file, build->service, &text);
	good = !text.failed;
	line = buf_string(&text);
	while (good && *line) {
		size_t length = strcspn(line, "\n");

		good = add_line(build, file, line, length);
		line += length + (line[length] == '\n');
	}
	if (text.length)
		build->result.controllers |= file->controller;
	buf_free(&text);
	return good;
}

/* Adds the files whose controllers are available. */
static bool add_files(struct settings_build *build)
{
	unsigned controllers = build->result.place->controllers;

	for (size_t n = 0; n < cgroup_file_count; n++) {
		if (cgroup_file_list[n].controller & controllers && !add_file_text(build, &cgroup_file_list[n]))
			return false;
	}
	return true;
}

static bool add_programs(struct settings_build *build, struct diags *diags)
{
	const struct service *service = build->service;
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	struct cgroup_bpf_program *programs = build->result.programs;
	int error;

	if (!device_filter_make(cgroup_filters, build->pool, &programs[CGROUP_BPF_DEVICES]))
		return false;
	error = ip_filters_make(cgroup_filters, build->pool, &programs[CGROUP_BPF_INGRESS],
				&programs[CGROUP_BPF_EGRESS]);
	if (error == E2BIG) {
		diag_error(diags, service_origin(service, "ip_address_deny"),
			   "%s: ip_address_allow and ip_address_deny: more networks than the kernel can check",
			   service->name);
		return true;
	}
	return !error;
}

/* Drops programs that this kernel refuses, if the table allows that (warns_of_unsupported). */
static void drop_programs(struct cgroup_settings *result)
{
	for (enum cgroup_bpf_kind kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		if (result->programs[kind].count && !cgroup_bpf_is_possible(kind))
			result->programs[kind] = (struct cgroup_bpf_program){ 0 };
	}
}

static bool has_programs(const struct cgroup_settings *cgroup_settings)
{
	for (enum cgroup_bpf_kind kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		if (cgroup_settings->programs[kind].count)
			return true;
	}
	return false;
}

/* Whether only a control group can tell which process its daemon is. Where superd can start processes right in a group,
 * the service has one anyway. */
static bool needs_group(const struct service *service)
{
	return service->exec->type == TYPE_FORKING && !service->groups->lifecycle->pid_file;
}

static bool make_settings(struct settings_build *build, const struct table *table, struct diags *diags)
{
	struct cgroup_settings *result = &build->result;

	if (!add_files(build) || !add_programs(build, diags))
		return false;
	if (table->warns_of_unsupported)
		drop_programs(result);
	if (build->count)
		result->list = pool_keep(build->pool, build->list, build->count * sizeof(*build->list));
	result->count = build->count;
	result->delegates = build->service->groups->resources->delegate;
	result->has_group = result->count || result->delegates || has_programs(result) ||
			    (needs_group(build->service) && !clone_into_cgroup_is_possible());
	result->has_group = result->has_group && result->place->path;
	return result->list || !result->count;
}

bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags)
{
	struct settings_build build = { .service = service, .pool = table->pool };
	const struct option_groups *groups = service->groups;
	struct prepared prepared = *service_prepared(service);
	bool sets_nothing = !needs_group(service);

	if (sets_nothing && groups->resources == cgroup_cache->plain_resources &&
	    groups->cgroup_filters == cgroup_cache->plain_cgroup_filters)
		return true;
	if (sets_nothing && needs_nothing(service)) {
		cgroup_cache->plain_resources = groups->resources;
		cgroup_cache->plain_cgroup_filters = groups->cgroup_filters;
		return true;
	}
	if (!cgroup_cache->place)
		cgroup_cache->place = cgroup_delegation_find(table->pool);
	if (!cgroup_cache->place)
		return add_memory_error(service, diags);
	memset(&build.result, 0, sizeof(build.result)); /* the padding, too: pools share equal bytes */
	build.result.place = cgroup_cache->place;
	if (make_settings(&build, table, diags))
		prepared.cgroup_settings = pool_keep(table->pool, &build.result, sizeof(build.result));
	free(build.list);
	return (prepared.cgroup_settings && service_prepare(service, table->pool, prepared)) ||
	       add_memory_error(service, diags);
}

static bool lacks_controller(const struct service *service, unsigned controller)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	const struct cgroup_delegation *place = cgroup_settings ? cgroup_settings->place : NULL;

	return place && !(place->controllers & controller);
}

int64_t cgroup_settings_memory(const struct service *service)
{
	const struct amount *amount = &service->groups->resources->memory_max;
	int64_t most;

	if (!lacks_controller(service, CONTROLLER_MEMORY))
		return -1;
	most = amount_resolve(amount, machine_memory());
	return most == SCAN_INFINITY ? -1 : most;
}

/* RLIMIT_NPROC does not count root's processes, and superd's own user has other ones. */
int64_t cgroup_settings_processes(const struct service *service)
{
	const struct account *account = service->account;
	int64_t most;

	if (!lacks_controller(service, CONTROLLER_PIDS) || !account || !account->switches || account->uid == 0)
		return -1;
	most = amount_resolve(&service->groups->resources->tasks_max, machine_tasks());
	return most == SCAN_INFINITY ? -1 : most;
}

/* Whether the service sets anything but the kernel's default. */
static bool differs_from_default(const struct service *service, const struct cgroup_file *file)
{
	struct buf text = { 0 };
	bool differs;

	cgroup_file_write(file, service, &text);
	differs = text.length && strcmp(buf_string(&text), file->default_text) != 0;
	buf_free(&text);
	return differs;
}

static enum cgroup_support find_substitute(const struct service *service, const struct cgroup_file *file,
					   const char **instead)
{
	if (!strcmp(file->option, "memory_max") && cgroup_settings_memory(service) >= 0)
		*instead = cgroup_settings_watches_memory
			? "superd looks at its memory every few seconds, and stops an instance that has more"
			: "the limit applies to the address space of each process (RLIMIT_AS)";
	else if (!strcmp(file->option, "tasks_max") && cgroup_settings_processes(service) >= 0)
		*instead = "the limit applies to the processes of its user (RLIMIT_NPROC)";
	else
		return SUPPORT_LEFT_OUT;
	return SUPPORT_NEAR;
}

static void check_files(const struct service *service, cgroup_settings_say *say, void *context)
{
	const struct cgroup_delegation *place = service_prepared(service)->cgroup_settings->place;
	const char *before = "", *why, *instead = NULL;
	char text[96];

	for (size_t n = 0; n < cgroup_file_count; n++) {
		const struct cgroup_file *file = &cgroup_file_list[n];
		enum cgroup_support answer;

		if (place->controllers & file->controller || !strcmp(before, file->option) ||
		    !differs_from_default(service, file))
			continue;
		before = file->option;
		for (unsigned bit = 0; bit < CONTROLLERS; bit++) {
			if (file->controller >> bit & 1)
				snprintf(text, sizeof(text), "there is no control group here with the controller %s",
					 controller_names[bit]);
		}
		why = place->wrong ? place->wrong : text;
		answer = find_substitute(service, file, &instead);
		say(context, service, file->option, answer, why, instead);
	}
}

static void check_program(const struct service *service, enum cgroup_bpf_kind kind, const char *option,
			  cgroup_settings_say *say, void *context)
{
	const struct cgroup_delegation *place = service_prepared(service)->cgroup_settings->place;

	if (!place->path)
		say(context, service, option, SUPPORT_REFUSED, place->wrong, NULL);
	else if (!cgroup_bpf_is_possible(kind))
		say(context, service, option, SUPPORT_REFUSED,
		    errno == EPERM ? "superd may load no programs into the kernel (CAP_BPF)" : strerror(errno), NULL);
}

void cgroup_settings_compare(const struct service *service, cgroup_settings_say *say, void *context)
{
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	if (!cgroup_settings)
		return;
	check_files(service, say, context);
	if (cgroup_filters->device_policy != DEVICES_AUTO || cgroup_filters->device_allow)
		check_program(service, CGROUP_BPF_DEVICES,
			      cgroup_filters->device_policy != DEVICES_AUTO ? "device_policy" : "device_allow", say,
			      context);
	if (cgroup_filters->ip_address_deny)
		check_program(service, CGROUP_BPF_EGRESS, "ip_address_deny", say, context);
	if (service->groups->resources->delegate && !cgroup_settings->place->path)
		say(context, service, "delegate", SUPPORT_LEFT_OUT, cgroup_settings->place->wrong, NULL);
}

const char *cgroup_settings_fault_option(const struct service *service, int resource)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	if (!cgroup_settings || resource < 0)
		return NULL;
	if (resource >= CGROUP_PROGRAMS)
		return resource == CGROUP_PROGRAMS + CGROUP_BPF_DEVICES ? "device_policy" : "ip_address_deny";
	return (size_t)resource < cgroup_settings->count ? cgroup_settings->list[resource].option : NULL;
}

/* ---- a group in use ---- */

/* Applies changed settings to the control group of a running service. Settings that the service no longer has return to
 * the kernel's default, so no limit remains that the table does not show. */

#define FILE_MOST (1u << 20)
#define NO_LIMITS " rbps=max wbps=max riops=max wiops=max"

uint32_t cgroup_files(const struct service *service)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	uint32_t bits = 0;

	for (size_t n = 0; cgroup_settings && n < cgroup_file_count; n++) {
		for (size_t i = 0; i < cgroup_settings->count; i++)
			bits |= strcmp(cgroup_file_list[n].file, cgroup_settings->list[i].file) ? 0 : UINT32_C(1) << n;
	}
	return bits;
}

static void write_text(const char *folder, const char *file, const char *text, struct buf *why, const char *option)
{
	if (!cgroup_write(folder, file, text) && why)
		buf_addf(why, "%s: %s/%s: %s\n", option, folder, file, strerror(errno));
}

void cgroup_update(const char *path, const struct service *service, uint32_t *had, struct buf *why)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	uint32_t has = cgroup_files(service);

	for (size_t n = 0; n < cgroup_file_count; n++) {
		const struct cgroup_file *file = &cgroup_file_list[n];

		if (*had >> n & 1 && !(has >> n & 1))
			write_text(path, file->file, file->default_text, file->optional ? NULL : why, file->option);
	}
	for (size_t n = 0; cgroup_settings && n < cgroup_settings->count; n++) {
		const struct cgroup_attribute *line = &cgroup_settings->list[n];

		write_text(path, line->file, line->text, line->optional ? NULL : why, line->option);
	}
	*had = has;
}

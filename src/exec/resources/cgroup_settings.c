/* From a row to its control group's settings, and which of them this machine supports.
 *
 * Settings that only tune are left out with a warning. A limit becomes the nearest one that the machine supports. A
 * rule for devices or addresses that cannot be enforced keeps the service from starting. */
#include "exec/resources/cgroup_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/scan.h"
#include "config/option/service_mark.h"
#include "config/words/resource_words.h"
#include "exec/child/cgroup_join.h"
#include "exec/resources/bpf_program.h"
#include "exec/resources/cgroup_files.h"
#include "os/bpf/cgroup_bpf.h"
#include "os/proc/clone_into_cgroup.h"

struct settings_build {
	const struct service *service;
	struct pool *pool;
	struct cgroup_attribute *list;
	size_t count, capacity;
	struct cgroup_settings result;
};

static bool say_memory(const struct service *service, struct diags *diags)
{
	diag_error(diags, service->at, "%s: resources: out of memory", service->name);
	return false;
}

static bool is_plain(const struct service *service)
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

static bool add_line(struct settings_build *making, const struct cgroup_file *file, const char *text, size_t length)
{
	struct cgroup_attribute *list = array_grow(making->list, &making->capacity, making->count, sizeof(*list));
	struct cgroup_attribute *line;

	if (!list)
		return false;
	making->list = list;
	line = &list[making->count++];
	memset(line, 0, sizeof(*line)); /* the padding, too: it is kept by its bytes */
	line->file = file->file;
	line->text = pool_text_n(making->pool, text, length);
	line->option = file->option;
	line->optional = file->optional;
	return line->text;
}

static bool add_file(struct settings_build *making, const struct cgroup_file *file)
{
	struct buf text = { 0 };
	const char *line;
	bool good;

	file->write(making->service, &text);
	good = !text.failed;
	line = buf_string(&text);
	while (good && *line) {
		size_t length = strcspn(line, "\n");

		good = add_line(making, file, line, length);
		line += length + (line[length] == '\n');
	}
	if (text.length)
		making->result.controllers |= file->controller;
	buf_free(&text);
	return good;
}

/* Adds the files whose controllers are available. */
static bool add_files(struct settings_build *making)
{
	unsigned controllers = making->result.place->controllers;

	for (size_t n = 0; n < cgroup_file_count; n++) {
		if (cgroup_file_list[n].controller & controllers && !add_file(making, &cgroup_file_list[n]))
			return false;
	}
	return true;
}

static bool add_programs(struct settings_build *making, struct diags *diags)
{
	const struct service *service = making->service;
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	struct cgroup_bpf_program *programs = making->result.programs;
	int error;

	if (!device_filter_make(cgroup_filters, making->pool, &programs[CGROUP_BPF_DEVICES]))
		return false;
	error = ip_filters_make(cgroup_filters, making->pool, &programs[CGROUP_BPF_INGRESS],
				&programs[CGROUP_BPF_EGRESS]);
	if (error == E2BIG) {
		diag_error(diags, service_origin(service, "ip_address_deny"),
			   "%s: ip_address_allow and ip_address_deny: these are more networks than the kernel can look "
			   "through",
			   service->name);
		return true;
	}
	return !error;
}

/* Drops programs that this kernel does not take; called if the table allows that (warns_of_unsupported). */
static void drop_programs(struct cgroup_settings *result)
{
	for (enum cgroup_bpf_kind judged = 0; judged < CGROUP_BPF_KINDS; judged++) {
		if (result->programs[judged].count && !cgroup_bpf_is_possible(judged))
			result->programs[judged] = (struct cgroup_bpf_program){ 0 };
	}
}

static bool has_programs(const struct cgroup_settings *cgroup_settings)
{
	for (enum cgroup_bpf_kind judged = 0; judged < CGROUP_BPF_KINDS; judged++) {
		if (cgroup_settings->programs[judged].count)
			return true;
	}
	return false;
}

/* Where no service has a group anyway, a start with one takes three times as long, which one that is started seldom and
 * frozen often can bear. One that is ended when it is idle is started again by the next client; for the moment before,
 * signals will do. */
static bool is_frozen_at_times(const struct service *service)
{
	return !clone_into_cgroup_is_possible() && service_idles(service) &&
		service->groups->lifecycle->idle_action == IDLE_FREEZE;
}

static bool make(struct settings_build *making, const struct table *table, struct diags *diags)
{
	struct cgroup_settings *result = &making->result;

	if (!add_files(making) || !add_programs(making, diags))
		return false;
	if (table->warns_of_unsupported)
		drop_programs(result);
	if (making->count)
		result->list = pool_keep(making->pool, making->list, making->count * sizeof(*making->list));
	result->count = making->count;
	result->delegates = making->service->groups->resources->delegate;
	result->has_group = result->count || result->delegates || has_programs(result);
	result->optional = !result->has_group && is_frozen_at_times(making->service);
	result->has_group = result->place->path && (result->has_group || result->optional);
	return result->list || !result->count;
}

bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags)
{
	struct settings_build making = { .service = service, .pool = table->pool };
	const struct option_groups *groups = service->groups;
	bool freezes = is_frozen_at_times(service), good;

	service->cgroup_settings = NULL;
	if (!freezes && groups->resources == cgroup_cache->plain_resources &&
	    groups->cgroup_filters == cgroup_cache->plain_cgroup_filters)
		return true;
	if (!freezes && is_plain(service)) {
		cgroup_cache->plain_resources = groups->resources;
		cgroup_cache->plain_cgroup_filters = groups->cgroup_filters;
		return true;
	}
	if (!cgroup_cache->place)
		cgroup_cache->place = cgroup_delegation_find(table->pool);
	if (!cgroup_cache->place)
		return say_memory(service, diags);
	memset(&making.result, 0, sizeof(making.result)); /* the padding, too */
	making.result.place = cgroup_cache->place;
	good = make(&making, table, diags);
	free(making.list);
	if (good)
		service->cgroup_settings = pool_keep(table->pool, &making.result, sizeof(making.result));
	return service->cgroup_settings || say_memory(service, diags);
}

static bool lacks(const struct service *service, unsigned controller)
{
	const struct cgroup_delegation *place = service->cgroup_settings ? service->cgroup_settings->place : NULL;

	return place && !(place->controllers & controller);
}

int64_t cgroup_settings_address_space(const struct service *service)
{
	const struct amount *amount = &service->groups->resources->memory_max;
	int64_t most;

	if (!lacks(service, CONTROLLER_MEMORY))
		return -1;
	most = amount_resolve(amount, machine_memory());
	return most == SCAN_INFINITY ? -1 : most;
}

/* Root's processes are not counted, and superd's own user has others. */
int64_t cgroup_settings_processes(const struct service *service)
{
	const struct account *account = service->account;
	int64_t most;

	if (!lacks(service, CONTROLLER_PIDS) || !account || !account->switches || account->uid == 0)
		return -1;
	most = amount_resolve(&service->groups->resources->tasks_max, machine_tasks());
	return most == SCAN_INFINITY ? -1 : most;
}

words cgroup_settings_cpus(const struct service *service)
{
	return lacks(service, CONTROLLER_CPUSET) ? service->groups->resources->allowed_cpus : NULL;
}

/* Whether the row sets anything else than the kernel's default. */
static bool asks_for_something(const struct service *service, const struct cgroup_file *file)
{
	struct buf text = { 0 };
	bool asks;

	file->write(service, &text);
	asks = text.length && !(file->usual && !strcmp(buf_string(&text), file->usual));
	buf_free(&text);
	return asks;
}

static enum cgroup_support find_nearest(const struct service *service, const struct cgroup_file *file,
					const char **instead)
{
	if (!strcmp(file->option, "memory_max") && cgroup_settings_address_space(service) >= 0)
		*instead = "each of its processes gets so much address space (RLIMIT_AS)";
	else if (!strcmp(file->option, "tasks_max") && cgroup_settings_processes(service) >= 0)
		*instead = "its user gets so many processes (RLIMIT_NPROC)";
	else if (!strcmp(file->option, "allowed_cpus"))
		*instead = "it starts on these, and may leave them (cpu_affinity)";
	else
		return SUPPORT_LEFT_OUT;
	return SUPPORT_NEAR;
}

static void compare_files(const struct service *service, cgroup_settings_say *say, void *context)
{
	const struct cgroup_delegation *place = service->cgroup_settings->place;
	const char *before = "", *why, *instead = NULL;
	char text[96];

	for (size_t n = 0; n < cgroup_file_count; n++) {
		const struct cgroup_file *file = &cgroup_file_list[n];
		enum cgroup_support answer;

		if (place->controllers & file->controller || !strcmp(before, file->option) ||
		    !asks_for_something(service, file))
			continue;
		before = file->option;
		for (unsigned bit = 0; bit < CONTROLLERS; bit++) {
			if (file->controller >> bit & 1)
				snprintf(text, sizeof(text), "there is no control group here with the controller %s",
					 controller_names[bit]);
		}
		why = place->wrong ? place->wrong : text;
		answer = find_nearest(service, file, &instead);
		say(context, service, file->option, answer, why, instead);
	}
}

static void compare_program(const struct service *service, enum cgroup_bpf_kind judged, const char *option,
			    cgroup_settings_say *say, void *context)
{
	const struct cgroup_delegation *place = service->cgroup_settings->place;

	if (!place->path)
		say(context, service, option, SUPPORT_REFUSED, place->wrong, NULL);
	else if (!cgroup_bpf_is_possible(judged))
		say(context, service, option, SUPPORT_REFUSED,
		    errno == EPERM ? "superd may load no programs into the kernel (CAP_BPF)" : strerror(errno), NULL);
}

void cgroup_settings_compare(const struct service *service, cgroup_settings_say *say, void *context)
{
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;

	if (!service->cgroup_settings)
		return;
	compare_files(service, say, context);
	if (cgroup_filters->device_policy != DEVICES_AUTO || cgroup_filters->device_allow)
		compare_program(service, CGROUP_BPF_DEVICES,
				cgroup_filters->device_policy != DEVICES_AUTO ? "device_policy" : "device_allow", say,
				context);
	if (cgroup_filters->ip_address_deny)
		compare_program(service, CGROUP_BPF_EGRESS, "ip_address_deny", say, context);
	if (service->groups->resources->delegate && !service->cgroup_settings->place->path)
		say(context, service, "delegate", SUPPORT_LEFT_OUT, service->cgroup_settings->place->wrong, NULL);
}

const char *cgroup_settings_fault_option(const struct service *service, int resource)
{
	const struct cgroup_settings *cgroup_settings = service->cgroup_settings;

	if (!cgroup_settings || resource < 0)
		return NULL;
	if (resource >= CGROUP_PROGRAMS)
		return resource == CGROUP_PROGRAMS + CGROUP_BPF_DEVICES ? "device_policy" : "ip_address_deny";
	return (size_t)resource < cgroup_settings->count ? cgroup_settings->list[resource].option : NULL;
}

/* Loads the whole state of the superd before: finds the code for each section, and the order, and closes descriptors
 * that have no place.
 *
 * superd loads all sockets and instances of all services before it opens, starts or closes anything. Otherwise
 * something new could meet an address, or exceed a limit, that an old socket or instance still occupies. */
#include "superd/reload/load.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/cgroup/cgroup_parent.h"
#include "os/guard/guard_link.h"
#include "superd/accept/accept.h"
#include "superd/accept/admission.h"
#include "superd/accept/admission_state.h"
#include "superd/instance/bind_strays.h"
#include "superd/launch/instance_cgroup.h"
#include "superd/launch/start_resources.h"
#include "superd/listener/rpcbind.h"
#include "superd/listener/socket_store.h"
#include "superd/log/output_pipe.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/engine_state.h"
#include "superd/reload/left_fds.h"
#include "superd/runtime/service_list.h"
#include "superd/runtime/start_queue.h"
#include "superd/runtime/wants.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"
#include "superd/start/removal.h"

static struct state_section *find_section(struct state_stream *stream, const char *kind)
{
	for (size_t n = 0; n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, kind))
			return &stream->sections[n];
	}
	return NULL;
}

int load_pid_file(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine ? load_fd(engine, "pid_file") : -1;
}

const char *load_program(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine ? state_text(engine, "program") : NULL;
}

bool load_is_ours(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine && (state_number(engine, "pid", 1, INT32_MAX, 0) == guard_first_pid() ||
			  guard_cause() != GUARD_FRESH);
}

const char *load_version(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");
	const char *version = engine ? state_text(engine, "version") : NULL;

	return version ? version : "?";
}

const char *load_previous_table(struct state_stream *stream)
{
	struct state_section *table = find_section(stream, "table");

	return table ? state_text(table, "text") : NULL;
}

bool load_previous_sources(struct state_stream *stream, uint64_t *sources)
{
	struct state_section *table = find_section(stream, "table");

	return table && state_bytes(table, "sources", sources, sizeof(*sources));
}

static bool service_fits(struct state_section *section, const struct table *table, bool only_checks, struct buf *why)
{
	const char *name = state_text(section, "name");
	const struct service *service = name ? table_find(table, name) : NULL;

	if (!name || !state_text(section, "state")) {
		buf_text(why, "its state is not whole");
		return false;
	}
	if (state_flag(section, "removed"))
		return true;
	if (service && !service_is_off(service) && service->exec->accept == state_flag(section, "accepts"))
		return true;
	if (service && service->is_left_out) {
		buf_addf(why, "%s runs by a former configuration, as the present one has errors", name);
		return only_checks;
	}
	buf_addf(why, "%s runs and is %s in the configuration as it is now: reload first", name,
		 service && !service_is_off(service) ? "one with another accept" : "not");
	return false;
}

bool load_fits(struct state_stream *stream, const struct table *table, bool only_checks, struct buf *why)
{
	if (!find_section(stream, "engine")) {
		buf_text(why, "its state is not whole");
		return false;
	}
	for (size_t n = 0; n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, "service") &&
		    !service_fits(&stream->sections[n], table, only_checks, why))
			return false;
	}
	if (stream->flaw)
		buf_addf(why, "its state has %s of %s out of bounds", stream->flaw, stream->flawed);
	return !stream->flaw;
}

static void read_engine(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;

	loader->version = load_version(loader->stream);
	loader->quiet_since = state_real(section, "quiet_since", 0.);
	state_load(section, &engine_state, engine, engine->loop);
	state_load(section, &log_files_state, engine->log_files, engine->loop);
	state_load(section, &start_resources_state, engine->launch, engine->loop);
	state_load(section, &admission_state, engine->admission, engine->loop);
	state_load(section, &start_queue_state, engine->start_queue, engine->loop);
	output_reader_resume((pid_t)state_number(section, "output_reader", 1, INT32_MAX, 0));
	loader->result->control = load_fd(section, "control");
	loader->result->command_is_due = state_flag(section, "command_due");
	loader->result->exit_status = (int)state_number(section, "exit_status", 0, 255, 0);
}

static void read_command(struct state_loader *loader, struct state_section *section)
{
	struct load_result *result = loader->result;

	result->command.pid = (pid_t)state_number(section, "pid", 2, INT32_MAX, 0);
	result->command.born = state_number(section, "born", 0, STATE_NUMBER_MOST, STATE_NUMBER_MOST);
	result->command_group = (pid_t)state_number(section, "group", 2, INT32_MAX, result->command.pid);
}

static void read_denied(struct state_loader *loader, struct state_section *section)
{
	struct address_entry found = { 0 }, *one;

	state_load(section, &address_entry_state, &found, NULL);
	if (!state_bytes(section, "source", found.source, sizeof(found.source)))
		return;
	one = address_lru_note(&loader->engine->admission->denied, found.whose, found.source, clock_now(), found.until);
	if (one)
		one->count = found.count;
}

static void read_released(struct state_loader *loader, struct state_section *section)
{
	const char *name = state_text(section, "name");
	struct output_ends ends = {
		.read = load_fd(section, "read"), .write = -1, .pipe = load_fd(section, "pipe"),
	};
	struct output *output = NULL;

	if (ends.read >= 0 && name)
		output = output_resume_released(loader->engine, name, &ends);
	if (!output) {
		fd_close(&ends.read);
		fd_close(&ends.pipe);
		return;
	}
	state_load(section, &released_state, output, NULL);
}

static void read_left_group(struct state_loader *loader, struct state_section *section)
{
	const char *text = state_text(section, "path");
	char *path = text ? strdup(text) : NULL;

	if (path)
		instance_cgroup_remember(loader->engine, path);
}

static void read_filter(struct state_loader *loader, struct state_section *section)
{
	struct bind_stray found = { .notif = -1 };

	state_load(section, &bind_stray_state, &found, NULL);
	if (found.notif >= 0)
		bind_stray_keep(loader->engine, found.notif);
}

static void read_rpc_debt(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;
	struct rpc_debt debt = { 0 };

	state_load(section, &debt_state, &debt, NULL);
	if (!rpc_take_debt(engine, &debt))
		log_error(engine->log, "registrations to withdraw from rpcbind did not survive the upgrade");
}

static void read_left_in_store(struct state_loader *loader, struct state_section *section)
{
	const char *name = state_text(section, "name");

	if (name)
		socket_store_note(loader->engine, -1, name);
}

static void read_removal(struct state_loader *loader, struct state_section *section)
{
	(void)loader;
	removal_load(section);
}

static void read_lock(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;

	if (!locks_load(engine, section))
		log_error(engine->log, "%s: its lock did not survive the upgrade: out of memory",
			  state_text(section, "name"));
}

/* Sections that superd/main/load reads, and needs only if the sources are unusable. */
static void skip_section(struct state_loader *loader, struct state_section *section)
{
	(void)loader;
	for (size_t n = 0; n < section->count; n++)
		section->entries[n].used = true;
}

static const struct {
	const char *kind;
	void (*read)(struct state_loader *loader, struct state_section *section);
} engine_sections[] = {
	{ "engine", read_engine }, { "command", read_command },
	{ "denied", read_denied }, { "released", read_released }, { "group", read_left_group },
	{ "withdrawal", read_rpc_debt }, { "removal", read_removal },
	{ "stored", read_left_in_store }, { "filter", read_filter },
	{ "lock", read_lock },     { "table", skip_section },	  { "file", skip_section },  { "lookup", skip_section },
	{ "system_call_filter", skip_section },
	{ "left_out", skip_section },
};

static void read_engine_sections(struct state_loader *loader)
{
	for (size_t n = 0; n < loader->stream->count; n++) {
		struct state_section *section = &loader->stream->sections[n];

		for (size_t i = 0; i < sizeof(engine_sections) / sizeof(*engine_sections); i++) {
			if (strcmp(engine_sections[i].kind, section->kind) != 0)
				continue;
			section->used = true;
			engine_sections[i].read(loader, section);
		}
	}
}

static struct state_section *end_of_service(struct state_stream *stream, struct state_section *section)
{
	do
		section++;
	while (section < stream->sections + stream->count && strcmp(section->kind, "service") != 0);
	return section;
}

/* Returns the runtime that a section describes; NULL: the table has no such service. */
static struct service_runtime *runtime_of_section(struct state_loader *loader, struct table *table,
						  struct state_section *section)
{
	struct service_list *service_list = loader->engine->service_list;
	const char *name = state_text(section, "name");
	const struct service *service;

	if (!name)
		return NULL;
	if (state_flag(section, "removed"))
		return load_removed(loader, section);
	service = table_find(table, name);
	return service ? service_list->runtimes[service - table->services] : NULL;
}

static void log_lost_service(struct state_loader *loader, struct state_section *section)
{
	const char *name = state_text(section, "name");
	struct event event = { .name = "upgraded", .service = name };

	log_event(loader->engine->log, LEVEL_WARNING, &event,
		  "it is not in the configuration any more: its sockets are closed, and its instances run on");
}

static void read_services(struct state_loader *loader, struct table *table)
{
	struct state_section *section = loader->stream->sections, *last = section + loader->stream->count;

	while (section < last && strcmp(section->kind, "service") != 0)
		section++;
	for (struct state_section *next; section < last; section = next) {
		struct service_runtime *runtime = runtime_of_section(loader, table, section);

		next = end_of_service(loader->stream, section);
		if (runtime)
			load_service(loader, runtime, section, next);
		else
			log_lost_service(loader, section);
	}
}

/* Logs kinds and keys that this version does not know, each kind or key once, and closes descriptors that were not
 * taken. */
static void close_unknown(struct state_loader *loader)
{
	const char *logged_kind = "", *logged_key = "";

	for (size_t n = 0; n < loader->stream->count; n++) {
		struct state_section *section = &loader->stream->sections[n];

		for (size_t i = 0; i < section->count; i++) {
			struct state_entry *entry = &section->entries[i];
			bool was_used = entry->used, is_left = !was_used && load_holds_descriptor(entry->key);
			int fd = is_left ? load_fd_of(section, entry) : -1;

			fd_close(&fd);
			if (was_used || (section->used && !strcmp(logged_key, entry->key)) ||
			    (!section->used && !strcmp(logged_kind, section->kind)))
				continue;
			log_warn(loader->engine->log,
				 "unknown in the state of the previous superd, and ignored: %s%s%s",
				 section->kind, section->used ? ": " : "", section->used ? entry->key : "");
			logged_kind = section->kind;
			logged_key = section->used ? entry->key : logged_key;
		}
	}
	if (loader->stream->flaw)
		log_warn(loader->engine->log,
			 "invalid in the state of the previous superd, and ignored: %s of %s is out of bounds",
			 loader->stream->flaw, loader->stream->flawed);
}

/* Patiently: the sockets and backends of a service that has no runtime here would be lost. */
static bool make_service_list(struct engine *engine, struct table *table)
{
	struct service_list *service_list = engine->service_list;

	unsigned tries = 0;

	while (!(service_list->runtimes = calloc(table->count + 1, sizeof(struct service_runtime *)))) {
		if (!patience_wait(&tries))
			return false;
	}
	service_list->count = table->count;
	service_list->table = table;
	service_list->generation++;
	for (size_t n = 0; n < table->count; n++) {
		if (service_is_off(&table->services[n]))
			continue;
		while (!(service_list->runtimes[n] = runtime_new(engine, table, &table->services[n])) &&
		       patience_wait(&tries))
			continue;
		if (!service_list->runtimes[n])
			log_error(engine->log, "%s: cannot be taken over: out of memory",
				  table->services[n].name);
	}
	return true;
}

/* How the superd before has died: "signal KILL". */
static void log_restarted(const struct state_loader *loader)
{
	struct event event = {
		.name = "restarted", .has_signal = WIFSIGNALED(guard_death()), .signal = WTERMSIG(guard_death())
	};
	char name[32];

	log_event(loader->engine->log, LEVEL_ERROR, &event,
		  "signal %s ended superd, and its guard restarted it: %zu service%s, %zu instance%s continue",
		  scan_signal_name(WTERMSIG(guard_death()), name), loader->services, loader->services == 1 ? "" : "s",
		  loader->instances, loader->instances == 1 ? "" : "s");
}

static void log_upgraded(const struct state_loader *loader)
{
	struct event event = { .name = "upgraded" };
	double took = loader->quiet_since > 0. ? clock_now() - loader->quiet_since : 0.;
	char span[DURATION_MOST];

	log_event(loader->engine->log, LEVEL_NOTICE, &event,
		  "upgraded from %s to %s: %zu service%s, %zu instance%s, in %s", loader->version,
		  build_version(), loader->services, loader->services == 1 ? "" : "s", loader->instances,
		  loader->instances == 1 ? "" : "s", duration_write(span, took));
}

bool load_all(struct state_loader *loader, struct table *table)
{
	loader->version = "?";
	if (!make_service_list(loader->engine, table))
		return false;
	read_engine_sections(loader);
	if (loader->engine->launch->cgroups.base)
		cgroup_parent_mark(loader->engine->launch->cgroups.base);       /* its guard may be another one */
	read_services(loader, table);
	close_unknown(loader);
	return true;
}

void load_begin(struct state_loader *loader)
{
	struct engine *engine = loader->engine;
	struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			locks_restore(service_list->runtimes[n]);       /* its entry may have been left out before */
	}
	for (size_t n = 0; n < service_list->count; n++) {
		if (!service_list->runtimes[n])
			continue;
		load_go_on(service_list->runtimes[n]);
		if (runtime_is_disabled(service_list->runtimes[n]))
			runtime_event(service_list->runtimes[n], DISABLE);
		if (accept_has_handed(service_list->runtimes[n]))
			runtime_post(service_list->runtimes[n], HANDED);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		runtime_post(runtime_leaving(link), LOOK);
	wants_follow_all(engine);
	if (guard_cause() != GUARD_FRESH)
		left_fds_settle(engine, loader->stream);
	engine->locks->is_stale = true;                 /* the old superd may have failed to write the file */
	if (guard_cause() == GUARD_RESTARTS)
		log_restarted(loader);
	else
		log_upgraded(loader);
}

/* Writes the state of superd. The next superd loses whatever is missing here, so what goes over of a struct is in a
 * table (superd/saved/state_field). */
#include "superd/reload/save.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
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
#include "superd/runtime/service_list.h"
#include "superd/runtime/start_queue.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"
#include "superd/start/removal.h"

static void save_engine(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	struct buf *text = &saver->text;

	state_open_section(text, "engine");
	state_add(text, "version", build_version());
	state_add_number(text, "pid", getpid());
	save_real(saver, "quiet_since", source->quiet_since);
	if (source->program)
		state_add(text, "program", source->program);
	save_fd(saver, "pid_file", source->pid_file);
	save_number(saver, "output_reader", output_reader_process());
	save_number(saver, "exit_status", *source->exit_status);
	save_fd(saver, "control", *source->control);
	state_save(saver, &engine_state, engine);
	state_save(saver, &log_files_state, engine->log_files);
	state_save(saver, &start_resources_state, engine->launch);
	state_save(saver, &admission_state, engine->admission);
	state_save(saver, &start_queue_state, engine->start_queue);
	save_number(saver, "command_due", *source->command_is_due);
	if (source->command->pid > 0) {
		state_open_section(text, "command");
		state_add_number(text, "pid", source->command->pid);
		save_number(saver, "born", source->command->born);
		save_number(saver, "group", *source->command_group);
	}
}

/* Addresses that have touched a sensor. */
static void save_denied(struct state_saver *saver, const struct address_lru *addresses)
{
	double now = clock_now();

	for (const struct address_entry *one = addresses->oldest; one; one = one->younger) {
		if (one->until > now)
			state_save(saver, &address_entry_state, one);
	}
}

static void save_rpc_debt(void *context, const struct rpc_debt *debt)
{
	state_save(context, &debt_state, debt);
}

static void save_left_in_store(void *context, const char *name)
{
	struct state_saver *saver = context;

	state_open_section(&saver->text, "stored");
	state_add(&saver->text, "name", name);
}

static void save_shared(struct state_saver *saver, struct engine *engine)
{
	save_denied(saver, &engine->admission->denied);
	LIST_EACH(link, &engine->log_files->released) {
		const struct output *output = container_of(link, struct output, link);

		if (output->reading.target >= 0)        /* superd-output reads this one by itself */
			continue;
		state_save(saver, &released_state, output);
		state_add(&saver->text, "name", output->service);
	}
	rpc_each_debt(engine, save_rpc_debt, saver);
	socket_store_each_left(engine, save_left_in_store, saver);
	LIST_EACH(link, &engine->launch->empty_cgroups) {
		state_open_section(&saver->text, "group");
		state_add(&saver->text, "path", container_of(link, struct empty_cgroup, link)->path);
	}
	LIST_EACH(link, &engine->instances->bind_strays)
		state_save(saver, &bind_stray_state, container_of(link, struct bind_stray, link));
	removal_save(saver);
	locks_save(engine->locks, &saver->text);
}

void save_engine_state(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	save_engine(saver, engine, source);
	save_shared(saver, engine);
}

bool save_write(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	*saver = (struct state_saver){ .loop = engine->loop };
	state_stream_begin(&saver->text);
	save_engine_state(saver, engine, source);
	if (source->save_table)
		source->save_table(source->table_context, engine->service_list, saver);
	for (size_t n = 0; n < engine->service_list->count; n++) {
		if (engine->service_list->runtimes[n])
			save_service(saver, engine->service_list->runtimes[n]);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		save_service(saver, runtime_leaving(link));
	state_stream_end(&saver->text);
	return !saver->text.failed && !saver->failed;
}

/* Writes superd's state. It must be complete, as anything that is not written is lost at the change: the fields of
 * each struct are in its tables (engine/serialize/state_field), those that do not go over with the reason. */
#include "engine/upgrade/save.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/clock.h"
#include "engine/accept/admission.h"
#include "engine/accept/admission_state.h"
#include "engine/core/engine_state.h"
#include "engine/launch/instance_cgroup.h"
#include "engine/launch/start_resources.h"
#include "engine/listener/rpcbind.h"
#include "engine/log/output_pipe.h"
#include "engine/log/xinetd_log_file.h"
#include "engine/orphans/orphan.h"
#include "engine/runtime/service_list.h"
#include "engine/service/operator_locks.h"
#include "engine/service/runtime_event.h"

static void save_engine(struct state_saver *carry, struct engine *engine, const struct carry_source *source,
			double quiet_since)
{
	struct buf *text = &carry->text;

	state_open_section(text, "engine");
	state_add(text, "version", build_version());
	state_add_number(text, "pid", getpid());
	state_add_real(text, "quiet_since", quiet_since);
	save_fd(carry, "pid_file", source->pid_file);
	save_number(carry, "output_reader", output_reader_process());
	save_number(carry, "exit_status", *source->exit_status);
	save_fd(carry, "control", *source->control);
	state_save(carry, &engine_state, engine);
	state_save(carry, &log_files_state, engine->log_files);
	state_save(carry, &start_resources_state, engine->launch);
	state_save(carry, &admission_state, engine->admission);
	if (source->command->pid > 0) {
		state_open_section(text, "command");
		state_add_number(text, "pid", source->command->pid);
		save_number(carry, "group", *source->command_group);
	}
}

static void save_recent(struct state_saver *carry, const char *kind, const struct address_lru *recent)
{
	double now = clock_now();

	for (const struct address_entry *one = recent->oldest; one; one = one->younger) {
		if (one->until <= now)
			continue;
		state_open_section(&carry->text, kind);
		state_save(carry, &address_entry_state, one);
	}
}

static void save_debt(void *context, const struct rpc_debt *debt)
{
	state_save(context, &debt_state, debt);
}

/* Writes services that the table has no more, with the instances that they still run. */
static void save_removed(struct state_saver *carry, struct engine *engine)
{
	LIST_EACH(link, &engine->service_list->leaving)
		save_service(carry, runtime_leaving(link));
}

bool save_write(struct state_saver *carry, struct engine *engine, const struct carry_source *source, double quiet_since)
{
	*carry = (struct state_saver){ .loop = engine->loop };
	state_stream_begin(&carry->text);
	save_engine(carry, engine, source, quiet_since);
	if (source->carry_table)
		source->carry_table(source->table_context, engine->service_list->table, carry);
	save_log(carry, engine);
	save_recent(carry, "minute", &engine->admission->minutes);
	save_recent(carry, "denied", &engine->admission->denied);
	LIST_EACH(link, &engine->log_files->released) {
		const struct output *output = container_of(link, struct output, link);

		if (output->reading.target >= 0)        /* the reader needs nobody */
			continue;
		state_save(carry, &released_state, output);
		state_add(&carry->text, "name", output->service);
	}
	rpc_each_debt(engine, save_debt, carry);
	LIST_EACH(link, &engine->launch->empty_cgroups) {
		state_open_section(&carry->text, "group");
		state_add(&carry->text, "path", container_of(link, struct empty_cgroup, link)->path);
	}
	LIST_EACH(link, &engine->launch->left_bases) {
		state_open_section(&carry->text, "base");
		state_add(&carry->text, "path", container_of(link, struct empty_cgroup, link)->path);
	}
	LIST_EACH(link, &engine->orphans->list)
		state_save(carry, &orphan_state, container_of(link, struct orphan, link));
	locks_carry(engine->locks, &carry->text);
	if (source->carry_operators)
		source->carry_operators(source->operators, carry);
	for (size_t n = 0; n < engine->service_list->count; n++) {
		if (engine->service_list->runtimes[n])
			save_service(carry, engine->service_list->runtimes[n]);
	}
	save_removed(carry, engine);
	state_stream_end(&carry->text);
	return !carry->text.failed && !carry->failed;
}


/* Writes superd's state. It must be complete, as anything that is not written is lost at the change: the fields of
 * each struct are written in their order, and those that are left out are named there. */
#include "engine/upgrade/carry.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/build.h"
#include "base/clock.h"
#include "engine/core/engine_state.h"
#include "engine/launch/groups.h"
#include "engine/listener/rpc.h"
#include "engine/log/output.h"
#include "engine/orphans/orphan.h"
#include "engine/service/keeper.h"
#include "engine/service/locks.h"
#include "engine/supervisor/supervisor.h"

static void carry_engine(struct carry *carry, struct supervisor *supervisor, double quiet_since)
{
	struct engine *engine = &supervisor->engine;
	struct buf *text = &carry->text;

	ledger_open(text, "engine");
	ledger_add(text, "version", build_version());
	ledger_add_number(text, "pid", getpid());
	ledger_add_real(text, "quiet_since", quiet_since);
	carry_fd(carry, "pid_file", supervisor->upgrade.pid_file);
	carry_number(carry, "output_reader", output_reader_process());
	carry_number(carry, "exit_status", supervisor->exit_status);
	state_save(carry, &engine_state, engine);
	if (supervisor->command.child.pid > 0) {
		ledger_open(text, "command");
		ledger_add_number(text, "pid", supervisor->command.child.pid);
		carry_number(carry, "group", supervisor->command.group);
	}
}

static void carry_recent(struct carry *carry, const char *kind, const struct recent *recent)
{
	double now = clock_now();

	for (const struct sighting *one = recent->oldest; one; one = one->younger) {
		if (one->until <= now)
			continue;
		ledger_open(&carry->text, kind);
		state_save(carry, &sighting_state, one);
	}
}

static void carry_output(struct carry *carry, const struct output *output)
{
	ledger_open(&carry->text, "released");
	ledger_add(&carry->text, "name", output->service);
	carry_output_ends(carry, output);
	carry_number(carry, "syslog", output->to_syslog);
	carry_number(carry, "facility", output->facility);
	carry_number(carry, "level", output->level);
	carry_number(carry, "prefixes", output->has_prefixes);
	if (output->length)
		ledger_add_bytes(&carry->text, "line", output->line, output->length);
}

static void carry_debt(void *context, const struct rpc_debt *debt)
{
	struct carry *carry = context;

	ledger_open(&carry->text, "withdrawal");
	ledger_add(&carry->text, "service", debt->service);
	ledger_add(&carry->text, "program", debt->program);
	ledger_add(&carry->text, "transports", debt->transports);
	ledger_add(&carry->text, "port", debt->port);
	carry_number(carry, "set", debt->set);
}

static void carry_orphan(struct carry *carry, const struct orphan *orphan)
{
	ledger_open(&carry->text, "orphan");
	ledger_add(&carry->text, "group", orphan->group);
	carry_text(carry, "service", orphan->service);
	carry_number(carry, "pid", orphan->pid);
	if (orphan->ends)
		carry_text(carry, "wanted_by", orphan->wanted_by);
}

/* Writes services that the table has no more, with the instances that they still run. */
static void carry_removed(struct carry *carry, struct engine *engine)
{
	LIST_EACH(link, &engine->leaving)
		carry_service(carry, keeper_leaving(link));
}

bool carry_write(struct carry *carry, struct supervisor *supervisor, double quiet_since)
{
	struct engine *engine = &supervisor->engine;

	*carry = (struct carry){ .loop = engine->loop };
	ledger_begin(&carry->text);
	carry_engine(carry, supervisor, quiet_since);
	if (supervisor->carry_table)
		supervisor->carry_table(supervisor->loader.load_context, supervisor->table, carry);
	carry_log(carry, engine);
	carry_recent(carry, "minute", &engine->minutes);
	carry_recent(carry, "denied", &engine->denied);
	LIST_EACH(link, &engine->released) {
		if (container_of(link, struct output, link)->reading.target < 0)        /* the reader needs nobody */
			carry_output(carry, container_of(link, struct output, link));
	}
	rpc_each_debt(engine, carry_debt, carry);
	LIST_EACH(link, &engine->empty_groups) {
		ledger_open(&carry->text, "group");
		ledger_add(&carry->text, "path", container_of(link, struct empty_group, link)->path);
	}
	LIST_EACH(link, &engine->left_bases) {
		ledger_open(&carry->text, "base");
		ledger_add(&carry->text, "path", container_of(link, struct empty_group, link)->path);
	}
	LIST_EACH(link, &engine->orphans)
		carry_orphan(carry, container_of(link, struct orphan, link));
	locks_carry(engine->locks, &carry->text);
	if (supervisor->carry_operators)
		supervisor->carry_operators(supervisor->operators, carry);
	for (size_t n = 0; n < supervisor->roster.count; n++) {
		if (supervisor->roster.keepers[n])
			carry_service(carry, supervisor->roster.keepers[n]);
	}
	carry_removed(carry, engine);
	ledger_end(&carry->text);
	return !carry->text.failed && !carry->failed;
}


/* Writes the instances of a service: their processes, and the sockets for their messages.
 *
 * These are the service's present notify socket and older ones, which instances from before a reload still have.
 * Each instance names its own by its place among them. The plan of an instance is not written: only a start needs
 * it. */
#include "engine/upgrade/carry.h"

#include <stdlib.h>

#include "engine/accept/channel.h"
#include "engine/drain/drain.h"
#include "engine/instance/daemon.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notice.h"
#include "engine/instance/outdated.h"
#include "engine/launch/notify.h"
#include "engine/service/keeper.h"
#include "engine/service/run.h"

#define SOCKETS_MOST 64                 /* notify sockets: a reload adds one at most, and each has an instance */

struct speaking {
	struct notify *list[SOCKETS_MOST];
	int count;
};

/* Returns the place of a notify socket; -1: the list is full. */
static int place_of(struct speaking *speaking, struct notify *notify)
{
	int n = 0;

	while (n < speaking->count && speaking->list[n] != notify)
		n++;
	if (n == SOCKETS_MOST)
		return -1;
	if (n == speaking->count)
		speaking->list[speaking->count++] = notify;
	return n;
}

static void carry_notify(struct carry *carry, const struct notify *notify)
{
	ledger_open(&carry->text, "notify");
	ledger_add(&carry->text, "variable", notify->variable);
	carry_fd(carry, "fd", notify->io.fd);
	carry_number(carry, "released", notify->released);
}

static void carry_notifies(struct carry *carry, struct keeper *keeper, struct speaking *speaking)
{
	if (keeper->activity->means.notify)
		place_of(speaking, keeper->activity->means.notify);
	LIST_EACH(link, &keeper->activity->instances) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice)
			place_of(speaking, instance->notice->notify);
	}
	for (int n = 0; n < speaking->count; n++)
		carry_notify(carry, speaking->list[n]);
}

static void carry_notice(struct carry *carry, struct notice *notice, int place)
{
	ledger_open(&carry->text, "notice");
	ledger_add_number(&carry->text, "socket", place);
	ledger_add_number(&carry->text, "access", notice->access);
	carry_number(carry, "stopping", notice->stopping);
	carry_number(carry, "reloading", notice->reloading);
	carry_number(carry, "reloads", notice->reloads);
	carry_timer(carry, "patience", &notice->patience);
	carry_timer(carry, "watchdog", &notice->watchdog);
	ledger_add_real(&carry->text, "every", notice->every);
	carry_number(carry, "watched", notice->watched);
	carry_text(carry, "status", notice->status);
	carry_text(carry, "bus_error", notice->bus_error);
	carry_text(carry, "varlink_error", notice->varlink_error);
	carry_number(carry, "error", notice->error);
}

static void carry_ends(struct carry *carry, const struct instance *instance)
{
	carry_number(carry, "starting", instance->starting);
	carry_number(carry, "stopping", instance->stopping);
	carry_number(carry, "told", instance->told);
	carry_number(carry, "killed", instance->killed);
	carry_number(carry, "failed", instance->failed);
	carry_number(carry, "clears", instance->clears);
	carry_number(carry, "silent", instance->is_silent);
	carry_number(carry, "stop_signal", instance->stop_signal);
	carry_number(carry, "result", instance->result);
	carry_number(carry, "status", instance->status);
	carry_real(carry, "gone", instance->gone);
}

/* Writes the counts that the instance has to give back, and the descriptors and names that it has. */
static void carry_belongings(struct carry *carry, const struct instance *instance)
{
	int client, channel = channel_descriptor(instance, &client);

	if (instance->counted)
		ledger_add_bytes(&carry->text, "source", instance->source, sizeof(instance->source));
	if (instance->busy)
		ledger_add_number(&carry->text, "busy", instance->busy->io.fd);
	carry_number(carry, "unread", instance->unread);
	if (instance->knows_head)
		ledger_add_bytes(&carry->text, "head", &instance->head, sizeof(instance->head));
	carry_fd(carry, "channel", channel);
	carry_fd(carry, "channel_client", client);
	if (instance->private_tmp)
		ledger_add_bytes(&carry->text, "private_tmp", &instance->private_tmp, sizeof(instance->private_tmp));
	carry_text(carry, "peer", instance->peer);
	carry_text(carry, "cgroup", instance->cgroup.path);
	carry_number(carry, "cgroup_files", instance->cgroup.files);
	carry_number(carry, "cgroup_kept", instance->cgroup.kept);
	carry_number(carry, "cgroup_killed", instance->cgroup.killed);
}

/* Writes what the instance has of an earlier row, which is in no table any more. */
static void carry_outdated(struct carry *carry, const struct outdated *outdated)
{
	ledger_open(&carry->text, "outdated");
	for (size_t n = 0; n < outdated->count; n++)
		buf_addf(&carry->text, "option=%llx %s\n", (unsigned long long)outdated->options[n].was,
			 outdated->options[n].name);
	carry_text(carry, "sockets", buf_string(&outdated->sockets));
}

static void carry_instance(struct carry *carry, struct keeper *keeper, struct instance *instance)
{
	bool runs_on = keeper->removed && keeper_runs_on(keeper);

	ledger_open(&carry->text, "instance");
	carry_number(carry, "guest", !run_owns(instance));
	carry_number(carry, "current", keeper->activity->current == instance && !runs_on);
	carry_number(carry, "retired", instance->retired || runs_on);
	carry_number(carry, "child", instance->child.pid);
	carry_number(carry, "pid", instance->pid);
	carry_number(carry, "group", instance->group);
	carry_number(carry, "former_group", instance->former_group);
	carry_fd(carry, "group_fd", instance->group_fd);
	carry_fd(carry, "former_fd", instance->former_fd);
	carry_fd(carry, "main_fd", main_watch_fd(instance->main_watch));
	carry_number(carry, "lingers", !list_empty(&instance->linger));
	carry_timer(carry, "timer", &instance->timer);
	carry_real(carry, "since", instance->since);
	carry_ends(carry, instance);
	carry_belongings(carry, instance);
}

void carry_instances(struct carry *carry, struct keeper *keeper)
{
	struct speaking speaking = { .count = 0 };

	carry_notifies(carry, keeper, &speaking);
	LIST_EACH(link, &keeper->activity->instances) {
		struct instance *instance = container_of(link, struct instance, link);
		struct notice *notice = instance->notice;

		carry_instance(carry, keeper, instance);
		if (instance->outdated)
			carry_outdated(carry, instance->outdated);
		if (notice && place_of(&speaking, notice->notify) >= 0)
			carry_notice(carry, notice, place_of(&speaking, notice->notify));
		if (instance->course)
			carry_course(carry, instance->course);
		if (daemon_search(instance))
			carry_search(carry, daemon_search(instance));
		drain_carry(carry, instance);
	}
}

/* What ends, freezes and describes a relay (superd/instance/relay_start begins it). */
#include "superd/instance/relay.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "superd/instance/instance.h"
#include "superd/start/plan.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

void relay_add_target(const struct service *service, struct buf *out)
{
	words target = service->exec->redirect;
	bool v6 = target[1] && strchr(target[0], ':');

	buf_addf(out, "%s%s%s%s%s", v6 ? "[" : "", target[0], v6 ? "]" : "", target[1] ? ":" : "",
		 target[1] ? target[1] : "");
}

void relay_describe_silence(const struct relay_process *relay, struct buf *out)
{
	const struct service *service = relay->instance->service;

	if (!relay->child.pid) {
		buf_text(out, "its relay does not run");
		return;
	}
	buf_text(out, "connect to ");
	relay_add_target(service, out);
	buf_addf(out, ": %s; let the program listen there, or name the address where it does in %s",
		 relay->error ? strerror(relay->error) : "no answer", option_name_of(service, "redirect"));
	origin_cite(service_origin(service, "redirect"), out);
}

void relay_close_channel(struct relay_process *relay)
{
	watch_stop(&relay->watch);
	fd_close(&relay->channel);
}

void relay_free(struct relay_process *relay)
{
	relay_close_channel(relay);
	alarm_stop(&relay->timer);
	alarm_stop(&relay->limit);
	child_table_remove(&relay->engine->children, &relay->child);
	list_remove(&relay->link);
	plan_free(relay->plan);
	free(relay);
}

void relay_freeze(const struct instance *instance, bool freeze)
{
	if (instance->relay && instance->relay->child.pid > 1)
		kill(instance->relay->child.pid, freeze ? SIGSTOP : SIGCONT);
}

/* Closing the channel lets the process retire. At superd's end it also gets SIGTERM, which limits its time. */
void relay_retire(struct instance *instance)
{
	struct relay_process *relay = instance->relay;

	if (!relay)
		return;
	relay_freeze(instance, false);
	instance->relay = NULL;
	relay->instance = NULL;
	alarm_stop(&relay->timer);
	alarm_stop(&relay->limit);
	relay_close_channel(relay);
	if (!relay->child.pid)
		relay_free(relay);
	else if (relay->engine->stopping)
		kill(relay->child.pid, SIGTERM);
}

void relay_abandon(struct instance *instance)
{
	struct relay_process *relay = instance->relay;

	if (!relay)
		return;
	relay_freeze(instance, false);
	instance->relay = NULL;
	relay_free(relay);
}

void relays_signal(struct engine *engine, int signal)
{
	LIST_EACH(link, &engine->instances->relays) {
		struct relay_process *relay = container_of(link, struct relay_process, link);

		if (!relay->instance && relay->child.pid > 1)
			kill(relay->child.pid, signal);
	}
}

bool relay_has_flows(const struct instance *instance)
{
	return instance->relay && instance->relay->flows;
}

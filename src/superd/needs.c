/* What a service and its sockets need of other services: started before it and waited for, or beside it
 * (table/service/need). A start of what is needed belongs to one wait, which has begun at svc->run->asked: who has
 * started, failed or been skipped since then is not started again for it. Who has started for sockets has done so for
 * all tries to open them. */
#include "superd/daemon.h"

enum standing { SERVES, COMES, FAILS };

static bool needs(const struct svc *svc, const char *name, bool in_order)
{
	struct need need;

	for (size_t n = 0; service_need(svc->row, n, &need); n++) {
		if (!strcmp(need.name, name) && (!in_order || need.order == NEED_BEFORE))
			return true;
	}
	return false;
}

/* It has failed since a wait began, or cannot open its sockets. */
static bool fails(const struct svc *svc, double since)
{
	return svc->run->failed_at >= since || (svc->state == BACKOFF && svc->since >= since) ||
		(svc->state == BINDING && ev_is_active(&svc->run->timer));
}

/* How a needed service stands, which is started if that is due. */
static enum standing look_at(struct svc *svc, const struct need *need)
{
	struct svc *wanted = svc_find(need->name);
	double since = svc->run->asked, begun = need->socket ? svc->run->opens_since : since;
	char by[80];

	if (!wanted || svc_bar(wanted) != BAR_NONE)
		return FAILS;
	if (wanted->run->looks) /* it starts, and this one with it */
		return COMES;
	if (wanted->row->exec->accept || wanted->state == RUNNING) /* a client starts an instance of accept = yes */
		return SERVES;
	if (wanted->run->skipped_at >= begun) /* as with systemd, that is no failure */
		return SERVES;
	if (fails(wanted, since))
		return FAILS;
	if (wanted->state == LISTENING &&
	    wanted->run->last_start >= (svc_is_failing(wanted) ? since : begun))
		return SERVES;
	if (wanted->state == LISTENING || wanted->state == BACKOFF || wanted->state == FROZEN ||
	    (wanted->state == STOPPING && need->order != NEED_BEFORE)) {
		snprintf(by, sizeof(by), "%.40s, which wants it", svc->row->name);
		svc_start(wanted, by);
		return fails(wanted, since) ? FAILS : wanted->state == RUNNING ? SERVES : COMES;
	}
	return COMES;
}

bool needs_come_first(const struct svc *svc)
{
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;

	return svc_is_empty(svc) && (lifecycle->requires || lifecycle->wants);
}

bool needs_start(struct svc *svc, bool sockets, struct buf *why)
{
	bool comes = false;
	struct need need;

	/* svc->run takes no memory as long as nothing is written to it. */
	if (!service_need(svc->row, 0, &need))
		return false;
	svc->run->looks = true;
	for (size_t n = 0; service_need(svc->row, n, &need); n++) {
		struct svc *wanted = svc_find(need.name);
		enum standing standing;
		const char *reason;

		if ((need.socket != NULL) != sockets)
			continue;
		standing = look_at(svc, &need);
		if (need.order != NEED_BEFORE)
			continue;
		reason = !wanted			  ? "it is not in the configuration, or disabled there"
			: svc_bar(wanted) == BAR_DISABLED ? "it is disabled"
			: wanted->state == BACKOFF	  ? wanted->run->reason
							  : state_name(wanted->state);
		comes |= standing == COMES;
		if (standing == FAILS && need.required)
			buf_addf(why, "it requires %s: %s", need.name, reason);
		else if (standing == FAILS && !comes)
			svc_say(svc, LEVEL_WARNING, "wants", "wants %s, and starts without it: %s", need.name, reason);
	}
	svc->run->looks = false;
	return comes && !why->length;
}

static void let_go(struct svc *wanted)
{
	bool ends = superd_is_stopping();

	if (svc_is_empty(wanted) || (ends ? superd.main_command.pid : wanted->row->exec->start != START_WANTED))
		return;
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		if ((!svc_is_empty(svc) || svc->state == QUEUED) && needs(svc, wanted->row->name, ends))
			return;
	}
	if (ends) {
		svc_stop_instances(wanted);
		return;
	}
	svc_say(wanted, LEVEL_INFO, "stopping", "stopping: no service wants it any more");
	svc_stop(wanted, false);
}

void needs_let_go(struct svc *svc)
{
	struct need need;

	for (size_t n = 0; service_need(svc->row, n, &need); n++) {
		struct svc *wanted = svc_find(need.name);

		if (wanted)
			let_go(wanted);
	}
}

bool needs_stop(bool all)
{
	bool any = false;
	struct need need;

	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc))
		svc->was_wanted = false;
	for (struct svc *svc = svc_next(NULL); svc && !all; svc = svc_next(svc)) {
		for (size_t n = 0; !svc_is_empty(svc) && service_need(svc->row, n, &need); n++) {
			struct svc *wanted = need.order == NEED_BEFORE ? svc_find(need.name) : NULL;

			if (wanted)
				wanted->was_wanted = true;
		}
	}
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		LIST_OF(struct instance, instance, link, &svc->run->instances) {
			any |= !svc->was_wanted && !instance->ends;
			if (svc->was_wanted && instance_is_frozen(instance)) /* others may need it for their end */
				instance_freeze(instance, MOVES);
		}
		if (!svc->was_wanted)
			svc_stop_instances(svc);
	}
	return any;
}

void needs_mark(const struct service *row)
{
	struct need need;

	for (size_t n = 0; service_need(row, n, &need); n++) {
		struct svc *wanted = svc_find(need.name);

		if (wanted)
			wanted->was_wanted = true;
	}
}

void needs_reloaded(void)
{
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (svc->was_wanted)
			let_go(svc);
		svc->was_wanted = false;
	}
}

void needs_tell(struct svc *svc)
{
	LIST_OF(struct svc, other, link, &superd.services) {
		if (other->state == QUEUED && list_empty(&other->run->queue) && needs(other, svc->row->name, false))
			svc_look_again(other);
	}
}

void needs_show(struct svc *svc, struct buf *out)
{
	struct need need;

	json_list_field(out, "waits_for");
	for (size_t n = 0; service_need(svc->row, n, &need); n++) {
		if (need.order == NEED_BEFORE && svc_find(need.name) && svc_find(need.name)->state != RUNNING)
			json_element_text(out, need.name);
	}
	json_list_close(out);
}

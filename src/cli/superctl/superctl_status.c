/* superctl status NAME: all that superd knows of a service, for a person.
 *
 * The hard thing is the exit status: 3 when a service that was asked for would not serve whoever came next, as scripts
 * know it of systemctl; a service that sleeps until somebody comes is active here. */
#include <stdio.h>

#include "cli/superctl/superctl_amount.h"
#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_facts.h"
#include "cli/superctl/superctl_status_parts.h"
#include "cli/superctl/superctl_talk.h"
#include "cli/superctl/superctl_views.h"

struct status_view {
	const struct order *order;
	struct screen screen;
	size_t shown, inactive;
};

static void add_head(struct buf *out, const struct screen *screen, const json_t *service)
{
	struct buf name = { 0 };

	answer_show_text(&name, service, "service");
	out->failed |= name.failed;
	screen_add_dot(screen, out, answer_text(service, "state"), facts_instances(service));
	buf_char(out, ' ');
	screen_add(screen, out, STYLE_BOLD, buf_string(&name));
	if (json_object_get(service, "exec")) {
		buf_text(out, " - ");
		facts_add_command(out, service, false);
	}
	buf_char(out, '\n');
	buf_free(&name);
}

static void add_origin(struct buf *out, const json_t *service)
{
	status_add_label(out, "Table");
	answer_show_text(out, service, "source");
	buf_addf(out, "; %s; ",
		 answer_is(service, "state", "left out") ? "left out"
		 : answer_flag(service, "enabled")	 ? "enabled"
							 : "disabled");
	if (*answer_text(service, "type"))
		buf_text(out, "type ");
	answer_show_text(out, service, "type");
	buf_text(out, answer_flag(service, "accept") ? ", an instance a connection\n" : ", one instance for all\n");
}

static void add_state(struct buf *out, const struct screen *screen, const json_t *service)
{
	const char *state = answer_text(service, "state");

	status_add_label(out, "State");
	screen_set(screen, out, answer_flag(service, "degraded") ? STYLE_YELLOW : screen_style_of(state));
	answer_show_text(out, service, "state");
	if (answer_flag(service, "held") && !answer_is(service, "state", "held"))
		buf_text(out, ", held");
	if (answer_flag(service, "degraded"))
		buf_text(out, ", degraded");
	if (answer_number(service, "outdated") > 0)
		buf_text(out, ", outdated");
	screen_set(screen, out, STYLE_PLAIN);
	if (answer_has_number(service, "since")) {
		buf_text(out, " since ");
		amount_add_time(out, answer_number(service, "since"));
		buf_text(out, "; ");
		amount_add_age(out, answer_number(service, "for"));
		buf_text(out, " ago");
	}
	buf_char(out, '\n');
}

/* By operators: who, since when, and where it can't outlive superd why. */
static void add_locks(struct buf *out, const json_t *service)
{
	const json_t *locks = json_object_get(service, "locks"), *lock;
	size_t n;

	json_array_foreach(locks, n, lock) {
		status_add_label(out, answer_is(lock, "lock", "held") ? "Held" : "Disabled");
		if (answer_has_number(lock, "uid"))
			buf_addf(out, "by uid %.0f ", answer_number(lock, "uid"));
		buf_text(out, "since ");
		amount_add_time(out, answer_number(lock, "since"));
		if (*answer_text(lock, "ends_with_superd")) {
			buf_text(out, "; this ends with superd: ");
			answer_show_text(out, lock, "ends_with_superd");
		}
		buf_char(out, '\n');
	}
}

static void add_left_out(struct buf *out, const json_t *service)
{
	if (!*answer_text(service, "left_out"))
		return;
	status_add_label(out, "Left out");
	answer_show_text(out, service, "left_out");
	buf_char(out, '\n');
}

static bool show_status(void *context, const json_t *line, const char *text)
{
	struct status_view *view = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	view->inactive += !facts_is_active(line);
	if (view->order->json)
		return true;
	if (view->shown++)
		buf_char(&out, '\n');
	add_head(&out, &view->screen, line);
	add_origin(&out, line);
	add_state(&out, &view->screen, line);
	add_locks(&out, line);
	add_left_out(&out, line);
	status_add_listeners(&out, line);
	status_add_instances(&out, &view->screen, line);
	status_add_outdated(&out, &view->screen, line);
	status_add_counts(&out, line);
	status_add_activation(&out, line);
	status_add_exit(&out, line);
	status_add_failures(&out, line);
	status_add_refusals(&out, line);
	status_add_pause(&out, &view->screen, line);
	status_add_idle(&out, line);
	status_add_log(&out, &view->screen, line);
	ok = talk_print(&out);
	buf_free(&out);
	return ok;
}

static void add_names(struct buf *out, const char *title, const json_t *names)
{
	size_t n;
	json_t *name;

	buf_addf(out, "  %-10s", title);
	json_array_foreach(names, n, name) {
		buf_char(out, ' ');
		answer_show(out, name);
	}
	buf_text(out, json_array_size(names) ? "\n" : " none\n");
}

/* Of superd itself: what it may do to the machine. One of before says nothing of it. */
static bool show_posture(void *context, const json_t *line, const char *text)
{
	const json_t *posture = json_object_get(line, "posture");
	struct buf out = { 0 };
	bool ok = true;

	(void)context, (void)text;
	if (posture) {
		buf_text(&out, "\nsuperd itself (superd(8), SECURITY)\n");
		add_names(&out, "uses", json_object_get(posture, "effective"));
		add_names(&out, "may use", json_object_get(posture, "permitted"));
		add_names(&out, "bounds", json_object_get(posture, "bounding"));
		buf_addf(&out, "  %s, %s\n",
			 json_is_true(json_object_get(posture, "dumpable")) ? "dumpable" : "not dumpable",
			 json_is_true(json_object_get(posture, "no_new_privileges")) ? "no_new_privileges" :
										       "may gain privileges");
		ok = talk_print(&out);
	}
	buf_free(&out);
	return ok;
}

enum ctl_status view_status(const struct order *order)
{
	struct status_view view = { .order = order };
	enum ctl_status status;

	if (!order->name_count && !order->json) {
		status = view_list(order);
		if (status == CTL_DONE)
			(void)talk_ask(order, "version", TALK_PATIENCE, show_posture, NULL);
		return status;
	}
	screen_open(&view.screen, order->colour);
	status = talk_ask(order, "status", TALK_PATIENCE, show_status, &view);
	return status == CTL_DONE && order->name_count && view.inactive ? CTL_NOT_ACTIVE : status;
}

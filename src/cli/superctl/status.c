/* superctl status NAME: everything that superd knows about a service, for a person.
 *
 * The exit status is 3, as systemctl(1)'s, if a named service would not serve the next client. A service that waits for
 * its first client counts as active. */
#include <stdio.h>

#include "cli/superctl/conversation.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/service_facts.h"
#include "cli/superctl/state_words.h"
#include "cli/superctl/status_internal.h"
#include "cli/superctl/views.h"

struct status_view {
	const struct superctl_options *options;
	struct screen screen;
	size_t shown, inactive;         /* number of services printed, and of those that are not active */
};

static void add_head(struct buf *out, const struct screen *screen, const json_t *service)
{
	struct buf name = { 0 }, command = { 0 };

	json_reply_show_text(&name, service, "service");
	service_facts_add_command(&command, service, false);
	out->failed |= name.failed || command.failed;
	state_word_add_dot(state_word_of(service), screen, out);
	buf_char(out, ' ');
	screen_add(screen, out, STYLE_BOLD, buf_string(&name));
	if (command.length)             /* an entry that is left out may have none */
		buf_addf(out, " - %s", buf_string(&command));
	buf_char(out, '\n');
	buf_free(&name);
	buf_free(&command);
}

static void add_origin(struct buf *out, const json_t *service)
{
	status_add_label(out, "Configuration");
	json_reply_show_text(out, service, "source");
	buf_addf(out, "; %s; ",
		 json_reply_is(service, "state", "left out") ? "left out"
		 : json_reply_flag(service, "enabled")	 ? "enabled"
							 : "disabled");
	if (*json_reply_text(service, "type"))
		buf_text(out, "type ");
	json_reply_show_text(out, service, "type");
	buf_text(out, json_reply_flag(service, "accept") ? ", one instance per connection\n" : ", one instance for "
											       "all\n");
}

static void add_state(struct buf *out, const struct screen *screen, const json_t *service)
{
	status_add_label(out, "State");
	screen_set(screen, out, json_reply_flag(service, "degraded") ? STYLE_YELLOW : state_word_of(service)->style);
	state_word_add(out, service);
	screen_set(screen, out, STYLE_PLAIN);
	if (json_reply_has_number(service, "since")) {
		buf_text(out, " since ");
		human_units_add_clock(out, json_reply_number(service, "since"));
		buf_text(out, "; ");
		human_units_add_age(out, json_reply_number(service, "for"));
		buf_text(out, " ago");
	}
	buf_char(out, '\n');
}

/* The orders of operators: who gave each, when, and, if it cannot outlive superd, why. */
static void add_locks(struct buf *out, const json_t *service)
{
	const json_t *locks = json_object_get(service, "locks"), *lock;
	size_t n;

	json_array_foreach(locks, n, lock) {
		status_add_label(out, json_reply_is(lock, "lock", "held")     ? "Held"
				      : json_reply_is(lock, "lock", "disabled") ? "Disabled"
										: "At boot");
		if (json_reply_is(lock, "lock", "disabled at boot"))
			buf_text(out, "disabled ");
		if (json_reply_has_number(lock, "uid"))
			buf_addf(out, "by uid %.0f ", json_reply_number(lock, "uid"));
		buf_text(out, "since ");
		human_units_add_clock(out, json_reply_number(lock, "since"));
		if (*json_reply_text(lock, "ends_with_superd")) {
			buf_text(out, "; this ends with superd: ");
			json_reply_show_text(out, lock, "ends_with_superd");
		}
		buf_char(out, '\n');
	}
}

static void add_left_out(struct buf *out, const json_t *service)
{
	if (!*json_reply_text(service, "left_out"))
		return;
	status_add_label(out, "Left out");
	json_reply_show_text(out, service, "left_out");
	buf_char(out, '\n');
}

static bool show_status(void *context, const json_t *line, const char *text)
{
	struct status_view *view = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	view->inactive += !state_word_is_active(line);
	if (view->options->json)
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
	status_add_warm(&out, &view->screen, line);
	status_add_log(&out, &view->screen, line);
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

static bool show_superd(void *context, const json_t *line, const char *text)
{
	struct buf out = { 0 };
	bool ok;

	(void)context, (void)text;
	status_add_refused(&out, line);
	status_add_posture_line(&out, line);
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

enum ctl_status view_status(const struct superctl_options *options)
{
	struct status_view view = { .options = options };
	enum ctl_status status;

	if (!options->name_count && !options->json) {
		status = view_list(options);
		if (status == CTL_DONE)
			(void)conversation_ask(options, "version", CONVERSATION_TIMEOUT, show_superd, NULL);
		return status;
	}
	screen_open(&view.screen, options->colour);
	status = conversation_ask(options, "status", CONVERSATION_TIMEOUT, show_status, &view);
	return status == CTL_DONE && options->name_count && view.inactive ? CTL_NOT_ACTIVE : status;
}

/* superctl's verbs that change something: start, stop, hold and the like, upgrade, shutdown.
 *
 * superd answers when the work is done, which may be never. superd measures --timeout and reports its end. If superd
 * does not answer at all, superctl gives up some time later. */
#include "superctl/superctl.h"

#include <stdio.h>

#include "lib/clock.h"
#include "lib/scan.h"

struct act_view {
	const struct superctl_options *options;
	size_t failed;                  /* number of services that failed */
};

static bool show_result(void *context, const json_t *line, struct reply_text *text)
{
	struct act_view *view = context;
	bool ok = json_reply_flag(line, "ok");

	view->failed += !ok;
	(void)template_add(ok ? &text->out : &text->err, line, "[{service}: {message}\n]");
	return true;
}

/* verb_text: as sent, with options that client_ask does not add. */
static enum ctl_status act(const struct superctl_options *options, const char *verb_text)
{
	struct act_view view = { .options = options };
	struct buf verb = { 0 };
	enum ctl_status status;

	buf_text(&verb, verb_text);
	if (options->asleep)
		buf_text(&verb, " --asleep");
	if (options->awake)
		buf_text(&verb, " --awake");
	status = client_ask(options, buf_string(&verb), show_result, &view);
	buf_free(&verb);
	return status == CTL_DONE && view.failed ? CTL_FAILED : status;
}

enum ctl_status verb_act(const struct superctl_options *options)
{
	return act(options, options->verb->name);
}

/* The last word of the command line is the signal. */
enum ctl_status verb_signal(const struct superctl_options *options)
{
	struct superctl_options others = *options;
	const char *why, *word = options->names[options->name_count - 1];
	struct buf verb = { 0 };
	enum ctl_status status;
	int signal;

	if (options->name_count < 2) {
		fprintf(stderr, "superctl: signal: which signal? As in: superctl signal %s HUP\n", word);
		return CTL_USAGE;
	}
	why = scan_signal(word, &signal);
	if (why) {
		fprintf(stderr, "superctl: signal: '%s': %s\n", word, why);
		return CTL_USAGE;
	}
	others.name_count--;
	buf_addf(&verb, "signal --signal=%d", signal);
	status = act(&others, buf_string(&verb));
	buf_free(&verb);
	return status;
}

/* The answer to "shutdown" is the end of the connection: superd has ended. */
enum ctl_status verb_shutdown(const struct superctl_options *options)
{
	struct ctl_client client = {
		.until = options->timeout < 0 ? CLIENT_FOREVER : clock_ms() + options->timeout / 1000,
		.timeout = CLIENT_FOREVER,
	};
	enum ctl_status status = client_open(&client, options);

	if (status != CTL_DONE)
		return status;
	client.quiet = true;
	status = client_send(&client, "shutdown");
	do {
		if (status == CTL_DONE)
			status = client_read(&client, NULL, NULL);
	} while (status == CTL_DONE && !options->no_wait);
	if (client.connection_lost)
		status = CTL_DONE;
	else if (client.is_late)
		fprintf(stderr, "superctl: superd has not ended in time; it is still ending\n");
	else if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&client.why));
	client_close(&client);
	buf_free(&client.why);
	return status;
}

static bool show_upgrade(void *context, const json_t *line, struct reply_text *text)
{
	struct act_view *view = context;

	view->failed += json_is_false(json_object_get(line, "ok"));
	(void)template_add(&text->out, line, "[superd: {message}\n]");
	return true;
}

/* superd has gone: either the new one says at its greeting that it has taken over, or another one is there, or none. */
static enum ctl_status check_takeover(struct ctl_client *client)
{
	const struct superctl_options *options = client->options;
	const char *from;
	struct buf line = { 0 };
	bool printed;

	client_close(client);
	client->quiet = false;
	if (client_open(client, options) != CTL_DONE)
		return CTL_FAILED;
	from = json_reply_text(client->greeting, "upgraded_from");
	if (!*from) {
		fprintf(stderr, "superctl: not upgraded: superd has ended, and another one, pid %.0f, is at %s\n",
			json_reply_number(client->greeting, "pid"), options->control);
		return CTL_FAILED;
	}
	buf_text(&line, options->json ? "{\"ok\":true,\"message\":\"upgraded from " : "superd: upgraded from ");
	json_reply_show_text(&line, client->greeting, "upgraded_from");
	buf_text(&line, " to ");
	json_reply_show_text(&line, client->greeting, "superd");
	buf_text(&line, options->json ? "\"}\n" : "\n");
	printed = client_print(&line);
	buf_free(&line);
	return printed ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status read_upgrade(struct ctl_client *client, struct act_view *view)
{
	enum ctl_status status;

	client->quiet = true;
	status = client_read(client, show_upgrade, view);
	if (client->connection_lost && !client->options->check)
		status = check_takeover(client);
	else if (status != CTL_DONE && client->why.length)
		fprintf(stderr, "superctl: %s\n", buf_string(&client->why));
	buf_free(&client->why);
	return status;
}

enum ctl_status verb_upgrade(const struct superctl_options *options)
{
	struct ctl_client client = { 0 };
	struct act_view view = { .options = options };
	enum ctl_status status =
		client_begin(&client, options, options->check ? "upgrade --check" : "upgrade");

	if (status != CTL_DONE)
		return status;
	status = read_upgrade(&client, &view);
	client_close(&client);
	return status == CTL_DONE && view.failed ? CTL_FAILED : status;
}

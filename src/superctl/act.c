/* superctl's verbs that change something: start, stop, hold and the like, upgrade, shutdown.
 *
 * superd answers when the work is done, which may be never. superd measures --timeout and reports its end. If superd
 * does not answer at all, superctl gives up some time later. */
#include "superctl/superctl.h"

/* With an order that failed, superd ends its answer with an error, and so the status is that of the answer. */
static bool show_result(void *context, const json_t *line, struct reply_text *text)
{
	(void)context;
	(void)template_add(json_reply_flag(line, "ok") ? &text->out : &text->err, line,
			   "[[{service}|superd]: {message}\n]");
	return true;
}

enum ctl_status verb_act(const struct superctl_options *options)
{
	return client_ask(options, options->verb->name, show_result, NULL);
}

/* The last word of the command line is the signal. */
enum ctl_status verb_signal(const struct superctl_options *options)
{
	struct superctl_options others = *options;
	const char *why, *word = options->names[options->name_count - 1];
	char verb[32];
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
	snprintf(verb, sizeof(verb), "signal --signal=%d", signal);
	return client_ask(&others, verb, show_result, NULL);
}

/* superd has agreed once it has answered; it has ended at the end of the connection. If it was killed before that, its
 * guard has started another, which stops what is left. */
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
	if (status == CTL_DONE)
		status = client_read(&client, NULL, NULL);
	while (status == CTL_DONE && !options->no_wait) {
		status = client_read(&client, NULL, NULL);
		if (!client.connection_lost)
			break;
		client_close(&client);
		status = client_open(&client, options);
		if (!client.is_late && !json_reply_flag(client.greeting, "stopping")) {
			status = CTL_DONE;
			break;
		}
	}
	if (client.is_late)
		fprintf(stderr, "superctl: superd has not ended in time; it is still ending\n");
	else if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&client.why));
	client_close(&client);
	buf_free(&client.why);
	return status;
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

enum ctl_status verb_upgrade(const struct superctl_options *options)
{
	struct ctl_client client = { 0 };
	enum ctl_status status = client_begin(&client, options, "upgrade");

	if (status == CTL_DONE) {
		client.quiet = true;
		status = client_read(&client, show_result, NULL);
		if (client.connection_lost && !options->check)
			status = check_takeover(&client);
		else if (status != CTL_DONE && client.why.length)
			fprintf(stderr, "superctl: %s\n", buf_string(&client.why));
	}
	buf_free(&client.why);
	client_close(&client);
	return status;
}

/* superd's counters in Prometheus's text format.
 *
 * It wants all samples of a family in one group, so each family walks all services. A family without samples is left
 * out. No two samples of a family may have the same labels. */
#include "superctl/superctl.h"

#include <math.h>

/* Adds the value of a label: UTF-8 in quotes. buf_visible has escaped newlines, so only \ and " need a backslash. */
static void add_label_value(struct buf *out, const char *text)
{
	struct buf visible = { 0 };

	buf_visible(&visible, text, strlen(text));
	buf_char(out, '"');
	for (const char *at = buf_string(&visible); *at; at++) {
		if (*at == '\\' || *at == '"')
			buf_char(out, '\\');
		buf_char(out, *at);
	}
	buf_char(out, '"');
	buf_free(&visible);
}

static void add_label(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",%s=", name);
	add_label_value(out, value);
}

/* Adds the first label, service; add_label adds others, and add_number ends the sample. suffix: behind the name. */
static void add_sample(struct buf *out, const char *name, const char *suffix, const json_t *service)
{
	buf_addf(out, "%s%s{service=", name, suffix);
	add_label_value(out, json_reply_text(service, "service"));
}

/* A whole number is printed without a point, as counters are. */
static void add_number(struct buf *out, double number)
{
	buf_text(out, "} ");
	if (fabs(number) < 1e15 && number == trunc(number))
		buf_addf(out, "%lld", (long long)number);
	else
		human_add_float(out, number);
	buf_char(out, '\n');
}

static void add_plain(struct buf *out, const char *name, const char *suffix, const json_t *service, double number)
{
	add_sample(out, name, suffix, service);
	add_number(out, number);
}

static void add_labelled(struct buf *out, const char *name, const json_t *service, const char *label, const char *value,
			 double number)
{
	add_sample(out, name, "", service);
	add_label(out, label, value);
	add_number(out, number);
}

/* Reads a number, or a flag or text as 0 or 1. false: it is none. */
static bool read_number(const json_t *value, double *number)
{
	*number = json_is_true(value) || json_string_length(value) ? 1 : json_number_value(value);
	return value && !json_is_null(value);
}

/* Two sockets of a service may have the same endpoint, so a label has the socket's index. */
static void add_listeners(struct buf *out, const char *name, const json_t *service, const char *key)
{
	const json_t *list = json_reply_list(service, "listeners");
	double number;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *listener = json_array_get(list, i);
		char digits[24];

		if (!read_number(json_object_get(listener, key), &number))
			continue;
		snprintf(digits, sizeof(digits), "%zu", i);
		add_sample(out, name, "", service);
		add_label(out, "endpoint", json_reply_text(listener, "endpoint"));
		add_label(out, "socket", digits);
		add_number(out, number);
	}
}

/* The kinds of samples that a family has of a service. */
enum samples {
	MEMBER,	 /* a number, or whether there is a flag or text; none if it is null */
	OR_ZERO, /* the same, and 0 if it is null */
	OR_IDLE, /* the same, and 0 if it is null and no instance runs */
	EACH_STATE,
	EACH_MEMBER,
	EACH_LISTENER,
	SUMMARY,
};

struct metric_family {
	const char *name, *type, *help;
	const char *key;    /* name of the member */
	const char *object; /* name of the object that has it; NULL: the service itself */
	enum samples samples;
	const char *label; /* EACH_MEMBER: that of the members' names */
};

static const struct metric_family families[] = {
	{ "superd_service_state", "gauge", "The state a service is in.", .samples = EACH_STATE },
	{ "superd_service_held", "gauge", "Whether an operator holds the service.", .key = "held" },
	{ "superd_service_skipped", "gauge", "Whether the service is skipped for an error.", .key = "skipped",
	  .samples = OR_ZERO },
	{ "superd_service_activations_total", "counter", "Instances that were started.", .key = "activations" },
	{ "superd_service_accepted_total", "counter", "Connections that superd itself accepted.", .key = "accepted" },
	{ "superd_service_failures_total", "counter", "Instances that failed.", .key = "failures" },
	{ "superd_service_probes_total", "counter", "Probes (probe_from) that superd closed.", .key = "probes" },
	{ "superd_service_idle_stops_total", "counter", "Instances that were stopped because they were idle.",
	  .key = "idle_stops" },
	{ "superd_service_freezes_total", "counter", "Times that an instance was frozen.", .key = "freezes" },
	{ "superd_service_wakes_total", "counter", "Times that a frozen instance was thawed.", .key = "wakes" },
	{ "superd_service_refused_total", "counter", "Clients that were refused, by reason.", .key = "refused",
	  .samples = EACH_MEMBER, .label = "reason" },
	{ "superd_service_instances", "gauge", "Instances that exist now.", .key = "instances" },
	{ "superd_service_outdated", "gauge", "Instances that run by the configuration from before a reload.",
	  .key = "outdated" },
	{ "superd_service_memory_bytes", "gauge", "Memory of the present instances.", .key = "memory",
	  .samples = OR_IDLE },
	{ "superd_service_instances_cpu_seconds", "gauge", "Processor time of the present instances.", .key = "cpu",
	  .samples = OR_IDLE },
	{ "superd_service_cpu_seconds_total", "counter", "Processor time of all instances, also of ended instances.",
	  .key = "cpu_total" },
	{ "superd_service_connections", "gauge", "Connected clients, for services with idle_timeout.",
	  .key = "connections", .object = "idle" },
	{ "superd_service_relay_connections", "gauge",
	  "Clients of a relay: connected ones, and clients that wait for the program.", .key = "connections",
	  .object = "relay" },
	{ "superd_service_relay_flows", "gauge", "Clients that send datagrams to a relay.", .key = "flows",
	  .object = "relay" },
	{ "superd_service_relayed_total", "counter", "Connections that a relay has made for a client.",
	  .key = "relayed", .object = "relay" },
	{ "superd_service_relay_received_bytes_total", "counter", "Bytes of these connections, from clients.",
	  .key = "received", .object = "relay" },
	{ "superd_service_relay_sent_bytes_total", "counter", "Bytes of these connections, to clients.", .key = "sent",
	  .object = "relay" },
	{ "superd_service_pause_seconds", "gauge", "The rest of a pause after failures.", .key = "left",
	  .object = "pause", .samples = OR_ZERO },
	{ "superd_listener_open", "gauge", "Whether a socket is bound.", .key = "open", .samples = EACH_LISTENER },
	{ "superd_listener_queue", "gauge", "Clients that wait in a socket's accept queue.", .key = "queue",
	  .samples = EACH_LISTENER },
	{ "superd_listener_queue_limit", "gauge", "The limit of a socket's accept queue.", .key = "queue_limit",
	  .samples = EACH_LISTENER },
	{ "superd_service_activation_latency_seconds", "summary",
	  "Delay until the program got the client: the started instance was ready, or the thawed one accepted it.",
	  .key = "latency", .samples = SUMMARY },
};

static void add_head(struct buf *out, const struct metric_family *family)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, family->type);
}

static void add_samples(struct buf *out, const struct metric_family *family, const json_t *service)
{
	static const char *const states[] = { "off",	  "binding", "listening", "starting", "running",
					      "stopping", "closing", "backoff",	  "frozen",   "held",
					      "full",	  "queued",  "skipped",	  "leaving",  "condition" };
	const char *name = family->name, *member;
	const json_t *of = family->object ? json_reply_object(service, family->object) : service;
	json_t *value = json_object_get(of, family->key), *each;
	double number;
	bool is_known = read_number(value, &number);

	switch (family->samples) {
	case EACH_STATE:
		for (size_t n = 0; n < sizeof(states) / sizeof(*states); n++)
			add_labelled(out, name, service, name, states[n], json_reply_is(service, "state", states[n]));
		return;
	case EACH_MEMBER:
		json_object_foreach(value, member, each)
			add_labelled(out, name, service, family->label, member, json_number_value(each));
		return;
	case EACH_LISTENER:
		add_listeners(out, name, service, family->key);
		return;
	case SUMMARY:
		if (json_is_object(value)) {
			add_plain(out, name, "_count", service, json_reply_number(value, "count"));
			add_plain(out, name, "_sum", service, json_reply_number(value, "sum"));
		}
		return;
	case MEMBER:
	case OR_ZERO:
	case OR_IDLE:
		if (is_known || family->samples == OR_ZERO || (family->samples == OR_IDLE && !facts_instances(service)))
			add_plain(out, name, "", service, number);
	}
}

/* Adds the families about superd itself. */
static void add_superd(struct buf *out, const json_t *superd)
{
	static const struct metric_family own[] = {
		{ "superd_start_time_seconds", "gauge",
		  "When superd was started, in seconds since 1970. An upgrade does not change it.", .key = "started" },
		{ "superd_memory_bytes", "gauge", "Memory of superd itself.", .key = "memory" },
		{ "superd_cpu_seconds_total", "counter", "Processor time of superd itself.", .key = "cpu" },
		{ "superd_starts_under_way", "gauge", "Services that are starting.", .key = "starting" },
		{ "superd_starts_queued", "gauge", "Services that wait in line to start.", .key = "queued" },
		{ "superd_starts_delayed_total", "counter", "Starts that waited for max_starting.", .key = "delayed" },
		{ "superd_services_at_once", "gauge",
		  "Services that can be at work at once, by the limit of open files.", .key = "at_once" },
		{ "superd_config_last_reload_success_timestamp_seconds", "gauge",
		  "When superd read the configuration that is in effect.", .key = "loaded" },
		{ "superd_config_last_reload_successful", "gauge",
		  "Whether the last reading of the configuration found no error.", .key = "current" },
		{ "superd_services_skipped", "gauge", "Services that are skipped for an error.", .key = "skipped" },
		{ "superd_log_dropped_total", "counter", "Lines of the log that superd dropped.",
		  .key = "log_dropped" },
	};

	buf_text(out, "# HELP superd_info The version of superd.\n# TYPE superd_info gauge\nsuperd_info{version=");
	add_label_value(out, json_reply_text(superd, "version"));
	buf_text(out, "} 1\n");
	for (size_t n = 0; n < sizeof(own) / sizeof(own[0]); n++) {
		double number;

		if (!read_number(json_object_get(superd, own[n].key), &number))
			continue;
		add_head(out, &own[n]);
		buf_addf(out, "%s ", own[n].name);
		human_add_float(out, number);
		buf_char(out, '\n');
	}
}

void metrics_compose(struct buf *out, const json_t *lines)
{
	add_superd(out, json_reply_object(json_array_get(lines, 0), "superd"));
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct buf samples = { 0 };

		for (size_t n = 0; n < json_array_size(lines); n++) {
			if (*json_reply_text(json_array_get(lines, n), "service"))
				add_samples(&samples, &families[i], json_array_get(lines, n));
		}
		if (samples.length) {
			add_head(out, &families[i]);
			buf_add(out, samples.data, samples.length);
		}
		buf_free(&samples);
	}
}

/* superctl metrics: asks superd for its counters, and prints them. */

#define VERB_LIMIT 30000 /* milliseconds for superd's answer */

/* Asks superd within `limit` milliseconds, and adds the page to `out`; with --json it prints the answer instead. It
 * prints no error: *why has it, and the caller frees it. */
static enum ctl_status metrics_ask(const struct superctl_options *options, int64_t limit, struct buf *out,
				   struct buf *why)
{
	struct ctl_client client = { .until = clock_ms() + limit };
	json_t *lines = json_array();
	enum ctl_status status = client_ask_quietly(&client, options, "metrics", client_keep_line, lines);

	if (status == CTL_DONE && !options->json)
		metrics_compose(out, lines);
	client_close(&client);
	json_decref(lines);
	*why = client.why;
	return status;
}

enum ctl_status verb_metrics(const struct superctl_options *options)
{
	struct buf out = { 0 }, why = { 0 };
	enum ctl_status status = metrics_ask(options, VERB_LIMIT, &out, &why);

	if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
	else if (!client_print(&out))
		status = CTL_FAILED;
	buf_free(&out);
	buf_free(&why);
	return status;
}

/* builtin = metrics: asks superd for its counters, and answers one HTTP request on stdin and stdout, a connection that
 * superd accepted. */

#define PAGE_LIMIT 5000 /* the same for builtin = metrics */

/* An error goes to stderr, and so to superd's log. The client only sees status 503. */
static enum ctl_status answer(const struct superctl_options *options, const struct http_request *request,
			      struct http_response *response)
{
	struct buf why = { 0 };
	enum ctl_status status = metrics_ask(options, PAGE_LIMIT, &response->body, &why);

	(void)request;
	response->type = "text/plain; version=0.0.4; charset=utf-8";
	if (status != CTL_DONE) {
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
		response->status = 503;
	}
	buf_free(&why);
	return CTL_DONE;
}

enum ctl_status verb_metrics_page(const struct superctl_options *options)
{
	static const struct http_view http = { "metrics", "metrics", "/metrics", "", answer };

	return http_serve(&http, options);
}

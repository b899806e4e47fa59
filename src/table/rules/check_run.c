/* Rules of a service's processes: their start, type, streams, capabilities, sandbox, files and resources.
 *
 * A default contradicts nothing. So the rules ask service_mark whether the service's own text sets the option, wherever
 * the value may be a default. */
#include <string.h>

#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/passed_fds.h"

static const struct rule_row starts[] = {
	{ "start = boot", NEEDS, "accept = no", .because = "nothing can start before a client connects" },
	{ "on_change = drain", NOT_WITH, "on_change = drain", .warns = true,
	  .says = "on_change = drain is read as overlap: the old instance gets its signal when the next one is ready",
	  .hint = "write on_change = overlap" },
};

void rule_start(const struct service *service, struct diags *diags)
{
	check_rows(service, starts, diags);
	if (service->exec->start >= START_MANUAL && (service->socket_count || service->exec->accept)) {
		service_refuse(service, "start", diags,
			       "start = %s is for a service without sockets: a client of a socket would start it",
			       service->exec->start == START_MANUAL ? "manual" : "wanted");
		diags_hint(diags, "remove listen and accept; superctl hold keeps one with sockets from "
			   "being started");
	}
}

static const struct rule_row types[] = {
	{ "type = forking", NEEDS, "accept = no", .because = "each connection has an instance of its own" },
	{ "type = forking", NEEDS, "exec", .because = "a builtin stays in the foreground" },
	{ "type = notify or notify-reload", NEEDS, "exec",
	  .says = "type = notify needs exec: a builtin is ready at once" },
	{ "pid_file", NEEDS, "accept = no", .because = "each connection has an instance of its own", .said = true },
};

void rule_type(const struct service *service, struct diags *diags)
{
	check_rows(service, types, diags);
}

static bool is_read(const struct service *service, const char *option, const struct stream *stream)
{
	return stream->kind == STREAM_LOG || stream->kind == STREAM_SYSLOG || service_is_unclear(service, option);
}

/* Whether superd reads what the backend prints. Without `error` its errors go where its output does. With pass = inetd
 * the output is the socket unless the service says otherwise. */
static bool is_heard(const struct service *service)
{
	const struct stream_options *streams = service->groups->streams;
	bool is_socket = service->exec->pass == PASS_INETD && !service_mark(service, "output");

	return (!is_socket && is_read(service, "output", &streams->output)) ||
	       (service_mark(service, "error") ? is_read(service, "error", &streams->error)
					       : is_socket || is_read(service, "output", &streams->output));
}

static const struct rule_row readies[] = {
	{ "exec_ready", NOT_WITH, "ready", .says = "exec_ready and ready are two answers to one question",
	  .hint = "remove one of them", .said = true },
	{ "ready exec_ready", NEEDS, "exec", .because = "a builtin is ready at once", .said = true },
	{ "ready exec_ready", NEEDS, "accept = no", .because = "no client waits for another's process", .said = true },
	{ "ready exec_ready", NEEDS, "type = simple or exec", .because = "other types report readiness themselves",
	  .hint = "leave it out, or type", .said = true },
};

/* A default that does not fit is no mistake of the service, and without effect where it accepts itself. */
void rule_ready(const struct service *service, struct diags *diags)
{
	const char *option = service_mark(service, "ready") ? "ready" : "exec_ready";

	if (!service_mark(service, option) || service_is_unclear(service, option))
		return;
	check_rows(service, readies, diags);
	if (service->exec->pass == PASS_BIND) {
		diag_warning(diags, service_origin(service, option),
			     "%s: %s: with pass = bind clients do not wait for it: the program accepts them itself, "
			     "as soon as it listens",
			     service->name, option);
		service_hint(service, diags, "clients wait with redirect in place of pass = bind");
	}
	if (service_mark(service, "ready") && !is_heard(service)) {
		service_refuse(service, "ready", diags, "ready: superd does not read its output: neither output nor "
							"error is log or syslog");
		service_hint(service, diags, "set one of them to log, or use exec_ready");
	}
}

static bool is_socket(const struct stream *stream)
{
	return stream->kind == STREAM_SOCKET;
}

/* With pass = inetd, one of the three streams must be the socket. */
static void check_input_taken(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;
	bool has_output = is_socket(&streams->output) || !service_mark(service, "output");

	if (is_socket(&streams->input) || has_output || is_socket(&streams->error) ||
	    !service_mark(service, "input") || service_is_unclear(service, "input"))
		return;
	service_refuse(service, "input", diags, "with pass = inetd, input, output or error is the socket");
	diags_hint(diags, "remove input, or set pass = systemd");
}

static void check_stream_socket(const struct service *service, const char *name, const struct stream *stream,
				struct diags *diags)
{
	if (!is_socket(stream) || service->exec->accept || service->socket_count == 1)
		return;
	if (service_is_unclear(service, "listen"))
		return;
	service_refuse(service, name, diags, "%s = socket needs a service with one socket; this one has %u",
		       name, service->socket_count);
}

static bool has_socket(const struct service *service, const char *name)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!strcmp(service->sockets[n].name, name))
			return true;
	}
	return false;
}

static void check_stream_descriptor(const struct service *service, const char *name, const struct stream *stream,
				    const char *usual, struct diags *diags)
{
	if (stream->kind != STREAM_DESCRIPTOR || service_is_unclear(service, "listen"))
		return;
	if (service->exec->pass == PASS_INETD)
		service_refuse(service, name, diags, "%s = fd:NAME needs pass = systemd", name);
	else if (!has_socket(service, stream->path ? stream->path : usual))
		service_refuse(service, name, diags, "%s: no socket of this service is named '%s'", name,
			       stream->path ? stream->path : usual);
}

static void check_input(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;
	unsigned input = streams->input.kind;

	if (input == STREAM_LOG || input == STREAM_SYSLOG || input == STREAM_APPEND || input == STREAM_TRUNCATE) {
		service_refuse(service, "input", diags, "input: nothing can be read from there");
		diags_hint(diags, "input is null, file:PATH, fd:NAME, inherit or socket");
	}
}

void rule_streams(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;
	const struct {
		const char *name, *usual;
		const struct stream *stream;
	} all[] = {
		{ "input", "stdin", &streams->input },
		{ "output", "stdout", &streams->output },
		{ "error", "stderr", &streams->error },
	};

	check_input(service, diags);
	if (service_is_unclear(service, "pass") || service_is_unclear(service, "accept"))
		return;
	if (service->exec->pass == PASS_INETD)
		check_input_taken(service, diags);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (service->exec->pass != PASS_INETD)
			check_stream_socket(service, all[i].name, all[i].stream, diags);
		check_stream_descriptor(service, all[i].name, all[i].stream, all[i].usual, diags);
	}
}

void rule_backoff(const struct service *service, struct diags *diags)
{
	const char *option = service_mark(service, "backoff_min") ? "backoff_min" : "backoff_max";

	if (service_mark(service, "backoff_refuse") && service->groups->lifecycle->backoff_refuse &&
	    !service_find_socket(service, KINDS_ACCEPTING) && !service_is_unclear(service, "listen"))
		diag_warning(diags, service_origin(service, "backoff_refuse"),
			     "%s: backoff_refuse has no effect here: none of its sockets has connections",
			     service->name);
	if (service->groups->lifecycle->backoff_min <= service->groups->lifecycle->backoff_max)
		return;
	service_refuse(service, option, diags, "backoff_min is longer than backoff_max");
}

void rule_capabilities(const struct service *service, struct diags *diags)
{
	const struct identity_options *identity = service->groups->identity;
	uint64_t outside = identity->ambient_capabilities & ~identity->capability_bounding_set;
	const struct directive *directive;
	struct buf names = { 0 };

	if (!outside)
		return;
	directive = directive_find(NATIVE, "ambient_capabilities");
	type_format(directive, &outside, &names);
	service_refuse(service, "ambient_capabilities", diags,
		       "ambient_capabilities: capability_bounding_set leaves no room for %s", buf_string(&names));
	buf_free(&names);
}

static const struct rule_row sandbox[] = {
	{ "mount_api_vfs", NEEDS, "root_directory", .said = true, .warns = true },
	{ "exec_paths", NEEDS, "no_exec_paths", .said = true, .warns = true },
	{ "system_call_error_number", NEEDS, "system_call_filter", .said = true, .warns = true },
};

/* Most of these options combine freely. If systemd accepts a combination, superd does, too. */
void rule_sandbox(const struct service *service, struct diags *diags)
{
	check_rows(service, sandbox, diags);
}

static const struct rule_row passed[] = {
	{ "load_credential set_credential", NEEDS, "exec", .because = "a builtin has no secrets" },
};

void rule_passed_fds(const struct service *service, struct diags *diags)
{
	struct buf value = { 0 };

	check_rows(service, passed, diags);
	for (words word = service->groups->passed_fds->set_credential; word && *word; word++)
		credential_value_read(credential_word_read(*word).rest, &value);
	if (value.length > CREDENTIALS_SIZE)
		service_refuse(service, "set_credential", diags,
			       "set_credential: all credentials of a service are at most 1M");
	buf_free(&value);
}

/* Checks that a protected amount of memory is within memory_max. "infinity" protects up to memory_max. The
 * kernel accepts a memory.min above memory.max and heeds only one of them. */
static void check_memory(const struct service *service, const char *option, const struct amount *least,
			 struct diags *diags)
{
	const struct amount *most = &service->groups->resources->memory_max;

	if (least->number >= 0 && most->number >= 0 && least->number > most->number && least->number != INT64_MAX)
		service_refuse(service, option, diags, "%s is more than memory_max", option);
}

static const struct rule_row limits[] = {
	{ "ip_address_allow", NEEDS, "ip_address_deny", .warns = true,
	  .says = "ip_address_allow has no effect: without ip_address_deny all addresses are allowed" },
};

void rule_resources(const struct service *service, struct diags *diags)
{
	const struct resource_options *resources = service->groups->resources;

	check_memory(service, "memory_min", &resources->memory_min, diags);
	check_memory(service, "memory_low", &resources->memory_low, diags);
	check_rows(service, limits, diags);
}

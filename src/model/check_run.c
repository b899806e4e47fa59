/* Rules of how a service is run: when, of which type, with which streams and rights.
 *
 * The hard thing is what a default settles: an option that was not written contradicts nothing, so rules look at
 * what the service's own text says wherever a value alone could be somebody else's. */
#include <string.h>

#include "model/check_rules.h"
#include "model/directive.h"

void rule_start(const struct service *service, struct diags *diags)
{
	if (service->what->start == START_BOOT && service->what->accept)
		service_refuse(service, "start", diags,
			       "start = boot needs accept = no: there is nothing to start until somebody connects");
}

void rule_type(const struct service *service, struct diags *diags)
{
	bool forking = service->what->type == TYPE_FORKING;

	if (forking && service->what->accept)
		service_refuse(service, "type", diags,
			       "type = forking needs accept = no: the process of a connection is its backend");
	if (forking && (service->what->builtin || service->what->redirect))
		service_refuse(service, "type", diags,
			       "type = forking needs exec: what superd runs itself stays in front");
	if (!forking && service_mark(service, "pid_file") && !service_is_unclear(service, "type"))
		service_refuse(service, "pid_file", diags, "pid_file needs type = forking");
}

static const struct stream *stream_named(const struct service *service, const char *name)
{
	return directive_field(directive_find(NATIVE, name), service);
}

/* Standard input and output are the socket already. */
static void check_stream_taken(const struct service *service, const char *name, struct diags *diags)
{
	if (!service_mark(service, name) || service_is_unclear(service, name) ||
	    stream_named(service, name)->kind == STREAM_SOCKET)
		return;
	service_refuse(service, name, diags, "with pass = inetd, %s is the socket", name);
	diags_hint(diags, "leave %s out, or say pass = systemd", name);
}

static void check_stream_socket(const struct service *service, const char *name, struct diags *diags)
{
	if (stream_named(service, name)->kind != STREAM_SOCKET || service->what->accept ||
	    service->socket_count == 1)
		return;
	if (service_is_unclear(service, "listen"))
		return;
	service_refuse(service, name, diags, "%s = socket needs a service with one socket; this one has %zu",
		       name, service->socket_count);
}

void rule_streams(const struct service *service, struct diags *diags)
{
	static const char *const names[] = { "input", "output", "error" };
	unsigned input = service->streams->input.kind;

	if (input == STREAM_LOG || input == STREAM_SYSLOG || input == STREAM_APPEND) {
		service_refuse(service, "input", diags, "input: nothing can be read from there");
		diags_hint(diags, "input is null, file:PATH, inherit or socket");
	}
	if (service_is_unclear(service, "pass") || service_is_unclear(service, "accept"))
		return;
	if (service->what->pass == PASS_INETD) {
		check_stream_taken(service, "input", diags);
		check_stream_taken(service, "output", diags);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_stream_socket(service, names[i], diags);
}

void rule_backoff(const struct service *service, struct diags *diags)
{
	const char *option = service_mark(service, "backoff_min") ? "backoff_min" : "backoff_max";

	if (service->life->backoff_min <= service->life->backoff_max)
		return;
	service_refuse(service, option, diags, "backoff_min is longer than backoff_max");
}

void rule_capabilities(const struct service *service, struct diags *diags)
{
	const struct directive *directive = directive_find(NATIVE, "ambient_capabilities");
	uint64_t outside = service->who->ambient_capabilities & ~service->who->capability_bounding_set;
	struct buf names = { 0 };

	if (!outside)
		return;
	directive->type->format(directive, &outside, &names);
	service_refuse(service, "ambient_capabilities", diags,
		       "ambient_capabilities: capability_bounding_set leaves no room for %s", buf_string(&names));
	buf_free(&names);
}

/* Reports and questions of superd-builtin, and the lists that it asks for: of services, instances and ports. If the
 * kernel chose a port, only the socket knows it. */
#include "superd/service/client_report.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "os/fs/memory_file.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"
#include "superd/stop/health.h"

/* Reads a decimal number as superd-builtin prints it, and moves *text behind it. strtoull(3) would take a sign too, and
 * make 18446744073709551615 of "-1". */
static bool read_number(const char **text, uint64_t *number)
{
	const char *first = *text;

	*number = 0;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		uint64_t digit = (uint64_t)(**text - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *text != first && (*first != '0' || *text == first + 1);
}

static bool skip_text(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

bool client_report_read(const char *text, struct client_report *report)
{
	*report = (struct client_report){ 0 };
	if (skip_text(&text, "ask id=")) {
		if (!read_number(&text, &report->socket) || *text != ' ')
			return false;
		report->question = text + 1;
		return true;
	}
	if (!skip_text(&text, "in=") || !read_number(&text, &report->in) || !skip_text(&text, " out=") ||
	    !read_number(&text, &report->out))
		return false;
	if (skip_text(&text, " id=") && !read_number(&text, &report->socket))
		return false;
	report->failed = skip_text(&text, " failed");
	return !strcmp(text, "\n") || !strcmp(text, " rests\n");
}

enum builtin_question client_report_asks(const struct service *service)
{
	static const char *const names[] = {
		[ASKS_MUX] = "tcpmux", [ASKS_HEALTH] = "health", [ASKS_SERVERS] = "servers",
		[ASKS_SERVICES] = "services",
	};

	for (size_t n = ASKS_MUX; n < sizeof(names) / sizeof(*names); n++) {
		if (service->exec->builtin && !strcmp(service->exec->builtin[0], names[n]))
			return (enum builtin_question)n;
	}
	return ASKS_NOTHING;
}

static void list_socket(const struct service_runtime *runtime, const struct listener *listener, struct buf *out)
{
	const struct endpoint *endpoint = listener->listen->address;
	struct buf text = { 0 };

	if (endpoint_is_inet(endpoint) && endpoint->kind != ENDPOINT_RAW) {
		buf_addf(out, "%s %s %u\n", runtime->service->name,
			 endpoint->kind == ENDPOINT_TCP		  ? "tcp"
				 : endpoint->kind == ENDPOINT_UDP ? "udp"
								  : "sctp",
			 listener_port(listener));
		return;
	}
	endpoint_format(endpoint, &text);
	buf_addf(out, "%s %s\n", runtime->service->name, buf_string(&text));
	buf_free(&text);
}

/* Whether an earlier socket of the service has the same line: one for IPv4 and one for IPv6 are listed once. */
static bool is_listed(const struct service_runtime *runtime, size_t number)
{
	const struct listener *listener = &runtime->listeners[number];
	const struct endpoint *endpoint = listener->listen->address;

	if (!endpoint_is_inet(endpoint) || endpoint->kind == ENDPOINT_RAW)
		return false;
	for (size_t n = 0; n < number; n++) {
		const struct listener *before = &runtime->listeners[n];

		if (before->listen->address->kind == endpoint->kind && listener_port(before) == listener_port(listener))
			return true;
	}
	return false;
}

/* "NAME PROTOCOL PORT", a line for each socket. */
static void list_services(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->service_list->count; n++) {
		const struct service_runtime *runtime = engine->service_list->runtimes[n];

		for (size_t i = 0; runtime && i < runtime->listener_count; i++) {
			if (!is_listed(runtime, i))
				list_socket(runtime, &runtime->listeners[i], out);
		}
	}
}

/* "NAME PID SECONDS", a line for each running instance. */
static void list_servers(struct engine *engine, struct buf *out)
{
	double now = clock_now();

	for (size_t n = 0; n < engine->service_list->count; n++) {
		struct service_runtime *runtime = engine->service_list->runtimes[n];

		if (!runtime)
			continue;
		LIST_EACH(link, runtime_instances(runtime)) {
			const struct instance *instance = container_of(link, struct instance, link);

			buf_addf(out, "%s %ld %.0f\n", runtime->service->name, (long)instance->pid,
				 now - instance->since);
		}
	}
}

static void list_mux_names(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->service_list->count; n++) {
		const struct service_runtime *runtime = engine->service_list->runtimes[n];

		for (size_t i = 0; runtime && i < runtime->listener_count; i++) {
			const struct endpoint *endpoint = runtime->listeners[i].listen->endpoint;

			if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address)
				buf_addf(out, "%s\r\n", endpoint->address + (endpoint->address[0] == '+'));
		}
	}
}

/* "/NAME" asks for one service, which costs the same in any table; "/" asks for all. */
static void add_health(struct engine *engine, const char *path, struct buf *text)
{
	struct buf reasons = { 0 };

	if (!strcmp(path, "/")) {
		buf_addf(text, "%s\n", health_name(health_check(engine, &reasons)));
		buf_add(text, buf_string(&reasons), reasons.length);
		text->failed |= reasons.failed;
	} else if (*path != '/' || !health_write(engine, path + 1, text)) {
		buf_char(text, '\n');
	}
	buf_free(&reasons);
}

/* The answer is a file in memory, behind the id of the client and one byte. Without the file it says that there is
 * none, so that the other end need not wait for a timeout. A program of an older build gets the file alone. */
void client_report_answer(struct engine *engine, enum builtin_question asks, int channel,
			    const struct client_report *report)
{
	char bytes[sizeof(report->socket) + 1] = "";
	struct buf text = { 0 };
	int file;

	if (asks == ASKS_HEALTH)
		add_health(engine, report->question, &text);
	else if (asks == ASKS_SERVERS)
		list_servers(engine, &text);
	else if (asks == ASKS_SERVICES)
		list_services(engine, &text);
	else
		list_mux_names(engine, &text);
	file = text.failed ? -1 : memory_file(buf_string(&text), text.length);
	memcpy(bytes, &report->socket, sizeof(report->socket));
	if (!fd_message_send(channel, bytes, report->socket ? sizeof(bytes) : 1, &file, file >= 0, MSG_DONTWAIT) &&
	    file >= 0)
		fd_message_send(channel, bytes, sizeof(bytes), NULL, 0, MSG_DONTWAIT);
	fd_close(&file);
	buf_free(&text);
}

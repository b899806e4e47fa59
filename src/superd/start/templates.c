/* Templates: %{name} in words, values and names. The number of a socket's descriptor depends on how many of the sockets
 * before it are open. */
#include "superd/start/templates.h"

#include <string.h>

static bool is_socket_missing(const struct plan_sockets *sockets, size_t n)
{
	return sockets->missing && sockets->missing[n];
}

static bool socket_has_name(const struct service *service, size_t n, const char *name, size_t length)
{
	const char *known = service->sockets[n].name;

	return strlen(known) == length && !memcmp(known, name, length);
}

/* With accept = yes the one passed socket is the connection, whichever listener it came by. */
static int socket_number(const struct service *service, const struct plan_sockets *sockets, const char *name,
			 size_t length)
{
	int number = (int)plan_first_descriptor(service);

	for (size_t n = 0; n < service->socket_count; n++) {
		if (socket_has_name(service, n, name, length))
			return is_socket_missing(sockets, n) ? -1 : number;
		if (!service->exec->accept && !is_socket_missing(sockets, n))
			number++;
	}
	return -1;
}

static void add_descriptors(const struct service *service, const struct plan_sockets *sockets, struct buf *out)
{
	unsigned number = plan_first_descriptor(service);
	const char *comma = "";

	if (service->exec->accept) {
		buf_addf(out, "%u", number);
		return;
	}
	for (size_t n = 0; n < service->socket_count; n++) {
		if (is_socket_missing(sockets, n))
			continue;
		buf_addf(out, "%s%u", comma, number++);
		comma = ",";
	}
}

/* The path of the first socket of this name that has one; NULL: none. */
static const char *socket_path(const struct service *service, const char *name, size_t length)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (socket_has_name(service, n, name, length) && endpoint_is_path(service->sockets[n].address))
			return service->sockets[n].address->address;
	}
	return NULL;
}

static bool expand_one(const struct service *service, const struct plan_sockets *sockets, const char *name,
		       size_t length, struct buf *out)
{
	if (service->exec->pass == PASS_BIND && length >= 2 && !memcmp(name, "fd", 2))
		return false;           /* it gets no descriptor */
	if (length == 2 && !memcmp(name, "fd", 2)) {
		buf_addf(out, "%u", plan_first_descriptor(service));
	} else if (length == 3 && !memcmp(name, "fds", 3)) {
		add_descriptors(service, sockets, out);
	} else if (length > 3 && !memcmp(name, "fd:", 3)) {
		int fd = socket_number(service, sockets, name + 3, length - 3);

		if (fd < 0)
			return false;
		buf_addf(out, "%d", fd);
	} else if (length > 5 && !memcmp(name, "path:", 5)) {
		const char *path = socket_path(service, name + 5, length - 5);

		buf_text(out, path ? path : "");
		return path;
	} else if (length == 7 && !memcmp(name, "service", 7)) {
		buf_text(out, service->name);
	} else if (length == 4 && !memcmp(name, "port", 4)) {
		buf_addf(out, "%u", sockets->port);
	} else if (length == 8 && !memcmp(name, "instance", 8) && service->exec->accept) {
		buf_text(out, sockets->instance ? sockets->instance : "");
	} else {
		return false;
	}
	return true;
}

int plan_socket_index(const struct service *service, const struct plan_sockets *sockets, const char *name)
{
	int number = socket_number(service, sockets, name, strlen(name));

	return number < 0 ? -1 : number - (int)plan_first_descriptor(service);
}

bool plan_names_instance(const char *text)
{
	static const char name[] = "%{instance}";

	for (; *text; text++) {
		if (!strncmp(text, "%%", 2))
			text++;
		else if (!strncmp(text, name, sizeof(name) - 1))
			return true;
	}
	return false;
}

bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text,
		 struct buf *out)
{
	for (const char *at = text; *at; at++) {
		const char *end;

		if (at[0] == '%' && at[1] == '%') {
			buf_char(out, *at++);
		} else if (at[0] == '%' && at[1] == '{') {
			end = strchr(at, '}');
			if (!end || !expand_one(service, sockets, at + 2, (size_t)(end - at - 2), out))
				return false;
			at = end;
		} else {
			buf_char(out, *at);
		}
	}
	return true;
}

unsigned plan_first_descriptor(const struct service *service)
{
	return service->exec->pass == PASS_INETD ? 0 : 3;
}

/* Prints a table as a graph for dot(1): sockets, the services behind them, what these want, and where redirects lead.
 *
 * dot joins nodes of the same name, so a socket that several services share (reuse_port) is one node with several
 * arrows. A name begins with "service ", "socket " or "target ", so a service and a socket are never one node. Each
 * redirect is compared with all sockets of the table. */
#include <stdio.h>
#include <string.h>

#include "table/print/buf_flush.h"
#include "table/print/print_conf.h"
#include "table/service/redirect_target.h"

/* Adds text inside quotes. dot(1) obeys backslashes and &name; in it; \xHH stands for what is not visible. */
static void add_quoted(struct buf *out, const char *text)
{
	struct buf visible = { 0 };

	buf_visible_once(&visible, text, strlen(text));
	for (const char *at = buf_string(&visible); *at; at++) {
		if (*at == '"' || *at == '\\')
			buf_char(out, '\\');
		buf_char(out, *at);
		if (*at == '&')
			buf_text(out, "amp;");
	}
	out->failed |= visible.failed;
	buf_free(&visible);
}

static void add_node(struct buf *out, const char *kind, const char *name)
{
	buf_addf(out, "\"%s ", kind);
	add_quoted(out, name);
	buf_char(out, '"');
}

static void add_endpoint_node(struct buf *out, const char *kind, const struct endpoint *endpoint, const char *shape)
{
	struct buf name = { 0 };

	endpoint_format(endpoint, &name);
	buf_char(out, '\t');
	add_node(out, kind, buf_string(&name));
	buf_text(out, " [label=\"");
	add_quoted(out, buf_string(&name));
	buf_addf(out, "\", shape=%s]\n", shape);
	out->failed |= name.failed;
	buf_free(&name);
}

/* Adds one end of an arrow. */
static void add_endpoint_end(struct buf *out, const char *kind, const struct endpoint *endpoint)
{
	struct buf name = { 0 };

	endpoint_format(endpoint, &name);
	add_node(out, kind, buf_string(&name));
	out->failed |= name.failed;
	buf_free(&name);
}

static void add_service_node(const struct service *service, struct buf *out)
{
	const struct exec_options *exec = service->exec;

	buf_char(out, '\t');
	add_node(out, "service", service->name);
	buf_text(out, " [label=\"");
	add_quoted(out, service->name);
	if (exec->exec && exec->exec[0]) {
		buf_text(out, "\\n");
		add_quoted(out, exec->exec[0]);
	}
	if (exec->builtin)
		buf_addf(out, "\\nbuiltin = %s", exec->builtin[0]);
	buf_addf(out, "%s%s\"%s]\n", exec->accept ? "\\naccept = yes" : "", exec->disable ? "\\ndisable = yes" : "",
		 exec->disable ? ", style=dashed" : "");
}

/* Arrows from the sockets to the service. A socket with a name of its own has it at its arrow. */
static void add_sockets(const struct service *service, struct buf *out)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		/* A host with several addresses has a socket for each. */
		if (i && listen->endpoint == service->sockets[i - 1].endpoint)
			continue;
		add_endpoint_node(out, "socket", listen->endpoint, "oval");
		buf_char(out, '\t');
		add_endpoint_end(out, "socket", listen->endpoint);
		buf_text(out, " -> ");
		add_node(out, "service", service->name);
		if (strcmp(listen->name, service->name) != 0) {
			buf_text(out, " [label=\"");
			add_quoted(out, listen->name);
			buf_text(out, "\"]");
		}
		buf_char(out, '\n');
	}
}

static void add_wants(const struct service *service, const char *option, words names, struct buf *out)
{
	for (; names && *names; names++) {
		buf_char(out, '\t');
		add_node(out, "service", service->name);
		buf_text(out, " -> ");
		add_node(out, "service", *names);
		buf_addf(out, " [label=\"%s\", style=dashed]\n", option);
	}
}

static void add_redirect(const struct service *service, const char *kind, const struct endpoint *to, struct buf *out)
{
	buf_char(out, '\t');
	add_node(out, "service", service->name);
	buf_text(out, " -> ");
	add_endpoint_end(out, kind, to);
	buf_text(out, " [label=\"redirect\"]\n");
}

/* Arrows to the sockets of the table that a redirect leads to. false: there is none. */
static bool add_redirects_within(const struct table *table, const struct service *service, bool datagrams,
				 struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < table->count; i++) {
		const struct service *other = &table->services[i];

		for (size_t n = 0; n < other->socket_count && !service_is_off(other); n++) {
			const struct listen *listen = &other->sockets[n];

			if (endpoint_is_datagram(listen->endpoint) != datagrams ||
			    !service_redirects_to(service, listen))
				continue;
			add_redirect(service, "socket", listen->endpoint, out);
			any = true;
		}
	}
	return any;
}

static void add_redirects(const struct table *table, const struct service *service, bool datagrams, struct buf *out)
{
	words target = service->exec->redirect;
	struct endpoint endpoint = { .kind = ENDPOINT_UNIX, .address = target[0] };

	if (add_redirects_within(table, service, datagrams, out))
		return;
	if (target[1]) {
		endpoint.kind = datagrams ? ENDPOINT_UDP : ENDPOINT_TCP;
		endpoint.port_name = target[1];
	}
	add_endpoint_node(out, "target", &endpoint, "box, style=rounded");
	add_redirect(service, "target", &endpoint, out);
}

static void add_service(const struct table *table, const struct service *service, struct buf *out)
{
	add_service_node(service, out);
	add_sockets(service, out);
	add_wants(service, "requires", service->groups->lifecycle->requires, out);
	add_wants(service, "wants", service->groups->lifecycle->wants, out);
	if (service->exec->redirect && service_find_socket(service, ~(unsigned)KINDS_DATAGRAM))
		add_redirects(table, service, false, out);
	if (service->exec->redirect && service_find_socket(service, KINDS_DATAGRAM))
		add_redirects(table, service, true, out);
}

bool print_dot(const struct table *table, FILE *out)
{
	struct buf text = { 0 };
	bool ok = true;

	buf_text(&text, "digraph superd {\n\trankdir=LR\n\tnode [shape=box]\n");
	for (size_t i = 0; ok && i < table->count; i++) {
		if (!table->services[i].is_left_out)
			add_service(table, &table->services[i], &text);
		ok = buf_flush(&text, out);
	}
	buf_text(&text, "}\n");
	ok = buf_flush(&text, out) && ok;
	buf_free(&text);
	return ok;
}

/* Prints a table as superd.conf.
 *
 * The order of a service's sockets is the order of the backend's descriptors. So they are printed in their order, as
 * runs of sockets with the same name and options. A run with the service's own name and options is a `listen`, any
 * other a socket { }. */
#include "cli/print/print_conf.h"

#include <stddef.h>
#include <string.h>

#include "cli/print/print_defaults.h"
#include "config/option/service_mark.h"
#include "config/table/diff.h"

struct printer {
	struct buf text;                /* of the present service */
	const struct print_defaults *defaults;
	const struct service *service;  /* the present one */
	bool comments;                  /* print the places where values were set */
	const char *indent;             /* of the present line */
	const struct directive *listen; /* the option `listen` */
};

/* Sockets [first, end) of a service that can stand in one list. */
struct run {
	size_t first, end;
	bool plain;                     /* they have the service's own name and options */
};

static void add_place(struct printer *printer, const char *file, unsigned line)
{
	if (!printer->comments || !file)
		return;
	buf_text(&printer->text, printer->indent);
	buf_text(&printer->text, "# ");
	buf_visible(&printer->text, file, strlen(file));
	buf_addf(&printer->text, ":%u\n", line);
}

static const struct mark *find_mark(const struct service *service, const struct directive *directive, unsigned block)
{
	for (size_t i = 0; i < service->mark_count; i++) {
		if (service->marks[i].directive == directive_index(directive) && service->marks[i].block == block)
			return &service->marks[i];
	}
	return NULL;
}

static bool is_same_file(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_after(struct origin a, struct origin b)
{
	return a.line > b.line || (a.line == b.line && a.column > b.column);
}

/* The number of the socket { } that has the socket: the last one whose `listen` stands before it. */
static unsigned find_block(const struct printer *printer, const struct listen *socket)
{
	struct origin nearest = { 0 };
	unsigned block = 0;

	for (size_t i = 0; i < printer->service->mark_count; i++) {
		const struct mark *mark = &printer->service->marks[i];
		struct origin at = service_place(printer->service, mark);

		if (mark->directive != directive_index(printer->listen) || !is_same_file(at.file, socket->at.file) ||
		    is_after(at, socket->at) || !is_after(at, nearest))
			continue;
		nearest = at;
		block = mark->block;
	}
	return block;
}

static void add_option(struct printer *printer, const struct directive *directive, const void *field, unsigned block)
{
	const struct mark *mark = find_mark(printer->service, directive, block);

	if (mark)
		add_place(printer, mark->file, service_place(printer->service, mark).line);
	buf_addf(&printer->text, "%s%s = ", printer->indent, directive->name[NATIVE]);
	directive->type->format(directive, field, &printer->text);
	buf_char(&printer->text, '\n');
}

static bool sockets_equal(const struct listen *a, const struct listen *b)
{
	return !strcmp(a->name, b->name) && socket_options_equal(a->options, b->options);
}

static struct run next_run(const struct service *service, size_t first)
{
	const struct listen *socket = &service->sockets[first];
	struct run run = { first, first + 1, !strcmp(socket->name, service->name) &&
			   socket_options_equal(socket->options, service->groups->socket_defaults) };

	while (run.end < service->socket_count && sockets_equal(socket, &service->sockets[run.end]))
		run.end++;
	return run;
}

/* Adds {"a", "b"}. A host with several addresses has a socket for each by now, but is printed once. */
static void add_endpoints(struct printer *printer, struct run run)
{
	struct buf endpoint = { 0 };
	const char *text;

	for (size_t i = run.first; i < run.end; i++) {
		if (i > run.first &&
		    printer->service->sockets[i].endpoint == printer->service->sockets[i - 1].endpoint)
			continue;
		buf_text(&printer->text, i == run.first ? "{" : ", ");
		buf_clear(&endpoint);
		endpoint_format(printer->service->sockets[i].endpoint, &endpoint);
		text = buf_string(&endpoint);
		type_text.format(printer->listen, &text, &printer->text);
		printer->text.failed |= endpoint.failed;
	}
	buf_text(&printer->text, "}\n");
	buf_free(&endpoint);
}

/* Adds socket NAME { … } with the options that differ from the service's. */
static void add_block(struct printer *printer, struct run run)
{
	const struct listen *socket = &printer->service->sockets[run.first];
	unsigned block = find_block(printer, socket);

	buf_text(&printer->text, "\tsocket ");
	type_text.format(printer->listen, &socket->name, &printer->text);
	buf_text(&printer->text, " {\n");
	printer->indent = "\t\t";
	add_place(printer, socket->at.file, socket->at.line);
	buf_text(&printer->text, "\t\tlisten = ");
	add_endpoints(printer, run);
	for (size_t i = 0; i < directive_count; i++) {
		const void *field = socket_own_field(&directives[i], printer->service, socket);

		if (field)
			add_option(printer, &directives[i], field, block);
	}
	buf_text(&printer->text, "\t}\n");
	printer->indent = "\t";
}

static void add_sockets(struct printer *printer)
{
	const struct service *service = printer->service;
	bool listens = false;
	struct run run;

	for (size_t i = 0; i < service->socket_count; i = run.end) {
		run = next_run(service, i);
		if (!run.plain) {
			add_block(printer, run);
			continue;
		}
		add_place(printer, service->sockets[i].at.file, service->sockets[i].at.line);
		buf_text(&printer->text, listens ? "\tlisten += " : "\tlisten = ");
		add_endpoints(printer, run);
		listens = true;
	}
}

/* accept and pass say what kind of service it is, so they are printed even at their defaults. */
static bool is_always_shown(const struct directive *directive)
{
	return directive->chapter == CHAPTER_EXEC &&
		(directive->offset == offsetof(struct exec_options, accept) ||
		 directive->offset == offsetof(struct exec_options, pass));
}

static void add_service(struct printer *printer, const struct service *service)
{
	printer->service = service;
	printer->indent = "";
	add_place(printer, service->at.file, service->at.line);
	printer->indent = "\t";
	buf_text(&printer->text, "service ");
	type_text.format(printer->listen, &service->name, &printer->text);
	buf_text(&printer->text, " {\n");
	add_sockets(printer);
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];

		if (directive_has_value(directive) &&
		    (is_always_shown(directive) || !service_has_default(service, directive, printer->defaults)))
			add_option(printer, directive, directive_field(directive, service), 0);
	}
	buf_text(&printer->text, "}\n");
}

static void add_max_starting(struct printer *printer, const struct table *table)
{
	if (!table->max_starting_at.file)
		return;
	printer->indent = "";
	add_place(printer, table->max_starting_at.file, table->max_starting_at.line);
	buf_addf(&printer->text, "max_starting = %u\n\n", table->max_starting);
}

/* Adds defaults { … }, as the table had it. */
static void add_defaults(struct printer *printer)
{
	const struct service *defaults_row = &printer->defaults->defaults_row;
	bool any = false;

	printer->service = defaults_row;
	printer->indent = "\t";
	for (size_t i = 0; i < directive_count; i++) {
		if (!printer->defaults->is_in_defaults[i])
			continue;
		if (!any)
			buf_text(&printer->text, "defaults {\n");
		any = true;
		add_option(printer, &directives[i], directive_field(&directives[i], defaults_row), 0);
	}
	if (any)
		buf_text(&printer->text, "}\n\n");
}

bool print_conf(const struct table *table, bool comments, FILE *out)
{
	struct print_defaults defaults;
	struct printer printer = { .defaults = &defaults, .comments = comments };
	bool ok = print_defaults_make(&defaults, table);

	if (!ok)
		return false;
	printer.listen = directive_find(NATIVE, "listen");
	add_max_starting(&printer, table);
	add_defaults(&printer);
	ok = buf_flush(&printer.text, out);
	for (size_t i = 0; ok && i < table->count; i++) {
		if (i)
			buf_char(&printer.text, '\n');
		add_service(&printer, &table->services[i]);
		ok = buf_flush(&printer.text, out);
	}
	buf_free(&printer.text);
	print_defaults_free(&defaults);
	return ok;
}

/* Writes a service as superd.conf.
 *
 * The defaults of a table are a service of their own, so that a comparison with them compares fields. Defaults that
 * depend on other options are those of table/services/derived.
 *
 * The order of a service's sockets is the order of the backend's descriptors. So they are written in their order, as
 * runs of sockets with the same name and options. A run with the service's own name and options is a `listen`, any
 * other a socket { }. */
#include "table/services/service_conf.h"

#include <stddef.h>
#include <string.h>

#include "table/option/service_mark.h"
#include "table/services/derived.h"
#include "table/services/diff.h"
#include "table/services/service_builder.h"
#include "table/services/service_json.h"

#define BLOCK_IN_A_LINE 100             /* bytes of a socket { } that stands in one line */

static bool is_pass(const struct directive *directive)
{
	return directive_is_field(directive, GROUP_EXEC, offsetof(struct exec_options, pass));
}

static bool is_optional(const struct directive *directive)
{
	return directive_is_field(directive, GROUP_SOCKETS, offsetof(struct socket_options, optional));
}

bool conf_defaults_make(struct conf_defaults *defaults, const struct table *table)
{
	const void *const *groups = table_defaults(table);

	*defaults = (struct conf_defaults){ .pool = pool_new() };
	if (!defaults->pool)
		return false;
	defaults->is_in_defaults = pool_alloc(defaults->pool, directive_count * sizeof(*defaults->is_in_defaults));
	defaults->usual = pool_alloc(defaults->pool, SHARED_GROUPS * sizeof(*defaults->usual));
	defaults->last = pool_alloc(defaults->pool, sizeof(*defaults->last) + 2 * directive_count * sizeof(bool));
	if (!defaults->is_in_defaults || !defaults->usual || !defaults->last ||
	    !default_service_fill(&defaults->plain, &defaults->plain_groups, defaults->pool)) {
		conf_defaults_free(defaults);
		return false;
	}
	defaults->last->differs = (bool *)(defaults->last + 1);
	defaults->last->is_marked = defaults->last->differs + directive_count;
	memset(defaults->usual, 0, SHARED_GROUPS * sizeof(*defaults->usual));
	for (enum option_group group = 0; group < GROUPS; group++)
		default_service_put_group(&defaults->defaults_row, &defaults->row_groups, group,
					  groups ? groups[group] : service_group(&defaults->plain, group));
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];

		defaults->is_in_defaults[i] = directive_has_value(directive) && !is_pass(directive) &&
			!type_equal(directive->type, directive_field(directive, &defaults->defaults_row),
				    directive_field(directive, &defaults->plain));
	}
	return true;
}

void conf_defaults_free(struct conf_defaults *defaults)
{
	pool_free(defaults->pool);
	defaults->pool = NULL;
}

struct printer {
	struct buf *out;
	const struct conf_style *style;
	const struct service *service;
	const char *indent;             /* of the present line */
	const struct directive *listen; /* the option `listen` */
	bool derives_optional;          /* nothing that is printed sets `optional` of the service */
};

/* Sockets [first, end) of a service that can stand in one list. */
struct block {
	size_t first, end;
	bool plain;                     /* they have the service's own name and options */
	bool is_needed;                 /* one of them says that it is not optional */
};

void service_conf_add_place(struct buf *out, const struct conf_style *style, const char *indent, struct origin at)
{
	if (style->last && !at.file)
		at = (struct origin){ .file = style->last->file };
	if (style->last && at.file)
		mark_add(out, at, style->last);
	if (!style->comments || !at.file)
		return;
	buf_text(out, indent);
	buf_text(out, "# ");
	buf_visible(out, at.file, strlen(at.file));
	buf_addf(out, ":%u\n", at.line);
}

static bool is_same_file(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* A line of inetd.conf sets all options: its place stands above the service, and not above each again. */
static void add_place(struct printer *printer, struct origin at)
{
	const struct origin *own = &printer->service->at;

	if (*printer->indent && at.file && at.line == own->line && is_same_file(at.file, own->file) &&
	    !printer->style->last)
		return;
	service_conf_add_place(printer->out, printer->style, printer->indent, at);
}

static const struct mark *find_mark(const struct service *service, const struct directive *directive, unsigned block)
{
	for (size_t i = 0; i < service->mark_count; i++) {
		if (service->marks[i].directive == directive_index(directive) && service->marks[i].block == block)
			return &service->marks[i];
	}
	return NULL;
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

/* The place of the option, or else this one. */
static void add_mark(struct printer *printer, const struct directive *directive, unsigned block, struct origin other)
{
	const struct mark *mark = find_mark(printer->service, directive, block);

	if (mark || other.file || printer->style->last)
		add_place(printer, mark ? service_place(printer->service, mark) : other);
}

/* The place of a `listen`: comments have that of its first endpoint. */
static void add_listen_place(struct printer *printer, const struct listen *socket, unsigned block)
{
	if (printer->style->last)
		add_mark(printer, printer->listen, block, socket->at);
	else
		add_place(printer, socket->at);
}

static void add_option(struct printer *printer, const struct directive *directive, const void *field, unsigned block)
{
	add_mark(printer, directive, block, (struct origin){ 0 });
	if (printer->style->hides && directive->flags & HOLDS_SECRETS) {
		buf_addf(printer->out, "%s# %s: hidden\n", printer->indent, directive->name[NATIVE]);
		return;
	}
	buf_addf(printer->out, "%s%s = ", printer->indent, directive->name[NATIVE]);
	type_format(directive, field, printer->out);
	buf_char(printer->out, '\n');
}

static bool has_own_options(const struct service *service, const struct listen *socket)
{
	return strcmp(socket->name, service->name) != 0 ||
	       !socket_options_equal(socket->options, service->groups->socket_defaults);
}

/* Whether the service leaves `optional` of its sockets to their defaults: none without a block says otherwise. */
static bool derives_optional(const struct service *service, const struct conf_defaults *defaults)
{
	if (service->groups->socket_defaults->optional || defaults->defaults_row.groups->socket_defaults->optional)
		return false;
	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *socket = &service->sockets[i];

		if (!has_own_options(service, socket) && derived_optional(service, socket))
			return false;
	}
	return true;
}

/* What the socket's text has to say: without `optional` where that is its default. */
static const struct socket_options *said_options(const struct printer *printer, const struct listen *socket,
						 struct socket_options *copy)
{
	if (!printer->derives_optional || !socket->options->optional || !derived_optional(printer->service, socket))
		return socket->options;
	memcpy(copy, socket->options, sizeof(*copy));
	copy->optional = false;
	return copy;
}

/* Whether the socket has to say that it is not optional. */
static bool says_needed(const struct printer *printer, const struct listen *socket)
{
	return printer->derives_optional && !socket->options->optional && derived_optional(printer->service, socket);
}

/* A list has either sockets that are optional by default, or some that say that they are not. */
static struct block next_run(const struct printer *printer, size_t first)
{
	const struct service *service = printer->service;
	const struct listen *socket = &service->sockets[first];
	struct socket_options copies[2];
	const struct socket_options *options = said_options(printer, socket, &copies[0]);
	struct block run = { .first = first, .end = first };
	bool derives = false;

	for (; run.end < service->socket_count; run.end++) {
		const struct listen *next = &service->sockets[run.end];
		const struct socket_options *said = said_options(printer, next, &copies[1]);
		bool is_needed = says_needed(printer, next), is_derived = said != next->options;

		if (strcmp(socket->name, next->name) != 0 || !socket_options_equal(options, said) ||
		    (run.is_needed && is_derived) || (derives && is_needed))
			break;
		run.is_needed |= is_needed;
		derives |= is_derived;
	}
	run.plain = !run.is_needed && !strcmp(socket->name, service->name) &&
		    socket_options_equal(options, service->groups->socket_defaults);
	return run;
}

static size_t count_endpoints(const struct service *service, struct block run)
{
	size_t count = 0;

	for (size_t i = run.first; i < run.end; i++)
		count += i == run.first || service->sockets[i].endpoint != service->sockets[i - 1].endpoint;
	return count;
}

/* Adds "a" or { "a", "b" }. A host with several addresses has a socket for each by now, but is printed once. */
static void add_endpoints(struct printer *printer, struct block run)
{
	const struct listen *sockets = printer->service->sockets;
	bool is_list = printer->style->last || count_endpoints(printer->service, run) > 1;
	struct buf endpoint = { 0 };

	for (size_t i = run.first; i < run.end; i++) {
		if (i > run.first && sockets[i].endpoint == sockets[i - 1].endpoint)
			continue;
		buf_text(printer->out, i > run.first ? ", " : is_list ? "{ " : "");
		if (printer->style->last)
			add_place(printer, sockets[i].at);
		buf_clear(&endpoint);
		endpoint_format(sockets[i].endpoint, &endpoint);
		native_quoted(printer->out, buf_string(&endpoint));
		printer->out->failed |= endpoint.failed;
	}
	buf_text(printer->out, is_list ? " }" : "");
	buf_free(&endpoint);
}

/* Whether the option is to be written also at its default. */
static bool is_marked(const struct printer *printer, const struct directive *directive, unsigned block)
{
	return printer->style->last && (!block || directive->group == GROUP_SOCKETS) &&
	       find_mark(printer->service, directive, block) && directive_has_value(directive);
}

/* Adds socket NAME { … } with the options that differ from the service's. */
static void add_block(struct printer *printer, struct block run)
{
	const struct listen *socket = &printer->service->sockets[run.first];
	struct socket_options copy;
	struct listen said = *socket;
	unsigned block = find_block(printer, socket);

	if (printer->style->last)
		add_mark(printer, directive_find(NATIVE, "socket"), block, (struct origin){ 0 });
	said.options = said_options(printer, socket, &copy);
	buf_text(printer->out, "\tsocket ");
	native_value(printer->out, socket->name);
	buf_text(printer->out, " {\n");
	printer->indent = "\t\t";
	add_listen_place(printer, socket, block);
	buf_text(printer->out, "\t\tlisten = ");
	add_endpoints(printer, run);
	buf_char(printer->out, '\n');
	for (size_t i = 0; i < directive_count; i++) {
		const void *field = socket_own_field(&directives[i], printer->service, &said);

		if (!field && ((block && is_marked(printer, &directives[i], block)) ||
			       (is_optional(&directives[i]) && run.is_needed)))
			field = (const char *)socket->options + directives[i].offset;
		if (field)
			add_option(printer, &directives[i], field, block);
	}
	buf_text(printer->out, "\t}\n");
	printer->indent = "\t";
}

/* Puts a block of few lines, from this byte on, into one. No value has a line break or a tab: quotes escape them. */
static void join_lines(struct buf *out, size_t start)
{
	struct buf line = { 0 };
	const char *at = out->data + start;

	if (out->failed || out->length - start > BLOCK_IN_A_LINE)
		return;
	for (; *at; at++) {
		bool ends = *at == '\n' && !at[1];

		if (*at != '\n' && (*at != '\t' || at == out->data + start))
			buf_char(&line, *at);
		else if (ends)
			buf_char(&line, '\n');
		else if (*at == '\n')
			buf_text(&line, line.data[line.length - 1] == '{' || !strncmp(at + 1, "\t}", 2) ? " " : "  ");
	}
	out->failed |= line.failed;
	if (!line.failed) {
		out->length = start;
		buf_add(out, line.data, line.length);
	}
	buf_free(&line);
}

static void add_sockets(struct printer *printer)
{
	const struct service *service = printer->service;
	bool listens = false;
	struct block run;

	for (size_t i = 0; i < service->socket_count; i = run.end) {
		run = next_run(printer, i);
		if (!run.plain) {
			size_t start = printer->out->length;

			add_block(printer, run);
			if (printer->style->is_for_people)
				join_lines(printer->out, start);
			continue;
		}
		add_listen_place(printer, &service->sockets[i], 0);
		buf_text(printer->out, listens ? "\tlisten += " : "\tlisten = ");
		add_endpoints(printer, run);
		buf_char(printer->out, '\n');
		listens = true;
	}
}

static const struct stream *expected_error(const struct service *service, const struct conf_defaults *defaults,
					   const struct directive *error)
{
	size_t output = directive_index(directive_find(NATIVE, "output"));
	const struct stream_options *streams = service->groups->streams, *plain = defaults->plain.groups->streams;
	bool takes = derived_takes_default(service->exec, error);
	bool sets_output = defaults->is_in_defaults[output] ||
			   !type_equal(&type_stream, &streams->output, &plain->output);

	return derived_error(&streams->output, sets_output, takes && defaults->is_in_defaults[directive_index(error)],
			     takes ? &defaults->defaults_row.groups->streams->error : &plain->error);
}

/* With pass = inetd, input and output are the socket, unless the service sets them. Setting them to their default
 * counts, too. */
static bool overrides_socket(const struct service *service, const struct directive *directive)
{
	bool is_stream = directive_is_field(directive, GROUP_STREAMS, offsetof(struct stream_options, input)) ||
			 directive_is_field(directive, GROUP_STREAMS, offsetof(struct stream_options, output));

	return is_stream && service->exec->pass == PASS_INETD && service_mark(service, directive->name[NATIVE]);
}

static bool service_has_default(const struct service *service, const struct directive *directive,
				const struct conf_defaults *defaults)
{
	if (is_pass(directive))
		return service->exec->pass == derived_pass(service->exec);
	if (directive_is_field(directive, GROUP_STREAMS, offsetof(struct stream_options, error)))
		return type_equal(directive->type, &service->groups->streams->error,
				  expected_error(service, defaults, directive));
	if (overrides_socket(service, directive))
		return false;
	if (derived_packet_info(service->exec) && !defaults->is_in_defaults[directive_index(directive)] &&
	    directive_is_field(directive, GROUP_SOCKETS, offsetof(struct socket_options, pass_packet_info)))
		return service->groups->socket_defaults->pass_packet_info;
	if (is_optional(directive) && !service->groups->socket_defaults->optional &&
	    !defaults->defaults_row.groups->socket_defaults->optional && !derives_optional(service, defaults))
		return false;
	return type_equal(directive->type, directive_field(directive, service),
			  directive_field(directive, derived_takes_default(service->exec, directive)
							     ? &defaults->defaults_row : &defaults->plain));
}

/* Some code asks whether a service's own text sets an option, so not all options may be moved into the defaults. */
static bool is_shareable(const struct directive *directive)
{
	static const enum option_group groups[] = { GROUP_ACCESS, GROUP_LOG, GROUP_LIMITS };
	static const char *const others[] = { "error", "user", "group", "groups", "umask", "optional", "backlog" };

	if (!(directive->flags & IN_DEFAULTS) || !directive_has_value(directive))
		return false;
	for (size_t n = 0; n < sizeof(groups) / sizeof(*groups); n++) {
		if (directive->group == groups[n])
			return true;
	}
	for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++) {
		if (!strcmp(directive->name[NATIVE], others[n]))
			return true;
	}
	return false;
}

/* Who a program runs as is nobody's default, unless all rows say so. */
static bool needs_all(const struct directive *directive)
{
	return directive->group != GROUP_ACCESS && directive->group != GROUP_LOG && directive->group != GROUP_LIMITS &&
	       strcmp(directive->name[NATIVE], "error") != 0 && strcmp(directive->name[NATIVE], "groups") != 0;
}

static bool says(const struct service *row, const struct directive *directive, const struct service *same)
{
	return type_equal(directive->type, directive_field(directive, row), directive_field(directive, same));
}

/* A row that has the value which most rows say, of those where the option has an effect, if each of those says one; or
 * NULL. */
static const struct service *find_shared(const struct conf_defaults *defaults, const struct directive *directive,
					 const struct service *const *rows, size_t count)
{
	const struct service *most = NULL;
	size_t votes = 0, all = 0, same = 0;

	for (size_t n = 0; n < count; n++) {
		if (service_has_default(rows[n], directive, defaults)) {
			if (derived_takes_default(rows[n]->exec, directive))
				return NULL;
			continue;
		}
		all++;
		if (!votes)
			most = rows[n];
		if (says(rows[n], directive, most))
			votes++;
		else
			votes--;
	}
	for (size_t n = 0; n < count && most; n++)
		same += !service_has_default(rows[n], directive, defaults) && says(rows[n], directive, most);
	return same > 1 && same * 2 > all && (same == all || !needs_all(directive)) ? most : NULL;
}

/* Gives the row of defaults a copy of the group with this value in it. */
static bool put_default(struct conf_defaults *defaults, const struct directive *directive, const void *field)
{
	enum option_group group = directive->group;
	char *values = pool_alloc(defaults->pool, group_sizes[group]);

	if (!values)
		return false;
	memcpy(values, service_group(&defaults->defaults_row, group), group_sizes[group]);
	memcpy(values + directive->offset, field, field_size(directive->type));
	if (group < SHARED_GROUPS)
		defaults->usual[group] = NULL;
	defaults->last->exec = NULL;
	default_service_put_group(&defaults->defaults_row, &defaults->row_groups, group, values);
	defaults->is_in_defaults[directive_index(directive)] =
		!type_equal(directive->type, field, directive_field(directive, &defaults->plain));
	return true;
}

bool conf_defaults_share(struct conf_defaults *defaults, const struct service *const *rows, size_t count)
{
	for (size_t i = 0; count > 1 && i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		const struct service *row = is_shareable(directive) ? find_shared(defaults, directive, rows, count)
								    : NULL;

		if (row && !put_default(defaults, directive, directive_field(directive, row)))
			return false;
	}
	return true;
}

void service_conf_add(struct buf *out, const struct service *service, const struct conf_style *style)
{
	struct printer printer = { .out = out, .style = style, .service = service, .indent = "",
				   .listen = directive_find(NATIVE, "listen"),
				   .derives_optional = derives_optional(service, style->defaults) };
	const void **usual = style->defaults->usual;
	struct conf_last *last = style->defaults->last;
	bool is_alike = service->exec == last->exec && service->groups == last->groups &&
			printer.derives_optional == last->derives_optional &&
			(service->exec->pass != PASS_INETD || service->marks == last->marks);
	uint32_t differs = 0;

	if (style->last) {
		mark_add_service(out, service->at, service->is_foreign, (enum dialect)service->dialect, false);
		*style->last = service->at;
	} else {
		add_place(&printer, service->at);
	}
	printer.indent = "\t";
	buf_text(out, "service ");
	native_value(out, service->name);
	buf_text(out, " {\n");
	add_sockets(&printer);
	for (size_t i = 0; style->last && i < service->mark_count; i++)
		last->is_marked[service->marks[i].directive] |= !service->marks[i].block;
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		enum option_group group = directive->group;
		bool is_usual = group < SHARED_GROUPS && usual[group] == service_group(service, group);

		if (!is_alike)
			last->differs[i] = !is_usual && directive_has_value(directive) &&
					   !service_has_default(service, directive, style->defaults);
		if (last->differs[i])
			differs |= 1u << group;
		if (last->differs[i] || (last->is_marked[i] && directive_has_value(directive)))
			add_option(&printer, directive, directive_field(directive, service), 0);
	}
	for (size_t i = 0; style->last && i < service->mark_count; i++)
		last->is_marked[service->marks[i].directive] = false;
	last->exec = service->exec;
	last->groups = service->groups;
	last->marks = service->marks;
	last->derives_optional = printer.derives_optional;
	/* What is the default of the others goes by more than the group (table/services/derived). */
	for (enum option_group group = 0; group < SHARED_GROUPS; group++) {
		if (!(differs & 1u << group) && group != GROUP_SOCKETS && group != GROUP_STREAMS &&
		    group != GROUP_ACCESS)
			usual[group] = service_group(service, group);
	}
	buf_text(out, "}\n");
}

void service_conf_add_defaults(struct buf *out, const struct conf_style *style)
{
	const struct conf_defaults *defaults = style->defaults;
	struct printer printer = { .out = out, .style = style, .service = &defaults->defaults_row, .indent = "\t" };
	bool any = false;

	for (size_t i = 0; i < directive_count; i++) {
		if (!defaults->is_in_defaults[i])
			continue;
		if (!any)
			buf_text(out, "defaults {\n");
		any = true;
		add_option(&printer, &directives[i], directive_field(&directives[i], &defaults->defaults_row), 0);
	}
	if (any)
		buf_text(out, "}\n\n");
}

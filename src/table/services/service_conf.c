/* Writes services as superd.conf: what their texts set, be it to the default, in the words and the order of whoever set
 * it.
 *
 * A mark is a comment on a line of its own, "# LINE:COLUMN KIND FILE", and is the place of what follows it, up to the
 * next mark. Without KIND and FILE the file is that of the mark before it. KIND of a service is the language of its
 * messages if it is foreign, with + behind it if it is alone; else it is -. */
#include "table/services/services.h"

#define BLOCK_IN_A_LINE 100             /* bytes of a socket { } that stands in one line */

const char *const dialect_words[DIALECTS] = { "foreign", "xinetd", "unit", "launchd" };

static void add_mark(struct buf *out, struct origin at, struct origin *last)
{
	if (origin_equal(at, *last))
		return;
	if (out->length && out->data[out->length - 1] != '\n')
		buf_char(out, '\n');
	buf_text(out, "# ");
	buf_number(out, at.line);
	buf_char(out, ':');
	buf_number(out, at.column);
	if (at.file && (!last->file || strcmp(at.file, last->file) != 0)) {
		buf_text(out, " - ");
		buf_visible(out, at.file, strlen(at.file));
	}
	buf_char(out, '\n');
	*last = at;
}

/* Adds the comment of a place, if the style has comments and the place is known. */
static void add_comment(struct buf *out, const struct conf_style *style, const char *indent, struct origin at)
{
	if (style->places == PLACES_MARKED || style->places == PLACES_NONE || !at.file)
		return;
	buf_text(out, indent);
	buf_text(out, "# ");
	buf_visible(out, at.file, strlen(at.file));
	buf_addf(out, ":%u\n", at.line);
}

void conf_value_add(struct buf *out, const struct service *service, const struct option_def *option)
{
	const struct option_settings *settings = service->settings;
	const struct option_setting *setting = settings_find(settings, option, 0);
	bool has_words = setting && !setting->append && !setting->refused;

	for (const struct option_setting *next = setting; has_words && ++next < settings->list + settings->count;)
		has_words = next->option != setting->option || next->block;
	if (has_words)
		type_format_words(option, setting->words, out);
	else
		type_format(option, option_field(option, service), out);
}

struct printer {
	struct buf *out;
	const struct conf_style *style;
	const struct service *service;
	const char *indent, *end;       /* around each value */
};

/* A line of inetd.conf sets all options: its place stands above the service, and not above each again. */
static void add_value_place(const struct printer *printer, struct origin at)
{
	const struct origin *own = &printer->service->at;
	bool is_own = own->file && at.file && at.line == own->line && !strcmp(at.file, own->file);

	if (printer->style->places == PLACES_MARKED && at.file && printer->style->last)
		add_mark(printer->out, at, printer->style->last);
	if (printer->style->places == PLACES_OF_ALL && !is_own)
		add_comment(printer->out, printer->style, printer->indent, at);
}

static void add_endpoints(const struct printer *printer, size_t setting)
{
	const struct service *service = printer->service;
	bool is_marked = printer->style->places == PLACES_MARKED;
	struct buf endpoint = { 0 };
	size_t count = 0, added = 0;

	for (size_t n = 0; n < service->socket_count; n++)
		count += service->sockets[n].setting == setting;
	buf_text(printer->out, count > 1 || is_marked ? "{ " : "");
	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].setting != setting)
			continue;
		buf_text(printer->out, added++ ? ", " : "");
		if (is_marked)
			add_value_place(printer, service->sockets[n].at);
		buf_clear(&endpoint);
		endpoint_format(service->sockets[n].endpoint, &endpoint);
		printer->out->failed |= endpoint.failed;
		native_quoted(printer->out, buf_string(&endpoint));
	}
	buf_text(printer->out, count > 1 || is_marked ? " }" : "");
	buf_free(&endpoint);
}

/* Whether it stands below defaults { } that do not hold for it. */
static bool is_below_others(const struct printer *printer)
{
	return printer->service->is_alone && printer->style->table && printer->style->table->defaults &&
	       printer->style->places != PLACES_MARKED;
}

static void add_value(const struct printer *printer, const struct option_setting *setting)
{
	const struct option_settings *settings = printer->service->settings;
	const struct option_def *option = &option_defs[setting->option];
	bool append = setting->append &&
		      (!is_below_others(printer) || settings_find(settings, option, setting->block) != setting);

	if (setting->refused)
		return;
	if (printer->service->at.file)
		add_value_place(printer, service_place(printer->service, setting));
	buf_text(printer->out, printer->indent);
	if (printer->style->hides && option->flags & HOLDS_SECRETS) {
		buf_addf(printer->out, "# %s: hidden%s", option->name[NATIVE], printer->end);
		return;
	}
	buf_text(printer->out, option->name[NATIVE]);
	buf_text(printer->out, append ? " += " : " = ");
	if (option->flags & STRUCTURE)
		add_endpoints(printer, (size_t)(setting - settings->list));
	else
		type_format_words(option, setting->words, printer->out);
	buf_text(printer->out, printer->end);
}

/* Adds the socket { } that begins with this setting; returns the number of its last one. */
static size_t add_block(struct printer *printer, size_t first, bool in_a_line)
{
	const struct option_settings *settings = printer->service->settings;
	const struct option_setting *socket = &settings->list[first];
	size_t start = printer->out->length, n;

	add_value_place(printer, service_place(printer->service, socket));
	buf_text(printer->out, "\tsocket ");
	native_value(printer->out, socket->words ? socket->words[0] : printer->service->name);
	buf_text(printer->out, in_a_line ? " {" : " {\n");
	printer->indent = in_a_line ? " " : "\t\t";
	printer->end = in_a_line ? " " : "\n";
	for (n = first + 1; n < settings->count && settings->list[n].block == socket->block; n++)
		add_value(printer, &settings->list[n]);
	printer->indent = "\t";
	printer->end = "\n";
	buf_text(printer->out, in_a_line ? "}\n" : "\t}\n");
	if (!in_a_line || printer->out->failed || printer->out->length - start <= BLOCK_IN_A_LINE)
		return n - 1;
	printer->out->length = start;
	return add_block(printer, first, false);
}

/* Whether the service has the value also without this text. Some code asks whether an option was set at all. */
static bool is_implied(const struct service *service, const struct option_def *option, const struct table *table)
{
	static const char *const kept[] = { "input", "output", "pass_packet_info", "optional", NULL };
	const struct option_def *output = option_find(NATIVE, "output");
	const char *name = option->name[NATIVE];

	if (!service->is_foreign || words_have(kept, name) ||
	    !option_takes_default(option, service->exec))
		return false;
	if (!strcmp(name, "pass"))
		return service->exec->pass == (service->exec->accept ? PASS_INETD : PASS_SYSTEMD) &&
		       !settings_find(service->settings->defaults, option, 0);
	if (!strcmp(name, "error") && (settings_find(service->settings, output, 0) ||
				       settings_find(service->settings->defaults, output, 0)))
		return false;
	return type_equal(option, option_field(option, service),
			  (const char *)table_bases(table, service)[option->group] + option->offset);
}

static bool is_skipped(const struct printer *printer, const struct option_setting *setting)
{
	const struct conf_style *style = printer->style;
	const struct service *service = printer->service;
	const struct option_def *option = &option_defs[setting->option];
	const struct option_setting *shared = style->shared ? style->shared[setting->option] : NULL;

	if (option->flags & STRUCTURE || !style->table || style->places == PLACES_MARKED ||
	    (is_below_others(printer) && settings_find(style->table->defaults, option, 0)))
		return false;
	if (shared && !setting->append && option_takes_default(option, service->exec))
		return setting->words == shared->words;
	return is_implied(service, option, style->table);
}

/* Adds what the service has where its own text says nothing. */
static void add_in_force(const struct printer *printer, const struct option_def *option)
{
	buf_addf(printer->out, "\t%s = ", option->name[NATIVE]);
	conf_value_add(printer->out, printer->service, option);
	buf_char(printer->out, '\n');
}

/* Adds the options of defaults { } that the service does not set, as it has them: of its own defaults, where they do
 * not stand above it, or of others that do. */
static void add_of_defaults(const struct printer *printer, const struct option_settings *defaults)
{
	const struct service *service = printer->service;
	const struct option_def *error = option_find(NATIVE, "error");
	const struct service none = { .settings = defaults };
	struct printer inherited = *printer;

	inherited.service = &none;
	for (size_t n = 0; n < settings_count(defaults); n++) {
		const struct option_setting *setting = &defaults->list[n];
		const struct option_def *option = &option_defs[setting->option];
		const struct option_setting *own = settings_find(service->settings, option, 0);

		if (!option_takes_default(option, service->exec))
			continue;
		if (own && own->append && service->settings->defaults == defaults)
			add_value(&inherited, setting);
		else if (!own && settings_find(defaults, option, 0) == setting)
			add_in_force(printer, option);
	}
	/* With an output of the defaults its errors go there, or would. */
	if (settings_find(defaults, option_find(NATIVE, "output"), 0) && !settings_find(defaults, error, 0) &&
	    !settings_find(service->settings, error, 0))
		add_in_force(printer, error);
}

/* Adds, as comments, what follows from other options: no text sets it, or it is stricter than the text. */
static void add_implied(const struct printer *printer)
{
	const struct service *service = printer->service;
	struct pool *pool = pool_new();
	const void *said[GROUPS];
	bool good = pool && service_text_groups(service, said, pool);

	printer->out->failed |= !good;
	for (size_t n = 0; good && n < option_count; n++) {
		const struct option_def *option = &option_defs[n];
		const void *field = option_field(option, service);

		if (!field || !option_takes_default(option, service->exec) ||
		    type_equal(option, field, (const char *)said[option->group] + option->offset))
			continue;
		buf_addf(printer->out, "\t# implied: %s = ", option->name[NATIVE]);
		type_format(option, field, printer->out);
		buf_char(printer->out, '\n');
	}
	pool_free(pool);
}

void service_conf_add(struct buf *out, const struct service *service, const struct conf_style *style)
{
	struct printer printer = { .out = out, .style = style, .service = service, .indent = "\t", .end = "\n" };

	if (style->places == PLACES_MARKED) {
		buf_text(out, "# ");
		buf_number(out, service->at.line);
		buf_char(out, ':');
		buf_number(out, service->at.column);
		buf_char(out, ' ');
		buf_text(out, service->is_foreign ? dialect_words[service->dialect] : "-");
		buf_text(out, service->is_alone || style->is_apart ? "+ " : " ");
		buf_visible(out, service->at.file ? service->at.file : "",
			    service->at.file ? strlen(service->at.file) : 0);
		buf_char(out, '\n');
		if (style->last)
			*style->last = service->at;
	} else {
		add_comment(out, style, "", service->at);
	}
	buf_text(out, "service ");
	native_value(out, service->name);
	buf_text(out, " {\n");
	if (style->is_apart && service->settings && !service->is_alone)
		add_of_defaults(&printer, service->settings->defaults);
	for (size_t n = 0; n < settings_count(service->settings); n++) {
		const struct option_setting *setting = &service->settings->list[n];

		if (setting->block)
			n = add_block(&printer, n, style->places < PLACES_OF_ALL);
		else if (!is_skipped(&printer, setting))
			add_value(&printer, setting);
	}
	if (is_below_others(&printer))
		add_of_defaults(&printer, style->table->defaults);
	if (style->places == PLACES_OF_ALL)
		add_implied(&printer);
	buf_text(out, "}\n");
}

void service_conf_add_defaults(struct buf *out, const struct option_settings *defaults, const struct conf_style *style)
{
	const struct service none = { .settings = defaults };
	const struct printer printer = { .out = out, .style = style, .service = &none, .indent = "\t", .end = "\n" };
	size_t start = out->length, head;

	buf_text(out, "defaults {\n");
	head = out->length;
	for (size_t n = 0; n < settings_count(defaults); n++)
		add_value(&printer, &defaults->list[n]);
	for (size_t n = 0; style->shared && n < option_count; n++) {
		if (style->shared[n])
			add_value(&printer, style->shared[n]);
	}
	if (out->length > head)
		buf_text(out, "}\n\n");
	else if (!out->failed)
		out->data[out->length = start] = '\0';
}

void service_conf_add_superd(struct buf *out, const struct service *superd, const struct conf_style *style)
{
	const struct printer printer = { .out = out, .style = style, .service = superd, .indent = "\t", .end = "\n" };

	if (!superd->at.file)
		return;
	add_comment(out, style, "", superd->at);
	buf_text(out, "superd {\n");
	for (size_t n = 0; n < settings_count(superd->settings); n++)
		add_value(&printer, &superd->settings->list[n]);
	buf_text(out, "}\n\n");
}

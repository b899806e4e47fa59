/* From the text of xinetd.conf to the values of each entry: the attributes, the lines, the entries that they make, and
 * the values that = += and -= give. */
#include "read/xinetd/internal.h"

/* The table of attributes, from xinetd.conf(5).
 *
 * xinetd ignores an attribute in the wrong place, or a second line of one, with a warning. Tables in use have such
 * lines, so superd warns too. But it refuses the line if the attribute restricts the service. */

#define DEFAULT ATTR_IN_DEFAULTS
#define SET (ATTR_ADDS | ATTR_REMOVES)
#define RESTRICTS ATTR_RESTRICTS
#define DECIMAL ATTR_IS_DECIMAL

#define MAKES ATTR_MAKES_SERVICE

static const struct key_row attributes[] = {
	{ "access_times", KEY_DONE, .values = SOME_VALUES, .flags = DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	{ "banner banner_fail banner_success groups mdns", KEY_DONE, .values = 1, .flags = DEFAULT },
	{ "bind", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | MAKES },
	{ "cps", KEY_DONE, .values = 2, .flags = DEFAULT | RESTRICTS | DECIMAL },
	{ "deny_time", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	{ "disable group libwrap user", KEY_DONE, .values = 1, .flags = RESTRICTS },
	{ "disabled enabled", KEY_DONE, .values = ANY_VALUES,
	  .flags = DEFAULT | ATTR_NOT_IN_SERVICE | ATTR_ADDS | RESTRICTS },
	{ "env", KEY_DONE, .values = ANY_VALUES, .flags = ATTR_ADDS },
	{ "flags", KEY_DONE, .values = SOME_VALUES, .flags = RESTRICTS | MAKES },
	{ "id", KEY_DONE, .values = 1 },
	{ "instances per_source", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | DECIMAL },
	{ "log_on_failure log_on_success passenv", KEY_DONE, .values = ANY_VALUES, .flags = DEFAULT | SET },
	{ "log_type", KEY_DONE, .values = SOME_VALUES, .flags = DEFAULT },
	{ "max_load umask", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS },
	{ "nice", KEY_DONE, .values = 1, .flags = DECIMAL },
	{ "no_access only_from", KEY_DONE, .values = ANY_VALUES, .flags = DEFAULT | SET | RESTRICTS },
	{ "port protocol rpc_number rpc_version server socket_type v6only wait", KEY_DONE, .values = 1,
	  .flags = MAKES },
	{ "redirect", KEY_DONE, .values = 2, .flags = MAKES },
	{ "rlimit_as rlimit_cpu rlimit_data rlimit_files rlimit_rss rlimit_stack", KEY_DONE, .values = 1,
	  .flags = RESTRICTS | DECIMAL },
	{ "server_args type", KEY_DONE, .values = SOME_VALUES, .flags = MAKES },
};

const struct key_table xinetd_keys = { XINETD, NULL, NULL, attributes, sizeof(attributes) / sizeof(*attributes) };

static const char synonym[] = "interface";

const struct key_row *xinetd_attribute_find(const char *name)
{
	return key_find(&xinetd_keys, strcasecmp(name, synonym) ? name : "bind");
}

static const char *attribute_suggest(const char *name)
{
	struct scan_nearest nearest = scan_nearest_begin(name);

	key_nearest_look(&nearest, &xinetd_keys);
	scan_nearest_look(&nearest, synonym);
	return nearest.word;
}

int xinetd_word_find(const char *const *known, const char *word)
{
	for (int i = 0; known[i]; i++) {
		if (!strcasecmp(known[i], word))
			return i;
	}
	return -1;
}

const char *xinetd_word_suggest(const char *const *known, const char *word)
{
	struct scan_nearest nearest = scan_nearest_begin(word);

	for (; *known; known++)
		scan_nearest_look(&nearest, *known);
	return nearest.word;
}

/* Splits lines of xinetd.conf into words.
 *
 * xinetd requires a blank in front of the operator and drops an entry without one; superd reads `name=value` and
 * `name+=value` as attributes. A line that is no attribute may still contain an equal sign, as the path of an
 * include does. */

/* The length of the operator at this byte; 0: there is none. */
static size_t operator_at(const char *text, size_t at, int *sign)
{
	*sign = text[at] == '+' ? APPEND : text[at] == '-' ? REMOVE : ASSIGN;
	if (*sign != ASSIGN)
		return text[at + 1] == '=' ? 2 : 0;
	return text[at] == '=';
}

/* Finds the name and operator of an attribute and moves *at behind them. false: the line is no attribute. */
static bool scan_attribute(struct xinetd_line *line, size_t *at, size_t end)
{
	const char *text = line->source->text;
	size_t stop = *at, length;

	while (stop < end && !source_is_blank(text[stop]) && !operator_at(text, stop, &line->sign))
		stop++;
	length = stop - *at;
	source_next_word(text, &stop, end);
	if (!length || stop == end || !operator_at(text, stop, &line->sign))
		return false;
	line->name = pool_text_n(line->pool, text + *at, length);
	*at = stop + operator_at(text, stop, &line->sign);
	return true;
}

bool xinetd_line_next(struct xinetd_line *line)
{
	const struct source_file *source = line->source;
	size_t at, end, length, behind;

	do {
		at = line->start = line->end;
		if (at >= source->length)
			return false;
		end = source_line_end(source, at);
		line->end = end + 1;
		length = source_next_word(source->text, &at, end);
	} while (!length || source->text[at] == '#');
	line->at = source_origin_near(source, at, &line->near);
	line->words.count = 0;
	behind = at + length;
	if (source->text[at] == '}') {
		line->kind = XINETD_CLOSE;
		at++;
	} else if (scan_is_word(source->text + at, length, "{") && !source_next_word(source->text, &behind, end)) {
		line->kind = XINETD_OPEN;
		at++;
	} else {
		line->kind = scan_attribute(line, &at, end) ? XINETD_ATTRIBUTE : XINETD_STATEMENT;
	}
	while ((length = source_next_word(source->text, &at, end))) {
		word_list_add(&line->words, pool_text_n(line->pool, source->text + at, length),
			      source_origin_near(source, at, &line->near));
		at += length;
	}
	return true;
}

bool xinetd_line_is(const struct xinetd_line *line, const char *word)
{
	return line->kind == XINETD_STATEMENT && !strcasecmp(line->words.words[0], word);
}

bool xinetd_line_begins_entry(const struct xinetd_line *line)
{
	return xinetd_line_is(line, "service") || xinetd_line_is(line, "defaults") || xinetd_line_is(line, "include") ||
		xinetd_line_is(line, "includedir");
}

/* Makes entries of the lines of a file.
 *
 * A missing brace must not merge two entries, and no line of a broken entry may become part of another. So a line that
 * can only begin an entry also ends the entry before. An entry with a line that is no attribute is kept as broken, so
 * that its other lines are checked too. */

/* The state of reading one file. */
struct collector {
	struct xinetd *xinetd;
	struct reading *reading;
	struct xinetd_line line;
	struct xinetd_entry *entry;  /* the current entry; NULL: none. It moves when another is added */
	struct origin at;	     /* the place of its first line */
	bool has_brace;		     /* its opening brace was read */
	struct xinetd_entry *ended;  /* the entry before, as long as only stray attributes follow; or NULL */
	struct xinetd_entry ignored; /* takes lines that do not count: of second defaults, and of no known entry */
};

static void refuse_line(struct collector *collector, struct origin at, const char *what, const char *hint)
{
	struct diags *diags = collector->entry ? &collector->entry->diags : collector->reading->diags;

	if (!collector->entry)
		reading_skip(collector->reading, at, NULL);
	diag_error(diags, at, "%s", what);
	if (hint)
		diags_hint(diags, "%s", hint);
}

static void read_attribute(struct collector *collector)
{
	const struct xinetd_line *line = &collector->line;
	struct xinetd_entry *entry = collector->entry;
	size_t count = line->words.count;

	array_add(entry->list, entry->count, entry->capacity) = (struct assignment){
		.name = line->name,
		.key = xinetd_attribute_find(line->name),
		.sign = line->sign,
		.words = pool_copy(line->pool, line->words.words, count * sizeof(char *)),
		.word_at = pool_copy(line->pool, line->words.places, count * sizeof(struct origin)),
		.count = count,
		.at = line->at,
	};
}

/* Begins an entry, whose brace may be the last word of its first line. Returns the number of the other words. */
static size_t begin_entry(struct collector *collector, struct xinetd_entry *entry)
{
	const struct word_list *line = &collector->line.words;

	collector->entry = entry;
	collector->at = collector->line.at;
	collector->has_brace = line->count && !strcmp(line->words[line->count - 1], "{");
	return line->count - collector->has_brace;
}

static void open_service(struct collector *collector)
{
	const struct word_list *line = &collector->line.words;
	struct xinetd *xinetd = collector->xinetd;

	if (begin_entry(collector, NULL) < 2) {
		refuse_line(collector, line->places[0], "service: its name is missing", NULL);
		collector->entry = &collector->ignored;
		return;
	}
	array_add(xinetd->services, xinetd->count, xinetd->capacity) =
		(struct xinetd_entry){ .name = line->words[1], .at = line->places[0] };
	if (begin_entry(collector, &xinetd->services[xinetd->count - 1]) > 2)
		diag_warning(&collector->entry->diags, line->places[2],
			     "a service has one name: the rest of the line is ignored");
}

/* As in xinetd only the first defaults of a file count. */
static void open_defaults(struct collector *collector)
{
	struct xinetd *xinetd = collector->xinetd;
	struct origin at = collector->line.at;

	reading_add_role(collector->reading, (struct source_role){ ROLE_SHARED, .at = at });
	if (xinetd->has_defaults)
		diag_warning(collector->reading->diags, at,
			     "the file has defaults already: as in xinetd the first count, and these do not");
	else if (!xinetd->defaults.at.file)
		xinetd->defaults.at = at;
	if (begin_entry(collector, xinetd->has_defaults ? &collector->ignored : &xinetd->defaults) > 1)
		refuse_line(collector, collector->line.words.places[1], "defaults has no name", NULL);
	xinetd->has_defaults = true;
}

/* Reads a file, or the files of a folder, as part of the same source. A relative path starts in the folder of the file
 * that has the statement. superd warns of a missing folder and goes on, unless the table before had services from there
 * (superd/skip.c). A missing file is an error, because it may have had anything in it, also defaults. xinetd goes on in
 * all cases. */
static void read_include(struct collector *collector)
{
	struct xinetd *xinetd = collector->xinetd;
	struct reading *reading = collector->reading;
	struct origin at = collector->line.at;
	const char *slash = strrchr(at.file, '/'), *path;
	bool has_defaults = xinetd->has_defaults, is_folder = xinetd_line_is(&collector->line, "includedir");
	struct stat status;

	reading_add_role(reading, (struct source_role){ ROLE_SHARED, .at = at });
	if (collector->line.words.count != 2) {
		diag_error(reading->diags, at, "%s needs one path", is_folder ? "includedir" : "include");
		return;
	}
	path = collector->line.words.words[1];
	if (*path != '/' && slash)
		path = pool_textf(xinetd->pool, "%.*s%s", (int)(slash + 1 - at.file), at.file, path);
	else if (!strcmp(path, "-"))
		path = "./-"; /* a file, not standard input */
	if (is_folder && stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
		diag_error(reading->diags, at, "includedir: %s is not a directory: for a file use include", path);
	} else if (is_folder && stat(path, &status) < 0 && errno == ENOENT) {
		diag_warning(reading->diags, at, "includedir: there is no %s", path);
		reading_add_role(reading, (struct source_role){ ROLE_ABSENT, .at = at, .name = path });
	} else {
		reading_file(reading, xinetd->reader, path, at);
	}
	xinetd->has_defaults = has_defaults;
}

/* Reads a line between the first line of an entry and its closing brace. */
static void read_line_inside(struct collector *collector)
{
	const struct xinetd_line *line = &collector->line;

	if (!collector->has_brace && line->kind != XINETD_OPEN) {
		refuse_line(collector, line->at, "the brace that begins the entry is missing", NULL);
		collector->has_brace = true;
	}
	if (line->kind == XINETD_CLOSE) {
		if (line->words.count)
			refuse_line(collector, line->at, "the brace that ends an entry must be alone on its line",
				    NULL);
		collector->ended = collector->entry == &collector->ignored ? NULL : collector->entry;
		collector->entry = NULL;
	} else if (line->kind == XINETD_ATTRIBUTE) {
		read_attribute(collector);
	} else if (line->kind == XINETD_OPEN && !collector->has_brace) {
		collector->has_brace = true;
	} else {
		refuse_line(collector, line->at, "this is no attribute",
			    "an attribute is a name, an operator as = or +=, and values: instances = 10");
	}
}

/* Reads a line that belongs to no entry. If a closing brace came too early, an attribute is one of the entry before,
 * which must not run without it; misspelt defaults may restrict all services. Any other line begins an unknown entry,
 * which is one error with all of its lines. */
static void read_stray_line(struct collector *collector)
{
	static const char *const defaults[] = { "defaults", NULL };
	const struct xinetd_line *line = &collector->line;
	const char *hint = "entries begin with service NAME, defaults, include PATH or includedir PATH";
	const char *head = line->kind == XINETD_ATTRIBUTE ? line->name
		: line->kind == XINETD_STATEMENT	  ? line->words.words[0]
							  : "";
	bool is_defaults = xinetd_word_suggest(defaults, head);

	if (line->kind == XINETD_ATTRIBUTE && !is_defaults) {
		collector->entry = attribute_suggest(line->name) ? collector->ended : NULL;
		refuse_line(collector, line->at, "this attribute is in no entry", hint);
		collector->entry = NULL;
		return;
	}
	if (is_defaults) {
		collector->entry = &collector->xinetd->defaults;
		hint = "did you mean defaults?";
	}
	refuse_line(collector, line->at, "this begins no entry", hint);
	begin_entry(collector, line->kind == XINETD_CLOSE ? NULL : &collector->ignored);
	collector->has_brace |= line->kind == XINETD_OPEN;
}

static void end_unclosed_entry(struct collector *collector)
{
	refuse_line(collector, collector->at, "the brace that ends the entry is missing", NULL);
	collector->entry = NULL;
}

/* A line with bytes that are no text breaks its entry. An attribute of it is kept, so that its value is checked. */
static void read_line(struct collector *collector)
{
	const struct xinetd_line *line = &collector->line;
	bool is_head = xinetd_line_begins_entry(line);

	if (is_head) {
		if (collector->entry)
			end_unclosed_entry(collector);
		collector->ended = NULL;
		if (xinetd_line_is(line, "service"))
			open_service(collector);
		else if (xinetd_line_is(line, "defaults"))
			open_defaults(collector);
		else
			read_include(collector);
	}
	if (source_refuse_flaw(line->source, line->start, line->end,
			       collector->entry ? &collector->entry->diags : collector->reading->diags)) {
		if (!collector->entry)
			reading_skip(collector->reading, source_origin(line->source, line->start), NULL);
		else if (line->kind == XINETD_ATTRIBUTE)
			read_attribute(collector);
		else if (line->kind == XINETD_CLOSE)
			collector->entry = NULL;
	} else if (!is_head && collector->entry) {
		read_line_inside(collector);
	} else if (!is_head) {
		read_stray_line(collector);
	}
}

static void free_entry(struct xinetd_entry *entry)
{
	free(entry->list);
	diags_free(&entry->diags);
}

void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source)
{
	struct collector collector = { .xinetd = xinetd,
				       .reading = reading,
				       .line = { .source = source, .pool = xinetd->pool } };

	xinetd->has_defaults = false;
	while (xinetd_line_next(&collector.line))
		read_line(&collector);
	if (collector.entry)
		end_unclosed_entry(&collector);
	free_entry(&collector.ignored);
	word_list_free(&collector.line.words);
}

void xinetd_free(void *state)
{
	struct xinetd *xinetd = state;

	for (size_t i = 0; i < xinetd->count; i++)
		free_entry(&xinetd->services[i]);
	free_entry(&xinetd->defaults);
	free(xinetd->services);
	pool_free(xinetd->pool);
}

/* Whether a diagnostic is about a line of the entry. */
static bool is_about(const struct diag *diag, const struct xinetd_entry *entry)
{
	for (size_t i = 0; diag->file && i < entry->count; i++) {
		if (entry->list[i].at.line == diag->line && !strcmp(entry->list[i].at.file, diag->file))
			return true;
	}
	return false;
}

/* Whether an entry has this diagnostic already. */
static bool has_diag(const struct xinetd_entry *entry, const struct diag *diag)
{
	for (size_t i = 0; i < entry->diags.count; i++) {
		const struct diag *known = &entry->diags.list[i];

		if (known->line == diag->line && known->column == diag->column &&
		    !strcmp(known->message, diag->message))
			return true;
	}
	return false;
}

void xinetd_entry_report(const struct xinetd_entry *entry, struct xinetd_entry *defaults, struct diags *diags)
{
	for (size_t i = 0; i < entry->diags.count; i++) {
		const struct diag *diag = &entry->diags.list[i];
		struct origin at = { .file = diag->file, .line = diag->line, .column = diag->column };
		enum severity severity = diag->severity;

		if (defaults && is_about(diag, defaults)) {
			if (has_diag(defaults, diag) || (entry->is_disabled && severity == SEVERITY_ERROR))
				continue;
			diags_add(&defaults->diags, severity, at, "%s", diag->message);
		} else if (entry->is_disabled) {
			if (severity == SEVERITY_NOTE)
				continue;
			severity = SEVERITY_WARNING;
		}
		diags_add(diags, severity, at, "%s", diag->message);
		if (diag->hint)
			diags_hint(diags, "%s", diag->hint);
	}
	if (entry->diags.lost || entry->diags.dropped_errors)
		diag_error(diags, entry->at, "this entry has more errors than superd can report");
}

/* Values, which lines of xinetd.conf set, extend and shorten.
 *
 * -= finds a word as it is written. If there is no such word, more clients may connect than the author of only_from
 * thinks, so that is an error. */

bool xinetd_is_inherited(const struct xinetd_service *service, const struct assignment *value)
{
	return service->defaults && service->defaults->value[value->key - xinetd_rule(0)] == value;
}

/* A value whose words may change, with those of the line: a copy if it was a line's or that of defaults. value NULL:
 * none, which is an empty one. The room at least doubles, so that many lines of += do not copy the words each time. */
struct assignment *xinetd_value_add(struct xinetd_service *service, struct assignment *value,
				    const struct assignment *line)
{
	size_t count = value ? value->count : 0, more = line->count;
	struct pool *pool = service->draft.pool;
	struct assignment grown = { .capacity = count + (more > count ? more : count) + 1, .count = count };

	if (!value || value->capacity <= count + more || xinetd_is_inherited(service, value)) {
		grown.words = pool_alloc(pool, grown.capacity * sizeof(*grown.words));
		grown.word_at = pool_alloc(pool, grown.capacity * sizeof(*grown.word_at));
		for (size_t i = 0; i < count; i++) {
			grown.words[i] = value->words[i];
			grown.word_at[i] = value->word_at[i];
		}
		value = pool_copy(pool, &grown, sizeof(grown));
	}
	for (size_t i = 0; i < more; i++) {
		value->words[value->count] = line->words[i];
		value->word_at[value->count++] = line->word_at[i];
	}
	value->words[value->count] = NULL;
	return value;
}

static bool has_word(const struct assignment *list, const char *word)
{
	for (size_t i = 0; list && i < list->count; i++) {
		if (!strcasecmp(list->words[i], word))
			return true;
	}
	return false;
}

static struct assignment *remove_words(struct xinetd_service *service, struct assignment *value,
				       const struct assignment *line)
{
	size_t kept = 0;

	for (size_t i = 0; i < line->count; i++) {
		if (has_word(value, line->words[i]))
			continue;
		if (line->key == xinetd_rule(ATTR_ONLY_FROM)) {
			draft_refuse(&service->draft, line->word_at[i], "only_from: there is no '%s' to remove",
				     line->words[i]);
			draft_hint(&service->draft, "write it as the list has it, or the whole list with =");
		} else {
			draft_warn(&service->draft, line->word_at[i], "%s: there is no '%s' to remove", line->name,
				   line->words[i]);
		}
	}
	value = xinetd_value_add(service, value, &(struct assignment){ 0 });
	for (size_t i = 0; i < value->count; i++) {
		if (has_word(line, value->words[i]))
			continue;
		value->words[kept] = value->words[i];
		value->word_at[kept++] = value->word_at[i];
	}
	value->words[kept] = NULL;
	value->count = kept;
	return value;
}

/* Applies the lines of an entry. Checks their operators, their number of values and whether they may stand there.
 *
 * xinetd warns of an unknown attribute, of one that is set already, and of a line with a wrong operator, with a wrong
 * number of values or in the wrong place. It drops the line, and runs the service without it. So does superd, unless
 * the service would be another one, or run without a restriction: then it refuses the line. A wrong line of defaults
 * marks its attribute as broken, so that no service runs without the value that it should inherit. */

/* Whether a service is another one without this attribute, or does not have a restriction. */
static bool is_essential(const struct key_row *rule)
{
	return rule->flags & (ATTR_MAKES_SERVICE | ATTR_RESTRICTS);
}

static void report_unknown_attribute(struct xinetd_service *service, const struct assignment *line)
{
	const char *nearest = attribute_suggest(line->name);

	if (nearest && is_essential(xinetd_attribute_find(nearest))) {
		draft_refuse(&service->draft, line->at, "unknown attribute '%s'", line->name);
		service->has_bad_line |= !service->defaults; /* no service has what it was meant to restrict */
	} else {
		draft_warn(&service->draft, line->at, "unknown attribute '%s': it is skipped, as in xinetd",
			   line->name);
	}
	if (nearest)
		draft_hint(&service->draft, "did you mean '%s'?", nearest);
}

/* Reports a line that xinetd drops. */
#define drop_line(service, rule, at, format, ...) \
	diags_add((service)->draft.diags, is_essential(rule) ? SEVERITY_ERROR : SEVERITY_WARNING, at, format "%s", \
		  __VA_ARGS__, is_essential(rule) ? "" : ": the line is skipped, as in xinetd")

/* Whether a line restricts who may connect. Of the words of `flags` only some do. */
static bool restricts(const struct assignment *line)
{
	return line->key->flags & ATTR_RESTRICTS &&
		(line->key != xinetd_rule(ATTR_FLAGS) || has_word(line, "IDONLY") || has_word(line, "SENSOR") ||
		 has_word(line, "LABELED") || has_word(line, "INTERCEPT"));
}

/* v6only = no, as many distributions have it in defaults: it would change nothing there. */
static bool changes_nothing(const struct assignment *line)
{
	return line->key == xinetd_rule(ATTR_V6ONLY) && line->count == 1 && !strcasecmp(line->words[0], "no");
}

/* false: the attribute does not belong here. That is an error if it restricts, else a warning. */
static bool is_allowed_here(struct xinetd_service *service, const struct assignment *line)
{
	const struct draft *draft = &service->draft;
	bool is_defaults = !service->defaults;
	const char *where = is_defaults ? "defaults: each service has its own" : "a service but to defaults";

	if (is_defaults && line->key->flags & ATTR_IGNORED_IN_DEFAULTS) {
		draft_warn(draft, line->at, "xinetd ignores %s in defaults; superd applies it to each service",
			   line->name);
		draft_hint(draft, "write it into each service that it is for");
	}
	if (is_defaults ? line->key->flags & ATTR_IN_DEFAULTS : !(line->key->flags & ATTR_NOT_IN_SERVICE))
		return true;
	if (restricts(line)) {
		draft_refuse(draft, line->at, "%s does not belong to %s", line->name, where);
		if (line->key == xinetd_rule(ATTR_DISABLED) && !is_defaults)
			draft_hint(draft, "disable = yes disables this service");
	} else if (!changes_nothing(line)) {
		draft_warn(draft, line->at, "%s does not belong to %s; it means nothing here", line->name, where);
	}
	return false;
}

static bool count_fits(struct xinetd_service *service, const struct key_row *rule, const struct assignment *line)
{
	bool fits = rule->values == ANY_VALUES || (rule->values == SOME_VALUES && line->count > 0) ||
		(rule->values >= 0 && (size_t)rule->values == line->count);
	struct origin at = line->at;

	if (fits)
		return true;
	if (rule->values >= 0 && line->count > (size_t)rule->values)
		at = line->word_at[rule->values];
	if (rule->values == SOME_VALUES)
		draft_refuse(&service->draft, at, "%s needs at least one value", line->name);
	else
		drop_line(service, rule, at, "%s needs %s, not %zu", line->name,
			  rule->values == 1 ? "one value" : "two values", line->count);
	if (line->count > 1 && line->words[rule->values > 0 ? rule->values : 0][0] == '#')
		draft_hint(&service->draft, "a comment must be on a line of its own");
	else if (rule == xinetd_rule(ATTR_SERVER) && line->count > 1)
		draft_hint(&service->draft, "the program's arguments belong in server_args");
	return false;
}

static bool operator_fits(struct xinetd_service *service, const struct key_row *rule, const struct assignment *line)
{
	if (line->sign == ASSIGN || (line->sign == APPEND && rule->flags & ATTR_ADDS) ||
	    (line->sign == REMOVE && rule->flags & ATTR_REMOVES))
		return true;
	if (rule->flags & ATTR_ADDS)
		draft_refuse(&service->draft, line->at, "%s knows no -=", line->name);
	else
		drop_line(service, rule, line->at, "%s knows no %s", line->name, line->sign == APPEND ? "+=" : "-=");
	draft_hint(&service->draft, rule->values == SOME_VALUES ? "write all its words after one =" : "write =");
	return false;
}

static void report_second_line(struct xinetd_service *service, enum severity severity, const struct assignment *value,
			       const struct assignment *line)
{
	struct buf place = { 0 };

	origin_describe(value->at, &place);
	diags_add(service->draft.diags, severity, line->at, "%s is already set%s, and %s", line->name,
		  buf_string(&place), severity == SEVERITY_ERROR ? "this would replace it" : "that counts");
	buf_free(&place);
}

static bool words_equal(const struct assignment *a, const struct assignment *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (strcmp(a->words[i], b->words[i]) != 0)
			return false;
	}
	return a->count == b->count;
}

/* Whether a second = would replace a list that restricts, so that clients get in whom the first one keeps out. In
 * defaults a second = adds to the list. */
static bool replaces_restriction(const struct xinetd_service *service, const struct assignment *value,
				 const struct assignment *line)
{
	return service->defaults && line->sign == ASSIGN && line->key->flags & ATTR_RESTRICTS &&
		!words_equal(value, line);
}

static void apply_line(struct xinetd_service *service, struct assignment *line)
{
	struct assignment **value = &service->value[line->key - xinetd_rule(0)];
	bool is_list = line->key->flags & ATTR_ADDS, is_own = *value && !xinetd_is_inherited(service, *value);

	if (is_own && !is_list) { /* as in xinetd the first line counts */
		report_second_line(service, SEVERITY_WARNING, *value, line);
		return;
	}
	if (is_own && replaces_restriction(service, *value, line)) {
		report_second_line(service, SEVERITY_ERROR, *value, line);
		draft_hint(&service->draft, "write both lists in one line, or add to the first by +=");
		return;
	}
	if (!is_list || (line->sign == ASSIGN && service->defaults)) {
		*value = line;
		service->is_broken[line->key - xinetd_rule(0)] = false;
		return;
	}
	if (!*value && service->defaults) /* of a broken value all words are reported */
		*value = service->defaults->value[line->key - xinetd_rule(0)];
	*value = line->sign == REMOVE ? remove_words(service, *value, line) : xinetd_value_add(service, *value, line);
	(*value)->key = line->key;
	(*value)->at = line->at;
}

void xinetd_merge(struct xinetd_service *service)
{
	struct xinetd_entry *entry = service->entry;

	for (int i = 0; service->defaults && i < ATTRIBUTES; i++) {
		service->is_broken[i] = service->defaults->is_broken[i];
		service->value[i] = service->is_broken[i] ? NULL : service->defaults->value[i];
	}
	for (size_t i = 0; i < entry->count; i++) {
		struct assignment *line = &entry->list[i];
		size_t errors = entry->diags.errors;

		if (!line->key)
			report_unknown_attribute(service, line);
		else if (is_allowed_here(service, line) && operator_fits(service, line->key, line) &&
			 count_fits(service, line->key, line))
			apply_line(service, line);
		if (line->key && entry->diags.errors > errors)
			service->is_broken[line->key - xinetd_rule(0)] = true;
	}
}

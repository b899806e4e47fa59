/* Prints documents from the table of options: the lists in the manual pages, and the table of names in other systems.
 *
 * mdoc(7) restricts the text. A sentence begins on a new line. A line must not begin with a dot or an apostrophe. A
 * backslash starts an escape. An argument of a macro that is only punctuation is treated as punctuation. */
#include "docs/docs.h"

#include <string.h>

#include "table/print/example.h"
#include "table/services/service_json.h"

#define MDOC_WIDTH 110                  /* columns of a line of names */

static const char *const systems[DIALECTS] = {
	[NATIVE] = "superd.conf", [XINETD] = "xinetd", [UNIT] = "systemd", [LAUNCHD] = "launchd",
};

static void add_roff(struct buf *out, const char *text, size_t length)
{
	if (length && strchr(".'", *text))
		buf_text(out, "\\&");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			buf_text(out, "\\e");
		else
			buf_char(out, text[i]);
	}
	buf_char(out, '\n');
}

/* Adds a text that ends the line of a macro, where a plain quote would begin an argument. */
static void add_quoted(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			buf_text(out, "\\(dq");
		else
			buf_char(out, *text);
	}
	buf_char(out, '\n');
}

/* Adds each sentence on a line of its own. */
static void add_sentences(struct buf *out, const char *text)
{
	const char *end;

	while ((end = strstr(text, ". "))) {
		add_roff(out, text, (size_t)(end + 1 - text));
		text = end + 2;
	}
	add_roff(out, text, strlen(text));
}

/* Adds "= Cm a | b", or "= Ar placeholder", without the end of the line. */
static void add_value(struct buf *out, const struct directive *directive)
{
	buf_text(out, " =");
	if (directive->type == &type_bool) {
		buf_text(out, directive->fallback && !strcmp(directive->fallback, "yes") ? " Cm no" : " Cm yes");
	} else if (directive->words && !directive->argument && directive->type == &type_word) {
		for (size_t i = 0; directive->words[i]; i++)
			buf_addf(out, "%s %s", i ? " |" : " Cm", directive->words[i]);
	} else if (directive->argument && strchr(directive->argument, '|')) {
		buf_addf(out, " Cm %s", directive->argument);
	} else {
		buf_addf(out, " Ar %s", directive->argument ? directive->argument : "value");
	}
}

/* Whether the list has an option that only imported tables need, in one line. */
static bool is_brief(const struct directive *directive)
{
	return directive->chapter == CHAPTER_XINETD || directive->chapter == CHAPTER_UNITS;
}

static void add_heading(struct buf *out, const struct directive *directive)
{
	const char *argument = directive->argument;

	buf_addf(out, ".It Ic %s", directive->name[NATIVE]);
	if (argument && strchr(argument, '{'))
		buf_addf(out, " Ar %.*s Cm { No ... Cm }", (int)strcspn(argument, " {"), argument);
	else
		add_value(out, directive);
	if (directive_has_value(directive) && directive->fallback)
		buf_addf(out, " Pq default %s", directive->fallback);
	buf_char(out, '\n');
}

/* Words, numbers and names are as the heading of the entry shows them; a mode's default is its example. VALUES in
 * superd.conf(5) has the form of durations, sizes and limits. */
static bool has_grammar(const struct directive *directive)
{
	static const struct type *const plain[] = { &type_bool, &type_count, &type_duration, &type_error,
						    &type_limit, &type_memory, &type_mode, &type_name, &type_quota,
						    &type_signal, &type_size, &type_tasks, &type_text, &type_weight,
						    &type_word };

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (directive->type == plain[i])
			return false;
	}
	return directive->type != &type_path || directive->flags & OPTIONAL_PATH;
}

static const char *example_in_manual(const struct directive *directive)
{
	return has_grammar(directive) ? example_of(directive->name[NATIVE]) : NULL;
}

/* Adds an option. It has an example unless the option before it has one of the same type. */
static void add_entry(struct buf *out, const struct directive *directive, const struct directive *before)
{
	bool is_alike = before && before->type == directive->type;
	const char *example = is_alike ? NULL : example_in_manual(directive), *end = strstr(directive->help, ". ");

	if (is_brief(directive)) {
		buf_addf(out, ".It Ic %s\n", directive->name[NATIVE]);
		add_roff(out, directive->help, end ? (size_t)(end + 1 - directive->help) : strlen(directive->help));
		return;
	}
	add_heading(out, directive);
	add_sentences(out, directive->help);
	if (example) {
		buf_addf(out, directive->argument && strchr(directive->argument, '{') ? ".Dl %s " : ".Dl %s = ",
			 directive->name[NATIVE]);
		add_quoted(out, example);
	}
}

/* Adds a table as it stands. */
static void add_table(struct buf *out, const char *text)
{
	buf_text(out, ".Bd -literal -offset indent\n");
	while (*text) {
		size_t length = strcspn(text, "\n");

		add_roff(out, text, length);
		text += length + (text[length] == '\n');
	}
	buf_text(out, ".Ed\n");
}

static void add_chapter(struct buf *out, enum chapter chapter)
{
	const struct directive *directive, *before = NULL;

	buf_addf(out, ".Ss %s\n", chapter_title(chapter));
	add_table(out, example_of_chapter(chapter));
	for (size_t i = 0; (directive = directive_listed(i)); i++) {
		if (directive->chapter != chapter)
			continue;
		if (!before)
			buf_addf(out, ".Bl -tag -width Ds%s\n", is_brief(directive) ? " -compact" : "");
		add_entry(out, directive, before);
		before = directive;
	}
	if (before)
		buf_text(out, ".El\n");
}

/* Prints the chapters of a page of the manual. */
static void print_page(struct buf *out, const char *page)
{
	for (int chapter = 0; chapter < CHAPTERS; chapter++) {
		if (!strcmp(chapter_page((enum chapter)chapter), page))
			add_chapter(out, (enum chapter)chapter);
	}
}

void print_mdoc(struct buf *out)
{
	print_page(out, chapter_page(CHAPTER_EXEC));
}

void print_mdoc_sandbox(struct buf *out)
{
	print_page(out, chapter_page(CHAPTER_HARDENING));
}

void print_mdoc_index(struct buf *out)
{
	const struct directive *directive;

	buf_text(out, ".Bl -tag -width Ds\n");
	for (int chapter = 0; chapter < CHAPTERS; chapter++) {
		size_t length = 0;

		if (!strcmp(chapter_page((enum chapter)chapter), "superd.conf"))
			buf_addf(out, ".It Sx %s", chapter_title((enum chapter)chapter));
		else
			buf_addf(out, ".It %s , No in Xr %s 5", chapter_title((enum chapter)chapter),
				 chapter_page((enum chapter)chapter));
		for (size_t i = 0; (directive = directive_listed(i)); i++) {
			const char *name = directive->name[NATIVE];

			if ((int)directive->chapter != chapter)
				continue;
			if (length == 0 || length + strlen(name) > MDOC_WIDTH) {
				buf_addf(out, length ? " ,\n.Ic %s" : "\n.Ic %s", name);
				length = 0;
			} else {
				buf_addf(out, " , %s", name);
			}
			length += strlen(name) + 3;
		}
		buf_text(out, "\n");
	}
	buf_text(out, ".El\n");
}

/* Replaces accept, superd.conf's option, by wait, xinetd's attribute, which means the opposite. */
static void add_as_xinetd(struct buf *out, const char *text)
{
	static const char *const pairs[][2] = { { "accept = yes", "wait = no" }, { "accept = no", "wait = yes" } };
	struct buf room = { 0 };

	while (*text) {
		size_t n = 0;

		while (n < 2 && strncmp(text, pairs[n][0], strlen(pairs[n][0])) != 0)
			n++;
		if (n == 2) {
			buf_char(&room, *text++);
			continue;
		}
		buf_text(&room, pairs[n][1]);
		text += strlen(pairs[n][0]);
	}
	out->failed |= room.failed;
	add_sentences(out, buf_string(&room));
	buf_free(&room);
}

/* Adds an attribute of xinetd with the help text of superd's option. */
static void add_attribute(struct buf *out, const struct directive *directive)
{
	buf_addf(out, ".It Cm %s", directive->name[XINETD]);
	add_value(out, directive);
	buf_char(out, '\n');
	add_as_xinetd(out, directive->help);
	if (strcmp(directive->name[XINETD], directive->name[NATIVE]) != 0)
		buf_addf(out, ".Pq superd.conf: Li %s\n", directive->name[NATIVE]);
}

/* Whether the manual page describes the attribute itself, because its values or defaults differ from the option's. */
static bool has_own_words(const struct directive *directive)
{
	static const char *const told[] = { "disable",	 "env",	      "group",		"groups",
					    "instances", "libwrap",   "log_on_failure", "log_on_success",
					    "log_type",	 "only_from", "passenv",	"redirect",
					    "user" };

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		if (!strcmp(told[i], directive->name[XINETD]))
			return true;
	}
	return directive->translated & (1u << XINETD);
}

void print_mdoc_xinetd(struct buf *out)
{
	buf_text(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];

		if (directive->name[XINETD] && !has_own_words(directive))
			add_attribute(out, directive);
	}
	buf_text(out, ".El\n");
}

/* Adds the name in one system: "-" if there is none, with "*" behind it if its values mean something else. Returns its
 * length. */
static size_t add_name(struct buf *out, const struct directive *directive, int dialect)
{
	size_t before = out->length;

	buf_text(out, directive->name[dialect] ? directive->name[dialect] : "-");
	if (directive->name[dialect] && (directive->translated & (1u << dialect)))
		buf_char(out, '*');
	return out->length - before;
}

static void measure_columns(size_t widths[DIALECTS])
{
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		widths[dialect] = strlen(systems[dialect]);
		for (size_t i = 0; i < directive_count; i++) {
			const char *name = directives[i].name[dialect];

			if (name && strlen(name) + 1 > widths[dialect])
				widths[dialect] = strlen(name) + 1;
		}
	}
}

static void add_row(struct buf *out, const struct directive *directive, const size_t widths[DIALECTS])
{
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		size_t length = add_name(out, directive, dialect);

		if (dialect + 1 < DIALECTS)
			buf_addf(out, "%*s", (int)(widths[dialect] - length) + 2, "");
	}
	buf_char(out, '\n');
}

void print_compat(struct buf *out)
{
	size_t widths[DIALECTS];

	measure_columns(widths);
	for (int dialect = 0; dialect + 1 < DIALECTS; dialect++)
		buf_addf(out, "%-*s", (int)widths[dialect] + 2, systems[dialect]);
	buf_addf(out, "%s\n", systems[DIALECTS - 1]);
	for (size_t i = 0; i < directive_count; i++)
		add_row(out, &directives[i], widths);
	buf_text(out, "\n-  no such word there; *  its values mean something else there and are translated\n");
}

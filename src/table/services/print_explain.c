/* --explain: prints the help of one option, with its bounds, an example and its names in other systems, or lists
 * options. */
#include "table/services/services.h"

#define WIDTH 78                        /* columns of a line */
#define BLANKS " \t\n"

static const char *const changes[] = {
	[CHANGE_LIVE] = "takes effect at once", [CHANGE_NEXT] = "takes effect with the next start of the program",
	[CHANGE_SOCKET] = "is set on the open socket", [CHANGE_REBIND] = "opens the socket again",
	[CHANGE_START] = "takes effect with the next start of superd",
};

const char *const first_options[] = {
	"listen", "pass", "exec", "user", "env", "environment_file", "working_directory", "idle_timeout", "idle_action",
	"accept", "start", "requires", "ready", "restart", "timeout_stop", "only_from", "per_source", "instances",
	"memory_max", "output", NULL
};

/* Whether it is there to say what a systemd unit says: nobody writes it into a superd.conf by hand. */
static bool option_is_for_units(const struct option_def *option)
{
	return option->chapter == CHAPTER_UNITS || option->flags & FOR_UNITS;
}

/* whole: the word is to begin one of the text's. */
static bool text_has(const char *text, const char *word, size_t length, bool whole)
{
	for (const char *at = text; at && *at; at++) {
		if (!strncasecmp(at, word, length) && (!whole || at == text || !isalnum((unsigned char)at[-1])))
			return true;
	}
	return false;
}

/* Whether the option has all of these blank-separated words: anywhere in its name, or, unless it is to have them there,
 * in its text, its section's title and its names elsewhere at the beginning of a word; capitals do not matter. */
static bool option_has_words(const struct option_def *option, const char *query, bool in_name)
{
	while (query += strspn(query, BLANKS), *query) {
		size_t length = strcspn(query, BLANKS);
		bool has = text_has(option->name[NATIVE], query, length, false);

		if (!in_name)
			has |= text_has(option->help, query, length, true) ||
			       text_has(chapter_title(option->chapter), query, length, true);
		for (int dialect = XINETD; !in_name && dialect < DIALECTS; dialect++)
			has |= text_has(option->name[dialect], query, length, true);
		if (!has)
			return false;
		query += length;
	}
	return true;
}

/* Prints a text and frees it. false: it is empty, or see print_conf.h. */
static bool print_text(struct buf *text, FILE *out)
{
	bool ok = text->length && buf_flush(text, out);

	buf_free(text);
	return ok;
}

/* Breaks the text at blanks. more: how much further all lines but the first are to the right. */
static void add_hanging(struct buf *out, const char *text, size_t more)
{
	size_t column = 0, indent = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column && column + 1 + length > WIDTH - 4 - indent) {
			buf_char(out, '\n');
			column = 0;
			indent = more;
		}
		if (column)
			buf_char(out, ' ');
		else
			buf_addf(out, "%*s", (int)(4 + indent), "");
		buf_add(out, text, length);
		column += length + (column != 0);
		text += length + (text[length] == ' ');
	}
	buf_char(out, '\n');
}

static void add_bound(struct buf *out, const struct option_def *option, int64_t bound)
{
	mode_t mode = (mode_t)bound;

	type_format(option, option->type == &type_mode ? (const void *)&mode : &bound, out);
}

/* Adds "1 or more", "1 to 5", or nothing. */
static void add_bounds(struct buf *out, const struct option_def *option)
{
	const struct type *type = option->type;
	bool is_number = type == &type_count || type == &type_size || type == &type_duration || type == &type_mode;

	if (!is_number || (!option->least && !option->most))
		return;
	add_bound(out, option, option->least);
	if (option->most == UNLIMITED - 1) {
		buf_text(out, " or more");
	} else {
		buf_text(out, " to ");
		add_bound(out, option, option->most);
	}
}

/* Adds "NAME      TEXT"; nothing for NULL and "". */
static void add_fact(struct buf *out, const char *name, const char *text)
{
	struct buf line = { 0 };

	if (text && *text) {
		buf_addf(&line, "%-9s %s", name, text);
		add_hanging(out, buf_string(&line), 10);
	}
	out->failed |= line.failed;
	buf_free(&line);
}

/* The first sentence of the option's text. */
static void add_summary(struct buf *out, const struct option_def *option)
{
	const char *end = strstr(option->help, ". ");
	struct buf line = { 0 };

	buf_addf(&line, "%s: ", option->name[NATIVE]);
	buf_add(&line, option->help, end ? (size_t)(end + 1 - option->help) : strlen(option->help));
	if (option_is_for_units(option))
		buf_text(&line, " (For units.)");
	add_hanging(out, buf_string(&line), 4);
	out->failed |= line.failed;
	buf_free(&line);
}

bool print_first_options(FILE *out)
{
	struct buf text = { 0 };

	buf_text(&text, "The options that most services need:\n\n");
	for (size_t n = 0; first_options[n]; n++)
		add_summary(&text, option_find(NATIVE, first_options[n]));
	buf_text(&text, "\nsuperd --explain OPTION describes one, with an example; superd --explain \"WORD...\" finds\n"
			"options by their text; superd --explain all lists all.\n");
	return print_text(&text, out);
}

/* The names of a section's options, either those for units or the others. false: there are none. */
static bool list_names(struct buf *names, int chapter, bool for_units)
{
	const struct option_def *option;

	buf_clear(names);
	for (size_t n = 0; (option = option_listed(n)); n++) {
		if ((chapter < 0 || (int)option->chapter == chapter) && option_is_for_units(option) == for_units)
			buf_addf(names, "%s%s", names->length ? " " : "", option->name[NATIVE]);
	}
	return names->length;
}

bool print_options(FILE *out)
{
	struct buf text = { 0 }, names = { 0 };

	buf_text(&text, "The options of superd.conf; superd --explain OPTION describes one.\n");
	for (int chapter = 0; chapter < CHAPTERS; chapter++) {
		if (!list_names(&names, chapter, false))
			continue;
		buf_addf(&text, "\n%s\n\n", chapter_title((enum chapter)chapter));
		add_hanging(&text, buf_string(&names), 0);
	}
	list_names(&names, -1, true);
	buf_text(&text, "\nFor what systemd's units say; a superd.conf seldom needs them\n\n");
	add_hanging(&text, buf_string(&names), 0);
	text.failed |= names.failed;
	buf_free(&names);
	return print_text(&text, out);
}

bool print_search(const char *query, FILE *out)
{
	struct buf text = { 0 }, list = { 0 }, hint = { 0 };
	const struct option_def *option;

	for (int named = 1; named >= 0; named--) {      /* those with the words in their name come first */
		for (size_t n = 0; (option = option_listed(n)); n++) {
			if (option_has_words(option, query, true) == named &&
			    option_has_words(option, query, false))
				add_summary(&list, option);
		}
	}
	option_hint(query, false, &hint);
	buf_addf(&text, "No option is named '%s'%s%s%s\n", query, hint.length ? ": " : "", buf_string(&hint),
		 hint.length && hint.data[hint.length - 1] == '?' ? "" : ".");
	buf_text(&text, "These have all words in their name or text; superd --explain OPTION describes one.\n\n");
	buf_add(&text, buf_string(&list), list.length);
	if (!list.length)
		buf_clear(&text);
	text.failed |= list.failed || hint.failed;
	buf_free(&hint);
	buf_free(&list);
	return print_text(&text, out);
}

/* The placeholder of its value; NULL: its words stand for it. */
static const char *argument_of(const struct option_def *option)
{
	if (option->argument || option->words)
		return option->argument;
	return option->type == &type_bool ? "yes | no" : option->type->name;
}

/* Its default as text; NULL: it is unset. */
static const char *default_of(const struct option_def *option)
{
	return option->fallback || option->type != &type_bool ? option->fallback : "no";
}

static bool is_in_defaults(const struct option_def *option)
{
	return !(option->flags & NOT_IN_DEFAULTS) && option->chapter != CHAPTER_SUPERD;
}

bool print_options_json(FILE *out)
{
	const struct option_def *option;
	struct buf text = { 0 }, bounds = { 0 };

	json_object_open(&text);
	json_list_field(&text, "options");
	for (size_t n = 0; (option = option_listed(n)); n++) {
		buf_clear(&bounds);
		add_bounds(&bounds, option);
		text.failed |= bounds.failed;
		json_object_open(&text);
		json_text_field(&text, "name", option->name[NATIVE]);
		json_text_field(&text, "section", chapter_title(option->chapter));
		json_text_field(&text, "page", chapter_page(option->chapter));
		json_text_field(&text, "syntax", argument_of(option));
		json_text_field(&text, "type", option_has_value(option) ? option->type->name : NULL);
		json_text_field(&text, "default", default_of(option));
		json_text_field(&text, "bounds", bounds.length ? buf_string(&bounds) : NULL);
		json_text_field(&text, "text", option->help);
		json_text_field(&text, "example", option->example);
		json_list_field(&text, "words");
		for (words word = option->words; word && *word; word++)
			json_element_text(&text, *word);
		json_list_close(&text);
		for (int dialect = XINETD; dialect < DIALECTS; dialect++)
			json_text_field(&text, dialect_systems[dialect], option->name[dialect]);
		json_text_field(&text, "change", changes[option->change]);
		json_flag_field(&text, "in_socket", option->in_socket);
		json_flag_field(&text, "in_defaults", is_in_defaults(option));
		json_flag_field(&text, "unit_only", option_is_for_units(option));
		json_object_close(&text);
	}
	json_list_close(&text);
	json_object_close(&text);
	buf_char(&text, '\n');
	buf_free(&bounds);
	return print_text(&text, out);
}

static void add_explanation(struct buf *out, const struct option_def *option)
{
	bool has_value = option_has_value(option);
	const char *argument = argument_of(option);
	struct buf text = { 0 };

	buf_text(out, option->name[NATIVE]);
	if (argument)
		buf_addf(out, strchr(argument, '{') ? " %s" : " = %s", argument);
	buf_addf(out, "  (%s(5), %s)\n\n", chapter_page(option->chapter), chapter_title(option->chapter));
	add_hanging(out, option->help, 0);
	buf_char(out, '\n');
	add_fact(out, "type", has_value ? option->type->name : NULL);
	for (size_t n = 0; option->words && option->words[n]; n++)
		buf_addf(&text, "%s%s", n ? ", " : "", option->words[n]);
	add_fact(out, "words", buf_string(&text));
	buf_clear(&text);
	add_bounds(&text, option);
	add_fact(out, "bounds", buf_string(&text));
	buf_clear(&text);
	if (has_value)
		add_fact(out, "default", default_of(option) ? default_of(option) : "unset");
	if (option->example)
		buf_addf(out, "    example   %s %s%s\n", option->name[NATIVE],
			 strcmp(option->name[NATIVE], "socket") ? "= " : "", option->example);
	buf_addf(&text, "%s%s%s", option->chapter == CHAPTER_SUPERD ? "superd" : "service",
		 option->in_socket ? ", socket" : "", is_in_defaults(option) ? ", defaults" : "");
	add_fact(out, "set in", buf_string(&text));
	add_fact(out, "a change", changes[option->change]);
	for (int dialect = XINETD; dialect < DIALECTS; dialect++)
		add_fact(out, dialect_systems[dialect], option->name[dialect]);
	if (option_is_for_units(option))
		add_fact(out, "for units", "it says what a systemd unit says; a superd.conf seldom needs it");
	out->failed |= text.failed;
	buf_free(&text);
}

/* An option of services and a setting of superd itself may have the same name. */
bool print_explain(const char *option, FILE *out)
{
	const struct option_def *found[] = { option_find(NATIVE, option), global_find(option) };
	struct buf text = { 0 };

	for (size_t n = 0; n < sizeof(found) / sizeof(*found); n++) {
		if (!found[n])
			continue;
		if (text.length)
			buf_char(&text, '\n');
		add_explanation(&text, found[n]);
	}
	return print_text(&text, out);
}

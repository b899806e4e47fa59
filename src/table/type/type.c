/* The simple types: texts, paths, names, booleans, modes, words and signals.
 *
 * Every refusal ends the sentence "OPTION: ..." and names the bounds or the words, and the nearest word if one is near.
 * The empty text unsets a text, as in systemd. */
#include "table/type/type.h"

#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "table/type/type_internal.h"

/* Parses a tuple; one text is split first, and all its words then have the place of the text. */
static const char *tuple_parse(const struct type *type, struct parse *parse, void *field)
{
	const char *const *written = parse->words;
	const char *reason = NULL;
	size_t count = parse->count;

	if (count == 1)
		reason = shell_words_split(parse->pool, written[0], &parse->words, &parse->count);
	if (!reason && count == 1 && !parse->count && type->empty_unsets) {
		value_unset(parse->directive, field);
	} else if (!reason) {
		reason = type->parse(parse, field);
		parse->bad = parse->bad < count ? parse->bad : 0;
	}
	parse->words = written;
	parse->count = count;
	return reason;
}

static const char *list_parse(const struct type *type, struct parse *parse, void *field)
{
	const char *reason = NULL;

	if (type->most && parse->count + (parse->append ? words_count(*(const words *)field) : 0) > type->most)
		reason = type->too_many;
	for (size_t i = 0; type->refuse && !reason && i < parse->count; i++) {
		parse->bad = i;
		reason = type->refuse(parse->words[i]);
	}
	if (!reason) {
		parse->bad = 0;
		reason = type->parse(parse, field);
	}
	if (type->is_secret)
		parse->bad = parse->count;
	return reason;
}

const char *type_parse(struct parse *parse, void *field)
{
	const struct directive *directive = parse->directive;
	const struct type *type = directive->type;
	const char *reason = NULL;

	parse->bad = 0;
	if (type->is_list)
		return list_parse(type, parse, field);
	if (parse->append)
		return "it is not a list: set it with =";
	if (type->is_tuple)
		return tuple_parse(type, parse, field);
	if (parse->count != 1)
		return "it needs one value, not a list";
	if (!*parse->words[0] && (directive->unset || type->empty_unsets)) {
		value_unset(directive, field);
		return NULL;
	}
	if (type->refuse && *parse->words[0])
		reason = type->refuse(parse->words[0]);
	return reason ? reason : type->parse(parse, field);
}

const struct type type_text = {
	.name = "text", .complete = "", .size = sizeof(const char *),
	.parse = text_field_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

/* Whether the text is one of the directive's words, as "~" in place of a path. */
static bool is_word(const struct directive *directive, const char *text)
{
	for (size_t i = 0; directive->words && directive->words[i]; i++) {
		if (!strcmp(directive->words[i], text))
			return true;
	}
	return false;
}

const char *path_refuse(const struct directive *directive, const char *path)
{
	bool optional = directive->flags & OPTIONAL_PATH;

	if (optional && path[0] == '-')
		path++;
	if (path[0] == '/' || is_word(directive, path))
		return NULL;
	return optional ? "a path starts with /, or with -/ where it may be missing" : "a path starts with /";
}

static const char *path_parse(struct parse *parse, void *field)
{
	const char *path = parse->words[0], *reason = *path ? path_refuse(parse->directive, path) : NULL;

	return reason ? reason : text_keep(parse->pool, path, field);
}

const struct type type_path = {
	.name = "path", .complete = "file", .size = sizeof(const char *),
	.parse = path_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

/* Whether a number is beyond uid_t, or is (uid_t)-1, which setresuid(2) ignores. */
static bool is_beyond_ids(const char *digits)
{
	static const char none[] = "4294967295";

	digits += strspn(digits, "0");
	return strlen(digits) > strlen(none) || (strlen(digits) == strlen(none) && strcmp(digits, none) >= 0);
}

/* Refuses names that no system has; superd/machine/resolve looks up the others. */
static const char *name_refuse(const char *name)
{
	if (strpbrk(name, ":,/ \t\n") || name[0] == '-')
		return "a name has no blank, colon, comma or slash in it and does not start with -";
	if (!name[strspn(name, "0123456789")] && is_beyond_ids(name))
		return "the number of a user or group is at most 4294967294";
	return NULL;
}

const struct type type_name = {
	.name = "name", .complete = "user", .size = sizeof(const char *), .refuse = name_refuse,
	.parse = text_field_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

static const char *bool_parse(struct parse *parse, void *field)
{
	return scan_bool(parse->words[0], field);
}

const struct type type_bool = {
	.name = "boolean", .complete = "word", .size = sizeof(bool),
	.parse = bool_parse, .format = bool_field_format, .json = bool_field_json, .equal = bool_field_equal,
};

static const char *mode_parse(struct parse *parse, void *field)
{
	unsigned most = (unsigned)parse->directive->most;
	mode_t mode;
	const char *reason = scan_mode(parse->words[0], &mode);

	if (most && (reason || mode > most))
		return reason_or_memory(pool_textf(parse->pool, "expected an octal mode up to 0%o", most));
	if (reason)
		return reason;
	*(mode_t *)field = mode;
	return NULL;
}

static void mode_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_addf(out, "0%03o", (unsigned)*(const mode_t *)field);
}

static void mode_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_addf(out, "\"0%03o\"", (unsigned)*(const mode_t *)field);
}

static bool mode_equal(const void *a, const void *b)
{
	return *(const mode_t *)a == *(const mode_t *)b;
}

const struct type type_mode = {
	.name = "mode", .complete = "", .size = sizeof(mode_t),
	.parse = mode_parse, .format = mode_format, .json = mode_json, .equal = mode_equal,
};

static bool word_find(const char *const *known, const char *text, unsigned *out)
{
	for (unsigned i = 0; known[i]; i++) {
		if (!strcmp(known[i], text)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static const char *word_parse(struct parse *parse, void *field)
{
	const char *const *known = parse->directive->words;
	const char *text = parse->words[0];
	bool yes;

	if (word_find(known, text, field))
		return NULL;
	/* If yes and no are among the words, all other booleans are, too. */
	if (!scan_bool(text, &yes) && word_find(known, yes ? "yes" : "no", field))
		return NULL;
	return words_refuse(known, text, parse->pool);
}

static void word_format(const struct directive *directive, const void *field, struct buf *out)
{
	native_value(out, directive->words[*(const unsigned *)field]);
}

static void word_json(const struct directive *directive, const void *field, struct buf *out)
{
	json_text(out, directive->words[*(const unsigned *)field]);
}

const struct type type_word = {
	.name = "word", .complete = "word", .size = sizeof(unsigned),
	.parse = word_parse, .format = word_format, .json = word_json, .equal = unsigned_field_equal,
};

static const char *signal_parse(struct parse *parse, void *field)
{
	return scan_signal(parse->words[0], field);
}

static void signal_format(const struct directive *directive, const void *field, struct buf *out)
{
	char name[32];

	(void)directive;
	native_value(out, scan_signal_name(*(const int *)field, name));
}

static void signal_json(const struct directive *directive, const void *field, struct buf *out)
{
	char name[32];

	(void)directive;
	json_text(out, scan_signal_name(*(const int *)field, name));
}

static bool signal_equal(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

const struct type type_signal = {
	.name = "signal", .complete = "word", .size = sizeof(int),
	.parse = signal_parse, .format = signal_format, .json = signal_json, .equal = signal_equal,
};

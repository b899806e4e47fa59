/* The simple types: texts, paths, names, booleans, modes, words and signals.
 *
 * Every refusal ends the sentence "OPTION: ..." and names the bounds or the words, and the nearest word if there is
 * one. The empty text unsets a text, as in systemd. */
#include "config/type/type.h"

#include <string.h>

#include "base/scan.h"
#include "config/type/type_parts.h"

static const char *text_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);

	(void)directive;
	*bad = 0;
	return reason ? reason : value_keep(pool, text, field);
}

const struct type type_text = {
	.name = "text", .complete = "", .size = sizeof(const char *),
	.parse = text_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

/* One of the directive's words ("~") stands for a path where it has any. */
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

static const char *path_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *path, *reason = value_single(given, count, append, &path);

	*bad = 0;
	if (!reason && *path)
		reason = path_refuse(directive, path);
	return reason ? reason : value_keep(pool, path, field);
}

const struct type type_path = {
	.name = "path", .complete = "file", .size = sizeof(const char *),
	.parse = path_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

/* Whether a number is beyond uid_t or is its -1, which means "none" to the kernel. */
static bool is_beyond_ids(const char *digits)
{
	static const char none[] = "4294967295";

	digits += strspn(digits, "0");
	return strlen(digits) > strlen(none) || (strlen(digits) == strlen(none) && strcmp(digits, none) >= 0);
}

/* Refuses only what no system has: names are looked up by prepare/resolve. */
static const char *name_refuse(const char *name)
{
	if (strpbrk(name, ":,/ \t\n") || name[0] == '-')
		return "a name has no blank, colon, comma or slash in it and does not start with -";
	if (!name[strspn(name, "0123456789")] && is_beyond_ids(name))
		return "the number of a user or group is at most 4294967294";
	return NULL;
}

static const char *name_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *name, *reason = value_single(given, count, append, &name);

	(void)directive;
	*bad = 0;
	if (!reason && *name)
		reason = name_refuse(name);
	return reason ? reason : value_keep(pool, name, field);
}

const struct type type_name = {
	.name = "name", .complete = "user", .size = sizeof(const char *),
	.parse = name_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};

static const char *bool_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);

	(void)directive;
	(void)pool;
	*bad = 0;
	return reason ? reason : scan_bool(text, field);
}

static void bool_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_text(out, *(const bool *)field ? "yes" : "no");
}

static void bool_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_text(out, *(const bool *)field ? "true" : "false");
}

static bool bool_equal(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

const struct type type_bool = {
	.name = "boolean", .complete = "word", .size = sizeof(bool),
	.parse = bool_parse, .format = bool_format, .json = bool_json, .equal = bool_equal,
};

static const char *mode_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);
	mode_t mode;

	*bad = 0;
	if (reason)
		return reason;
	reason = scan_mode(text, &mode);
	if (directive->most && (reason || mode > (mode_t)directive->most))
		return reason_or_memory(pool_textf(pool, "it is an octal mode up to 0%o", (unsigned)directive->most));
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

static const char *word_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);
	bool yes;

	*bad = 0;
	if (reason)
		return reason;
	if (word_find(directive->words, text, field))
		return NULL;
	/* Where yes and no are among the words, so are all the ways to say them. */
	if (!scan_bool(text, &yes) && word_find(directive->words, yes ? "yes" : "no", field))
		return NULL;
	return words_refuse(directive->words, text, pool);
}

static void word_format(const struct directive *directive, const void *field, struct buf *out)
{
	native_value(out, directive->words[*(const unsigned *)field]);
}

static void word_json(const struct directive *directive, const void *field, struct buf *out)
{
	json_text(out, directive->words[*(const unsigned *)field]);
}

static bool word_equal(const void *a, const void *b)
{
	return *(const unsigned *)a == *(const unsigned *)b;
}

const struct type type_word = {
	.name = "word", .complete = "word", .size = sizeof(unsigned),
	.parse = word_parse, .format = word_format, .json = word_json, .equal = word_equal,
};

static const char *signal_parse(const struct directive *directive, const char *const *given, size_t count,
				bool append, struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);

	(void)directive;
	(void)pool;
	*bad = 0;
	return reason ? reason : scan_signal(text, field);
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

/* What all types have in common; and the simple types: texts, paths, names, booleans, modes, words and signals.
 *
 * Every refusal ends the sentence "OPTION: ..." and names the bounds or the words, and the nearest word if one is near.
 * The empty text unsets a text, as in systemd. */
#include "table/type/type.h"

#include <ctype.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "table/type/type_internal.h"

void type_format(const struct directive *directive, const void *field, struct buf *out)
{
	const struct type *type = directive->type;
	struct buf text = { 0 };

	if (type->format) {
		type->format(directive, field, out);
	} else if (type->kind == FIELD_WORDS) {
		native_list(out, *(const words *)field);
	} else if (type->kind == FIELD_TEXT) {
		const char *value = *(const char *const *)field;

		native_quoted(out, value ? value : "");
	} else if (type->kind == FIELD_BOOL) {
		buf_text(out, *(const bool *)field ? "yes" : "no");
	} else if (type->kind == FIELD_SET) {
		type->show(directive, field, &text, native_quoted);
		native_braces(out, &text);
	} else {
		type->show(directive, field, &text, NULL);
		native_take(out, &text);
	}
}

/* Adds what `show` writes: null, a number, a word or a share as 10%. */
static void json_shown(const struct directive *directive, const void *field, struct buf *out)
{
	const struct type *type = directive->type;
	struct buf text = { 0 };
	const char *shown;

	type->show(directive, field, &text, NULL);
	shown = buf_string(&text);
	if (!*shown)
		json_text(out, NULL);
	else if (type->kind == FIELD_SHOWN || isalpha((unsigned char)*shown) || scan_ends_with(shown, "%"))
		json_text(out, shown);
	else
		decimal_add(out, *(const int64_t *)field, type->number ? type->number->decimals : 0);
	out->failed |= text.failed;
	buf_free(&text);
}

void type_json(const struct directive *directive, const void *field, struct buf *out)
{
	const struct type *type = directive->type;

	if (type->json) {
		type->json(directive, field, out);
	} else if (type->kind == FIELD_TEXT) {
		json_text(out, *(const char *const *)field);
	} else if (type->kind == FIELD_BOOL) {
		buf_text(out, *(const bool *)field ? "true" : "false");
	} else if (type->kind == FIELD_WORDS || type->kind == FIELD_SET) {
		buf_char(out, '[');
		for (words list = type->kind == FIELD_WORDS ? *(const words *)field : NULL; list && *list; list++) {
			json_wide_element(out);
			json_text(out, *list);
		}
		if (type->kind == FIELD_SET)
			type->show(directive, field, out, json_text);
		buf_char(out, ']');
	} else {
		json_shown(directive, field, out);
	}
}

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

/* Stores words that are right. */
static const char *field_parse(const struct type *type, struct parse *parse, void *field)
{
	if (type->parse)
		return type->parse(parse, field);
	return type->kind == FIELD_TEXT ? text_keep(parse->pool, parse->words[0], field)
					: list_field_parse(parse, field);
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
		reason = field_parse(type, parse, field);
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
	return reason ? reason : field_parse(type, parse, field);
}

const struct type type_text = { .name = "text", .kind = FIELD_TEXT };

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

const struct type type_path = { .name = "path", .kind = FIELD_TEXT, .parse = path_parse };

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

const struct type type_name = { .name = "name", .kind = FIELD_TEXT, .refuse = name_refuse };

static const char *bool_parse(struct parse *parse, void *field)
{
	return scan_bool(parse->words[0], field);
}

const struct type type_bool = { .name = "boolean", .kind = FIELD_BOOL, .size = sizeof(bool), .parse = bool_parse };

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

static void mode_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	(void)directive, (void)quote;
	buf_addf(out, "0%03o", (unsigned)*(const mode_t *)field);
}

const struct type type_mode = {
	.name = "mode", .kind = FIELD_SHOWN, .size = sizeof(mode_t), .parse = mode_parse, .show = mode_show,
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

static void word_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	(void)quote;
	buf_text(out, directive->words[*(const unsigned *)field]);
}

const struct type type_word = {
	.name = "word", .kind = FIELD_SHOWN, .size = sizeof(unsigned), .parse = word_parse, .show = word_show,
};

static const char *signal_parse(struct parse *parse, void *field)
{
	return scan_signal(parse->words[0], field);
}

static void signal_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	char name[32];

	(void)directive, (void)quote;
	buf_text(out, scan_signal_name(*(const int *)field, name));
}

const struct type type_signal = {
	.name = "signal", .kind = FIELD_SHOWN, .size = sizeof(int), .parse = signal_parse, .show = signal_show,
};

/* The simple types: texts, paths, names, words, numbers, and lists of them. The empty text unsets a text, as in
 * systemd. */
#include "table/option/internal.h"

const struct type type_text = { .name = "text", .kind = FIELD_TEXT };

static const char *path_refuse(const struct option_def *option, const char *path)
{
	bool optional = option->flags & OPTIONAL_PATH;

	if (optional && path[0] == '-')
		path++;
	if (path[0] == '/' || words_have(option->words, path))
		return NULL;
	return optional ? "a path starts with /, or with -/ where it may be missing" : "a path starts with /";
}

const struct type type_path = { .name = "path", .kind = FIELD_TEXT, .refuse_for = path_refuse };

/* Refuses names that no system has; superd/machine/resolve looks up the others. */
static const char *name_refuse(const char *name)
{
	uint32_t number;

	if (strpbrk(name, ":,/ \t\n") || name[0] == '-')
		return "a name has no blank, colon, comma or slash in it and does not start with -";
	/* setresuid(2) ignores (uid_t)-1. */
	if (text_only(name, DIGITS) && !scan_unsigned(name, strlen(name), UINT32_MAX - 1, &number))
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
	unsigned most = (unsigned)parse->option->most;
	mode_t mode;
	const char *reason = scan_mode(parse->words[0], &mode);

	if (most && (reason || mode > most))
		return reason_or_memory(pool_textf(parse->pool, "expected an octal mode up to 0%o", most));
	if (reason)
		return reason;
	*(mode_t *)field = mode;
	return NULL;
}

static void mode_show(const struct option_def *option, const void *field, struct buf *out)
{
	(void)option;
	buf_addf(out, "0%03o", (unsigned)*(const mode_t *)field);
}

const struct type type_mode = { SHOWN_TYPE("mode", mode_t, mode_parse, mode_show) };

/* If yes and no are among the words, all other booleans are, too. */
static const char *word_parse(struct parse *parse, void *field)
{
	const char *const *known = parse->option->words;
	const char *text = parse->words[0];
	bool yes;

	if (!words_have(known, text) && !scan_bool(text, &yes))
		text = yes ? "yes" : "no";
	for (unsigned i = 0; known[i]; i++) {
		if (!strcmp(known[i], text)) {
			*(unsigned *)field = i;
			return NULL;
		}
	}
	return words_refuse(known, parse->words[0], parse->pool);
}

static void word_show(const struct option_def *option, const void *field, struct buf *out)
{
	buf_text(out, option->words[*(const unsigned *)field]);
}

const struct type type_word = { SHOWN_TYPE("word", unsigned, word_parse, word_show) };

static const char *signal_parse(struct parse *parse, void *field)
{
	return scan_signal(parse->words[0], field);
}

static void signal_show(const struct option_def *option, const void *field, struct buf *out)
{
	char name[32];

	(void)option;
	buf_text(out, scan_signal_name(*(const int *)field, name));
}

const struct type type_signal = { SHOWN_TYPE("signal", int, signal_parse, signal_show) };

/* Types of numbers: counts, sizes, durations.
 *
 * The option sets the bounds, and messages print them in the option's own unit: "from 1s to 1d". Without bounds, a
 * count may be any number, and a size or duration any number that is not negative. The empty text unsets the option if
 * its option has `unset`. */

void count_show(int64_t value, char *buf)
{
	if (value == UNLIMITED)
		strcpy(buf, "unlimited");
	else
		snprintf(buf, 32, "%" PRId64, value);
}

static const struct number count_kind = { "a number", scan_unlimited, count_show, INT64_MIN + 1, INT64_MAX - 1, 0 };

static const char *number_refuse(const struct number *kind, int64_t least, int64_t most, struct pool *pool)
{
	char low[32], high[32];

	kind->show(least, low);
	kind->show(most, high);
	if (least <= INT64_MIN + 1)
		return reason_or_memory(pool_textf(pool, "expected %s up to %s", kind->noun, high));
	if (most == UNLIMITED)
		return reason_or_memory(pool_textf(pool, "expected %s of at least %s, or %s", kind->noun, low, high));
	if (most == UNLIMITED - 1)
		return reason_or_memory(pool_textf(pool, "expected %s of at least %s", kind->noun, low));
	return reason_or_memory(pool_textf(pool, "expected %s from %s to %s", kind->noun, low, high));
}

const char *number_parse(struct parse *parse, void *field)
{
	const struct option_def *option = parse->option;
	const struct number *kind = option->type->number;
	bool bounded = option->least || option->most;
	int64_t least = bounded ? option->least : kind->least;
	int64_t most = bounded ? option->most : kind->most;
	const char *reason;
	int64_t value;

	reason = kind->scan(parse->words[0], &value);
	if (reason && kind != &count_kind)
		return reason;
	if (!reason && value > most && option->flags & TUNES)
		value = most;
	if (reason || value < least || value > most)
		return number_refuse(kind, least, most, parse->pool);
	*(int64_t *)field = value;
	return NULL;
}

const struct type type_count = NUMBER_TYPE("number", count_kind);

static const struct number size_kind = { "a size", scan_bytes, scan_bytes_format, 0, INT64_MAX - 1, 0 };

const struct type type_size = NUMBER_TYPE("size", size_kind);

static const struct number duration_kind = { "a duration", scan_duration, scan_duration_format, 0, SCAN_INFINITY, 6 };

const struct type type_duration = NUMBER_TYPE("duration", duration_kind);

/* Types of lists: words, paths, directories, processors, environment, the command, endpoints.
 *
 * Each word is checked by itself, and the message names the wrong one. The list is kept as one value, so that equal
 * lists of a table are one copy, and only when every word is good. */

const struct type type_list = { .name = "list of words", .kind = FIELD_WORDS, .is_list = true };

const struct type type_paths = {
	.name = "list of paths", .kind = FIELD_WORDS, .is_list = true, .judges_each = true, .refuse_for = path_refuse,
};

/* Names that no service may have below the fixed directories, because superd or all services use them: their owner
 * would own the control socket, the notification sockets, or credentials of others. */
static const struct {
	const char *name;
	const char *option;             /* the option with that name; NULL: all */
	bool below;                     /* directories in it are reserved, too */
} reserved[] = {
	{ "superd", NULL, true },               /* control, its lock, notify */
	{ "credentials", "runtime_directory", true },
	{ "credstore", NULL, true },            /* where superd looks for credentials */
	{ "credstore.encrypted", NULL, true },
	{ "private", NULL, true },              /* systemd's of services with dynamic users */
	{ "lock", "runtime_directory", false },
	{ "user", "runtime_directory", false },
	{ "systemd", "runtime_directory", false },
};

static bool is_reserved(const struct option_def *option, const char *name, size_t length)
{
	size_t first = strcspn(name, "/:");

	for (size_t n = 0; n < sizeof(reserved) / sizeof(*reserved); n++) {
		const char *only = reserved[n].option, *own = option->name[NATIVE];

		if (only && own && strcmp(only, own) != 0)
			continue;
		if (strlen(reserved[n].name) == first && !memcmp(reserved[n].name, name, first) &&
		    (reserved[n].below || first == length))
			return true;
	}
	return false;
}

/* A directory below a fixed one, and a link beside it, must not lead out of that. */
static const char *directory_refuse(const struct option_def *option, const char *word)
{
	size_t length, name = strcspn(word, ":");

	if (*word == '/' || !*word)
		return "expected the name of a directory below a fixed one, without / at the start";
	if (word[name] && strchr(word + name + 1, ':'))
		return "only a link may follow the name; :ro is not supported";
	for (const char *at = word; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return "the name of a directory has no control characters";
	}
	for (const char *part = word; part; part = part[length] ? part + length + 1 : NULL) {
		length = strcspn(part, "/:");   /* the link begins a part of its own */
		if (!length || (length == 1 && *part == '.') || (length == 2 && !memcmp(part, "..", 2)))
			return "the name of a directory has no parts that are empty, . or ..";
		if (part[length] == '/' && !part[length + 1])
			return "the name of a directory does not end in /";
	}
	if (is_reserved(option, word, name) || (word[name] && is_reserved(option, word + name + 1,
									      strlen(word + name + 1))))
		return "this name is reserved for superd or the system: name the directory after the service";
	return NULL;
}

const struct type type_directories = {
	.name = "list of directories", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse_for = directory_refuse,
};

static const char *variable_refuse(const char *word)
{
	size_t length = strcspn(word, "=");

	if (!word[length])
		return "a variable is NAME=value; passenv passes on one that superd has";
	if (!length || strcspn(word, " \t\n") < length)
		return "the name of a variable, before the =, is not empty and has no blanks";
	return NULL;
}

const struct type type_env = WORDS_TYPE("list of variables", variable_refuse);

static const char *command_parse(struct parse *parse, void *field)
{
	bool begins = !parse->append || !*(const words *)field;

	if (begins && (!parse->count || !parse->words[0][0]))
		return "a command is a program and its arguments; this has no program";
	return list_field_parse(parse, field);
}

const struct type type_command = {
	.name = "command", .kind = FIELD_WORDS, .is_list = true, .is_command = true, .parse = command_parse,
};

const struct type type_endpoints = { .name = "list of endpoints", .kind = FIELD_WORDS, .is_list = true };

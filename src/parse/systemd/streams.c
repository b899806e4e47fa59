/* StandardInput, StandardOutput and StandardError.
 *
 * The defaults follow each other: if the input is the socket, so is the output, and errors follow the output to the
 * client. Source: systemd.exec(5), "LOGGING AND STANDARD INPUT/OUTPUT". */
#include <string.h>

#include "base/base64.h"
#include "parse/systemd/build.h"

/* systemd's words and superd's; every kind of log becomes superd's log. */
static const char *const meanings[][2] = {
	{ "null", "null" },
	{ "inherit", "inherit" },
	{ "socket", "socket" },
	{ "journal", "log" },
	{ "journal+console", "log" },
	{ "kmsg", "log" },
	{ "kmsg+console", "log" },
	{ "syslog", "log" },
	{ "syslog+console", "log" },
	{ "data", "data" },
	{ "fd", "fd" },
};

static const char *const prefixes[] = { "file:", "append:", "truncate:", "fd:" };

/* NULL: it is none of the words. */
static const char *word_of(const char *text)
{
	for (size_t n = 0; n < sizeof(meanings) / sizeof(*meanings); n++) {
		if (!strcmp(meanings[n][0], text))
			return meanings[n][1];
	}
	for (size_t n = 0; n < sizeof(prefixes) / sizeof(*prefixes); n++) {
		if (!strncmp(text, prefixes[n], strlen(prefixes[n])))
			return text;
	}
	return NULL;
}

struct stream_said {
	const char *key;
	const struct unit_assignment *said; /* NULL: it was not */
	const char *word;		    /* superd's; NULL: not said, or refused */
};

static struct stream_said read_stream(struct unit_builder *builder, const char *key)
{
	struct stream_said stream = { .key = key, .said = unit_assigned(builder, "Service", key) };
	const char *text = stream.said ? unit_value(builder, stream.said) : NULL;

	if (!text)
		return stream;
	stream.word = word_of(text);
	if (!stream.word && !strncmp(text, "tty", 3))
		unit_unsupported(builder, unit_place(stream.said, 0), "%s=%s: superd gives no terminal", key, text);
	else if (!stream.word)
		unit_refuse(builder, unit_place(stream.said, 0),
			    "%s: '%s': it is null, inherit, journal, socket, file:PATH, "
			    "append:PATH, truncate:PATH or fd:NAME",
			    key, text);
	return stream;
}

static struct origin place(const struct unit_builder *builder, const struct stream_said *stream)
{
	return stream->said ? unit_place(stream->said, 0) : unit_start(builder->unit);
}

static bool is_word(const struct stream_said *stream, const char *word)
{
	return stream->word && !strcmp(stream->word, word);
}

static void set_word(struct unit_builder *builder, const char *option, const char *word,
		     const struct stream_said *stream)
{
	unit_set(builder, option, word, place(builder, stream));
}

static bool goes_along(const struct stream_said *stream)
{
	return !stream->word || is_word(stream, "inherit");
}

/* The socket is the input, and what the output does not say otherwise. */
static void take_inetd(struct unit_builder *builder, const struct stream_said *input, const struct stream_said *output,
		       const struct stream_said *error)
{
	const char *out = goes_along(output) ? "socket" : output->word;
	const char *err = goes_along(error) ? out : error->word;

	unit_set(builder, "pass", "inetd", place(builder, input));
	if (strcmp(out, "socket") != 0)
		set_word(builder, "output", out, output);
	set_word(builder, "error", err, error);
	if (!error->said && !strcmp(err, "socket"))
		diag_note(builder->reading->diags, place(builder, input),
			  "what %s says on its standard error goes to the client, as with systemd, where StandardError "
			  "is not set",
			  builder->unit->name);
}

static void take_plain(struct unit_builder *builder, const struct stream_said *input, const struct stream_said *output,
		       const struct stream_said *error)
{
	bool by_descriptor = input->word && !strncmp(input->word, "fd", 2);
	bool inherits = is_word(output, "inherit") || (by_descriptor && !output->word);
	const char *out = inherits ? input->word ? input->word : "null" : output->word;

	unit_set(builder, "pass", "systemd", unit_start(builder->unit));
	if (input->word)
		set_word(builder, "input", input->word, input);
	if (out)
		set_word(builder, "output", out, output);
	if (error->word && !is_word(error, "inherit"))
		set_word(builder, "error", error->word, error);
}

/* The socket is an output alone: then, too, it is the one socket there is, and LISTEN_* tell of none. */
static void take_answer(struct unit_builder *builder, const struct stream_said *input, const struct stream_said *output,
			const struct stream_said *error)
{
	bool by_output = is_word(output, "socket");

	unit_set(builder, "pass", "inetd", place(builder, by_output ? output : error));
	set_word(builder, "input", input->word ? input->word : "null", input);
	if (!by_output)
		set_word(builder, "output", goes_along(output) ? output->word ? "null" : "log" : output->word, output);
	set_word(builder, "error", by_output && goes_along(error) ? "socket" : error->word, error);
}

/* Adds a line of StandardInputText; its escapes and specifiers are those of a quoted word. NULL, or why it is wrong. */
static const char *add_line(struct unit_builder *builder, const char *value, struct buf *data)
{
	struct unit_word *found = NULL;
	struct buf quoted = { 0 };
	size_t count = 0, at = 0;
	const char *wrong;

	buf_char(&quoted, '"');
	for (; *value; value++) {
		if (*value == '"')
			buf_char(&quoted, '\\');
		buf_char(&quoted, *value);
		if (value[0] == '\\' && value[1])
			buf_char(&quoted, *++value);
	}
	buf_char(&quoted, '"');
	wrong = quoted.failed ? "out of memory"
			      : unit_split(builder->pool, &builder->names, buf_string(&quoted), UNIT_WORDS_RELAX,
					   &found, &count, &at);
	for (size_t n = 0; !wrong && n < count; n++)
		buf_text(data, found[n].text);
	buf_char(data, '\n');
	buf_free(&quoted);
	return wrong;
}

static const char *add_input(struct unit_builder *builder, const struct unit_assignment *said, struct buf *data)
{
	if (!strcmp(said->key, "StandardInputData"))
		return base64_decode(said->value, data) ? NULL : "it is no base64";
	return add_line(builder, said->value, data);
}

/* Joins the values of both keys in their order; superd.conf takes them in base64, which can hold any bytes. */
static void take_input_data(struct unit_builder *builder)
{
	struct buf data = { 0 }, text = { 0 };
	struct origin at = { 0 };

	for (size_t n = 0; n < builder->unit->count; n++) {
		const struct unit_assignment *said = &builder->unit->list[n];
		const char *wrong;

		if (strcmp(said->section, "Service") != 0 ||
		    (strcmp(said->key, "StandardInputText") != 0 && strcmp(said->key, "StandardInputData") != 0))
			continue;
		at = unit_place(said, 0);
		wrong = *said->value ? add_input(builder, said, &data) : NULL;
		if (wrong)
			unit_refuse(builder, at, "%s: %s", said->key, wrong);
		if (!*said->value)
			buf_clear(&data);
	}
	base64_encode(&text, data.data, data.length);
	if (data.failed || text.failed)
		unit_refuse(builder, at, "out of memory");
	else if (text.length)
		unit_set(builder, "input_data", buf_string(&text), at);
	buf_free(&data);
	buf_free(&text);
}

void unit_build_streams(struct unit_builder *builder)
{
	struct stream_said input = read_stream(builder, "StandardInput");
	struct stream_said output = read_stream(builder, "StandardOutput");
	struct stream_said error = read_stream(builder, "StandardError");
	const struct unit_assignment *text = unit_assigned(builder, "Service", "StandardInputText");
	const struct unit_assignment *data = unit_assigned(builder, "Service", "StandardInputData");

	if (!input.said && (text || data))
		input = (struct stream_said){ .key = input.key, .said = text ? text : data, .word = "data" };
	if (is_word(&input, "log") || is_word(&input, "inherit"))
		unit_refuse(builder, place(builder, &input),
			    "StandardInput: nothing can be read from there: it is null, "
			    "socket, file:PATH, data or fd:NAME");
	else if (is_word(&input, "socket"))
		take_inetd(builder, &input, &output, &error);
	else if (is_word(&output, "socket") || is_word(&error, "socket"))
		take_answer(builder, &input, &output, &error);
	else
		take_plain(builder, &input, &output, &error);
	if (is_word(&input, "data"))
		take_input_data(builder);
}

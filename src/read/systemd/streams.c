/* StandardInput, StandardOutput and StandardError.
 *
 * The defaults follow each other: if the input is the socket, so is the output, and errors follow the output to the
 * client. Source: systemd.exec(5), "LOGGING AND STANDARD INPUT/OUTPUT". */
#include <string.h>

#include "read/systemd/internal.h"

/* superd's word; NULL: the text is none of systemd's words. Every kind of log becomes superd's log. */
static const char *stream_meaning(const char *text)
{
	static const char *const same[] = { "null", "inherit", "socket", "fd", NULL };
	static const char *const logs[] = { "journal", "journal+console", "kmsg", "kmsg+console", "syslog",
					    "syslog+console", NULL };
	static const char *const prefixes[] = { "file:", "append:", "truncate:", "fd:" };

	if (words_have(logs, text))
		return "log";
	for (size_t n = 0; n < sizeof(prefixes) / sizeof(*prefixes); n++) {
		if (!strncmp(text, prefixes[n], strlen(prefixes[n])))
			return text;
	}
	return words_have(same, text) ? text : NULL;
}

struct stream_said {
	const char *key;
	const struct unit_assignment *assignment; /* NULL: the key is not set */
	const char *word;		    /* superd's; NULL: not said, or refused */
};

static struct stream_said read_stream(struct unit_builder *builder, const char *key)
{
	struct stream_said stream = { .key = key, .assignment = unit_assigned(builder, "Service", key) };
	const char *text = stream.assignment ? unit_value(builder, stream.assignment) : NULL;

	if (!text)
		return stream;
	stream.word = stream_meaning(text);
	if (!strncmp(text, "fd:", 3) && unit_fifo_path(builder, text + 3))
		stream.word = pool_textf(builder->pool, "%s:%s", strcmp(key, "StandardInput") ? "append" : "file",
					 unit_fifo_path(builder, text + 3));
	if (!stream.word && !strncmp(text, "tty", 3))
		unit_unsupported(builder, unit_place(stream.assignment, 0), "%s=%s: superd allocates no terminal", key,
				 text);
	else if (!stream.word)
		unit_refuse(builder, unit_place(stream.assignment, 0),
			    "%s: '%s': expected null, inherit, journal, socket, file:PATH, "
			    "append:PATH, truncate:PATH or fd:NAME",
			    key, text);
	return stream;
}

static struct origin stream_place(const struct unit_builder *builder, const struct stream_said *stream)
{
	return stream->assignment ? unit_place(stream->assignment, 0) : unit_start(builder->unit);
}

static bool stream_is(const struct stream_said *stream, const char *word)
{
	return stream->word && !strcmp(stream->word, word);
}

static void set_stream_word(struct unit_builder *builder, const char *option, const char *word,
			    const struct stream_said *stream)
{
	unit_set(builder, option, word, stream_place(builder, stream));
}

static bool follows_input(const struct stream_said *stream)
{
	return !stream->word || stream_is(stream, "inherit");
}

/* The socket is the standard input, and also the outputs that the unit does not set otherwise. */
static void set_socket_input(struct unit_builder *builder, const struct stream_said *input,
			     const struct stream_said *output, const struct stream_said *error)
{
	const char *out = follows_input(output) ? "socket" : output->word;
	const char *err = follows_input(error) ? out : error->word;

	unit_set(builder, "pass", "inetd", stream_place(builder, input));
	if (strcmp(out, "socket") != 0)
		set_stream_word(builder, "output", out, output);
	set_stream_word(builder, "error", err, error);
	if (!error->assignment && !strcmp(err, "socket"))
		diag_note(builder->reading->diags, stream_place(builder, input),
			  "the standard error of %s goes to the client, as with systemd without StandardError",
			  builder->unit->name);
}

static void set_plain_streams(struct unit_builder *builder, const struct stream_said *input,
			      const struct stream_said *output, const struct stream_said *error)
{
	bool by_descriptor = input->word && !strncmp(input->word, "fd", 2);
	bool inherits = stream_is(output, "inherit") || (by_descriptor && !output->word);
	const char *out = inherits ? input->word ? input->word : "null" : output->word;

	unit_set(builder, "pass", "systemd", unit_start(builder->unit));
	if (input->word)
		set_stream_word(builder, "input", input->word, input);
	if (out)
		set_stream_word(builder, "output", out, output);
	if (error->word && !stream_is(error, "inherit"))
		set_stream_word(builder, "error", error->word, error);
}

/* The socket is an output but not the input. As with the input there is only one socket, and $LISTEN_FDS is not set. */
static void set_socket_output(struct unit_builder *builder, const struct stream_said *input,
			      const struct stream_said *output, const struct stream_said *error)
{
	bool by_output = stream_is(output, "socket");

	unit_set(builder, "pass", "inetd", stream_place(builder, by_output ? output : error));
	set_stream_word(builder, "input", input->word ? input->word : "null", input);
	if (!by_output)
		set_stream_word(builder, "output", follows_input(output) ? output->word ? "null" : "log" : output->word,
				output);
	set_stream_word(builder, "error", by_output && follows_input(error) ? "socket" : error->word, error);
}

void unit_build_streams(struct unit_builder *builder)
{
	struct stream_said input = read_stream(builder, "StandardInput");
	struct stream_said output = read_stream(builder, "StandardOutput");
	struct stream_said error = read_stream(builder, "StandardError");

	if (stream_is(&input, "log") || stream_is(&input, "inherit"))
		unit_refuse(builder, stream_place(builder, &input),
			    "StandardInput: nothing can be read from there: it is null, "
			    "socket, file:PATH or fd:NAME");
	else if (stream_is(&input, "socket"))
		set_socket_input(builder, &input, &output, &error);
	else if (stream_is(&output, "socket") || stream_is(&error, "socket"))
		set_socket_output(builder, &input, &output, &error);
	else
		set_plain_streams(builder, &input, &output, &error);
}

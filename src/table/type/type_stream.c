/* Type of the standard streams of a backend. A word may have a path behind a colon; fd may have the name of a
 * socket. */
#include <string.h>

#include "table/type/type_internal.h"

static const char *const stream_words[] = {
	[STREAM_LOG] = "log", [STREAM_SYSLOG] = "syslog", [STREAM_FILE] = "file", [STREAM_APPEND] = "append",
	[STREAM_TRUNCATE] = "truncate", [STREAM_NULL] = "null", [STREAM_INHERIT] = "inherit",
	[STREAM_SOCKET] = "socket",
	[STREAM_DESCRIPTOR] = "fd", NULL
};

/* The words for messages. */
static const char *const stream_forms[] = {
	[STREAM_LOG] = "log", [STREAM_SYSLOG] = "syslog", [STREAM_FILE] = "file:PATH", [STREAM_APPEND] = "append:PATH",
	[STREAM_TRUNCATE] = "truncate:PATH", [STREAM_NULL] = "null", [STREAM_INHERIT] = "inherit",
	[STREAM_SOCKET] = "socket", [STREAM_DESCRIPTOR] = "fd:NAME"
};

static bool stream_has_path(unsigned kind)
{
	return kind == STREAM_FILE || kind == STREAM_APPEND || kind == STREAM_TRUNCATE;
}

/* Checks the text behind the word, with its colon. Returns NULL, or why it is wrong. */
static const char *stream_refuse_text(unsigned kind, const char *text)
{
	if (kind == STREAM_DESCRIPTOR)
		return *text == ':' && !text[1] ? "fd: must be followed by the name of a socket" : NULL;
	return text[0] == ':' && text[1] == '/'
		? NULL
		: "file:, append: and truncate: must be followed by a path that starts with /";
}

static bool stream_has_text(unsigned kind)
{
	return stream_has_path(kind) || kind == STREAM_DESCRIPTOR;
}

static bool stream_is_allowed(const struct directive *directive, unsigned kind)
{
	if (!directive->words)
		return true;
	for (size_t i = 0; directive->words[i]; i++) {
		if (!strcmp(directive->words[i], stream_words[kind]))
			return true;
	}
	return false;
}

/* Returns a message with the words of this directive, and the nearest one. */
static const char *stream_refuse(const struct directive *directive, const char *word, struct pool *pool)
{
	const char *list[sizeof(stream_words) / sizeof(stream_words[0])], *nearest, *reason;
	struct buf text = { 0 };
	size_t count = 0;

	for (unsigned kind = 0; stream_words[kind]; kind++) {
		if (stream_is_allowed(directive, kind))
			list[count++] = stream_forms[kind];
	}
	list[count] = NULL;
	words_enumerate(&text, list);
	nearest = word_suggest(stream_words, word);
	reason = nearest ? pool_textf(pool, "expected %s; did you mean '%s'?", buf_string(&text), nearest)
			 : pool_textf(pool, "expected %s", buf_string(&text));
	if (text.failed)
		reason = NO_MEMORY;
	buf_free(&text);
	return reason_or_memory(reason);
}

static const char *stream_parse(struct parse *parse, void *field)
{
	const struct directive *directive = parse->directive;
	const char *text = parse->words[0], *word, *reason, *path = NULL;
	struct stream *stream = field;
	unsigned kind = 0;
	size_t length;

	length = strcspn(text, ":");
	word = pool_text_n(parse->pool, text, length);
	if (!word)
		return NO_MEMORY;
	while (stream_words[kind] && strcmp(stream_words[kind], word) != 0)
		kind++;
	if (!stream_words[kind] || !stream_is_allowed(directive, kind) || (text[length] && !stream_has_text(kind)))
		return stream_refuse(directive, word, parse->pool);
	reason = stream_has_text(kind) ? stream_refuse_text(kind, text + length) : NULL;
	if (reason)
		return reason;
	if (text[length]) {
		path = pool_text(parse->pool, text + length + 1);
		if (!path)
			return NO_MEMORY;
	}
	*stream = (struct stream){ .kind = kind, .path = path };
	return NULL;
}

static void stream_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	const struct stream *stream = field;

	(void)directive, (void)quote;
	buf_text(out, stream_words[stream->kind]);
	if (stream->path)
		buf_addf(out, ":%s", stream->path);
}

static bool stream_equal(const void *a, const void *b)
{
	const struct stream *left = a, *right = b;

	return left->kind == right->kind && type_equal(&type_path, &left->path, &right->path);
}

const struct type type_stream = {
	.name = "stream", .kind = FIELD_SHOWN, .size = sizeof(struct stream),
	.parse = stream_parse, .show = stream_show, .equal = stream_equal,
};

/* The only code that uses libconfuse. libconfuse reads the quoted words of an option that have escapes, as they stand
 * in the source, as one list; any other word is its own value, without the quotes.
 *
 * table/reading/superd_conf.c parses statements itself, because libconfuse 3.3 stops at the first mistake, knows no
 * columns, counts lines wrong behind a comment, silently drops an unquoted '*', cuts other unquoted words short, and
 * does not distinguish {a} and a. libconfuse would replace "${X}" in double quotes from superd's own environment, so a
 * backslash goes in front of the '$'.
 *
 * Two traps: libconfuse's scanner, made by flex, ends the process when it gets no memory (lib/memory.c). And
 * libconfuse reports errors to a function without a context, so table/reading/superd_conf has already refused
 * all that libconfuse would refuse. */
#include "table/reading/values.h"

/* Bytes of libconfuse's scanner: its buffer takes 16 KiB and doubles for a longer word; its stream takes 4 KiB. */
#define SCANNER_BYTES ((size_t)64 << 10)

static bool is_quoted(const char *word)
{
	return *word == '"' || *word == '\'';
}

/* Without a backslash the value is what stands between the quotes, and in double quotes a sign behind a backslash is
 * that sign. libconfuse, which is slow to start, reads any other escape. */
static bool has_escape(const char *text, const char *end)
{
	for (const char *at = text; (at = memchr(at, '\\', (size_t)(end - at))); at += 2) {
		if (*text != '"' || isalnum((unsigned char)at[1]) || at[1] == '\n')
			return true;
	}
	return false;
}

static void add_own_word(struct buf *bare, const char *text, const char *end)
{
	const char *slash;

	if (is_quoted(text)) {
		text++;
		end--;
		for (; (slash = memchr(text, '\\', (size_t)(end - text))); text = slash + 2) {
			buf_add(bare, text, (size_t)(slash - text));
			buf_char(bare, slash[1]);
		}
	}
	buf_add(bare, text, (size_t)(end - text));
	buf_char(bare, '\0');
}

static void add_quoted_word(struct buf *list, const char *text, const char *end)
{
	bool expands = *text == '"';

	for (; text < end; text++) {
		if (*text == '$' && expands)
			buf_char(list, '\\');
		buf_char(list, *text);
		if (*text == '\\')
			buf_char(list, *++text);
	}
}

/* Returns the number of words that libconfuse has to read. */
static unsigned split_words(struct values *values, const struct source_file *source, const struct word *given,
			    size_t count)
{
	unsigned escaped = 0;

	buf_clear(&values->bare);
	buf_clear(&values->list);
	for (size_t i = 0; i < count; i++) {
		struct word word = given[i];
		const char *text = source->text + word.start;

		if (is_quoted(text) && has_escape(text, source->text + word.end)) {
			buf_text(&values->list, escaped++ ? "," : "words = {");
			add_quoted_word(&values->list, text, source->text + word.end);
		} else {
			add_own_word(&values->bare, text, source->text + word.end);
		}
	}
	buf_char(&values->list, '}');
	return escaped;
}

__attribute__((format(printf, 2, 0)))
static void ignore_complaint(cfg_t *cfg, const char *format, va_list arguments)
{
	(void)cfg, (void)format, (void)arguments;
}

static bool values_reserve(struct values *values, size_t count)
{
	cfg_opt_t options[] = { CFG_STR_LIST("words", NULL, CFGF_NODEFAULT), CFG_END() };
	const char **texts = values->texts;

	if (!values->cfg) {
		values->cfg = cfg_init(options, CFGF_NONE);
		if (!values->cfg)
			return false;
		cfg_set_error_function(values->cfg, ignore_complaint);
	}
	if (count >= values->capacity) {
		texts = reallocarray(texts, 2 * count + 1, sizeof(*texts));
		if (!texts)
			return false;
		values->texts = texts;
		values->capacity = 2 * count + 1;
	}
	return true;
}

const char *const *values_read(struct values *values, const struct source_file *source, const struct word *given,
			       size_t count)
{
	unsigned quoted = 0, escaped;
	const char *bare;

	if (!values_reserve(values, count))
		return NULL;
	escaped = split_words(values, source, given, count);
	if (values->bare.failed || values->list.failed ||
	    (escaped && !library_has_memory(SCANNER_BYTES + 4 * values->list.length)))
		return NULL;
	if (escaped && cfg_parse_buf(values->cfg, buf_string(&values->list)) != CFG_SUCCESS) {
		/* Memory ran out within libconfuse. cfg_free crashes on a half-made list, so it is leaked. */
		values->cfg = NULL;
		return NULL;
	}
	bare = values->bare.data;
	for (size_t i = 0; i < count; i++) {
		const char *text = source->text + given[i].start;

		if (is_quoted(text) && has_escape(text, source->text + given[i].end)) {
			values->texts[i] = cfg_getnstr(values->cfg, "words", quoted++);
		} else {
			values->texts[i] = bare;
			bare += strlen(bare) + 1;
		}
	}
	return values->texts;
}

void values_free(struct values *values)
{
	if (values->cfg)
		cfg_free(values->cfg);
	free(values->texts);
	buf_free(&values->bare);
	buf_free(&values->list);
	*values = (struct values){ 0 };
}

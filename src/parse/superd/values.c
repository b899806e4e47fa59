/* The only code that knows libconfuse. It reads the quoted words of a statement, as they stand in the source, as one
 * list; a bare word is its own value.
 *
 * How a statement is put together is for parse/superd/grammar. libconfuse 3.3 stops at the first mistake, knows no
 * columns, counts lines wrong behind a comment, drops a bare '*' without a word, cuts other bare words short, and takes
 * {a} and a for the same. In double quotes "${X}" would be a variable of superd's own environment, so a backslash goes
 * in front of the '$'.
 *
 * Two of its ways are seen to here. Its scanner, flex's, ends the process where it gets no memory. And what it has
 * against a value goes to a function without a context: parse/superd/token has refused whatever it would refuse. */
#include "parse/superd/values.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of which the scanner's buffer takes 16 KiB, twice as much with each word that is longer, and the stream it reads by
 * takes 4. So little stays with the thread's part of the heap when it is freed, where no other thread gets it. */
#define SCANNER_BYTES ((size_t)64 << 10)

static bool is_quoted(const char *word)
{
	return *word == '"' || *word == '\'';
}

static void add_quoted(struct buf *list, const char *text, const char *end)
{
	bool expands = *text == '"';

	for (; text < end; text++) {
		if (*text == '$' && expands)
			buf_char(list, '\\');
		buf_char(list, *text);
		if (*text == '\\')
			buf_char(list, *++text);
	}
	buf_char(list, ',');
}

static void split_words(struct values *values, const struct source_file *source, const struct statement *statement)
{
	buf_clear(&values->bare);
	buf_clear(&values->list);
	buf_text(&values->list, "words = {");
	for (size_t i = 0; i < statement->word_count; i++) {
		struct word word = statement->words[i];
		const char *text = source->text + word.start;

		if (is_quoted(text)) {
			add_quoted(&values->list, text, source->text + word.end);
		} else {
			buf_add(&values->bare, text, word.end - word.start);
			buf_char(&values->bare, '\0');
		}
	}
	buf_char(&values->list, '}');
}

static bool scanner_has_memory(const struct buf *list)
{
	void *volatile room;            /* or the compiler drops both calls */
	bool good;

	room = malloc(SCANNER_BYTES + 4 * list->length);
	good = room;
	free(room);
	return good;
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

const char *const *values_read(struct values *values, const struct source_file *source,
			       const struct statement *statement)
{
	unsigned quoted = 0;
	const char *bare;

	if (!values_reserve(values, statement->word_count))
		return NULL;
	split_words(values, source, statement);
	if (values->bare.failed || values->list.failed || !scanner_has_memory(&values->list))
		return NULL;
	if (cfg_parse_buf(values->cfg, buf_string(&values->list)) != CFG_SUCCESS) {
		/* Memory ran out within it. cfg_free crashes on what is half made: better lost than freed. */
		values->cfg = NULL;
		return NULL;
	}
	bare = values->bare.data;
	for (size_t i = 0; i < statement->word_count; i++) {
		if (is_quoted(source->text + statement->words[i].start)) {
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

/* Finds the lines "# LINE:COLUMN ["FILE"] WORDS" of a text. */
#include "table/superd_conf/marks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "table/services/service_builder.h"

/* Reads a number of at most nine digits and moves *at behind it. false: there is none. */
static bool read_number(const char **at, unsigned *number)
{
	size_t digits = strspn(*at, "0123456789");

	if (!digits || digits > 9)
		return false;
	*number = (unsigned)strtoul(*at, NULL, 10);
	*at += digits;
	return true;
}

/* Moves *at behind the text in quotes that starts there, as native_quoted writes it. */
static void add_quoted(const char **at, struct buf *out)
{
	for ((*at)++; **at && **at != '"' && **at != '\n'; (*at)++) {
		char hex[3] = "";

		if (**at != '\\') {
			buf_char(out, **at);
			continue;
		}
		(*at)++;
		if (**at == 'x' && isxdigit((unsigned char)(*at)[1]) && isxdigit((unsigned char)(*at)[2])) {
			memcpy(hex, *at + 1, 2);
			buf_char(out, (char)strtoul(hex, NULL, 16));
			*at += 2;
		} else if (**at) {
			buf_char(out, (char)(**at == 'n' ? '\n' : **at == 't' ? '\t' : **at));
		}
	}
	*at += **at == '"';
}

static void read_words(const char *at, const char *end, struct place_mark *mark)
{
	while (at < end) {
		size_t length = strcspn(at, " \n");

		for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
			if (strlen(dialect_words[dialect]) == length && !memcmp(at, dialect_words[dialect], length)) {
				mark->is_foreign = true;
				mark->dialect = dialect;
			}
		}
		mark->is_alone |= length == 5 && !memcmp(at, "alone", 5);
		at += length + 1;
	}
}

/* Reads a line behind its "# ". The file is that of the mark before it, if it names none; NULL: there is none, or
 * memory ran out. false: it is no mark. */
static bool read_mark(const char *at, const char *end, struct pool *pool, struct place_mark *mark)
{
	struct buf name = { 0 };

	if (!read_number(&at, &mark->at.line) || *at++ != ':' || !read_number(&at, &mark->at.column))
		return false;
	if (at[0] == ' ' && at[1] == '"') {
		at++;
		add_quoted(&at, &name);
		mark->at.file = name.failed ? NULL : pool_text(pool, buf_string(&name));
	}
	buf_free(&name);
	read_words(at, end, mark);
	return true;
}

bool marks_find(struct marks *marks, const struct source_file *source, struct pool *pool)
{
	const char *file = NULL;

	marks->count = 0;
	for (const char *at = source->text; at; at = strchr(at, '\n')) {
		const char *line = at += *at == '\n', *end = line + strcspn(line, "\n");
		struct place_mark *list, mark = { .at.file = file };

		if (line[0] != '#' || line[1] != ' ' || !read_mark(line + 2, end, pool, &mark))
			continue;
		list = array_grow(marks->list, &marks->capacity, marks->count, sizeof(*list));
		if (list)
			marks->list = list;
		if (!list || !mark.at.file)
			return false;
		mark.offset = (size_t)(end - source->text);     /* so that the place is that of what follows */
		file = mark.at.file;
		list[marks->count++] = mark;
	}
	return true;
}

const struct place_mark *marks_at(const struct marks *marks, size_t offset)
{
	size_t low = 0, high = marks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (marks->list[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &marks->list[low - 1] : NULL;
}

void marks_free(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){ 0 };
}

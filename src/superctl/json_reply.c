/* Reads superd's JSON.
 *
 * Another program may own the socket and send anything. A member of the wrong type counts as missing, and text is
 * escaped before it is printed, because it may hold any byte. */
#include "superctl/json_reply.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"
#include "lib/shell_words.h"

static void *allocate_value(size_t size)
{
	void *got = malloc(size);

	if (!got)
		memory_ran_out();
	return got;
}

void json_reply_need_memory(const char *words)
{
	memory_ends_process(STDERR_FILENO, words, strlen(words));
	json_set_alloc_funcs(allocate_value, free);
}

json_t *json_reply_parse(const char *line, size_t length)
{
	json_t *object = json_loadb(line, length, JSON_ALLOW_NUL, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

const char *json_reply_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool json_reply_is(const json_t *object, const char *key, const char *text)
{
	return !strcmp(json_reply_text(object, key), text);
}

bool json_reply_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool json_reply_has_number(const json_t *object, const char *key)
{
	return json_is_number(json_object_get(object, key));
}

double json_reply_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

int json_reply_count(const json_t *object, const char *key)
{
	double number = json_reply_number(object, key);

	return number > 0 && number <= INT_MAX ? (int)number : 0;
}

const json_t *json_reply_list(const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);

	return json_is_array(list) ? list : NULL;
}

const json_t *json_reply_object(const json_t *object, const char *key)
{
	const json_t *found = json_object_get(object, key);

	return json_is_object(found) ? found : NULL;
}

void json_reply_show(struct buf *out, const json_t *text)
{
	if (json_is_string(text))
		buf_visible(out, json_string_value(text), json_string_length(text));
}

void json_reply_show_text(struct buf *out, const json_t *object, const char *key)
{
	json_reply_show(out, json_object_get(object, key));
}

void json_reply_show_words(struct buf *out, const char *first, const json_t *words)
{
	struct buf quoted = { 0 };

	shell_words_quote(&quoted, first);
	for (size_t i = 1; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		if (!word)
			continue;
		buf_char(&quoted, ' ');
		shell_words_quote(&quoted, word);
	}
	buf_visible(out, buf_string(&quoted), quoted.length);
	buf_free(&quoted);
}

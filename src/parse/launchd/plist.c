/* Property lists: telling the two forms, and the tree both come to.
 *
 * The hard thing is that a few bytes of a file may ask for a tree without end, by elements in elements or, in the
 * binary form, by one object that stands in many places. So elements are counted as they are made, whoever asks for
 * them. */
#include "parse/launchd/plist_parts.h"

#include <string.h>

#include "base/scan.h"

#define LOOKED_AT 4096 /* bytes of a text in which its first element stands */

static bool begins(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length >= size && !memcmp(text, word, size);
}

static size_t count_blanks(const struct source *source)
{
	size_t count = 0;

	while (count < source->length && source->text[count] && strchr(" \t\r\n", source->text[count]))
		count++;
	return count;
}

bool plist_recognises(const struct source *source)
{
	const char *text = source->text;
	size_t length = source->length, blanks = count_blanks(source);

	if (plist_is_binary(source))
		return true;
	text += blanks;
	length -= blanks;
	if (begins(text, length, "<plist") || begins(text, length, "<!DOCTYPE plist"))
		return true;
	if (!begins(text, length, "<?xml") && !begins(text, length, "<!--"))
		return false;
	return memmem(text, length < LOOKED_AT ? length : LOOKED_AT, "<plist", 6);
}

/* JSON, or the form of lists before XML: both begin with a brace, the older also with a comment or a parenthesis. */
static bool is_of_another_form(const struct source *source, size_t start)
{
	const char *text = source->text + start;
	size_t length = source->length - start;

	return length && (*text == '{' || *text == '(' || begins(text, length, "//") || begins(text, length, "/*"));
}

const struct plist *plist_read(struct pool *pool, const struct source *source, struct diags *diags)
{
	struct plist_builder builder = { .pool = pool, .diags = diags, .source = source };
	size_t start = count_blanks(source);

	if (is_of_another_form(source, start)) {
		diag_error(diags, source_origin(source, start),
			   "this is no property list of XML and no binary one: it looks like JSON, or like the older "
			   "form");
		diags_hint(diags, "plutil -convert xml1 makes one of XML of it");
		return NULL;
	}
	return plist_is_binary(source) ? plist_read_binary(&builder) : plist_read_xml(&builder);
}

const struct plist *plist_get(const struct plist *dict, const char *key)
{
	const struct plist *element = dict ? dict->first : NULL;

	while (element && strcmp(element->key, key) != 0)
		element = element->next;
	return element;
}

void plist_refuse_memory(struct plist_builder *builder)
{
	if (!builder->stopped)
		diag_error(builder->diags, ((struct origin){ .file = builder->source->file }), "out of memory");
	builder->stopped = true;
}

struct plist *plist_new(struct plist_builder *builder, enum plist_kind kind, struct origin at)
{
	struct plist *element;

	if (builder->stopped)
		return NULL;
	if (builder->count++ == PLIST_MOST) {
		diag_error(builder->diags, at, "more than %d elements: this is no job's property list", PLIST_MOST);
		builder->stopped = true;
		return NULL;
	}
	element = pool_alloc(builder->pool, sizeof(*element));
	if (!element) {
		plist_refuse_memory(builder);
		return NULL;
	}
	*element = (struct plist){ .kind = kind, .at = at, .text = "" };
	return element;
}

/* Equal names are one text of the pool. */
static const struct plist *find_twin(const struct plist *holder, const struct plist *element)
{
	const struct plist *other = holder->kind == PLIST_DICT ? holder->first : NULL;

	while (other && other->key != element->key)
		other = other->next;
	return other;
}

void plist_add(struct plist_builder *builder, struct plist *holder, struct plist *element)
{
	const struct plist *twin = find_twin(holder, element);

	if (twin) {
		diag_error(builder->diags, element->key_at, "%s stands twice in one dictionary", element->key);
		diag_note(builder->diags, twin->key_at, "%s stands here, too", element->key);
		diags_tie(builder->diags);
		return;
	}
	if (holder->last)
		holder->last->next = element;
	else
		holder->first = element;
	holder->last = element;
}

const char *plist_scan_integer(const char *text, int64_t *number)
{
	static const char *const wrong = "an integer is a decimal number, or a hexadecimal one behind 0x";
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	bool is_hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t end = is_hexadecimal ? 2 + strspn(digits + 2, "0123456789abcdefABCDEF") : strspn(digits, "0123456789");

	if (digits[end] || end == (is_hexadecimal ? 2 : 0))
		return wrong;
	while (!is_hexadecimal && digits[0] == '0' && digits[1])
		digits++;
	if (!strcmp(digits, "9223372036854775807")) /* which lists write for no limit, and scan_count has for its own */
		*number = INT64_MAX;
	else if (scan_count(digits, number))
		return "an integer is at most 9223372036854775807";
	if (negative)
		*number = -*number;
	return NULL;
}

void plist_kinds_describe(unsigned kinds, struct buf *out)
{
	static const char *const names[] = { "a dictionary",  "an array",      "a string", "an integer",
					     "a real number", "true or false", "a date",   "data" };
	const char *between = "";

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		if (!(kinds & 1u << n))
			continue;
		buf_addf(out, "%s%s", between, names[n]);
		between = " or ";
	}
}

/* Tells property lists from other texts, and the forms of property lists from one another. */
#include "read/launchd/plist.h"

#include <string.h>

#include "lib/scan.h"

#define LOOKED_AT 4096 /* bytes of a text in which its first element stands */

static size_t count_blanks(const struct source_file *source)
{
	size_t count = 0;

	while (count < source->length && source->text[count] && strchr(" \t\r\n", source->text[count]))
		count++;
	return count;
}

static bool is_binary(const struct source_file *source)
{
	return scan_begins_with(source->text, source->length, "bplist");
}

bool plist_recognises(const struct source_file *source)
{
	const char *text = source->text;
	size_t length = source->length, blanks = count_blanks(source);

	if (is_binary(source))
		return true;
	text += blanks;
	length -= blanks;
	if (scan_begins_with(text, length, "<plist") || scan_begins_with(text, length, "<!DOCTYPE plist"))
		return true;
	if (!scan_begins_with(text, length, "<?xml") && !scan_begins_with(text, length, "<!--"))
		return false;
	return memmem(text, length < LOOKED_AT ? length : LOOKED_AT, "<plist", 6);
}

/* Whether the text is JSON or an old-style property list. Both begin with a brace; an old-style list may also begin
 * with a comment or a parenthesis. */
static bool is_of_another_form(const struct source_file *source, size_t start)
{
	const char *text = source->text + start;
	size_t length = source->length - start;

	return length && (*text == '{' || *text == '(' || scan_begins_with(text, length, "//") ||
			  scan_begins_with(text, length, "/*"));
}

const struct plist *plist_read(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	size_t start = count_blanks(source);

	if (is_binary(source)) {
		diag_error(diags, ((struct origin){ .file = source->file }),
			   "this is a binary property list: superd reads property lists of XML");
		diags_hint(diags, "plistutil -i FILE -o FILE.xml converts it to XML");
		return NULL;
	}
	if (is_of_another_form(source, start)) {
		diag_error(diags, source_origin(source, start),
			   "this is no property list of XML: it looks like JSON, or like the older form");
		diags_hint(diags, "plutil -convert xml1 converts it to XML");
		return NULL;
	}
	return plist_read_xml(pool, source, diags);
}

const struct plist *plist_get(const struct plist *dict, const char *key)
{
	const struct plist *element = dict ? dict->first : NULL;

	while (element && strcmp(element->key, key) != 0)
		element = element->next;
	return element;
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

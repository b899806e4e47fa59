/* Property lists from any bytes, of both forms: what every fuzzer of a reader claims; and of the tree, that it is
 * within its bounds, that each element has a place in the file and each of a dictionary a name it alone has. */

#include "fuzzer.h"
#include "mutator.h"
#include "read/launchd/internal.h"
#include "read/launchd/launchd.h"
#include "round_trip.h"

const enum language mutator_language = LANGUAGE_PLIST;

static size_t check_tree(const struct plist *element, const struct plist *holder, const struct source_file *source,
			 size_t depth)
{
	size_t count = 1;

	require(depth <= PLIST_DEPTH + 1 && element->text && element->at.file == source->file && element->at.line);
	require(element->at.column ? element->at.line <= source->line_count : element->at.line < source->length);
	require(holder && holder->kind == PLIST_DICT ? element->key && plist_get(holder, element->key) == element
						     : !element->key);
	require(element->kind & (PLIST_DICT | PLIST_ARRAY) || !element->first);
	for (const struct plist *child = element->first; child; child = child->next)
		count += check_tree(child, element, source, depth + 1);
	return count;
}

/* As the reader does, but where the tree can be looked at. */
static void check_list(const struct source_file *source)
{
	struct pool *pool = pool_new();
	struct diags diags = { 0 };
	const struct plist *root;

	require(pool);
	root = plist_read(pool, source, &diags);
	require(root ? check_tree(root, NULL, source, 1) <= PLIST_MOST : diags.errors > 0);
	diags_free(&diags);
	pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct read_request request = { .warns_of_unsupported = size % 2 };
	struct diags diags = { 0 };
	struct reading reading = {
		.table = table_new(), .diags = &diags, .request = &request, .files = READING_FILES,
	};
	struct source_file source = { .file = "fuzz.plist", .text = malloc(size + 1), .length = size };

	require(source.text);
	memcpy(source.text, data, size);
	source.text[size] = '\0';
	require(source_find_lines(&source));
	plist_recognises(&source);
	check_list(&source);
	require(launchd_read_source(&reading, &source));
	source_free(&source);
	round_trip_reading(&reading, true);
	return 0;
}

/* The child's side of a second look (engine/supervisor/left_out_check.h): reads the table as at a start, and writes
 * the keys of the entries that are left out. */
#include "cli/superd/look_again.h"

#include "base/buf.h"
#include "base/write_all.h"
#include "cli/superd/load.h"
#include "cli/superd/run.h"
#include "config/table/left_out.h"

static void add_number(struct buf *out, uint64_t number)
{
	buf_addf(out, "%llx\n", (unsigned long long)number);
}

int look_again_answer(struct options *options)
{
	struct diags diags = { 0 };
	struct table *table = load_to_run(options, &diags);
	struct buf out = { 0 };
	bool good = table && !diags.errors;

	if (good)
		add_number(&out, table->sources);
	for (size_t n = 0; good && n < table->left_out_count; n++)
		add_number(&out, left_out_key(table->left_out[n].at, table->left_out[n].name));
	good = good && !out.failed && write_all(options->given.state, out.data, out.length);
	buf_free(&out);
	diags_free(&diags);
	table_free(table);
	return good ? 0 : EXIT_TABLE;
}

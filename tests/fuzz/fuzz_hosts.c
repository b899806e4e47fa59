/* hosts.allow and hosts.deny from any bytes. A file that a rule names has a path, and reading stops when the caller
 * says so. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/hosts_rules.h"
#include "fuzzer.h"

struct files {
	size_t count, most; /* the callback stops the reading at the file `most` */
};

static bool count_file(void *context, const char *path)
{
	struct files *files = context;

	require(path && *path);
	return ++files->count < files->most;
}

static bool read_rules(const char *text, bool is_list, struct files *files, struct hosts_rules *rules)
{
	*rules = (struct hosts_rules){ .on_file = count_file, .context = files };
	return is_list ? hosts_rules_read_list(rules, text) : hosts_rules_read(rules, text);
}

static void check_files(const char *text, bool is_list)
{
	struct files all = { .most = SIZE_MAX }, one = { .most = 1 };
	struct hosts_rules rules, again;

	require(read_rules(text, is_list, &all, &rules));
	require(!rules.may_twist || rules.runs_commands);
	require(read_rules(text, is_list, &one, &again) == (all.count == 0));
	require(one.count == (all.count > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_files(text, false);
	check_files(text, true);
	free(text);
	return 0;
}

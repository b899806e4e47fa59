/* Looks up a program in exec_search_path when the table is read, so that a start need not.
 *
 * Services share their option groups, which are immutable. So the group with the program is copied, and argv0 keeps the
 * name as it was written. */
#include "superd/machine/resolve_program.h"

#include <string.h>

#include "lib/buf.h"
#include "os/host/path_search.h"
#include "table/option/service_mark.h"

static bool replace_program(struct service *service, const char *program, struct pool *pool)
{
	words exec = service->exec->exec;
	size_t count = words_count(exec);
	const char **list = pool_alloc(pool, (count + 1) * sizeof(*list));
	struct exec_options options;

	if (!list)
		return false;
	memcpy(list, exec, count * sizeof(*list));
	list[0] = pool_text(pool, program);
	memcpy(&options, service->exec, sizeof(options)); /* the padding, too: pools share equal bytes */
	if (!options.argv0)
		options.argv0 = exec[0];
	options.exec = list[0] ? pool_list(pool, list, count) : NULL;
	service->exec = options.exec ? pool_keep(pool, &options, sizeof(options)) : NULL;
	return service->exec;
}

void resolve_program(struct service *service, struct pool *pool, struct diags *diags)
{
	words exec = service->exec->exec, folders = service->exec->exec_search_path;
	const struct exec_options *before = service->exec;
	struct buf path = { 0 }, program = { 0 };

	if (!exec || !exec[0] || strchr(exec[0], '/') || !folders || !folders[0])
		return;
	for (; *folders; folders++)
		buf_addf(&path, "%s%s", path.length ? ":" : "", *folders);
	if (!path_search(exec[0], buf_string(&path), &program)) {
		diag_error(diags, service_origin(service, "exec"), "%s: exec: there is no program '%s' in %s",
			   service->name, exec[0], buf_string(&path));
	} else if (path.failed || program.failed || !replace_program(service, buf_string(&program), pool)) {
		service->exec = before;
		diag_error(diags, service->at, "%s: looking for its program: out of memory", service->name);
	}
	buf_free(&path);
	buf_free(&program);
}

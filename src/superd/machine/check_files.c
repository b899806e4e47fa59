/* Whether the programs, folders and files that a service names are there, and can be used. */
#include "superd/machine/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fs/fs.h"
#include "os/host/self_sandbox.h"
#include "os/rights/rights.h"
#include "superd/start/start.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_settings.h"
#include "table/services/service_conf.h"

/* Helpers of the preflight: reports a finding, and decides whether a path may be examined. */

void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *name, const char *value, const char *wrong, ...)
{
	struct origin at = service_origin(service, name);
	const struct option_def *option;
	struct buf setting = { 0 }, own = { 0 };
	char text[1024];
	va_list arguments;

	va_start(arguments, wrong);
	vsnprintf(text, sizeof(text), wrong, arguments);
	va_end(arguments);
	if (!value) {
		option = option_find(NATIVE, name);
		conf_value_add(&own, service, option, 0, option_field(option, service));
		value = buf_string(&own);
	}
	if (service->is_foreign && !strcmp(name, "exec"))
		buf_text(&setting, value);
	else
		option_name_add(service, name, value, &setting);
	diags_add(preflight->diags, severity, at, "%s: %s: %s", service->name, buf_string(&setting), text);
	buf_free(&setting);
	buf_free(&own);
}

/* Whether superd may examine a path: always before it serves; then only if that cannot block. */
static bool preflight_may_look(const struct preflight *preflight, const char *path)
{
	struct path_finding finding;

	return !preflight->serves || *path != '/' ||
		path_is_trusted(path, PATH_OWNER | PATH_WORLD | PATH_REMOTE, NULL, &finding) ||
		finding.missing == LAST_MISSING;
}

void denied_calls_describe(struct buf *out)
{
	if (!self_sandbox_can_filter())
		buf_text(out, "This machine lacks seccomp: no filter of system calls confines superd's own programs\n");
	if (!self_sandbox_can_restrict())
		buf_text(out, "This machine lacks Landlock: superd's own programs are not kept from files and ports\n");
}

/* Checks whether users other than root can change what root runs: the tables, and for services that run as root the
 * program and its files of variables. Folders that a group can write are accepted: on Debian /usr/local is one. */

#define FLAWS (PATH_OWNER | PATH_WORLD | PATH_FILE)

/* Whether users other than root can change the file; how, in `what`. */
static bool is_changeable(const char *path, struct buf *what)
{
	struct path_finding finding;

	if (path_is_trusted(path, FLAWS, NULL, &finding) || !(finding.flaw & FLAWS) || finding.missing)
		return false;
	path_finding_describe(&finding, what);
	return true;
}

static void check_root_file(struct preflight *preflight, const struct service *service, const char *option,
			    const char *path)
{
	struct buf what = { 0 };
	const void *known;

	if (*path != '/' || ptr_map_get(&preflight->root_files, path, NULL, &known))
		return;
	if (is_changeable(path, &what))
		preflight_report(preflight, SEVERITY_WARNING, service, option, path,
				 "other users could choose the program that runs as root: %s", buf_string(&what));
	else
		ptr_map_put(&preflight->root_files, path, NULL, NULL);
	buf_free(&what);
}

/* Checks a table's file, once for all its services. */
static void check_table(struct preflight *preflight, const struct service *service)
{
	struct origin at = { .file = service->at.file };
	struct buf what = { 0 };
	char path[PATH_MAX], here[PATH_MAX] = "";
	const void *known;

	if (!at.file || ptr_map_get(&preflight->tables, at.file, NULL, &known))
		return;
	ptr_map_put(&preflight->tables, at.file, NULL, NULL);
	if (*at.file != '/' && !getcwd(here, sizeof(here)))
		return;
	if (snprintf(path, sizeof(path), "%s%s%s", here, *here ? "/" : "", at.file) < (int)sizeof(path) &&
	    is_changeable(path, &what))
		diag_warning(preflight->diags, at,
			     "other users can change the programs that superd runs: "
			     "%s",
			     buf_string(&what));
	buf_free(&what);
}

void preflight_owners(struct preflight *preflight, const struct service *service)
{
	words files = service->groups->environment->environment_file;

	if (!preflight->root)
		return;
	check_table(preflight, service);
	if ((service->account && service->account->uid != 0) || service->groups->environment->root_directory)
		return;
	if (service->exec->exec)
		check_root_file(preflight, service, "exec", service->exec->exec[0]);
	for (; files && *files; files++)
		check_root_file(preflight, service, "environment_file", *files + (**files == '-'));
}

/* Whether superd's user may not look, but the service's user might: only root can check that. */
static bool is_hidden_from_us(const struct preflight *preflight, const struct service *service)
{
	return errno == EACCES && !preflight->root && service->account && service->account->switches &&
		preflight->table->is_only_checked;
}

/* Checks the programs that a service names: whether they are there. What its user may do with them, and whether its
 * folders are there, the start says. A path below root_directory is looked up inside it, where an absolute link leads
 * to another file. */

/* The flaw of a program; root: the root_directory. NULL: none. The text is in the table's pool. */
static const char *check_program_at(const struct preflight *preflight, const struct service *service, const char *path,
				    const char *root)
{
	struct pool *pool = preflight->table->pool;
	char interpreter[PATH_MAX];
	const char *wrong = NULL;
	struct buf why = { 0 };
	struct stat status;

	if (root_path_stat(root, path, &status) < 0) {
		if (is_hidden_from_us(preflight, service))
			return NULL;
		return errno != ENOENT ? pool_text(pool, strerror(errno))
			: root	       ? pool_textf(pool, "there is no such program in root_directory = %s", root)
				       : "there is no such program";
	}
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? "that is a directory, not a program" : "that is no program";
	if (!(status.st_mode & 0111))
		return pool_textf(pool, "nobody may execute it; its mode is %04o", (unsigned)(status.st_mode & 07777));
	if (interpreter_find(root, path, interpreter) == INTERPRETER_FOUND &&
	    !sandbox_covers(service_prepared(service)->sandbox, interpreter) &&
	    preflight_may_look(preflight, root ? root : interpreter) && interpreter_is_missing(root, interpreter, &why))
		wrong = pool_text(pool, buf_string(&why));
	buf_free(&why);
	return wrong;
}

static void check_program(struct preflight *preflight, const struct service *service)
{
	const char *root = service->groups->environment->root_directory;
	const char *program = service->exec->exec ? service->exec->exec[0] : NULL;
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	bool is_shareable = !root && !sandbox; /* it may hide or replace an interpreter */
	const void *wrong = NULL;

	if (!program || *program != '/' || sandbox_covers(sandbox, program))
		return; /* table/rules reports that it must be absolute */
	if (!is_shareable || !ptr_map_get(&preflight->programs, program, service->account, &wrong)) {
		if (preflight_may_look(preflight, root ? root : program))
			wrong = check_program_at(preflight, service, program, root);
		if (is_shareable)
			ptr_map_put(&preflight->programs, program, service->account, wrong);
	}
	if (wrong)
		preflight_report(preflight, SEVERITY_ERROR, service, "exec", program, "%s", (const char *)wrong);
	if (wrong && !service->is_foreign && !service->exec->exec[1] && strchr(program, ' '))
		diags_hint(preflight->diags,
			   "a list names each word for itself: { \"/bin/cat\", \"-u\" }; one text is "
			   "split: \"/bin/cat -u\"");
}

const char *preflight_check_own(const struct preflight *preflight, enum program which)
{
	struct buf flaw = { 0 };
	const char *wrong = NULL;

	if (program_get(which)->fd < 0)
		program_describe_missing(which, &flaw);
	if (flaw.length)
		wrong = pool_text(preflight->table->pool, buf_string(&flaw));
	buf_free(&flaw);
	return wrong;
}

/* Checks superd's own program for builtin and redirect, which may be missing if superd was copied. */
static void check_own_program(struct preflight *preflight, const struct service *service)
{
	const char *option = service->exec->builtin ? "builtin" : "redirect", *wrong = NULL;

	if (service_is_builtin(service) || service_is_relayed(service))
		wrong = preflight_check_own(preflight, plan_builtin_program(service));
	if (wrong)
		preflight_report(preflight, SEVERITY_ERROR, service, option,
				 service->exec->builtin ? service->exec->builtin[0] : service->exec->redirect[0], "%s",
				 wrong);
}

void preflight_files(struct preflight *preflight, const struct service *service)
{
	check_program(preflight, service);
	check_own_program(preflight, service);
}

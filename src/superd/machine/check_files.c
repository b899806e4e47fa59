/* Whether the programs, folders and files that a service names are there, and can be used. */
#include "superd/machine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "lib/fd.h"
#include "lib/shell_words.h"
#include "os/bpf/bpf.h"
#include "os/fs/fs.h"
#include "os/host/self_sandbox.h"
#include "os/proc/process.h"
#include "os/rights/rights.h"
#include "superd/start/start.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/words/command_prefix.h"

/* Helpers of the preflight: reports a finding, and decides whether a path may be examined. */

void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *option, const char *value, const char *wrong, ...)
{
	struct origin at = service_origin(service, option);
	const struct directive *directive;
	struct buf setting = { 0 }, own = { 0 };
	char text[1024];
	va_list arguments;

	va_start(arguments, wrong);
	vsnprintf(text, sizeof(text), wrong, arguments);
	va_end(arguments);
	if (!value) {
		directive = directive_find(NATIVE, option);
		type_format(directive, directive_field(directive, service), &own);
		value = buf_string(&own);
	}
	if (service->is_foreign && !strcmp(option, "exec"))
		buf_text(&setting, value);
	else
		option_name_add(service, option, value, &setting);
	diags_add(preflight->diags, severity, at, "%s: %s: %s", service->name, buf_string(&setting), text);
	buf_free(&setting);
	buf_free(&own);
}

/* Whether superd may examine a path: always before it serves; then only if that cannot block. */
static bool preflight_may_look(const struct preflight *preflight, const char *path)
{
	struct path_finding finding;

	return !preflight->serves || *path != '/' ||
		path_is_trusted(path, PATH_OWNER | PATH_WORLD | PATH_REMOTE, NULL, &finding) || finding.is_missing;
}

/* Each call is tried, as nothing else tells what a filter of system calls answers. */

static bool can_unshare_fds(void)
{
	return raw_unshare_fds(~0u) == 0; /* there is no such descriptor, and nobody shares them now */
}

static bool can_copy_fds(void)
{
	int self = pidfd_of(getpid()), copy = self < 0 ? -1 : pidfd_copy(self, self);
	bool can = copy >= 0;

	fd_close(&copy);
	fd_close(&self);
	return can;
}

/* Without root nobody expects it. */
static bool can_load_programs(void)
{
	return geteuid() != 0 || cgroup_bpf_is_possible(CGROUP_BPF_INGRESS);
}

static bool can_make_files(void)
{
	int fd = memory_open("superd", false);
	bool can = fd >= 0;

	fd_close(&fd);
	return can;
}

static bool can_resolve(void)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { O_PATH | O_CLOEXEC, 0, 0 };
	int fd = (int)syscall(__NR_openat2, AT_FDCWD, "/", &how, sizeof(how));
	bool can = fd >= 0;

	fd_close(&fd);
	return can;
}

const struct denied_call_row denied_calls[DENIED_CALLS] = {
	[DENIED_SECCOMP] = { "seccomp", self_sandbox_can_filter,
			     "no filter of system calls confines superd's own processes" },
	[DENIED_LANDLOCK] = { "Landlock", self_sandbox_can_restrict,
			      "superd's own processes are not kept from files and ports" },
	[DENIED_CLOSE_RANGE] = { "close_range", can_unshare_fds,
				 "each start copies superd's descriptors, which takes longer" },
	[DENIED_CLONE3] = { "clone3", clone_into_cgroup_is_possible,
			    "a process joins its control group by itself, which takes longer" },
	[DENIED_PIDFD_GETFD] = { "pidfd_getfd", can_copy_fds,
				 "pass = bind is refused, and with idle_means = quiet each connection keeps its "
				 "program awake" },
	[DENIED_BPF] = { "bpf", can_load_programs, "filters of devices and packets are refused" },
	[DENIED_MEMFD_CREATE] = { "memfd_create", can_make_files,
				  "superd's state goes through unlinked files in its runtime folder" },
	[DENIED_OPENAT2] = { "openat2", can_resolve, "bind mounts below a folder that superd removes are not noticed" },
};

void denied_calls_describe(struct buf *out)
{
	for (int n = 0; n < DENIED_CALLS; n++) {
		if (!denied_calls[n].is_possible())
			buf_addf(out, "This machine lacks %s: %s\n", denied_calls[n].name, denied_calls[n].lost);
	}
}

/* Checks whether users other than root can change what root runs: the tables, and for services that run as root the
 * program and its files of variables. Folders that a group can write are accepted: on Debian /usr/local is one. */

#define FLAWS (PATH_OWNER | PATH_WORLD | PATH_FILE)

/* Whether users other than root can change the file; how, in `what`. */
static bool is_changeable(const char *path, struct buf *what)
{
	struct path_finding finding;

	if (path_is_trusted(path, FLAWS, NULL, &finding) || !(finding.flaw & FLAWS) || finding.is_absent)
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

/* Reads a file of variables once, though many services share it, and reports what is ignored in it. One that is missing
 * or cannot be read is reported for each of them; a pattern is checked when it is read. */
static void check_variables(struct preflight *preflight, const struct service *service, const char *path)
{
	bool is_plain = *path != '-' && !strpbrk(path, "*?["), is_missing;
	const char *key = pool_text(preflight->table->pool, path);
	struct variables variables = { 0 };
	struct buf ignored = { 0 }, why = { 0 };
	struct stat status;
	const void *known;

	if (!preflight_may_look(preflight, path + (*path == '-')))
		return;
	if (!key || !ptr_map_get(&preflight->variables, key, NULL, &known)) {
		bool good = variables_read_file(&variables, path, service->account, &ignored, &why);

		for (const char *line = good ? buf_string(&ignored) : ""; *line; line += strcspn(line, "\n") + 1)
			preflight_report(preflight, SEVERITY_WARNING, service, "environment_file", path, "%.*s",
					 (int)strcspn(line, "\n"), line);
		variables_free(&variables);
		buf_free(&ignored);
		buf_free(&why);
		if (key)
			ptr_map_put(&preflight->variables, key, NULL, key);
	}
	is_missing = is_plain && (stat(path, &status) < 0 || access(path, R_OK) < 0);
	if (is_missing && !is_hidden_from_us(preflight, service))
		preflight_report(preflight, SEVERITY_ERROR, service, "environment_file", path,
				 "%s; after a - it may be missing", strerror(errno));
	else if (is_plain && !is_missing && !S_ISREG(status.st_mode))
		preflight_report(preflight, SEVERITY_ERROR, service, "environment_file", path,
				 "that is no regular file");
}

void preflight_environment(struct preflight *preflight, const struct service *service)
{
	const char *lack = NULL;

	for (words path = service->groups->environment->environment_file; path && *path; path++)
		check_variables(preflight, service, *path);
	if (service->groups->lifecycle->freeze_reclaim && !service->exec->accept)
		lack = cgroup_settings_lack_reclaim(service, &preflight->reclaim_place, preflight->table->pool);
	if (lack)
		preflight_report(preflight, SEVERITY_WARNING, service, "freeze_reclaim", "yes",
				 "%s: a frozen instance keeps its memory", lack);
}

/* Checks the programs, folders and files that a service names.
 *
 * superd judges for another user without becoming it: it compares mode bits with the account's ids, as the kernel
 * would. An access control list (acl(5)) may grant more than the bits do, so a file that has one passes. A path below
 * root_directory is looked up inside it, where an absolute link leads to another file. */

/* Whether the account may execute a file, or enter a folder, of this status (path_resolution(7)). */
static bool may_execute(const struct account *account, const struct stat *status)
{
	bool in_group = account->gid == status->st_gid;

	if (account->uid == 0)
		return S_ISDIR(status->st_mode) || status->st_mode & 0111;
	if (account->uid == status->st_uid)
		return status->st_mode & 0100;
	for (size_t n = 0; n < account->group_count; n++)
		in_group |= account->groups[n] == status->st_gid;
	return status->st_mode & (in_group ? 0010 : 0001);
}

static bool has_access_list(const char *path)
{
	return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

/* Finds the first folder above path that the account may not enter; false: there is none. */
static bool find_closed_folder(const char *path, const struct account *account, char folder[PATH_MAX])
{
	struct stat status;

	if (strlen(path) >= PATH_MAX)
		return false;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
		if (stat(folder, &status) < 0)
			return errno == EACCES;
		if (S_ISDIR(status.st_mode) && !may_execute(account, &status) && !has_access_list(folder))
			return true;
	}
	return false;
}

/* The flaw of a program for an account, NULL: superd's own; root: the root_directory. NULL: none. The text is in the
 * table's pool. */
static const char *check_program_at(const struct preflight *preflight, const struct service *service, const char *path,
				    const char *root, const struct account *account)
{
	struct pool *pool = preflight->table->pool;
	const char *wrong = NULL;
	struct buf why = { 0 };
	char folder[PATH_MAX], interpreter[PATH_MAX];
	struct stat status;

	errno = 0;
	if (!root && account && find_closed_folder(path, account, folder) && !is_hidden_from_us(preflight, service))
		return pool_textf(pool, "user %s may not enter %s", account->name, folder);
	if (root_path_stat(root, path, &status) < 0 && is_hidden_from_us(preflight, service))
		return NULL;
	if (root_path_stat(root, path, &status) < 0)
		return errno == ENOENT ? "there is no such program" : pool_text(pool, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? "that is a directory, not a program" : "that is no program";
	if (account && !may_execute(account, &status) && (root || !has_access_list(path)))
		return pool_textf(pool, "user %s may not execute it; its mode is %04o", account->name,
				  (unsigned)(status.st_mode & 07777));
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
			wrong = check_program_at(preflight, service, program, root, service->account);
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

/* superd has opened it, so the account needs no right to the folders above it. */
const char *preflight_check_own(const struct preflight *preflight, enum program which, const struct account *account)
{
	const struct own_program *program = program_get(which);
	struct pool *pool = preflight->table->pool;
	struct buf missing = { 0 };
	const char *wrong = NULL;
	struct stat status;

	if (program->fd < 0) {
		program_describe_missing(which, &missing);
		wrong = pool_text(pool, buf_string(&missing));
	} else if (program_is_other(which)) {
		program_describe_other(which, &missing);
		wrong = pool_text(pool, buf_string(&missing));
	} else if (account && fstat(program->fd, &status) == 0 && !may_execute(account, &status) &&
		   !has_access_list(program->path)) {
		wrong = pool_textf(pool, "%s: user %s may not execute it; its mode is %04o", program->path,
				   account->name, (unsigned)(status.st_mode & 07777));
	}
	buf_free(&missing);
	return wrong;
}

/* Checks superd's own program for builtin and redirect, which may be missing if superd was copied. */
static void check_own_program(struct preflight *preflight, const struct service *service)
{
	const char *option = service->exec->builtin ? "builtin" : "redirect", *wrong;
	const struct account *account = service->account;
	struct account own;

	if (!service_is_builtin(service) && !service_is_relayed(service))
		return;
	if (service_is_relayed(service))
		account = helper_user_of_relay(service, &own);
	wrong = preflight_check_own(preflight, plan_builtin_program(service), account);
	if (wrong)
		preflight_report(preflight, SEVERITY_ERROR, service, option,
				 service->exec->builtin ? service->exec->builtin[0] : service->exec->redirect[0], "%s",
				 wrong);
}

/* superd-exec checks conditions, enters roots, loads credentials, and removes what is left. For sandboxes
 * superd/start/sandbox.c asks it. */
static void check_executor(struct preflight *preflight, const struct service *service)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	const char *const said[] = { "yes", NULL }, *const root[] = { service_root(service), NULL };
	const struct environment_options *environment = service->groups->environment;
	const struct directory_options *folders = service->groups->directories;
	struct {
		const char *option;
		words words;
	} needs[] = {
		{ "condition", service->groups->commands->condition },
		{ "load_credential", passed_fds->load_credential },
		{ "set_credential", passed_fds->set_credential },
		{ "socket_condition", NULL },
		{ "runtime_directory", environment->runtime_directory },
		{ "state_directory", environment->state_directory },
		{ "cache_directory", folders->cache_directory },
		{ "logs_directory", folders->logs_directory },
		{ "configuration_directory", folders->configuration_directory },
		{ "remove_ipc", service->groups->identity->remove_ipc ? said : NULL },
		{ "root_directory", root[0] ? root : NULL },
	};
	const char *wrong = NULL;

	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].options->socket_condition)
			needs[3].words = service->sockets[n].options->socket_condition;
	}
	for (size_t n = 0; n < sizeof(needs) / sizeof(*needs) && !wrong; n++) {
		const char *word = needs[n].words ? needs[n].words[0] : NULL;

		wrong = word ? preflight_check_own(preflight, PROGRAM_EXEC, NULL) : NULL;
		if (word && !wrong && !raw_keeps_capabilities())
			wrong = RAW_KEEPS_NONE;
		if (wrong) /* a credential's value is not for a message */
			preflight_report(preflight, SEVERITY_ERROR, service, needs[n].option,
					 pool_textf(preflight->table->pool, "%.*s", (int)strcspn(word, ":"), word),
					 "%s", wrong);
	}
}

/* Reports what is not there, or is no directory; its status is then in *status. A missing working directory is only a
 * warning: a home or a mount may appear later. */
static bool check_start_folder(struct preflight *preflight, const struct service *service, const char *option,
			       const char *path, struct stat *status)
{
	const char *root = service->groups->environment->root_directory;
	bool is_root = path == root;

	if (root_path_stat(is_root ? NULL : root, path, status) < 0) {
		if (!is_hidden_from_us(preflight, service))
			preflight_report(preflight, is_root ? SEVERITY_ERROR : SEVERITY_WARNING, service, option, path,
					 "%s", strerror(errno));
		return false;
	}
	if (!S_ISDIR(status->st_mode))
		preflight_report(preflight, SEVERITY_ERROR, service, option, path, "that is not a directory");
	return S_ISDIR(status->st_mode);
}

/* The two directories that a service starts in. */
static void check_start_folders(struct preflight *preflight, const struct service *service)
{
	const char *path = service->groups->environment->working_directory;
	const char *root = service->groups->environment->root_directory;
	struct stat status;

	if (root && preflight_may_look(preflight, root))
		check_start_folder(preflight, service, "root_directory", root, &status);
	if (!path || path[0] == '-')
		return;
	if (path[0] == '~' && service->account)
		path = service->account->home;
	if (!path) {
		preflight_report(preflight, SEVERITY_WARNING, service, "working_directory", "~", "user %s has no home",
				 service->account->name);
		return;
	}
	if (path[0] != '/' || !path[1] || sandbox_covers(service_prepared(service)->sandbox, path) ||
	    !preflight_may_look(preflight, root ? root : path))
		return;
	if (check_start_folder(preflight, service, "working_directory", path, &status) && service->account &&
	    !may_execute(service->account, &status) && (root || !has_access_list(path)))
		preflight_report(preflight, SEVERITY_WARNING, service, "working_directory", path,
				 "user %s may not enter it", service->account->name);
}

/* An earlier command may install what a later one runs, so a missing program is only a warning. */
static void check_commands(struct preflight *preflight, const struct service *service)
{
	const char *root = service->groups->environment->root_directory;
	struct buf split = { 0 };
	unsigned flags;
	size_t count;

	for (enum command_phase phase = 0; phase < PHASES; phase++) {
		for (words text = service_commands(service, phase); text && *text; text++) {
			const char *program, *wrong = NULL;
			bool as_superd;

			buf_clear(&split);
			shell_words_split_into(&split, command_prefix(*text, &flags), &count);
			program = buf_string(&split);
			as_superd = flags & (COMMAND_PRIVILEGED | COMMAND_SAME_IDENTITY);
			if (*program == '/' && !(flags & COMMAND_IGNORES_FAILURE) &&
			    !sandbox_covers(service_prepared(service)->sandbox, program) &&
			    preflight_may_look(preflight, root ? root : program))
				wrong = check_program_at(preflight, service, program, root,
							 as_superd ? NULL : service->account);
			if (wrong)
				preflight_report(preflight, SEVERITY_WARNING, service, command_option(phase), program,
						 "%s", wrong);
		}
	}
	buf_free(&split);
}

void preflight_files(struct preflight *preflight, const struct service *service)
{
	check_start_folders(preflight, service);
	check_program(preflight, service);
	check_own_program(preflight, service);
	check_executor(preflight, service);
	check_commands(preflight, service);
}

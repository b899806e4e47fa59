/* Plans the directories of a service (runtime, state, cache, logs, configuration), and removes those of runtime.
 *
 * Folders below the base may belong to the service's user, who could put a symlink anywhere, or mount a file system
 * that never answers. So superd-exec makes them, within a start. What superd does at an end follows no link, and asks
 * no file system that is mounted below the base. They may be full, so superd renames each that it removes, and
 * superd-exec removes it: the next start finds the old name free. */
#include "superd/start/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exec/child/own_folder.h"
#include "exec/child/plan.h"
#include "exec/child/sandbox.h"
#include "lib/buf.h"
#include "lib/fd.h"
#include "os/fs/path_trust.h"
#include "os/fs/runtime_dir.h"
#include "superd/start/removal.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

/* The five kinds of directories: their options, variables, base folders, and a service's names. */

void directories_find_bases(struct process_defaults *defaults)
{
	defaults->runtime_directory = runtime_dir();
	defaults->state_directory = LOCALSTATEDIR "/lib";
	defaults->cache_directory = LOCALSTATEDIR "/cache";
	defaults->logs_directory = LOCALSTATEDIR "/log";
	defaults->configuration_directory = SYSCONFDIR;
}

void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS])
{
	const struct environment_options *environment = service->groups->environment;
	const struct directory_options *folders = service->groups->directories;
	const struct directory_kind list[DIRECTORY_KINDS] = {
		{ "runtime_directory", "RUNTIME_DIRECTORY", "runtime_directory_mode", defaults->runtime_directory,
		  environment->runtime_directory, folders->runtime_directory_mode, true },
		{ "state_directory", "STATE_DIRECTORY", "state_directory_mode", defaults->state_directory,
		  environment->state_directory, folders->state_directory_mode, true },
		{ "cache_directory", "CACHE_DIRECTORY", "cache_directory_mode", defaults->cache_directory,
		  folders->cache_directory, folders->cache_directory_mode, true },
		{ "logs_directory", "LOGS_DIRECTORY", "logs_directory_mode", defaults->logs_directory,
		  folders->logs_directory, folders->logs_directory_mode, true },
		{ "configuration_directory", "CONFIGURATION_DIRECTORY", "configuration_directory_mode",
		  defaults->configuration_directory, folders->configuration_directory,
		  folders->configuration_directory_mode, false },
	};

	memcpy(kinds, list, sizeof(list));
}

bool directory_has_control(const struct process_defaults *defaults, const char *base, const char *word)
{
	const char *control = defaults->control;
	size_t above = strlen(base), length = directory_name_length(word);

	return control && !strncmp(control, base, above) && control[above] == '/' &&
	       !strncmp(control + above + 1, word, length) && control[above + 1 + length] == '/';
}

size_t directory_name_length(const char *word)
{
	return strcspn(word, ":");
}

/* ---- for a start, in superd-exec (exec/stages/folders.c) ---- */

/* Appends the target of the link in "NAME:LINK", relative to the link's folder, as both are below the base. */
static void add_link_target(const char *word, struct buf *target)
{
	size_t length = directory_name_length(word);

	for (const char *slash = strchr(word + length, '/'); slash; slash = strchr(slash + 1, '/'))
		buf_text(target, "../");
	buf_add(target, word, length);
}

static bool set_folder(struct own_folder *folder, const char *word)
{
	size_t length = directory_name_length(word);
	struct buf target = { 0 };

	folder->name = strndup(word, length);
	if (!word[length])
		return folder->name;
	add_link_target(word, &target);
	folder->link = strdup(word + length + 1);
	folder->target = target.failed ? NULL : buf_take(&target);
	buf_free(&target);
	return folder->name && folder->link && folder->target;
}

static void describe(const struct service *service, const struct directory_kind *kind, const char *word, int error,
		     struct buf *why)
{
	buf_addf(why, "%s: %s/%s: %s", option_name_of(service, kind->option), kind->base, word, strerror(error));
	origin_cite(service_origin(service, kind->option), why);
}

static bool plan_kind(struct plan *plan, const struct service *service, const struct directory_kind *kind,
		      const struct process_defaults *defaults, struct buf *why)
{
	bool has_control = false;

	for (words name = kind->names; name && *name; name++) {
		struct own_folder *folder = &plan->folders[plan->folder_count++];

		folder->base = kind->base;
		folder->mode = kind->mode;
		folder->sets_mode = service_mark(service, kind->mode_option);
		folder->is_owned = kind->is_owned;
		has_control = directory_has_control(defaults, kind->base, *name);
		if (has_control || !set_folder(folder, *name)) {
			describe(service, kind, *name, has_control ? EPERM : ENOMEM, why);
			return false;
		}
	}
	return true;
}

bool directories_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	size_t count = 0;

	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++)
		count += words_count(kinds[n].names);
	if (!count)
		return true;
	plan->apart = true;
	plan->folders = calloc(count, sizeof(*plan->folders));
	if (!plan->folders)
		buf_text(why, "out of memory");
	for (size_t n = 0; plan->folders && n < DIRECTORY_KINDS; n++) {
		if (!plan_kind(plan, service, &kinds[n], defaults, why))
			return false;
	}
	return plan->folders;
}

void directories_plan_free(struct plan *plan)
{
	for (size_t n = 0; n < plan->folder_count; n++) {
		free(plan->folders[n].name);
		free(plan->folders[n].link);
		free(plan->folders[n].target);
	}
	free(plan->folders);
}

void directories_describe_fault(const struct service *service, const struct process_defaults *defaults, int number,
				int error, struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	size_t at = (size_t)number;

	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		size_t count = words_count(kinds[n].names);

		if (at < count) {
			describe(service, &kinds[n], kinds[n].names[at], error, why);
			return;
		}
		at -= count;
	}
}

/* ---- removing ---- */

#define ASIDE ".superd-"
#define ASIDE_DIGITS 16
#define SWEEP_MOST 64                   /* removals at a start of superd, a base; the next start begins more */

/* Cuts off the next part of a path; NULL: there is none. */
static char *next_part(char **rest)
{
	char *part = strsep(rest, "/");

	while (part && !*part)
		part = strsep(rest, "/");
	return part;
}

/* Opens a folder for a name in it. No symlink is followed, as a user's directory may contain anything; and what is
 * mounted there may never answer. Where a filter denies openat2(2), nothing but that is asked: not to open it. */
static int enter(int at, const char *part)
{
	const uint64_t flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct { uint64_t flags, mode, resolve; } how = { flags, 0, 1 /* RESOLVE_NO_XDEV */ };
	int fd = (int)syscall(__NR_openat2, at, part, &how, sizeof(how));

	return fd >= 0 || (errno != ENOSYS && errno != EPERM) ? fd : openat(at, part, (int)flags);
}

/* Opens the folder that holds the last part of base/name, and sets *last to that part. -1: it cannot be reached. */
static int open_parent(int base, char *name, const char **last)
{
	int at = fcntl(base, F_DUPFD_CLOEXEC, 3), inner;
	char *rest = name, *part = next_part(&rest), *next;

	for (; at >= 0 && (next = next_part(&rest)); part = next) {
		inner = enter(at, part);
		fd_close(&at);
		at = inner;
	}
	if (!part)
		fd_close(&at);
	*last = part;
	return at;
}

bool directories_find_owner(const char *base, const char *word, uid_t *owner)
{
	int above = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC), at = -1;
	char *name = strndup(word, directory_name_length(word));
	const char *last = NULL;
	struct stat status;
	bool good, is_root;

	if (above >= 0 && name)
		at = open_parent(above, name, &last);
	good = at >= 0 && path_stat_cached(at, last, &status, &is_root) == 0 && S_ISDIR(status.st_mode);
	if (good)
		*owner = status.st_uid;
	fd_close(&at);
	fd_close(&above);
	free(name);
	return good;
}

/* A random number for the name of a folder; never 0. */
static uint64_t directories_number(void)
{
	uint64_t number = 0;

	/* Early at boot there may be no randomness yet, and waiting for it would delay everything. Then the time has to
	 * do, which other users cannot predict exactly. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number)) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		number = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
	}
	return number ? number : 1;
}

/* Moves the folder to the base, which no other user can write, so that it cannot be replaced; or, if it is on another
 * file system or superd may not write there, only aside. */
static bool discard_at(int base, int at, const char *name)
{
	char aside[sizeof(ASIDE) + ASIDE_DIGITS];
	int error;

	/* A look at it would ask what is mounted there. */
	if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENOTDIR || errno == EBUSY)
		return true;
	snprintf(aside, sizeof(aside), ASIDE "%016" PRIx64, directories_number());
	if (renameat(at, name, base, aside) < 0) {
		base = at;
		if (renameat(at, name, at, aside) < 0)
			return false;
	}
	if (removal_of_folder(base, aside, at, name))
		return true;
	error = errno;
	renameat(base, aside, at, name);
	errno = error;
	return false;
}

bool directories_discard(int base, const char *name)
{
	char *copy = strdup(name);
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1;
	bool good = at >= 0 ? discard_at(base, at, last) : copy && errno == ENOENT;

	fd_close(&at);
	free(copy);
	return good;
}

/* Its user may have mounted something there. */
static bool is_aside(const struct dirent *entry)
{
	const char *digits = entry->d_name + sizeof(ASIDE) - 1;

	return !strncmp(entry->d_name, ASIDE, sizeof(ASIDE) - 1) && strlen(digits) == ASIDE_DIGITS &&
	       strspn(digits, "0123456789abcdef") == ASIDE_DIGITS &&
	       (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

void directories_sweep(const char *base, struct buf *left)
{
	DIR *stream = opendir(base);
	struct dirent *entry;
	struct stat status;
	int count = 0, at = stream ? dirfd(stream) : -1;

	if (stream && fstat(at, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
	    !(status.st_mode & (S_IWGRP | S_IWOTH)) && faccessat(AT_FDCWD, base, W_OK, AT_EACCESS) == 0) {
		while (count < SWEEP_MOST && (entry = readdir(stream))) {
			if (!is_aside(entry))
				continue;
			count++;
			if (!removal_of_folder(at, entry->d_name, -1, NULL))
				buf_addf(left, "%s%s/%s: %s", left->length ? ", " : "", base, entry->d_name,
					 strerror(errno));
		}
	}
	if (stream)
		closedir(stream);
}

/* Whether base/name is above the address. The base may have two paths, such as /run and /var/run. One through folders
 * of other users is not looked at, as that may take for ever. */
static bool contains_address(const char *base, const char *name, const char *address)
{
	size_t length = strlen(name);
	struct path_finding finding;
	struct stat one, other;
	char above[PATH_MAX];

	for (const char *at = address; (at = strstr(at + 1, name));) {
		if (at[-1] != '/' || at[length] != '/' || strlen(address) >= sizeof(above))
			continue;
		snprintf(above, sizeof(above), "%.*s", (int)(at - address - 1), address);
		if (!strcmp(above, base) ||
		    (path_is_trusted(above, PATH_OPEN_FLAWS, path_mounts_cached(), &finding) &&
		     stat(above, &one) == 0 && stat(base, &other) == 0 && one.st_dev == other.st_dev &&
		     one.st_ino == other.st_ino))
			return true;
	}
	return false;
}

static bool any_listener_in(const struct table *table, const char *base, const char *name)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		for (size_t socket = 0; socket < service->socket_count; socket++) {
			const struct endpoint *endpoint = service->sockets[socket].address;

			if (endpoint_is_path(endpoint) && contains_address(base, name, endpoint->address))
				return true;
		}
	}
	return false;
}

/* Removes the link before its directory, if it leads there. */
static void remove_link(int base, const char *word)
{
	char *copy = strdup(word + directory_name_length(word) + 1);
	struct buf target = { 0 };
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1;

	add_link_target(word, &target);
	if (at >= 0 && !target.failed && own_folder_leads_to(at, last, buf_string(&target)))
		unlinkat(at, last, 0);
	buf_free(&target);
	fd_close(&at);
	free(copy);
}

static bool remove_runtime_directory(const struct table *table, const char *base, const char *word)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length);
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = above >= 0 || errno == ENOENT;

	if (above >= 0 && name && !any_listener_in(table, base, name)) {
		if (word[length])
			remove_link(above, word);
		good = directories_discard(above, name);
	}
	fd_close(&above);
	free(name);
	return good;
}

bool directories_remove(const struct table *table, const struct service *service,
			const struct process_defaults *defaults, bool stays)
{
	unsigned preserve = service->groups->directories->runtime_directory_preserve;
	words names = service->groups->environment->runtime_directory;
	int error = 0;

	if (preserve == DIRECTORY_STAYS || (preserve == DIRECTORY_RESTARTS && stays))
		return true;
	for (; names && *names; names++)
		error = remove_runtime_directory(table, defaults->runtime_directory, *names) ? error : errno;
	errno = error;
	return !error;
}

/* ---- private_tmp ---- */

/* Names and removes the folders for private_tmp.
 *
 * Any user may create files in /tmp, so the names contain a random number: another user could take a predictable name
 * in advance. The folders' contents belong to another user, so no symlink in them is followed. */
#define NAME_MOST 64

uint64_t private_tmp_new(const struct service *service)
{
	if (!service_prepared(service)->sandbox || !service_prepared(service)->sandbox->private_tmp)
		return 0;
	return directories_number();    /* the child still refuses a folder that another user has created */
}

/* Characters that are unsafe in a path become dashes. */
static void add_safe_name(const char *name, struct buf *out)
{
	for (size_t n = 0; n < NAME_MOST && name[n]; n++) {
		bool plain = (name[n] >= 'a' && name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') ||
			     (name[n] >= '0' && name[n] <= '9') || strchr("@_.", name[n]);

		buf_char(out, plain ? name[n] : '-');
	}
}

void private_tmp_prefix(const char *above, const char *service, struct buf *out)
{
	buf_addf(out, "%s/superd-", above);
	add_safe_name(service, out);
	buf_char(out, '-');
}

bool private_tmp_remove(const char *service, uint64_t number)
{
	struct buf path = { 0 };
	bool good;

	if (!number)
		return true;
	private_tmp_prefix("", service, &path);
	buf_addf(&path, "%016" PRIx64, number);
	errno = ENOMEM;
	good = !path.failed && removal_of_tmp(buf_string(&path) + 1);
	buf_free(&path);
	return good;
}

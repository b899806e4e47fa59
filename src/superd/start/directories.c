/* Creates and removes the directories of a service: runtime, state, cache, logs, configuration.
 *
 * Folders below the base may belong to the service's user, who could put a symlink anywhere. So superd walks down by
 * descriptor, part by part, and never follows a link there. They may be full, so superd renames each that it removes,
 * and superd-exec removes it: the next start finds the old name free. */
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
#include <time.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "lib/buf.h"
#include "lib/fd.h"
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

/* Cuts off the next part of a path; NULL: there is none. */
static char *directory_next_part(char **rest)
{
	char *part = strsep(rest, "/");

	while (part && !*part)
		part = strsep(rest, "/");
	return part;
}

/* Closes `at` and opens a part of it; -1 and errno, also if part is NULL. One part at a time, so that no symlink is
 * followed: a user's directory may contain anything. */
static int directory_enter(int at, const char *part)
{
	int next = part ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	fd_close(&at);
	return next;
}

/* Creates each missing part of base/name. *is_new: the last part was missing. Returns a descriptor of it, or -1. */
static int make_path(int base, const char *name, size_t length, bool *is_new)
{
	char *copy = strndup(name, length), *rest = copy, *part;
	int at = copy ? fcntl(base, F_DUPFD_CLOEXEC, 3) : -1;

	*is_new = false;
	while (at >= 0 && (part = directory_next_part(&rest))) {
		*is_new = mkdirat(at, part, 0755) == 0;
		if (!*is_new && errno != EEXIST)
			fd_close(&at);
		else
			at = directory_enter(at, part);
	}
	free(copy);
	return at;
}

/* Sets owner and mode of the last folder. An existing folder keeps its mode unless the table sets one. */
static bool set_folder_permissions(const struct service *service, const struct directory_kind *kind, int folder,
				   bool is_new)
{
	const struct account *account = service->account;

	if ((is_new || service_mark(service, kind->mode_option)) && fchmod(folder, kind->mode) < 0)
		return false;
	return !kind->is_owned || !account || !account->switches || fchown(folder, account->uid, account->gid) == 0;
}

static bool directory_points_to(int at, const char *link, const char *target)
{
	char there[PATH_MAX];
	ssize_t length = readlinkat(at, link, there, sizeof(there) - 1);

	if (length < 0)
		return false;
	there[length] = '\0';
	return !strcmp(there, target);
}

/* Appends the target of the link in "NAME:LINK", relative to the link's folder, as both are below the base. Returns the
 * last part of LINK. */
static const char *directory_link_target(const char *word, struct buf *target)
{
	size_t length = directory_name_length(word);
	const char *link = word + length + 1, *last = strrchr(link, '/') ? strrchr(link, '/') + 1 : link;

	for (const char *slash = strchr(link, '/'); slash; slash = strchr(slash + 1, '/'))
		buf_text(target, "../");
	buf_add(target, word, length);
	return last;
}

static bool make_link(int base, const char *word)
{
	const char *link = word + directory_name_length(word) + 1, *last, *to;
	struct buf target = { 0 };
	bool is_new, good;
	int at;

	last = directory_link_target(word, &target);
	at = make_path(base, link, (size_t)(last - link), &is_new);
	to = buf_string(&target);
	good = at >= 0 && !target.failed &&
	       (symlinkat(to, at, last) == 0 || (errno == EEXIST && directory_points_to(at, last, to)));
	buf_free(&target);
	fd_close(&at);
	return good;
}

static bool make_service_folder(const struct service *service, const struct directory_kind *kind, int base,
				const char *word)
{
	size_t length = directory_name_length(word);
	bool is_new, good;
	int folder = make_path(base, word, length, &is_new);

	if (folder < 0)
		return false;
	good = set_folder_permissions(service, kind, folder, is_new);
	fd_close(&folder);
	return good && (!word[length] || make_link(base, word));
}

/* Opens the base, and creates it and missing folders above it. It is the administrator's, so symlinks to it are
 * followed. If creating fails, so does opening. */
static int open_base(const char *base)
{
	char *copy = strdup(base);

	if (!copy)
		return -1;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
	mkdir(base, 0755);
	return open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool prepare_kind(const struct service *service, const struct directory_kind *kind,
			 const struct process_defaults *defaults, struct buf *why)
{
	bool good = true;
	int base;

	base = open_base(kind->base);
	for (size_t n = 0; good && kind->names[n]; n++) {
		if (directory_has_control(defaults, kind->base, kind->names[n])) {
			errno = EPERM;
			good = false;
		}
		good = good && base >= 0 && make_service_folder(service, kind, base, kind->names[n]);
		if (good)
			continue;
		buf_addf(why, "%s: %s/%s: %s", option_name_of(service, kind->option), kind->base, kind->names[n],
			 strerror(errno));
		origin_cite(service_origin(service, kind->option), why);
	}
	fd_close(&base);
	return good;
}

bool directories_prepare(const struct service *service, const struct process_defaults *defaults, struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];

	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		if (kinds[n].names && kinds[n].names[0] && !prepare_kind(service, &kinds[n], defaults, why))
			return false;
	}
	return true;
}

/* ---- removing ---- */

#define ASIDE ".superd-"
#define ASIDE_DIGITS 16
#define SWEEP_MOST 64                   /* removals at a start of superd, a base; the next start begins more */

/* Opens the folder that holds the last part of base/name, and sets *last to that part. -1: it cannot be reached. */
static int open_parent(int base, char *name, const char **last)
{
	int at = fcntl(base, F_DUPFD_CLOEXEC, 3);
	char *rest = name, *part = directory_next_part(&rest), *next;

	for (; at >= 0 && (next = directory_next_part(&rest)); part = next)
		at = directory_enter(at, part);
	if (!part)
		fd_close(&at);
	*last = part;
	return at;
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
	struct stat status;
	int error;

	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	if (!S_ISDIR(status.st_mode) || unlinkat(at, name, AT_REMOVEDIR) == 0)
		return true;
	snprintf(aside, sizeof(aside), ASIDE "%016" PRIx64, directories_number());
	if (renameat(at, name, base, aside) < 0) {
		base = at;
		if (renameat(at, name, at, aside) < 0)
			return errno == EBUSY;  /* a mount point stays */
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

static bool is_aside(int base, const char *name)
{
	const char *digits = name + sizeof(ASIDE) - 1;
	struct stat status;

	return !strncmp(name, ASIDE, sizeof(ASIDE) - 1) && strlen(digits) == ASIDE_DIGITS &&
	       strspn(digits, "0123456789abcdef") == ASIDE_DIGITS &&
	       fstatat(base, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
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
			if (!is_aside(at, entry->d_name))
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

/* Whether the folder is above the address. The same folder may have two paths, such as /run/a and /var/run/a: each part
 * of the address with the folder's name is compared by inode. */
static bool contains_address(const struct stat *folder, const char *name, const char *address)
{
	const char *at = address;
	size_t length = strlen(name);
	char above[PATH_MAX];
	struct stat status;

	while ((at = strstr(at + 1, name))) {
		if (at[-1] != '/' || at[length] != '/' || strlen(address) >= sizeof(above))
			continue;
		strcpy(above, address);
		above[(size_t)(at - address) + length] = '\0';
		if (stat(above, &status) == 0 && status.st_dev == folder->st_dev && status.st_ino == folder->st_ino)
			return true;
	}
	return false;
}

static bool holds_listener(const struct service *service, const struct stat *folder, const char *name)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].address;

		if (endpoint_is_path(endpoint) && contains_address(folder, name, endpoint->address))
			return true;
	}
	return false;
}

static bool any_listener_in(const struct table *table, const char *path, const char *name)
{
	struct stat folder;

	if (stat(path, &folder) < 0)
		return false;
	for (size_t n = 0; n < table->count; n++) {
		if (holds_listener(&table->services[n], &folder, name))
			return true;
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

	directory_link_target(word, &target);
	if (at >= 0 && !target.failed && directory_points_to(at, last, buf_string(&target)))
		unlinkat(at, last, 0);
	buf_free(&target);
	fd_close(&at);
	free(copy);
}

static bool remove_runtime_directory(const struct table *table, const char *base, const char *word)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length);
	struct buf path = { 0 };
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = above >= 0 || errno == ENOENT;

	buf_addf(&path, "%s/%s", base, name ? name : "");
	if (above >= 0 && name && !path.failed && !any_listener_in(table, buf_string(&path), name)) {
		if (word[length])
			remove_link(above, word);
		good = directories_discard(above, name);
	}
	fd_close(&above);
	buf_free(&path);
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

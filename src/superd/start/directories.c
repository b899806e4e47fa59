/* Creates the directories of a service: runtime, state, cache, logs, configuration.
 *
 * Folders below the base may belong to the service's user, who could put a symlink anywhere. So superd walks down by
 * descriptor, part by part, and never follows a link there. */
#include "superd/start/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "superd/start/directories_internal.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

char *directory_next_part(char **rest)
{
	char *part = strsep(rest, "/");

	while (part && !*part)
		part = strsep(rest, "/");
	return part;
}

int directory_enter(int at, const char *part)
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

bool directory_points_to(int at, const char *link, const char *target)
{
	char there[PATH_MAX];
	ssize_t length = readlinkat(at, link, there, sizeof(there) - 1);

	if (length < 0)
		return false;
	there[length] = '\0';
	return !strcmp(there, target);
}

const char *directory_link_target(const char *word, struct buf *target)
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

	if (!kind->names || !kind->names[0])
		return true;
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
		if (!prepare_kind(service, &kinds[n], defaults, why))
			return false;
	}
	return true;
}

/* The folders of a service, its credentials, and the removal of what it has left. */
#include "superd/start/start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "lib/array.h"
#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "os/fs/fs.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"
#include "table/words/passed_fds.h"

/* Starts superd-exec for a removal, and notes its process. */

#define END_LIMIT 10000 /* milliseconds */

struct removal {
	pid_t pid;
	uid_t uid;		   /* whose IPC objects are removed; 0: it removes folders */
	char what[PATH_MAX + 160]; /* the folder, or the user's number, for messages */
};

static struct {
	struct removal *list;
	size_t count, room;
} removals;

/* orders: three at most, the rest is NULL. */
static bool begin(uid_t uid, const char *const orders[3], const int streams[2])
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	const char *argv[] = { program->name, build_word(), orders[0], orders[1], orders[2], NULL };
	struct removal *list, removal = { .pid = -1, .uid = uid };
	char link[32], path[PATH_MAX] = "";

	if (program->fd < 0) {
		errno = program->error;
		return false;
	}
	list = array_grow(removals.list, &removals.room, removals.count, sizeof(*list));
	if (list) {
		removals.list = list;
		removal.pid = spawn_aside(program, (char *const *)(uintptr_t)argv, streams);
	}
	if (removal.pid < 0)
		return false;
	/* With the path of a folder's base, as nobody would find it by its new name alone. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", streams[0]);
	if (streams[0] >= 0 && readlink(link, path, sizeof(path) - 1) > 0)
		snprintf(removal.what, sizeof(removal.what), "%s%s%s/%s", orders[2] ? orders[2] : "",
			 orders[2] ? ", as " : "", path, orders[1]);
	else if (uid)
		snprintf(removal.what, sizeof(removal.what), "IPC objects of user %s", orders[1]);
	else
		snprintf(removal.what, sizeof(removal.what), "%s in /tmp and /var/tmp", orders[1]);
	removals.list[removals.count++] = removal;
	return true;
}

static bool removal_of_folder(int base, const char *aside, int at, const char *name)
{
	return begin(0, (const char *const[]){ "--remove", aside, name }, (int[]){ base, at });
}

bool removal_of_tmp(const char *name)
{
	return begin(0, (const char *const[]){ "--remove-tmp", name, NULL }, (int[]){ -1, -1 });
}

pid_t removal_make_way(uid_t uid, bool is_apart)
{
	for (size_t n = 0; uid && n < removals.count; n++) {
		if (removals.list[n].uid == uid && is_apart)
			return removals.list[n].pid;
		if (removals.list[n].uid != uid)
			continue;
		kill(removals.list[n].pid, SIGKILL);
		removals.list[n].uid = 0;
		removals.list[n].what[0] = '\0'; /* its end is no failure then */
	}
	return 0;
}

bool removal_of_ipc(uid_t uid)
{
	char number[16];

	removal_make_way(uid, false); /* one does for all that there is now, and a start waits for one */
	snprintf(number, sizeof(number), "%" PRIu32, (uint32_t)uid);
	return begin(uid, (const char *const[]){ "--remove-ipc", number, NULL }, (int[]){ -1, -1 });
}

static void add_left(const struct removal *removal, struct buf *left)
{
	buf_addf(left, "%s%s", left->length ? ", " : "", removal->what);
}

/* It has ended. A start that waited too long for it has killed it. */
static void take_end(size_t n, int status, struct buf *left)
{
	const struct removal *removal = &removals.list[n];

	if (status && removal->what[0] && !(removal->uid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		add_left(removal, left);
	removals.list[n] = removals.list[--removals.count];
}

bool removal_take_end(pid_t pid, int status, struct buf *left)
{
	for (size_t n = 0; n < removals.count; n++) {
		if (removals.list[n].pid == pid) {
			take_end(n, status, left);
			return true;
		}
	}
	return false;
}

void removal_end(struct buf *left)
{
	int64_t until = clock_ms() + END_LIMIT;

	for (size_t n = 0; n < removals.count;) {
		int status = 0;

		if (waitpid(removals.list[n].pid, &status, WNOHANG) != 0) {
			take_end(n, status, left);
		} else if (clock_ms() < until) {
			poll(NULL, 0, 1);
		} else {
			add_left(&removals.list[n], left);
			kill(removals.list[n].pid, SIGKILL);
			n++;
		}
	}
	removals.count = 0;
}

/* Plans the directories of a service (runtime, state, cache, logs, configuration), and removes those of runtime.
 *
 * Folders below the base may belong to the service's user, who could put a symlink anywhere, or mount a file system
 * that never answers. So superd-exec makes them, within a start. What superd does at an end follows no link, and asks
 * no file system that is mounted below the base. They may be full, so superd renames each that it removes, and
 * superd-exec removes it: the next start finds the old name free. */

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

static void describe(const struct service *service, const struct directory_kind *kind, const char *word, int error,
		     struct buf *why)
{
	buf_addf(why, "%s: %s/%s: %s", option_name_of(service, kind->option), kind->base, word, strerror(error));
	origin_cite(service_origin(service, kind->option), why);
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
	for (const struct directory_kind *kind = kinds; plan->folders && kind < kinds + DIRECTORY_KINDS; kind++) {
		for (words name = kind->names; name && *name; name++) {
			struct own_folder *folder = &plan->folders[plan->folder_count++];
			bool has_control = directory_has_control(defaults, kind->base, *name), has_link;
			size_t length = directory_name_length(*name);
			struct buf target = { 0 };

			*folder = (struct own_folder){
				.name = strndup(*name, length),
				.base = kind->base,
				.mode = kind->mode,
				.sets_mode = service_mark(service, kind->mode_option),
				.is_owned = kind->is_owned,
			};
			has_link = (*name)[length];
			if (has_link) {
				add_link_target(*name, &target);
				folder->link = strdup(*name + length + 1);
				folder->target = buf_take(&target);
			}
			if (has_control || !folder->name || (has_link && (!folder->link || !folder->target))) {
				describe(service, kind, *name, has_control ? EPERM : ENOMEM, why);
				return false;
			}
		}
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
#define SWEEP_MOST 64 /* removals at a start of superd, a base; the next start begins more */

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
	struct {
		uint64_t flags, mode, resolve;
	} how = { flags, 0, 1 /* RESOLVE_NO_XDEV */ };
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
	uint64_t mount;
	bool good;

	if (above >= 0 && name)
		at = open_parent(above, name, &last);
	good = at >= 0 && path_stat_cached(at, last, &status, &mount) == 0 && S_ISDIR(status.st_mode);
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

/* Removes base/name with its contents, but not across a mount or through a symlink. It is moved to the base, which
 * no other user can write, so that it cannot be replaced; or, if it is on another file system or superd may not
 * write there, only aside. The name is free when this returns, and the rest is removed aside (removal_of_folder).
 * false and errno: it stays. */
static bool directories_discard(int base, const char *name)
{
	char aside[sizeof(ASIDE) + ASIDE_DIGITS], *copy = strdup(name);
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1, to = base, error = errno;
	bool good = at < 0 && copy && error == ENOENT;

	/* A look at it would ask what is mounted there. */
	if (at >= 0)
		good = unlinkat(at, last, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENOTDIR || errno == EBUSY;
	if (at >= 0 && !good) {
		snprintf(aside, sizeof(aside), ASIDE "%016" PRIx64, directories_number());
		if (renameat(at, last, base, aside) < 0)
			to = renameat(at, last, at, aside) < 0 ? -1 : at;
		good = to >= 0 && removal_of_folder(to, aside, at, last);
		error = errno;
		if (!good && to >= 0)
			renameat(to, aside, at, last);
	}
	fd_close(&at);
	free(copy);
	errno = error;
	return good;
}

void directories_sweep(const char *base, struct buf *left)
{
	DIR *stream = opendir(base);
	struct dirent *entry;
	struct stat status;
	int count = 0, at = stream ? dirfd(stream) : -1;
	bool is_safe = stream && fstat(at, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
		!(status.st_mode & (S_IWGRP | S_IWOTH)) && faccessat(AT_FDCWD, base, W_OK, AT_EACCESS) == 0;

	while (is_safe && count < SWEEP_MOST && (entry = readdir(stream))) {
		const char *digits = entry->d_name + sizeof(ASIDE) - 1;

		/* Only by its type: its user may have mounted something there. */
		if (strncmp(entry->d_name, ASIDE, sizeof(ASIDE) - 1) != 0 || strlen(digits) != ASIDE_DIGITS ||
		    strspn(digits, "0123456789abcdef") != ASIDE_DIGITS ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		count++;
		if (!removal_of_folder(at, entry->d_name, -1, NULL))
			buf_addf(left, "%s%s/%s: %s", left->length ? ", " : "", base, entry->d_name, strerror(errno));
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
		    (path_is_trusted(above, PATH_OPEN_FLAWS | PATH_EACH_GROUP, NULL, &finding) &&
		     stat(above, &one) == 0 && stat(base, &other) == 0 && one.st_dev == other.st_dev &&
		     one.st_ino == other.st_ino))
			return true;
	}
	return false;
}

static bool remove_runtime_directory(const struct table *table, const char *base, const char *word)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length), *link = strdup(word + length + (word[length] == ':'));
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC), at;
	bool good = above >= 0 || errno == ENOENT, is_used = false;
	struct buf target = { 0 };
	const char *last = NULL;

	for (size_t n = 0; name && n < table->count; n++) {
		const struct service *service = &table->services[n];

		for (size_t socket = 0; socket < service->socket_count; socket++) {
			const struct endpoint *endpoint = service->sockets[socket].address;

			is_used |= endpoint_is_path(endpoint) && contains_address(base, name, endpoint->address);
		}
	}
	if (above >= 0 && name && link && !is_used) {
		if (word[length]) { /* the link before its directory, if it leads there */
			at = open_parent(above, link, &last);
			add_link_target(word, &target);
			if (at >= 0 && !target.failed && own_folder_leads_to(at, last, buf_string(&target)))
				unlinkat(at, last, 0);
			buf_free(&target);
			fd_close(&at);
		}
		good = directories_discard(above, name);
	}
	fd_close(&above);
	free(link);
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
	return directories_number(); /* the child still refuses a folder that another user has created */
}

/* Characters that are unsafe in a path become dashes. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out)
{
	buf_addf(out, "%s/superd-", above);
	for (size_t n = 0; n < NAME_MOST && service[n]; n++) {
		char c = service[n];
		bool plain =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("@_.", c);

		buf_char(out, plain ? c : '-');
	}
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

/* Credentials in superd: planned before a start, removed after the end.
 *
 * If one name is given more than once, loaded credentials win over set values; of two that are loaded the later one
 * wins. The list is sorted in this order, and the child uses the first. */

#define FOLDER "credentials"

bool credentials_are_wanted(const struct service *service)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;

	return passed_fds->load_credential || passed_fds->set_credential;
}

void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out)
{
	buf_addf(out, "%s/" FOLDER "/%s.service", defaults->runtime_directory, service->name);
}

void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct process_defaults *defaults)
{
	struct buf folder = { 0 };

	if (!credentials_are_wanted(service))
		return;
	credentials_folder(service, defaults, &folder);
	variables_setf(variables, "CREDENTIALS_DIRECTORY=%s", buf_string(&folder));
	variables->failed |= folder.failed;
	buf_free(&folder);
}

/* Whether the child has a mount namespace with mounts of its own, into which it attaches the folder. */
static bool credentials_are_carried(const struct service *service)
{
	return service_prepared(service)->sandbox && service_prepared(service)->sandbox->has_mounts;
}

/* Adds all words, the last one first, as later words win. */
static bool add_credentials(struct credentials *credentials, unsigned kind, words list)
{
	for (size_t n = words_count(list); n-- > 0;) {
		struct credential_word parts = credential_word_read(list[n]);
		struct credential *credential = &credentials->list[credentials->count++];
		struct buf value = { 0 };

		*credential = (struct credential){ .kind = kind, .id = strndup(parts.id, parts.id_length) };
		if (kind == CREDENTIAL_SET && !credential_value_read(parts.rest, &value)) {
			credential->length = value.length;
			credential->source = buf_take(&value);
		} else if (kind != CREDENTIAL_SET && credential->id) {
			credential->source = strdup(parts.rest && *parts.rest ? parts.rest : credential->id);
		}
		buf_free(&value);
		if (!credential->id || !credential->source)
			return false;
	}
	return true;
}

/* NULL: out of memory. */
static __attribute__((format(printf, 1, 2))) char *make_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why)
{
	static const char received[] = "CREDENTIALS_DIRECTORY=/";
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	const struct account *account = service->account && service->account->switches ? service->account : NULL;
	size_t most = words_count(passed_fds->load_credential) + words_count(passed_fds->set_credential);
	const char *root = service_root(service), *within;
	struct credentials *made;
	struct buf folder = { 0 };
	bool good;

	if (!credentials_are_wanted(service))
		return true;
	plan->apart = true;
	plan->credentials = made = calloc(1, sizeof(*made));
	good = made && (made->list = calloc(most + 1, sizeof(*made->list))) != NULL;
	if (good) {
		made->user = account ? account->uid : (uid_t)-1;
		made->group = account ? account->gid : (gid_t)-1;
		credentials_folder(service, defaults, &folder);
		made->folder = buf_take(&folder);
		made->unit = make_text("/unit/%s.service/", service->name);
		good = made->folder && made->unit;
	}
	for (int n = 0; good && n < 2; n++) {
		within = n == 0 && credentials_are_carried(service) ? NULL : root;
		made->at[n].root = within ? strdup(within) : NULL;
		made->at[n].above = make_text("%s%s/" FOLDER, within ? within : "", defaults->runtime_directory);
		made->at[n].folder = make_text("%s%s", within ? within : "", made->folder);
		good = made->at[n].above && made->at[n].folder && (!within || made->at[n].root);
	}
	for (char **at = defaults->environment; good && at && *at && !made->received; at++) {
		if (strncmp(*at, received, sizeof(received) - 1) != 0)
			continue;
		made->received = strdup(*at + sizeof(received) - 2);
		good = made->received;
	}
	good = good && add_credentials(made, CREDENTIAL_LOADED, passed_fds->load_credential) &&
		add_credentials(made, CREDENTIAL_SET, passed_fds->set_credential);
	if (!good)
		buf_text(why, "out of memory");
	return good; /* plan_free frees it in any case */
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	for (size_t n = 0; n < credentials->count; n++) {
		free(credentials->list[n].id);
		free(credentials->list[n].source);
	}
	free(credentials->list);
	free(credentials->folder);
	for (int n = 0; n < 2; n++) {
		free(credentials->at[n].above);
		free(credentials->at[n].folder);
		free(credentials->at[n].root);
	}
	free(credentials->unit);
	free(credentials->received);
	free(credentials);
}

/* The child counts credentials in the order in which they were added. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	const struct {
		const char *option;
		words list;
	} lists[] = {
		{ "load_credential", passed_fds->load_credential },
		{ "set_credential", passed_fds->set_credential },
	};
	size_t at = (size_t)number;

	for (size_t n = 0; number >= 0 && n < sizeof(lists) / sizeof(*lists); n++) {
		size_t count = words_count(lists[n].list);

		if (at < count) {
			const char *word = lists[n].list[count - 1 - at];

			*option = lists[n].option;
			*length = n == 1 ? strcspn(word, ":") : strlen(word);
			return word;
		}
		at -= count;
	}
	return NULL;
}

bool credentials_remove(const struct service *service, const struct process_defaults *defaults)
{
	const char *root = credentials_are_carried(service) ? NULL : service_root(service);
	struct buf base = { 0 }, name = { 0 };
	int above = -1;
	bool good;

	if (!credentials_are_wanted(service))
		return true;
	/* It goes aside in the runtime folder, where the next superd looks for it. */
	buf_addf(&base, "%s%s", defaults->runtime_directory, root ? "/" FOLDER : "");
	buf_addf(&name, "%s%s.service", root ? "" : FOLDER "/", service->name);
	errno = ENOMEM;
	if (!base.failed && !name.failed)
		above = root ? credentials_open_below(root, buf_string(&base), false)
			     : open(buf_string(&base), O_PATH | O_DIRECTORY | O_CLOEXEC);
	good = above >= 0 ? directories_discard(above, buf_string(&name)) : errno == ENOENT;
	fd_close(&above);
	buf_free(&base);
	buf_free(&name);
	return good;
}

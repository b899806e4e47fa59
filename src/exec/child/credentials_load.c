/* Fills the folder of credentials: from files, folders, sockets, credential stores and the table itself.
 *
 * This runs in a forked process before its stages (exec/spawn/spawn_async.c), so it neither allocates nor locks: names
 * are built in buffers of fixed size, and a name that does not fit is an error. */
#include "exec/child/credentials_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/glob.h"
#include "base/write_all.h"
#include "config/words/passed_fds.h"
#include "exec/child/child.h"
#include "exec/child/condition_internal.h"
#include "os/foreign/act_as.h"

#define DEPTH_MOST 8                    /* of a folder that is a source */
#define FILES_MOST 1000

static int refuse(int error)
{
	errno = error;
	return -1;
}

static bool is_there(const struct credential_load *loading, const char *name)
{
	struct stat status;

	return fstatat(loading->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int count(struct credential_load *loading, size_t length)
{
	loading->size += length;
	return loading->size > CREDENTIALS_SIZE ? refuse(E2BIG) : 0;
}

/* An empty file of the service's user, for what comes under this name. */
static int make_file(struct credential_load *loading)
{
	const struct credential_text *name = &loading->name;
	int fd;

	if (name->failed || !credential_name_is_valid(name->text, name->length))
		return refuse(EINVAL);
	if (++loading->files > FILES_MOST || count(loading, name->length) < 0)
		return refuse(E2BIG);
	fd = openat(loading->folder, name->text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd >= 0 && (fchmod(fd, 0400) < 0 ||
			fchown(fd, loading->credentials->user, loading->credentials->group) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int copy(struct credential_load *loading, int from)
{
	char bytes[16384];
	ssize_t got;
	int to = make_file(loading);

	if (to < 0)
		return -1;
	while ((got = read(from, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || count(loading, (size_t)got) < 0 || !write_all(to, bytes, (size_t)got)) {
			close(to);
			return -1;
		}
	}
	return close(to);
}

/* Binds this end to a name that tells who asks for what, as systemd does: a random number, the unit, the credential. */
static void introduce(const struct credential_load *loading, int fd)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	struct credential_text name = { 0 };
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = (uint64_t)getpid();
	text_add_hex(&name, number);
	text_add_word(&name, loading->credentials->unit);
	text_add_word(&name, loading->credential->id);
	if (name.failed || name.length > sizeof(own.sun_path) - 1)
		return;                 /* a source that wants it says so by what it sends */
	memcpy(own.sun_path + 1, name.text, name.length);
	(void)bind(fd, (const struct sockaddr *)&own,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + name.length));
}

/* Root's rights are not for a path that somebody else could lead elsewhere. */
static bool borrow(const struct credential_load *loading, struct act_as *before)
{
	return act_as_begin(before, loading->credential->is_foreign ? &loading->credential->reader : NULL);
}

/* false and errno, of what was tried where that failed. */
static bool give_back(const struct act_as *before)
{
	int error = errno;
	bool good = act_as_end(before);

	if (good)
		errno = error;
	return good;
}

static int load_from_socket(struct credential_load *loading, const char *path)
{
	struct act_as before;
	bool connected;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd, result = -1;

	if (length >= sizeof(address.sun_path))
		return refuse(ENAMETOOLONG);
	memcpy(address.sun_path, path, length);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	introduce(loading, fd);
	connected = borrow(loading, &before) && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	if (give_back(&before) && connected)
		result = copy(loading, fd);
	close(fd);
	return result;
}

static int load_folder(struct credential_load *loading, int folder);

/* Each file of a folder is NAME_FILE. true: it failed, as errno tells. */
static bool load_entry(void *context, int folder, const char *name)
{
	struct credential_load *loading = context;
	size_t before = loading->name.length;
	struct stat status;
	int links = loading->credential->is_foreign ? O_NOFOLLOW : 0;
	int fd = openat(folder, name, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK | links);
	bool failed = fd < 0 || fstat(fd, &status) < 0;

	text_add(&loading->name, "_", 1);
	text_add_word(&loading->name, name);
	if (!failed && S_ISDIR(status.st_mode))
		failed = load_folder(loading, fd) < 0;
	else if (!failed && S_ISREG(status.st_mode) && !is_there(loading, loading->name.text))
		failed = copy(loading, fd) < 0;
	fd_close(&fd);
	loading->name.length = before;
	loading->name.text[before] = '\0';
	return failed;
}

static int load_folder(struct credential_load *loading, int folder)
{
	int result;

	if (loading->depth == DEPTH_MOST)
		return refuse(ELOOP);
	loading->depth++;
	result = condition_any_entry(folder, load_entry, loading);
	loading->depth--;
	return result ? -1 : 0;
}

static int load_path(struct credential_load *loading, const char *path)
{
	struct act_as before;
	struct stat status;
	int fd = borrow(loading, &before) ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) : -1, result = -1;

	if (!give_back(&before))
		fd_close(&fd);
	if (fd < 0)
		return errno == ENXIO ? load_from_socket(loading, path) : -1;
	if (fstat(fd, &status) == 0)
		result = S_ISDIR(status.st_mode) ? load_folder(loading, fd) : copy(loading, fd);
	close(fd);
	return result;
}

/* Where credentials of the machine lie, superd's own first. */
static const char *store(const struct credentials *credentials, size_t n)
{
	static const char *const stores[] = { "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore",
					      "/usr/lib/credstore" };

	if (credentials->received && n-- == 0)
		return credentials->received;
	return n < sizeof(stores) / sizeof(*stores) ? stores[n] : NULL;
}

/* The first that has it; one that is nowhere may be missing. */
static int load_by_name(struct credential_load *loading, const char *name)
{
	const char *folder;

	for (size_t n = 0; (folder = store(loading->credentials, n)); n++) {
		struct credential_text path = { 0 };

		text_add_word(&path, folder);
		text_add(&path, "/", 1);
		text_add_word(&path, name);
		if (path.failed)
			return refuse(ENAMETOOLONG);
		if (load_path(loading, path.text) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return 0;
}

static bool is_set(const struct credentials *credentials, const char *id)
{
	for (size_t n = 0; n < credentials->count; n++) {
		if (credentials->list[n].kind == CREDENTIAL_SET && !strcmp(credentials->list[n].id, id))
			return true;
	}
	return false;
}

static int load(struct credential_load *loading)
{
	const struct credential *credential = loading->credential;
	int result;

	text_add_word(&loading->name, credential->id);
	if (is_there(loading, credential->id))
		return 0;
	if (*credential->source != '/')
		return load_by_name(loading, credential->source);
	result = load_path(loading, credential->source);
	if (result < 0 && errno == ENOENT && is_set(loading->credentials, credential->id))
		return 0;
	return result;
}

/* Imports a file of a store if its name matches the pattern. */
static bool import_entry(void *context, int folder, const char *name)
{
	struct credential_load *loading = context;
	const struct credential *credential = loading->credential;
	struct stat status;
	bool failed;
	int fd;

	if (!glob_matches(credential->id, name, 0) || !credential_name_is_valid(name, strlen(name)))
		return false;
	loading->name.length = 0;
	if (credential->source)
		text_add_word(&loading->name, credential->source);
	text_add_word(&loading->name, name + (credential->source ? strcspn(credential->id, "*") : 0));
	if (is_there(loading, loading->name.text))
		return false;
	fd = openat(folder, name, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	failed = fd < 0 || fstat(fd, &status) < 0 || (S_ISREG(status.st_mode) && copy(loading, fd) < 0);
	fd_close(&fd);
	return failed;
}

static int import(struct credential_load *loading)
{
	const char *path;

	for (size_t n = 0; (path = store(loading->credentials, n)); n++) {
		int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

		if (folder < 0)
			continue;       /* a machine has few of them */
		result = condition_any_entry(folder, import_entry, loading);
		fd_close(&folder);
		if (result)
			return -1;
	}
	return 0;
}

static int set(struct credential_load *loading)
{
	const struct credential *credential = loading->credential;
	int fd, result;

	text_add_word(&loading->name, credential->id);
	if (is_there(loading, credential->id))
		return 0;
	fd = make_file(loading);
	if (fd < 0 || count(loading, credential->length) < 0)
		return -1;
	result = write_all(fd, credential->source, credential->length) ? 0 : -1;
	return close(fd) < 0 ? -1 : result;
}

int credentials_load_all(struct job *job, struct credential_load *loading)
{
	static int (*const ways[])(struct credential_load *) = {
		[CREDENTIAL_LOADED] = load, [CREDENTIAL_IMPORTED] = import, [CREDENTIAL_SET] = set,
	};

	for (size_t n = 0; n < loading->credentials->count; n++) {
		job->fault.resource = (int)n;
		loading->credential = &loading->credentials->list[n];
		loading->name.length = 0;
		loading->name.failed = false;
		if (ways[loading->credential->kind](loading) < 0)
			return -1;
	}
	return 0;
}

/* Fills the folder of a service's credentials: from files, folders, sockets, credential stores and the configuration
 * itself. Source: systemd.exec(5), "Credentials".
 *
 * The folder is one for all instances, and the user's, who may put anything there. So each credential is written beside
 * its name and renamed: an instance that runs already reads the old one or the new one, and no link is followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/stages.h"
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "table/words/passed_fds.h"

#define DEPTH_MOST 8                    /* levels of folders in a source */
#define FILES_MOST 1000

/* The state of loading one service's credentials. */
struct credential_load {
	const struct credentials *credentials;
	const struct account *account;  /* of the service; NULL: superd's own */
	const struct credential *credential;            /* the one being loaded */
	int folder;                     /* descriptor of the folder to fill */
	size_t size, files;             /* bytes and number of files so far */
};

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static int count_bytes(struct credential_load *loading, size_t length)
{
	loading->size += length;
	return loading->size > CREDENTIALS_SIZE ? fail_with(E2BIG) : 0;
}

static bool copy_bytes(struct credential_load *loading, int from, int to)
{
	char bytes[16384];
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || count_bytes(loading, (size_t)got) < 0 || !write_all(to, bytes, (size_t)got))
			return false;
	}
	return true;
}

/* Writes a file of the service's user. from: -1: the value of the present credential. */
static int put_credential(struct credential_load *loading, const char *name, int from)
{
	static const char beside[] = ":new";    /* no credential has this name */
	const struct credential *set = loading->credential;
	const struct account *account = loading->account;
	bool good;
	int fd;

	if (!credential_name_is_valid(name, strlen(name)))
		return fail_with(EINVAL);
	if (++loading->files > FILES_MOST || count_bytes(loading, strlen(name)) < 0)
		return fail_with(E2BIG);
	unlinkat(loading->folder, beside, 0);
	fd = openat(loading->folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	good = fd >= 0 && (from >= 0 ? copy_bytes(loading, from, fd)
				     : count_bytes(loading, set->length) == 0 &&
					       write_all(fd, set->source, set->length));
	good = good && fchmod(fd, 0400) == 0 && (!account || fchown(fd, account->uid, account->gid) == 0) &&
	       renameat(loading->folder, beside, loading->folder, name) == 0;
	if (fd >= 0 && !good)
		unlinkat(loading->folder, beside, 0);
	fd_close(&fd);
	return good ? 0 : -1;
}

/* Connects to a socket by a name that tells the server which credential is requested, as systemd does: a random number,
 * the unit, the credential's name. */
static int connect_to_socket(const struct credential_load *loading, const char *path)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX }, address = { .sun_family = AF_UNIX };
	uint64_t number;
	int length, fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= (int)sizeof(address.sun_path))
		return fail_with(ENAMETOOLONG);
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = (uint64_t)getpid();
	length = snprintf(own.sun_path + 1, sizeof(own.sun_path) - 1, "%016" PRIx64 "%s%s", number,
			  loading->credentials->unit, loading->credential->id);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && length < (int)sizeof(own.sun_path) - 1)  /* else a server that needs the name will report it */
		(void)bind(fd, (const struct sockaddr *)&own,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fd_close(&fd);
	return fd;
}

/* Opens a source with the rights of whoever can lead its path elsewhere. */
static int open_source(const struct credential_load *loading, const char *path, int flags)
{
	struct path_finding finding;
	struct act_as before;
	int fd;

	if (!act_as_owner(&before, path, loading->account, &finding))
		return -1;
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | flags);
	if (fd < 0 && errno == ENXIO)
		fd = connect_to_socket(loading, path);
	if (!act_as_end(&before))
		fd_close(&fd);
	return fd;
}

static int load_path(struct credential_load *loading, const char *path, const char *name, int depth);

/* Loads the entries of an open folder, as NAME_FILE. */
static int load_folder(struct credential_load *loading, int folder, const char *path, const char *name, int depth)
{
	char inner[PATH_MAX], whole[PATH_MAX];
	DIR *stream = fdopendir(folder);
	struct dirent *entry;
	int result = 0;

	if (!stream || depth == DEPTH_MOST) {
		stream ? closedir(stream) : close(folder);
		return fail_with(stream ? ELOOP : ENOMEM);
	}
	while (result == 0 && (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) >= (int)sizeof(inner) ||
		    snprintf(whole, sizeof(whole), "%s_%s", name, entry->d_name) >= (int)sizeof(whole))
			result = fail_with(ENAMETOOLONG);
		else
			result = load_path(loading, inner, whole, depth + 1);
	}
	closedir(stream);
	return result;
}

static int load_path(struct credential_load *loading, const char *path, const char *name, int depth)
{
	int fd = open_source(loading, path, depth ? O_NONBLOCK : 0), result = -1;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		fd_close(&fd);
		return -1;
	}
	if (S_ISDIR(status.st_mode))
		return load_folder(loading, fd, path, name, depth);
	/* What is no file is no credential in a folder, but may be one by itself. */
	result = depth && !S_ISREG(status.st_mode) ? 0 : put_credential(loading, name, fd);
	fd_close(&fd);
	return result;
}

/* Loads it from the first store that has it: superd's own credentials, then the machine's. It is no error if none
 * has. */
static int load_by_name(struct credential_load *loading)
{
	const char *const stores[] = { loading->credentials->received, "/etc/credstore", "/run/credstore",
				       "/usr/local/lib/credstore", "/usr/lib/credstore" };
	char path[PATH_MAX];

	for (size_t n = 0; n < sizeof(stores) / sizeof(*stores); n++) {
		if (!stores[n])
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", stores[n], loading->credential->source) >= (int)sizeof(path))
			return fail_with(ENAMETOOLONG);
		if (load_path(loading, path, loading->credential->id, 0) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return 0;
}

/* Whether the list has one of this kind and name from here on. */
static bool has_from(const struct credentials *credentials, size_t from, unsigned kind, const char *id)
{
	for (size_t n = from; n < credentials->count; n++) {
		if (credentials->list[n].kind == kind && !strcmp(credentials->list[n].id, id))
			return true;
	}
	return false;
}

/* 0, or -1 and errno. */
static int load_credential(struct credential_load *loading, size_t number)
{
	const struct credentials *credentials = loading->credentials;
	const struct credential *credential = loading->credential = &credentials->list[number];

	if (has_from(credentials, number + 1, credential->kind, credential->id))
		return 0;
	if (credential->kind == CREDENTIAL_SET)
		return put_credential(loading, credential->id, -1);
	if (*credential->source != '/')
		return load_by_name(loading);
	if (load_path(loading, credential->source, credential->id, 0) == 0)
		return 0;
	return errno == ENOENT && has_from(credentials, 0, CREDENTIAL_SET, credential->id) ? 0 : -1;
}

int credentials_load(struct job *job)
{
	struct credential_load loading = { .credentials = job->plan->credentials, .account = job->plan->account };
	mode_t before = umask(0);
	int result;

	job->fault.resource = -1;
	loading.folder = own_folder_make(&loading.credentials->folder, loading.account);
	result = loading.folder < 0 ? -1 : 0;
	for (size_t n = 0; result == 0 && n < loading.credentials->count; n++) {
		job->fault.resource = (int)n;
		result = load_credential(&loading, n);
	}
	fd_close(&loading.folder);
	if (result == 0)
		job->fault.resource = 0;
	umask(before);
	return result;
}

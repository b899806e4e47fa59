/* Fills the folder of a service's credentials: from files, credential stores and the configuration itself. Source:
 * systemd.exec(5), "Credentials".
 *
 * The folder is one for all instances, and the user's, who may put anything there. So each credential is written beside
 * its name and renamed: an instance that runs already reads the old one or the new one, and no link is followed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/stages.h"
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "table/words/credential_words.h"

/* The state of loading one service's credentials. */
struct credential_load {
	const struct credentials *credentials;
	const struct account *account;  /* of the service; NULL: superd's own */
	const struct credential *credential;            /* the one being loaded */
	int folder;                     /* descriptor of the folder to fill */
	size_t size;                    /* bytes so far */
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
static int put_credential(struct credential_load *loading, int from)
{
	static const char beside[] = ":new";    /* no credential has this name */
	const struct credential *set = loading->credential;
	const char *name = set->id;
	const struct account *account = loading->account;
	bool good;
	int fd;

	if (!credential_name_is_valid(name, strlen(name)))
		return fail_with(EINVAL);
	if (count_bytes(loading, strlen(name)) < 0)
		return -1;
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

/* Opens a source with the rights of whoever can lead its path elsewhere. */
static int load_path(struct credential_load *loading, const char *path)
{
	struct path_finding finding;
	struct act_as before;
	int fd, result;

	if (!act_as_owner(&before, path, loading->account, &finding))
		return -1;
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (!act_as_end(&before))
		fd_close(&fd);
	result = fd < 0 ? -1 : put_credential(loading, fd);
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
		if (load_path(loading, path) == 0)
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
		return put_credential(loading, -1);
	if (*credential->source != '/')
		return load_by_name(loading);
	if (load_path(loading, credential->source) == 0)
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

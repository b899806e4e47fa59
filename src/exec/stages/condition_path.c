/* Conditions about paths. glob(3) reads and keeps all names, where one suffices, so patterns are matched here, folder
 * by folder. readdir(3) does not tell a folder that was removed from an empty one, so the entries are those of
 * getdents64(2). */
#include "exec/stages/condition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/stages/condition_internal.h"
#include "lib/glob.h"

#define DEPTH_MOST 32                   /* parts of a pattern */
#define NAME_MOST 256
#define BRACES_MOST 8                   /* pairs of braces in a pattern */

/* struct linux_dirent64 (getdents64(2)). */
struct linux_dirent {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

int condition_any_entry(int folder, bool (*take)(void *context, int folder, const char *name), void *context)
{
	union {
		struct linux_dirent entry;
		char bytes[4096];
	} buffer;
	long got;

	while ((got = syscall(SYS_getdents64, folder, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (long at = 0; at < got;) {
			const struct linux_dirent *entry = (const void *)(buffer.bytes + at);

			if (strcmp(entry->name, ".") && strcmp(entry->name, "..") && take(context, folder, entry->name))
				return 1;
			at += entry->length;
		}
	}
	return got < 0 ? -1 : 0;
}

static int open_folder(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
}

/* The state of a search at one depth. */
struct pattern_search {
	char part[NAME_MOST];           /* the part of the pattern that entries of this folder must match */
	const char *rest;               /* the rest of the pattern; "": none */
	unsigned depth;
};

static bool search_in(int folder, const char *pattern, unsigned depth);

static bool enter_match(const struct pattern_search *search, int folder, const char *name)
{
	struct stat state;
	int next;
	bool found;

	if (!*search->rest)
		return fstatat(folder, name, &state, AT_SYMLINK_NOFOLLOW) == 0;
	next = open_folder(folder, name);
	if (next < 0)
		return false;
	found = search_in(next, search->rest, search->depth + 1);
	close(next);
	return found;
}

static bool match_entry(void *context, int folder, const char *name)
{
	const struct pattern_search *search = context;
	bool hidden = *name == '.' && *search->part != '.';

	return !hidden && glob_matches(search->part, name, 0) && enter_match(search, folder, name);
}

static bool search_in(int folder, const char *pattern, unsigned depth)
{
	struct pattern_search search = { .depth = depth };
	size_t length;

	pattern += strspn(pattern, "/");
	length = strcspn(pattern, "/");
	if (!length)
		return true;
	if (depth >= DEPTH_MOST || length >= sizeof(search.part))
		return false;
	memcpy(search.part, pattern, length);
	search.rest = pattern + length + strspn(pattern + length, "/");
	if (!strpbrk(search.part, "*?["))
		return enter_match(&search, folder, search.part);
	return condition_any_entry(folder, match_entry, &search) > 0;
}

static bool search_from_root(const char *pattern)
{
	int root = open_folder(AT_FDCWD, "/");
	bool found;

	if (root < 0)
		return false;
	found = search_in(root, pattern, 0);
	close(root);
	return found;
}

/* The end of the alternative that begins here: a comma, or its closing brace. NULL: there is none. */
static const char *end_of_alternative(const char *at)
{
	for (unsigned inner = 0; *at; at++) {
		if (!inner && (*at == ',' || *at == '}'))
			return at;
		inner += *at == '{';
		inner -= *at == '}';
	}
	return NULL;
}

/* "{a,b}" matches either, as in systemd; unbalanced braces stand for themselves. */
static bool pattern_exists(const char *pattern, unsigned braces)
{
	const char *open = strchr(pattern, '{'), *from = open ? open + 1 : NULL, *close = from, *to;
	size_t head = open ? (size_t)(open - pattern) : 0, tail;
	char whole[PATH_MAX];

	while (close && (close = end_of_alternative(close)) && *close == ',')
		close++;
	if (!close || braces >= BRACES_MOST)
		return search_from_root(pattern);
	tail = strlen(close + 1) + 1;
	for (; from <= close; from = to + 1) {
		to = end_of_alternative(from);
		if (head + (size_t)(to - from) + tail > sizeof(whole))
			return false;
		memcpy(whole, pattern, head);
		memcpy(whole + head, from, (size_t)(to - from));
		memcpy(whole + head + (size_t)(to - from), close + 1, tail);
		if (pattern_exists(whole, braces + 1))
			return true;
	}
	return false;
}

static bool accept_any(void *context, int folder, const char *name)
{
	(void)context, (void)folder, (void)name;
	return true;
}

static bool is_not_empty(const char *path)
{
	int folder = open_folder(AT_FDCWD, path);
	bool any;

	if (folder < 0)
		return false;
	any = condition_any_entry(folder, accept_any, NULL) > 0;
	close(folder);
	return any;
}

static bool is_mount_point(const char *path)
{
#ifdef STATX_ATTR_MOUNT_ROOT
	struct statx state;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &state) == 0 &&
	    state.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
		return state.stx_attributes & STATX_ATTR_MOUNT_ROOT;
#endif
	struct stat self, above;
	int folder = open_folder(AT_FDCWD, path);
	bool known = folder >= 0 && fstat(folder, &self) == 0 && fstatat(folder, "..", &above, 0) == 0;

	if (folder >= 0)
		close(folder);
	return known && (self.st_dev != above.st_dev || self.st_ino == above.st_ino);
}

static bool is_writable(const char *path)
{
	struct statvfs state;

	return statvfs(path, &state) == 0 && !(state.f_flag & ST_RDONLY);
}

bool condition_path_holds(enum condition_kind kind, const char *path)
{
	struct stat state;
	bool is_link = kind == CONDITION_PATH_IS_SYMBOLIC_LINK;
	bool exists = fstatat(AT_FDCWD, path, &state, is_link ? AT_SYMLINK_NOFOLLOW : 0) == 0;

	switch (kind) {
	case CONDITION_PATH_EXISTS_GLOB:
		return pattern_exists(path, 0);
	case CONDITION_PATH_EXISTS:
		return exists;
	case CONDITION_PATH_IS_DIRECTORY:
		return exists && S_ISDIR(state.st_mode);
	case CONDITION_PATH_IS_SYMBOLIC_LINK:
		return exists && S_ISLNK(state.st_mode);
	case CONDITION_PATH_IS_SOCKET:
		return exists && S_ISSOCK(state.st_mode);
	case CONDITION_PATH_IS_MOUNT_POINT:
		return exists && is_mount_point(path);
	case CONDITION_PATH_IS_READ_WRITE:
		return exists && is_writable(path);
	case CONDITION_DIRECTORY_NOT_EMPTY:
		return exists && is_not_empty(path);
	case CONDITION_FILE_NOT_EMPTY:
		return exists && S_ISREG(state.st_mode) && state.st_size > 0;
	case CONDITION_FILE_IS_EXECUTABLE:
		return exists && S_ISREG(state.st_mode) && state.st_mode & 0111;
	default:
		return false;
	}
}

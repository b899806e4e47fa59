/* The conditions User and Group.
 *
 * getpwnam(3) and getgrnam(3) may lock, allocate and ask the network, which is not safe in a child that was forked
 * beside other threads. So passwd(5) and group(5) are read as plain files. */
#include "exec/child/condition_internal.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/scan.h"

#define GROUPS_MOST 1024
#define SYSTEM_MOST 999                 /* the last user of the system's own */
#define LINE_MOST 1024                  /* of a longer line the front is read, which is all that counts */

/* A file, line by line. */
struct lines {
	int fd;
	char bytes[4096];
	ssize_t length, at;
};

static bool next_byte(struct lines *lines, char *c)
{
	if (lines->at >= lines->length) {
		lines->at = 0;
		lines->length = read(lines->fd, lines->bytes, sizeof(lines->bytes));
		if (lines->length <= 0)
			return false;
	}
	*c = lines->bytes[lines->at++];
	return true;
}

static bool next_line(struct lines *lines, char *line)
{
	size_t length = 0;
	char c;
	bool any = false;

	while (next_byte(lines, &c)) {
		any = true;
		if (c == '\n')
			break;
		if (length < LINE_MOST - 1)
			line[length++] = c;
	}
	line[length] = '\0';
	return any;
}

/* NAME:x:NUMBER:… */
static bool line_is_of(char *line, const char *name, int64_t *number)
{
	size_t length = strlen(name);
	char *at;

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return false;
	at = strchr(line + length + 1, ':');
	if (!at)
		return false;
	at++;
	at[strcspn(at, ":")] = '\0';
	return !scan_count(at, number);
}

/* The number that a file gives a name, or that the text is. */
static bool find_number(const char *path, const char *text, int64_t *number)
{
	struct lines lines = { .fd = -1 };
	char line[LINE_MOST];
	bool found = false;

	if (!scan_count(text, number))
		return true;
	if (strchr(text, ':'))
		return false;
	lines.fd = open(path, O_RDONLY | O_CLOEXEC);
	while (lines.fd >= 0 && !found && next_line(&lines, line))
		found = line_is_of(line, text, number);
	if (lines.fd >= 0)
		close(lines.fd);
	return found;
}

bool condition_user_holds(const char *text)
{
	int64_t number;

	if (!strcmp(text, "@system"))
		return getuid() <= SYSTEM_MOST;
	return find_number("/etc/passwd", text, &number) && (number == getuid() || number == geteuid());
}

bool condition_group_holds(const char *text)
{
	gid_t groups[GROUPS_MOST];
	int count = getgroups(GROUPS_MOST, groups);
	int64_t number;

	if (!find_number("/etc/group", text, &number))
		return false;
	for (int n = 0; n < count; n++) {
		if (number == groups[n])
			return true;
	}
	return number == getgid() || number == getegid();
}

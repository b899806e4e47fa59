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
#define SYSTEM_MOST 999                 /* highest uid of system users */
#define LINE_MOST 1024                  /* longer lines are cut, as only their start matters */

/* A file that is read line by line. */
struct line_reader {
	int fd;
	char bytes[4096];
	ssize_t length, at;
};

static bool next_byte(struct line_reader *reader, char *c)
{
	if (reader->at >= reader->length) {
		reader->at = 0;
		reader->length = read(reader->fd, reader->bytes, sizeof(reader->bytes));
		if (reader->length <= 0)
			return false;
	}
	*c = reader->bytes[reader->at++];
	return true;
}

static bool next_line(struct line_reader *reader, char *line)
{
	size_t length = 0;
	char c;
	bool any = false;

	while (next_byte(reader, &c)) {
		any = true;
		if (c == '\n')
			break;
		if (length < LINE_MOST - 1)
			line[length++] = c;
	}
	line[length] = '\0';
	return any;
}

/* Whether the line is NAME:x:NUMBER:…, and its number. */
static bool parse_entry(char *line, const char *name, int64_t *number)
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

/* Finds the id of a name in a file; a number is the id itself. */
static bool find_id(const char *path, const char *text, int64_t *number)
{
	struct line_reader reader = { .fd = -1 };
	char line[LINE_MOST];
	bool found = false;

	if (!scan_count(text, number))
		return true;
	if (strchr(text, ':'))
		return false;
	reader.fd = open(path, O_RDONLY | O_CLOEXEC);
	while (reader.fd >= 0 && !found && next_line(&reader, line))
		found = parse_entry(line, text, number);
	if (reader.fd >= 0)
		close(reader.fd);
	return found;
}

bool condition_user_holds(const char *text)
{
	int64_t number;

	if (!strcmp(text, "@system"))
		return getuid() <= SYSTEM_MOST;
	return find_id("/etc/passwd", text, &number) && (number == getuid() || number == geteuid());
}

bool condition_group_holds(const char *text)
{
	gid_t groups[GROUPS_MOST];
	int count = getgroups(GROUPS_MOST, groups);
	int64_t number;

	if (!find_id("/etc/group", text, &number))
		return false;
	for (int n = 0; n < count; n++) {
		if (number == groups[n])
			return true;
	}
	return number == getgid() || number == getegid();
}

/* A list of conditions against this machine: which of them decides.
 *
 * The hard thing is that conditions come before assertions, as a service that is not wanted here has not failed;
 * and that of a set of alternatives none decides alone. */
#include "exec/child/condition.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool condition_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (length + 1 < size) {
		got = read(fd, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	text[length] = '\0';
	return got >= 0;
}

/* One [ ] of a pattern; gives what is behind it, NULL: it is not closed, so [ is itself. */
static const char *match_set(const char *set, char c, bool *matched)
{
	bool inverted = set[1] == '!' || set[1] == '^', found = false;
	const char *at = set + 1 + inverted, *first = at;

	for (; *at && (*at != ']' || at == first); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= c >= at[0] && c <= at[2];
			at += 2;
		} else {
			found |= *at == c;
		}
	}
	*matched = found != inverted;
	return *at ? at + 1 : NULL;
}

/* Whether one character fits the pattern's next sign; *next is behind that. */
static bool match_one(const char *pattern, char c, const char **next)
{
	bool matched = false;

	*next = pattern + 1;
	if (*pattern == '[') {
		const char *behind = match_set(pattern, c, &matched);

		if (behind) {
			*next = behind;
			return matched;
		}
	}
	if (*pattern == '\\' && pattern[1])
		*next = ++pattern + 1;
	else if (*pattern == '?')
		return true;
	return *pattern == c;
}

/* Of several * the last one alone is ever gone back to, so this takes no longer than the product of both lengths. */
bool condition_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *back = NULL, *next;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			back = text;
		} else if (*pattern && match_one(pattern, *text, &next)) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool is_of_path(enum condition_kind kind)
{
	switch (kind) {
	case CONDITION_DIRECTORY_NOT_EMPTY:
	case CONDITION_FILE_IS_EXECUTABLE:
	case CONDITION_FILE_NOT_EMPTY:
	case CONDITION_PATH_EXISTS:
	case CONDITION_PATH_EXISTS_GLOB:
	case CONDITION_PATH_IS_DIRECTORY:
	case CONDITION_PATH_IS_MOUNT_POINT:
	case CONDITION_PATH_IS_READ_WRITE:
	case CONDITION_PATH_IS_SOCKET:
	case CONDITION_PATH_IS_SYMBOLIC_LINK:
		return true;
	default:
		return false;
	}
}

static bool holds(const struct condition *condition)
{
	bool so = is_of_path(condition->kind) ? condition_path_holds(condition->kind, condition->parameter)
					      : condition_machine_holds(condition->kind, condition->parameter);

	return so != condition->is_negated;
}

/* The first of a set of alternatives of which none holds; -1: there is one that does, or no set. */
static int find_false_set(const struct condition *list, size_t count, bool asserts, unsigned alternative)
{
	int first = -1;

	for (size_t n = 0; n < count; n++) {
		if (list[n].is_assert != asserts || list[n].alternative != alternative)
			continue;
		if (holds(&list[n]))
			return -1;
		if (first < 0)
			first = (int)n;
	}
	return first;
}

static int find_false_of(const struct condition *list, size_t count, bool asserts)
{
	int found = -1;

	for (size_t n = 0; n < count; n++) {
		if (list[n].is_assert == asserts && !list[n].alternative && !holds(&list[n]))
			return (int)n;
	}
	for (unsigned set = 1; found < 0 && set <= ALTERNATIVES_MOST; set++)
		found = find_false_set(list, count, asserts, set);
	return found;
}

int conditions_find_false(const struct condition *list, size_t count)
{
	int found = find_false_of(list, count, false);

	return found >= 0 ? found : find_false_of(list, count, true);
}

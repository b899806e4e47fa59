/* The name that auth reports for a user.
 *
 * It depends on files in the user's home, which may be unreadable. An unreadable ~/.noident counts as present and
 * hides the user; an unreadable ~/.fakeid counts as absent. */
#include "builtin/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"

#define FAKEID_MOST 4096                /* bytes of a ~/.fakeid that are read */
#define FAKEID_NAME_MOST 16             /* bytes of a name, as in FreeBSD */

static bool find_user(uid_t owner, struct passwd *entry, char *text, size_t size)
{
	struct passwd *found;

	return getpwuid_r(owner, entry, text, size, &found) == 0 && found;
}

static bool is_hidden(const char *home)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/.noident", home) >= (int)sizeof(path))
		return true;
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0 || errno != ENOENT;
}

/* Reads the first word of ~/.fakeid. false: there is none, or it has a colon, which would break the reply. */
static bool read_fakeid(const char *home, char name[FAKEID_NAME_MOST + 1])
{
	char path[4096], *text, *word;
	size_t length = 0;

	if (snprintf(path, sizeof(path), "%s/.fakeid", home) >= (int)sizeof(path))
		return false;
	text = fd_read_file(path, FAKEID_MOST, &length);
	if (!text)
		return false;
	word = text + strspn(text, " \t\r\n");
	for (length = 0; length < FAKEID_NAME_MOST && word[length] > ' ' && word[length] <= '~'; length++)
		name[length] = word[length];
	name[length] = '\0';
	free(text);
	return length && !memchr(name, ':', length);
}

/* Whether the name, or with -i the number, belongs to a user: no user may pose as another. */
static bool belongs_to_user(const char *name, bool numeric)
{
	char text[16384];
	struct passwd entry, *found;
	int64_t number;

	if (getpwnam_r(name, &entry, text, sizeof(text), &found) == 0 && found)
		return true;
	if (!numeric || scan_count(name, &number) || number < 0 || number > UINT32_MAX)
		return false;
	return getpwuid_r((uid_t)number, &entry, text, sizeof(text), &found) == 0 && found;
}

static bool use_fakeid(const struct builtin_options *options, const char *home, char *name, size_t size)
{
	char fake[FAKEID_NAME_MOST + 1];

	if (!options->fake && !options->fake_any)
		return false;
	if (!read_fakeid(home, fake) || (!options->fake_any && belongs_to_user(fake, options->numeric)))
		return false;
	snprintf(name, size, "%s", fake);
	return true;
}

/* Looks for a name in the user's home. If the process is root, it does so as that user, so that a symbolic link there
 * cannot make it read other files. */
static enum named name_from_home(const struct builtin_options *options, const struct passwd *entry, char *name,
				 size_t size)
{
	bool was_root = geteuid() == 0;
	enum named named = NAMED_NOT;

	if (was_root && (setgroups(1, &entry->pw_gid) < 0 || setegid(entry->pw_gid) < 0 || seteuid(entry->pw_uid) < 0))
		return NAMED_HIDDEN;
	if (options->hide && is_hidden(entry->pw_dir))
		named = NAMED_HIDDEN;
	else if (use_fakeid(options, entry->pw_dir, name, size))
		named = NAMED;
	if (was_root && (seteuid(0) < 0 || setegid(0) < 0))
		return NAMED_HIDDEN;
	return named;
}

enum named auth_name(const struct builtin_options *options, uid_t owner, char *name, size_t size)
{
	char text[16384];
	struct passwd entry;
	enum named named = NAMED_NOT;

	if (!find_user(owner, &entry, text, sizeof(text)))
		return NAMED_NOT;
	if (options->hide || options->fake || options->fake_any)
		named = name_from_home(options, &entry, name, size);
	if (named != NAMED_NOT)
		return named;
	if (options->numeric)
		snprintf(name, size, "%lu", (unsigned long)owner);
	else
		snprintf(name, size, "%s", entry.pw_name);
	return NAMED;
}

void auth_random_name(char *name, size_t size)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned char random[8];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t n = 0; n < sizeof(random) && n + 1 < size; n++) {
		name[n] = letters[random[n] % 32];
		name[n + 1] = '\0';
	}
}

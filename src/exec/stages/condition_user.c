/* The conditions User and Group. passwd(5) and group(5) are read as files: what asks the network (nsswitch.conf(5)) has
 * no place in this program. */
#include "exec/stages/condition_internal.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/scan.h"

#define GROUPS_MOST 65536               /* NGROUPS_MAX */
#define SYSTEM_MOST 999                 /* highest uid of system users */

bool condition_user_holds(const char *text)
{
	const struct passwd *user = NULL;
	FILE *file;
	int64_t number = -1;

	if (!strcmp(text, "@system"))
		return getuid() <= SYSTEM_MOST;
	file = scan_count(text, &number) ? fopen("/etc/passwd", "re") : NULL;
	while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, text) != 0)
		;
	if (user)
		number = user->pw_uid;
	if (file)
		fclose(file);
	return number == getuid() || number == geteuid();
}

bool condition_group_holds(const char *text)
{
	gid_t groups[GROUPS_MOST];
	int count = getgroups(GROUPS_MOST, groups);
	const struct group *group = NULL;
	FILE *file;
	int64_t number = -1;

	file = scan_count(text, &number) ? fopen("/etc/group", "re") : NULL;
	while (file && (group = fgetgrent(file)) && strcmp(group->gr_name, text) != 0)
		;
	if (group)
		number = group->gr_gid;
	if (file)
		fclose(file);
	for (int n = 0; n < count; n++) {
		if (number == groups[n])
			return true;
	}
	return number == getgid() || number == getegid();
}

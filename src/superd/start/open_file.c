/* kcmp(2) with KCMP_FILE. If the kernel lacks or forbids it, two descriptors of one socket count as one open file, as a
 * socket cannot be opened by a name. */
#include "superd/start/open_file.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KCMP_FILE 0

static int compare_open_files(int a, int b)
{
	return (int)syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
}

bool open_file_is_same(int a, int b)
{
	int order = compare_open_files(a, b);
	struct stat first, second;

	if (order >= 0)
		return order == 0;
	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && S_ISSOCK(first.st_mode) &&
		first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

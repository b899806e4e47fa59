/* jail: root inside of root_directory looks for the machine's files, by a second chroot, by umount and by what it was
 * given open. Prints a line for each way. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The machine has a file here that its jail has not. */
static void look(const char *way)
{
	printf("%s: %s\n", way, access("run/lab/outside", F_OK) == 0 ? "outside" : "inside");
	fflush(stdout);
}

static void climb(void)
{
	for (int n = 0; n < 20; n++) {
		if (chdir("..") < 0)
			return;
	}
}

int main(void)
{
	int here = open("/", O_RDONLY | O_DIRECTORY);

	if (here < 0 || chdir("/") < 0)
		return 1;
	look("first");
	mkdir("/x", 0755);
	if (chroot("/x") == 0)
		climb();
	look("chroot");
	if (fchdir(here) == 0 && chroot(".") == 0)
		umount2("/", MNT_DETACH);
	climb();
	look("umount");
	if (unshare(CLONE_NEWNS) == 0 && fchdir(here) == 0)
		umount2(".", MNT_DETACH);
	climb();
	look("namespace");
	return 0;
}

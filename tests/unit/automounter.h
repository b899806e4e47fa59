/* A folder that an automounter offers, which never mounts anything there (autofs(5)). */
#pragma once

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

/* Whether a process that looks for something gets what it wants, while the kernel waits for a mount in this folder that
 * another process has asked for. Skips the test without root, a mount namespace or autofs. */
static inline bool passes_automounter(const char *place, bool (*look)(const void *with), const void *with)
{
	char data[128], path[256];
	int ends[2], status = -1;
	pid_t mounter, asker, looker;
	struct pollfd asked;
	bool passes = false;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip_test("needs root, and a mount namespace");
	mounter = fork();
	if (mounter == 0) {
		setpgid(0, 0);          /* the kernel asks for nobody of the automounter's own group */
		for (;;)
			pause();
	}
	setpgid(mounter, mounter);
	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	snprintf(data, sizeof(data), "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1], (int)mounter);
	if (mount("superd-test", place, "autofs", 0, data) < 0) {
		kill(mounter, SIGKILL);
		cr_skip_test("there is no autofs here");
	}
	snprintf(path, sizeof(path), "%s/name", place);
	asker = fork();
	if (asker == 0)
		_exit(access(path, F_OK) < 0);
	asked = (struct pollfd){ ends[0], POLLIN, 0 };
	cr_assert_eq(poll(&asked, 1, HANG_MS), 1);
	looker = fork();
	if (looker == 0)
		_exit(!look(with));
	for (int n = 0; n < HANG_MS && !passes; n++) {
		passes = waitpid(looker, &status, WNOHANG) == looker;
		usleep(passes ? 0 : 1000);
	}
	kill(asker, SIGKILL);           /* before the mount goes: others wait for what it has asked for, too */
	waitpid(asker, NULL, 0);
	if (!passes) {
		kill(looker, SIGKILL);
		waitpid(looker, &status, 0);
	}
	umount2(place, MNT_DETACH);
	close(ends[0]);
	close(ends[1]);
	kill(mounter, SIGKILL);
	waitpid(mounter, NULL, 0);
	return status == 0;
}

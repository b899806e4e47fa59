/* A folder that an automounter offers, which never mounts anything there (autofs(5)). */
#pragma once

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/unit.h"

/* Whether the kernel asks the automounter of this folder for a mount while a process looks for something. Skips the test
 * without root, a mount namespace or autofs. */
static inline bool asks_automounter(const char *place, bool (*look)(const void *with), const void *with)
{
	char options[128];
	int ends[2], status;
	pid_t mounter, looker;
	struct pollfd asked;
	bool asks;

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
	snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1], (int)mounter);
	if (mount("superd-test", place, "autofs", 0, options) < 0) {
		kill(mounter, SIGKILL);
		cr_skip_test("there is no autofs here");
	}
	looker = fork();
	if (looker == 0)
		_exit(!look(with));
	asked = (struct pollfd){ ends[0], POLLIN, 0 };
	while (waitpid(looker, &status, WNOHANG) == 0 && poll(&asked, 1, 5) == 0)
		;
	asks = asked.revents & POLLIN;
	kill(looker, SIGKILL);          /* before the mount goes: others wait for what it has asked for, too */
	waitpid(looker, NULL, 0);
	umount2(place, MNT_DETACH);
	close(ends[0]);
	close(ends[1]);
	kill(mounter, SIGKILL);
	waitpid(mounter, NULL, 0);
	return asks;
}

/* Where superd runs: the child's way from fork to exec, through namespaces, roots and users. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "harness.h"

/* Forks as the setup asks; in the child 0, with everything entered but exec. -1 and errno. */
pid_t namespace_fork(const struct setup *setup);

/* What this machine lets a test do; where it says no, skip with the reason. */
bool namespace_allowed(void);           /* namespaces of PIDs and mounts, as root or by a user namespace */
bool namespace_works(const struct setup *setup);
bool namespace_users(void);             /* this test is root and may be anybody, and others can read what was built */

int bind_dev_log(void);                 /* a receiver where the /dev/log of a setup with own_dev points to */

#define SKIP_WITHOUT(what, ...) \
	do { \
		if (!(what)) { \
			world_end();    /* Criterion does not call it for a test that is skipped */ \
			cr_skip_test(__VA_ARGS__); \
		} \
	} while (0)

/* Tests with users besides root: in a checkout below /root, say, they cannot run what was built. */
#define SKIP_WITHOUT_OTHER_USERS() \
	SKIP_WITHOUT(geteuid() != 0 || namespace_users(), "needs a build that every user can reach")

#define BehaviourOfUsers(suite, name) \
	static void suite##_##name##_among_users(void); \
	Behaviour(suite, name) \
	{ \
		SKIP_WITHOUT_OTHER_USERS(); \
		suite##_##name##_among_users(); \
	} \
	static void suite##_##name##_among_users(void)

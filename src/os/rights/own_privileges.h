/* superd's own privileges: its capabilities, those that its children would inherit, and whether other processes of its
 * user may trace it.
 *
 * A child inherits the ambient and the inheritable set of its parent, and a program takes from both at its exec. superd
 * empties both at its start, before it has a thread: then each child starts with nothing of them, and a start pays no
 * system call for it. superd remembers the two sets for a program that stands in its own place: its successor in an
 * upgrade, and the main command (process defaults). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Empties the ambient and the inheritable set. First of all, while there is one thread. Gives the ambient set that was
 * there, bit CAP_x. Where the kernel refuses, each child does it for itself, or its start fails
 * (os/rights/raw_syscall). */
uint64_t own_privileges_clear_inheritable(void);

/* Leaves the session keyring that superd was started with for an empty one of its own that takes no keys: what whoever
 * started superd has there is for no backend, and no backend finds there what another left. Only of a superd that may
 * change users; one that may not has backends of its own user alone, and goes on with his. */
void own_privileges_leave_keyring(void);

/* Keeps others of superd's user from looking into it (ptrace(2), its files in /proc, core files). */
void own_privileges_hide_process(void);

/* The effective set of the loop's thread is what the rows need (os/rights/required_caps), from the moment a table
 * serves. While a table is read and put in the place of another it is all that superd ever uses itself. What only
 * children use (namespaces, mounts, users) stays permitted, and each child raises it again (raw_raise_effective). The
 * bounding set stays as it is: a later table may have a backend of root's that keeps all of it.
 *
 * A thread inherits what the one that makes it has; those that stay use what they need themselves. */
void own_privileges_use(uint64_t capabilities); /* bit CAP_x; those that are not permitted are left out */
void own_privileges_use_all(void);

/* All that is permitted; gives what was in use before, for own_privileges_use. */
uint64_t own_privileges_raise(void);

/* Drops all other capabilities (bit CAP_x) for good: for processes beside superd. */
void own_privileges_drop_others(uint64_t capabilities);

struct own_privileges {
	uint64_t effective, permitted, bounding;        /* bit CAP_x */
	bool no_new_privileges;
	bool dumpable;
};

/* Reads the privileges of this thread from the kernel. */
void own_privileges_read(struct own_privileges *privileges);

/* Around superd's own exec: puts both sets back as they were found, and empties them again where the exec failed. */
void own_privileges_restore_inheritable(void);
void own_privileges_clear_inheritable_again(void);

/* superd's own privileges: its capabilities, those that its children would inherit, and whether other processes of its
 * user may trace it. Source: capabilities(7).
 *
 * A child inherits its parent's ambient and inheritable sets, and an exec adds from both. superd empties both when it
 * starts, before it has threads. Then its children inherit nothing, and no start pays a system call for it. superd
 * remembers both sets for programs that take its own place: its successor in an upgrade, and the main command (process
 * defaults). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Empties the ambient and the inheritable set. To be called first, while there is one thread. Returns the former
 * ambient set, bit CAP_x. If the kernel refuses, each child empties them itself, or its start fails
 * (os/rights/raw_syscall). */
uint64_t own_privileges_clear_inheritable(void);

/* Replaces the session keyring that superd was started with by an empty one that takes no keys (keyctl(2),
 * session-keyring(7)): backends must not reach the keys of the user who started superd, nor share keys with each other.
 * Does nothing if superd may not change users: then all backends have superd's user anyway. */
void own_privileges_leave_keyring(void);

/* Keeps other processes of superd's user from tracing it, from its files in /proc, and from its core files
 * (PR_SET_DUMPABLE, prctl(2)). */
void own_privileges_hide_process(void);

/* The effective set of the loop's thread. While superd serves a table, it has the capabilities that the table's
 * services need (os/rights/required_caps). While a table is read and replaces another, it has all that superd ever
 * uses. Capabilities that only children use (namespaces, mounts, changes of the user) stay permitted, and each child
 * raises them again (raw_raise_effective). The bounding set stays as it is, as a later table may have a backend of root's
 * that keeps all of it.
 *
 * A thread inherits the set of the thread that creates it. Threads that live on call own_privileges_use themselves. */
void own_privileges_use(uint64_t capabilities); /* bit CAP_x; capabilities that are not permitted are ignored */
void own_privileges_use_all(void);

/* Makes all permitted capabilities effective. Returns the former effective set, for own_privileges_use. */
uint64_t own_privileges_raise(void);

/* Drops all capabilities but these (bit CAP_x) for good: for processes beside superd. */
void own_privileges_drop_others(uint64_t capabilities);

/* The privileges of one thread, for display. */
struct own_privileges {
	uint64_t effective, permitted, bounding;        /* bit CAP_x */
	bool no_new_privileges;
	bool dumpable;
};

/* Reads the privileges of this thread from the kernel. */
void own_privileges_read(struct own_privileges *privileges);

/* For superd's own exec: the first restores both sets as superd found them, the second empties them again if the exec
 * failed. */
void own_privileges_restore_inheritable(void);
void own_privileges_clear_inheritable_again(void);

/* The kernel calls of a child that libc either lacks or wraps with more than a child may do. All are
 * async-signal-safe and give 0, or -1 and errno; each Linux speciality has a fallback that refuses (ENOTSUP) what
 * it can't do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether a child may inherit ambient or inheritable capabilities of superd: then each clears them for itself. False
 * once superd has none (os/rights/own_privileges), which is seen once and spares every start the calls. */
extern bool inheritable_caps_possible;

/* Whether superd's session keyring is its own, empty, and takes no keys (os/rights/own_privileges): one that a child
 * may keep. */
extern bool has_own_keyring;

int raw_unshare_fds(unsigned from);                     /* a table of descriptors of its own, only those below `from` copied */
/* In a child: raises all permitted capabilities to effective, as superd has lowered its own
 * (os/rights/own_privileges). */
void raw_raise_effective(void);

/* In a child: gives the child's files in /proc to its user, as the child may have to write them (PR_SET_DUMPABLE). */
void raw_set_dumpable(void);

int raw_set_groups(size_t count, const gid_t *groups);
int raw_set_gid(gid_t gid);                             /* real, effective and saved, of this process alone */
int raw_set_uid(uid_t uid);
int raw_set_euid(uid_t uid);                            /* the effective one alone */
int raw_pidfd_id(uint64_t *id);                         /* id of its own pidfd (Linux 6.9); -1: none */

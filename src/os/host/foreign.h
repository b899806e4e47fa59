/* What may hang, or lies in folders of other users: a process of its own does it, with the rights of their owner
 * (foreign_run). In front of that are helpers for every forked child: its report, its descriptors, its end, its memory. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "os/host/fs.h"
#include "table/service/service.h"

/* Opens a pipe, both ends close-on-exec and non-blocking. The writing end gets a number of at least `least`: the child
 * arranges its own descriptors below that, and a report must never reach a client. false and errno. */
bool fork_fds_open_report(int ends[2], int least);

/* Closes all descriptors from 3 on except those in `kept` (entries of -1 are ignored), `also` and `file` (0 or -1: none). A child
 * that waits calls it: as long as it holds a copy of a socket or pipe, the other end sees no end of file. Where a filter
 * denies close_range(2) the descriptors stay open. */
void fork_fds_close_others(const int *kept, int count, int also, int file);

/* Waits for a child that is about to end, by polling waitpid(2), and writes its wait status unless status is NULL.
 * false: it did not end in time; the loop reaps it later. */
bool waitpid_timeout(pid_t pid, int milliseconds, int *status);

/* Memory that superd shares with its guard. A forked process that meets what strangers made, or becomes another user, must
 * not be able to write to it: it loses it. */

/* Notes the mapping, which lives as long as the process. There is one. */
void fork_memory_note(void *memory, size_t length);

/* Call it in a forked child that continues with superd's code: removes the mapping. */
void fork_memory_unshare(void);

/* Work on paths that lead through folders of other users. Such a user can put links there, or mount a file system that
 * never answers. So a separate, short-lived process does the work, with the rights of the folder's owner. */

/* Whether other users can change where this path's folder leads, for work on the name in it. Fills in `finding`. */
bool path_is_foreign(const char *path, struct path_finding *finding);

/* Also follows the last name of the path, for work on what it leads to. A group that may write to a folder counts if
 * `known` is in it. */
bool path_leads_to_foreign(const char *path, const struct account *known, struct path_finding *finding);

/* Chooses the rights for a path with this finding: those of the owner of the first folder that is not superd's. If all
 * users may write to that folder, the rights of uid; if a group of `known` may, his. The owner's groups are found by
 * `known` (act_as_whom). Fills in `account` and returns it. NULL: superd's own rights are no greater. */
const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, const struct account *known,
				    struct account *account);

#define WORK_TEXT_MOST (128 << 10)          /* bytes of a work's text at most; EFBIG */

/* The work. Returns a descriptor (a socket or a FIFO), or -1 and errno. It runs in a copy of superd's memory without
 * superd's descriptors. */
typedef int foreign_work(const void *with, struct buf *why);

/* Runs work on this path in a process of its own, which keeps one descriptor open (-1: none). Returns the work's
 * descriptor, which the caller owns, or -1 and the work's errno, with its reason in why. ETIMEDOUT: it took longer than a
 * second, and was killed. Then work on the same path fails at once for some seconds. passes_fd: without it superd takes
 * no descriptor, whose close may hang, from a process that another user's file has taken over. */
int foreign_fork(const char *path, foreign_work *work, const void *with, int kept, bool passes_fd, struct buf *why);

/* Runs work here if no other user can change where the path leads, else in such a process with the rights of the
 * folder's owner (`known`: as for foreign_actor). follows: the last name of the path, too. The work sets errno to 0 if it
 * is done, and adds to text. false and errno. */
bool foreign_run(const char *path, bool follows, const struct account *known, foreign_work *work, const void *with,
		 struct buf *text);

/* As such a timeout does, for work that was too long in all. */
void foreign_give_up(const char *path);

/* Lets a forked process act with a user's rights for a while, so that it opens only files that the user could open. For
 * a process forked by fork(2) only: not for superd itself, nor for a child that shares superd's memory (CLONE_VM).
 * Source: credentials(7), capabilities(7). */

/* The rights from before act_as_begin, which writes them, for act_as_end. */
struct act_as {
	uid_t uid;                      /* effective user */
	gid_t gid;                      /* effective group */
	int group_count;                /* number of supplementary groups */
	const struct account *account;  /* the user to act as, borrowed; NULL: nothing was changed */
	uint64_t capabilities;          /* effective set */
	struct account owner;           /* act_as_owner's */
};

/* The account of the user who can lead a path elsewhere: `known` if it is his, as its groups are, else one without a
 * group: that of his folder proves nothing about him. known NULL: nobody's groups are known. It also serves for a user who
 * has no number in this user namespace, whom no process can become: what it reaches is no secret from its service. */
struct account act_as_whom(uid_t user, const struct account *known);

/* Takes on the account's user, groups and rights, and gives them back. account NULL: nothing changes. The real user
 * stays superd's, so that the user cannot signal the process. false and errno: the process must end. */
bool act_as_begin(struct act_as *before, const struct account *account);
bool act_as_end(const struct act_as *before);

/* The same with the rights of whoever can lead this path elsewhere (foreign_actor, with this `known`), for work on what
 * it leads to; nothing changes if there is nobody. Fills in `finding`, whose flaw is then 0. Keeps errno at the end. */
bool act_as_owner(struct act_as *before, const char *path, const struct account *known, struct path_finding *finding);

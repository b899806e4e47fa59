/* Processes of superd's own beside its loop, for work that may block for ever because of another user. Such a process
 * executes superd-worker or superd-hold, and has nothing of superd's but a channel. superd must never wait for its end, as
 * not even SIGKILL ends a process that hangs in the kernel. The loop reaps it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/answer.h"
#include "lib/record.h"
#include "worker/record/kinds.h"

#define WORKER_NOT_EXECUTED 100         /* + errno: exit status of a worker that could not execute its program */
#define WORKERS_HANGING_MOST 3          /* of one owner, above which no further one is started for it … */
#define WORKERS_KILLED_MOST 8           /* … or of those that superd has ended and not reaped, whenever that was */

uint64_t worker_owner(const char *service);

bool worker_owner_hangs(uint64_t owner);        /* whether no further one is started for it */

/* Whether the log should say that workers of the owner hang: it has not said so of one of them. */
bool worker_tell_hanging(uint64_t owner);

/* Memory that superd shares with a worker, which is given the file; filled with zeros. No other process that superd forks
 * has it. The data that a worker reads may have taken it over, so superd must check the bounds of everything that it
 * reads there. NULL and errno. */
void *worker_memory_open(size_t size, int *file);
void worker_memory_free(void *memory, size_t size);     /* NULL does nothing */

/* Such a process and the channel to it, a pair of sockets (SOCK_SEQPACKET). */
struct worker_process {
	int channel;                    /* superd's end, non-blocking; readable also when the process exits; -1: none */
	pid_t pid;                      /* -1: none */
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused; 0: none */
};

/* Starts the program of this kind. The process has its kind's name and sandbox, has all signals blocked, cannot be
 * traced, and has no descriptor but the other end of the channel, and no capabilities (permitted ones included) but its
 * kind's. owner: worker_owner of the service whose processes or sockets may let it hang; 0: none. `channel` -1, with
 * errno: it could not be started; EBUSY: too many that superd has ended for this owner hang in the kernel. */
struct worker_process worker_process_start(enum worker_kind kind, uint64_t owner);

/* Starts it with a first request, whose text is freed. All the process has is what the request carries: values, and these
 * descriptors. An end without an answer may mean that it could not be executed. `channel` -1, with errno, as above. */
struct worker_process worker_process_begin(enum worker_kind kind, uint64_t owner, struct record *request,
					   const int *fds, size_t count);

/* Sends further descriptors, any number of them, of which the request has told. false and errno: not all are sent. */
bool worker_process_pass(const struct worker_process *process, const int *fds, size_t count);

/* Sends one more request. false and errno: it is not sent. */
bool worker_process_ask(const struct worker_process *process, struct record *request, const int *fds, size_t count);

bool worker_process_runs(const struct worker_process *process); /* whether it was started, and is not yet reaped */
/* For one that works for several: it is this owner whose sockets may let it hang. */
void worker_process_charge(const struct worker_process *process, uint64_t owner);
void worker_process_end(struct worker_process *process);        /* kills it in any state, and closes the channel */

/* Reads the next answer from its channel without blocking, into form->size + form->more bytes. Returns their number,
 * never 0; -1: there is none yet; 0: there will be none, as the process has ended, or was refused for a flaw. fds: room
 * for form->fds descriptors; *fd_count of them are the caller's, whatever is returned. Without fds both are NULL. */
ssize_t worker_process_hear(const struct worker_process *process, const struct answer_form *form, void *answer,
			    int *fds, size_t *fd_count);

/* Kills a process that has answered what it cannot have found, and notes the flaw for the log. */
void worker_process_refuse(const struct worker_process *process, const struct answer_form *form, const char *flaw);

/* Forks a copy of superd, which has these descriptors and the name of superd-close, and no channel: for want of descriptors.
 * It has no sandbox, so it must not read what others can write. Returns its pid; -1 and errno. */
pid_t spawn_worker(const int *kept, int count, void (*work)(const void *with), const void *with);
bool spawn_is_worker(pid_t pid);                /* whether it was started here, and is not yet reaped */
uint64_t spawn_worker_serial(pid_t pid);        /* unique, whereas a pid is reused; 0: it was not started here */
const char *spawn_worker_name(pid_t pid);       /* of its kind; NULL: it was not started here, or before an upgrade */
int spawn_program_of(pid_t pid);                /* enum program that a worker executes; -1: it is none */
/* Adds a process that was started otherwise, or before an upgrade. name: NULL if unknown. A pid of 0 does nothing. */
void spawn_note_worker(pid_t pid, const char *name);
void spawn_reaped(pid_t pid);                   /* to be called for every reaped child, as its pid may be reused now */

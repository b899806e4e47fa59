/* superd's side of its guard (os/guard/guard): who it is, and the memory and the channel that both share. All of it
 * does nothing where there is no guard. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GUARD_STARTS 64                 /* starts that can be noted at once */
#define GUARD_PROMISES 64               /* the last ones are kept */

struct guard_page;

/* Why this superd runs. */
enum guard_cause {
	GUARD_FRESH,                    /* it is the first one */
	GUARD_SUCCEEDS,                 /* the one before has upgraded to it */
	GUARD_RESTARTS,                 /* the one before has died */
};

/* A descriptor of superd's; another one may have its number by the time the note is read. */
struct noted_fd {
	int32_t fd;                     /* 0: none */
	uint64_t socket;                /* its socket_id */
};

/* A process that superd starts, noted in memory that outlives superd: so the next superd knows of processes whose
 * start the saved state does not have yet. */
struct start_note {
	int32_t pid;                    /* written by the kernel (CLONE_PARENT_SETTID) or by the child; 0: none yet */
	uint64_t owner;                 /* number of the service (engine/upgrade/saved_state); 0: the note is free */
	struct noted_fd client;         /* its client */
	struct noted_fd channel;        /* superd's end of the channel of one of its own programs (engine/accept/builtin_channel) */
	struct noted_fd channel_client; /* superd's copy of the client of that */
};

/* A client that is a service's although its connection does not tell so: tcpmux has read the name that it sent. */
struct promise {
	uint64_t owner;                 /* number of the service; 0: none */
	uint32_t listener;              /* index of its listener */
	struct noted_fd client;
};

/* The end of a process that is the guard's child. */
struct guarded_end {
	pid_t pid;
	int status;                     /* as of waitpid(2) */
	double cpu;                     /* seconds of processor time */
};

/* Called once, by the guard's half of this folder. page: mapped and shared with the guard. */
void guard_link_begin(struct guard_page *page, int fd);

pid_t guard_pid(void);                  /* the guard's; 0: superd has none */
bool guard_is_lost(void);               /* superd had one, which has ended; superd gets SIGCHLD when it does */
pid_t guard_first_pid(void);            /* the guard's, or superd's own: the process that others know as superd */
enum guard_cause guard_cause(void);
int guard_channel(void);                /* to watch for reading; -1: none */
bool guard_owns_fd(int fd);             /* descriptors of the guard's, which stay open */
void guard_keep_fd(int fd);             /* a socket of superd's that stays open, too; called before guard_begin */

/* Takes the next report of an ended process; the process stays a zombie until guard_reap. false: there is none. */
bool guard_next_end(struct guarded_end *end);
void guard_reap(pid_t pid);

int guard_death(void);                  /* GUARD_RESTARTS: wait status of the superd before */

/* The saved state (engine/upgrade/saved_state): a file, of which so many bytes are valid. -1: none. */
int guard_state(uint64_t *end);
void guard_replace_state(int fd, uint64_t end); /* another file counts from now on; -1: none. The caller closes the one before */
bool guard_state_is_dropped(void);      /* several superds have died of it; it is kept from this one */
void guard_extend_state(uint64_t end);  /* so many bytes of the file count from now on */

/* The state of an upgrade; -1: none. It counts before the saved state, until guard_replace_state. */
int guard_successor_state(void);

/* Ends this process; the guard becomes the program at this path and starts it, with the state of an upgrade in `state`.
 * Returns only if the guard can't be asked, with errno. */
void guard_upgrade(const char *program, int state);

/* Prepares that this process becomes the guard, in place of one that is lost, by executing superd with GUARD_AGAIN and the
 * descriptor that this returns, which has to stay open: the next superd gets the state of an upgrade in `state`. */
int guard_hand_on(int state);

/* Notes that a process is about to be started, or with a pid that one has got this client. Returns where the pid goes,
 * which the kernel has to write; NULL: there is no guard, or no room, until some are cleared. */
int32_t *guard_note_start(const struct start_note *start);
struct noted_fd guard_noted_fd(int fd);         /* -1: none */
bool guard_was_given(int client);       /* whether a process is noted that has got this connection */
void guard_clear_note(size_t number);   /* of guard_notes */
const struct start_note *guard_notes(void);     /* GUARD_STARTS of them; NULL: there is no guard */
void guard_forget_start(int32_t *noted);        /* what guard_note_start has returned; NULL does nothing */

/* Notes a promise; the oldest one goes. It counts as long as the client's connection is open and nobody's. */
void guard_note_promise(uint64_t owner, unsigned listener, int client);
bool guard_is_promised(int client);
const struct promise *guard_promises(void);     /* GUARD_PROMISES of them; NULL: there is no guard */

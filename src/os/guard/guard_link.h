/* superd's side of its guard (os/guard/guard): its identity, and the memory and the channel that both share. Without a
 * guard, all of it does nothing. */
#pragma once

#include <signal.h>
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
	int32_t pid;                    /* not above 0: it has no descriptors of its own yet (exec/child/child.h) */
	uint64_t owner;                 /* number of the service (superd/reload/saved_state); 0: the note is free */
	struct noted_fd client;         /* its client */
	struct noted_fd channel;        /* superd's end of the channel of one of its own programs (superd/service/builtin_channel) */
	struct noted_fd channel_client; /* superd's copy of the client of that */
};

/* A client that belongs to a service although its connection does not show that: tcpmux has read the name
 * that it sent. */
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
/* Whether this is superd or its guard: the parents of what superd has started, and of orphans below it. */
bool guard_or_superd_is(pid_t pid);
enum guard_cause guard_cause(void);
void guard_found_blocked(sigset_t *found);      /* signals blocked where the guard was started; superd begins with all */
int guard_channel(void);                /* to watch for reading; -1: none */
bool guard_owns_fd(int fd);             /* descriptors of the guard's and superd's own programs, which stay open */
void guard_keep_fd(int fd);             /* a socket of superd's that stays open, too; called before guard_begin */

/* Takes the next report of an ended process; the process stays a zombie until guard_reap. false and errno: EAGAIN if
 * there is none. */
bool guard_next_end(struct guarded_end *end);

/* Has the guard reap it, and report the next. false: the guard lives and could not be told; it reports no other until a
 * later call has worked. */
bool guard_reap(pid_t pid);

void guard_take_signal(int number);     /* superd does what it orders: no later superd need hear of it */

int guard_death(void);                  /* GUARD_RESTARTS: wait status of the superd before */
bool guard_ended_hung(void);            /* GUARD_RESTARTS: the guard has ended it, as it hung (guard_tell_alive) */

/* As notify_socket_send_fd (lib/notify_send), but the guard sends: it is the process that the manager has started, and
 * nobody else may speak for the service (NotifyAccess=main of systemd.service(5)). Only with cap_sys_admin could superd
 * put the guard's pid into a message of its own. Without a guard, superd sends. false and errno; EAGAIN: the guard has
 * not answered yet. */
bool guard_notify(int sender, const char *name, const char *text, int descriptor);

/* superd has a watchdog, and does not hang: the guard ends it by SIGABRT, and starts the next one, unless it says so
 * again within these seconds. 0: it has none any more. A manager's watchdog would take all down that superd has
 * started: at its end it goes on until the whole service has ended. So the guard is quicker, and says WATCHDOG=1 in
 * place of a superd that it ends. If the next one hangs from its start, it never says that, and the manager acts. */
void guard_tell_alive(double seconds);

/* The saved state (superd/reload/saved_state): a file, of which so many bytes are valid. -1: none. */
int guard_state(uint64_t *end);
void guard_replace_state(int fd, uint64_t end); /* another file counts from now on; -1: none. The caller closes the one before */
bool guard_state_is_dropped(void);      /* several superds have died of it; it is kept from this one */
void guard_extend_state(uint64_t end);  /* so many bytes of the file count from now on */

/* The state of an upgrade; -1: none. It counts before the saved state, until guard_replace_state. */
int guard_successor_state(void);

/* Waits until the guard has become the program at this path and has started the next superd by it, with the state of an
 * upgrade in `state`, and ends this process then. All descriptors that the next superd needs, that of guard_page_fd
 * too, stay open over an exec. Returns only if this superd must continue, with the reason: the guard cannot execute the
 * program, does not answer in time, or has ended, or the next superd has not taken over in time, and was ended with the
 * guard. */
const char *guard_upgrade(const char *program, int state);
int guard_page_fd(void);                /* of the memory that both share; -1: there is no guard */

/* Prepares that this process becomes the guard, in place of one that is lost, by executing superd with GUARD_AGAIN and
 * the descriptor that this returns, which has to stay open: the next superd gets the state of an upgrade in `state`. */
int guard_hand_on(int state);
void guard_take_back(void);             /* the exec has failed */

/* Notes that a process is about to be started, or with a pid that one has got this client. Returns where the pid goes;
 * NULL: there is no guard, or no room, until some are cleared. Until then a negative number is there, which no other
 * start has. */
int32_t *guard_note_start(const struct start_note *start);

/* Takes all starts back whose process has no descriptors of its own yet: it shares those of superd, which closes them.
 * Such a process ends, as it finds the number of its start in the second place. */
void guard_take_starts_back(void);
const int32_t *guard_taken_back(const int32_t *noted);  /* the result of guard_note_start; NULL: NULL */

/* The same for a client that is about to be given by this channel to a process that waits for one. If superd dies, it
 * is unknown whether it was given: guard_handover returns the channel and the client then, until guard_settle_handover;
 * -1: there is no such client. */
int32_t *guard_note_handover(const struct start_note *start, int channel);
int guard_handover(size_t number, int *client); /* of guard_notes */
void guard_settle_handover(size_t number, bool given);

/* Where the pid of the main command goes, which is not above 0 until then. It outlives the saved state, so that no superd
 * starts the command a second time. NULL: there is no guard. */
int32_t *guard_note_command(void);
pid_t guard_command(void);              /* the pid there. 0: no process has it, and none that a superd before has made gets it */

struct noted_fd guard_noted_fd(int fd);         /* -1: none */
/* Whether a process is noted that has got this connection, or a copy of it. promised: tcpmux's own program, which has
 * only read the name, does not count. */
bool guard_was_given(int client, bool promised);
pid_t guard_given_to(int client, bool promised);        /* the pid of that process; 0: none */
void guard_clear_note(size_t number);   /* of guard_notes */
const struct start_note *guard_notes(void);     /* GUARD_STARTS of them; NULL: there is no guard */
unsigned guard_notes_used(void);                /* how many are not free */
void guard_forget_start(int32_t *noted);        /* the result of guard_note_start; NULL does nothing */

/* Notes a promise; the oldest one goes. It counts as long as the client's connection is open and nobody's. sent: bytes
 * that the client has been sent by now. */
void guard_note_promise(uint64_t owner, unsigned listener, int client, uint64_t sent);
uint64_t guard_promise_sent(int client); /* those bytes; 0: no promise is noted */
bool guard_is_promised(int client);
const struct promise *guard_promises(void);     /* GUARD_PROMISES of them; NULL: there is no guard */

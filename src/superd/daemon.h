/* The daemon: one process, one loop. All its state is in `superd`, which every file of this folder may read; each part is
 * written by the file that the comment names.
 *
 * One rule keeps a hostile backend from holding the loop up: of a socket that a backend was ever given, the loop makes no
 * call that takes the socket's lock. It polls it, passes it on, closes it, sets O_NONBLOCK, asks TCP_INFO and SO_ERROR,
 * and receives datagrams without waiting (tests/lint/lent). Its address rules are set again by superd-exec at each start;
 * what a reload has changed, by a process of its own (lent.c). Of a row that has become accept = yes the loop accepts
 * once no process has the socket (lent_close). What can hang for another reason is done in superd-exec, or in a
 * process whose end is an event. */
#pragma once

#include <ev.h>

#include "exec/exec.h"
#include "os/socket/socket.h"
#include "superd/machine/machine.h"
#include "superd/main.h"

/* What a service does, as the one word that users read. */
enum state {
	OFF,	 /* disabled, by its entry or an operator */
	BINDING, /* a socket cannot be opened: tried again by the timer */
	LISTENING,
	STARTING, /* accept = no: the instance is not ready yet */
	RUNNING,
	STOPPING,
	CLOSING, /* removed or disabled, and an instance has not ended */
	BACKOFF, /* a pause after a failure, or at a limit */
	FROZEN,
	HELD,
	FULL,	/* accept = yes: the limit `instances` is reached */
	QUEUED, /* it waits in line to start, or for services that it wants */
	STATES
};

/* What the pause of a service is for. Those from PAUSE_FAILED on follow a failure. */
enum pause {
	NO_PAUSE,
	PAUSE_LIMIT,
	PAUSE_CPS, /* whose end is logged */
	PAUSE_FAILED,
	PAUSE_REPEATS /* and the start behind it is for whom the failed one was */
};

/* Why a service is not to run. Those before BAR_HELD close its sockets, too. */
enum bar { BAR_END, BAR_REMOVED, BAR_DISABLED, BAR_HELD, BAR_DRAINING, BAR_NONE };

/* A descriptor in the loop. libev stops a watcher for which the kernel has no room (epoll_ctl(2): ENOMEM, ENOSPC); this
 * one is watched again. loop.c */
struct io {
	ev_io ev;
	int fd, wanted, got; /* got: what `ready` is called for. wanted 0: it is not watched */
	void (*ready)(struct io *io);
	void *data;
};

/* A process that superd started. */
struct child {
	struct child *next; /* in its bucket */
	pid_t pid;	    /* 0: none */
	void (*ended)(struct child *child, int status, const struct rusage *used);
};

/* A process of superd's own for one job. At its limit it is killed, and `done` is called with HELPER_LATE; at its end it
 * is called with the wait status, so twice for one that was late: one that waits in the kernel for a lock ends when that
 * is free. Until then no other begins. loop.c */
struct helper {
	struct child child;
	ev_timer limit;
	void (*done)(struct helper *helper, int status);
};

enum { HELPER_LATE = -1, KEEPS_ALL = -1 /* for `count` */, CLOSERS = 2 /* helpers of a service that close: close.c */ };

/* The commands of a phase, which run one after the other. commands.c */
struct commands;
typedef void commands_callback(struct commands *commands, enum result result, const char *why);
struct commands {
	struct svc *svc;
	struct instance *of; /* NULL: they are the service's: around its sockets, or beside the instance that runs */
	enum command_phase phase;
	unsigned next; /* the number of the one behind the last that was begun */
	struct child child;
	ev_timer limit; /* of an instance but for exec_ready: that of its phase */
	double seconds;
	enum { IN_TIME, IS_OVERDUE, IS_KILLED } late; /* the one that runs: it got SIGTERM; SIGKILL */
	int status;				      /* wait status of the last one; -1: it has not ended by itself */
	commands_callback *done;		      /* all have ended well, or one has failed */
};

#define KILL_PATIENCE 10000000 /* microseconds that SIGKILL may take, until superd goes on without the process */

/* What a socket has beside that once something happens to it: service.c, where no other file is named. It is all zero
 * before that, which takes no memory (struct zone). */
struct socket_run {
	struct narrowed *narrowed;  /* `listen` for `family` */
	struct socket_address name; /* at which it was opened; length 0: not known yet */
	uint32_t node, self;	    /* inodes of a unix socket's node, 0: none, and of itself */
	double shut_at;		    /* a program had shut it down then; 0: never; lent.c */
	char *stored;		    /* its name in the store of the service manager; NULL: it is to be in none */
	double rests_until;	    /* optional, and could not be opened: it is not tried before */
	struct backoff failed;	    /* such tries */
	uint64_t first;		    /* the first datagram at the start of the last instance, by a hash; 0: none */
	uint64_t tries;		    /* the instance whose program tries it, beside its row's; 0: none; binder.c */
};

enum absence {
	PRESENT,
	ABSENT_FAILED,
	ABSENT_CONDITION
}; /* optional and not to be opened; its conditions do not hold */

/* Whether superd looks for a first datagram: not while superd-lookup is asked about the sender of one, nor while an
 * instance of accept = yes has the socket alone. */
enum first_datagram { AWAITED, ASKED_ABOUT, TAKEN };

/* A socket of a service. It has no struct io: all sockets at which superd waits for clients are in one epoll set, and
 * only this set is watched by the loop (socket_watch, service.c). */
struct socket {
	struct svc *svc;
	const struct listen *listen;
	struct socket_run *run;
	int fd;		      /* -1: not open */
	uint16_t number;      /* of its row's sockets */
	uint8_t family : 4;   /* AF_INET, AF_INET6: of a row for both, and a program binds this one alone; binder.c */
	uint8_t absent : 2;   /* enum absence */
	bool is_watched : 1;  /* by socket_watch */
	bool lent : 1;	      /* a backend was given it, and any process may have it */
	uint8_t datagram : 2; /* enum first_datagram */
	bool inherited : 1;
	bool is_old : 1;    /* it has not the options of its row: opened anew once no program has it */
	bool is_stored : 1; /* it is in the store */
};

/* The phases of an instance, in their order. */
enum phase {
	CONDITION,
	START_PRE, /* exec_condition, exec_start_pre */
	LAUNCHED,  /* forked; its program does not run yet */
	STARTED,   /* its program runs, and is not ready */
	START_POST,
	READY,
	REMAINS,    /* ended well, and counts as running (remain_after_exit) */
	EXEC_STOP,  /* exec_stop */
	TERMINATED, /* got kill_signal */
	FINAL,	    /* got final_kill_signal */
	KILLED,	    /* got SIGKILL */
	STOP_POST,
	OVER,
};

/* Why an instance is to end: it is not, it was asked to, which is no failure, or it has failed, as its result says. Its
 * phase says how far that is, and the limit of the phase how long it has. */
enum ends { GOES_ON, IS_ASKED, HAS_FAILED };

/* Whether the processes of an instance stand still. */
enum stand {
	MOVES,
	STUCK, /* it cannot be thawed: tried again */
	STANDS_IDLE,
	STANDS_BY_ORDER
};

/* A descriptor that a service keeps for its next start. */
struct stored {
	struct list link;
	int fd;
	bool polled;
	uid_t user; /* of the service that stored it */
	struct svc *svc;
	char name[256];
};

/* One backend: a process group, and the commands around it. instance.c */
struct instance {
	struct list link;    /* in svc->instances */
	struct list changed; /* journal.c */
	uint64_t number;
	struct svc *svc;
	const struct service *row; /* by which it was started, or would be; its table is held */
	struct table *table;
	struct plan *plan;	   /* its own, if its service has one for each client */
	enum phase phase, reached; /* reached: the furthest of its start */
	enum ends ends;
	enum result result;	    /* the first that went wrong */
	struct child main;
	struct commands commands; /* of its phase, or exec_ready */
	pid_t pid, group;	    /* of the main process, also when it has ended */
	int report; /* pipe that tells a failed start; -1: none */
	struct io report_io;
	ev_timer limit;	     /* of the phase, */
	double limit_most;   /* and when that ends however often it is extended */
	double since, begun; /* the program runs since; the start was asked for */
	int status;	     /* wait status of the main process */
	int lack;	     /* of processes, descriptors or memory at its start; 0, or the errno */
	double cpu;
	bool is_halted; /* by signals, as its group could not be frozen */
	bool was_kept;	/* from starting, by a condition or an assertion */
	bool end_is_judged; /* on_main judges the end of its main process: it gets no further than READY meanwhile */
	enum stand stand;
	struct escaped {
		pid_t pid;
		int64_t born;
	} * escaped; /* of an end without a control group: below its main process, and not in its group */
	size_t escaped_count;
	char *cgroup;				/* path; NULL: none */
	bool cgroup_is_reused, cgroup_is_spent; /* an instance before had it; none after it gets it */
	bool cgroup_is_left;			/* nothing runs in it until superd starts something there */
	uint64_t private_id;
	char invocation[INVOCATION_ID + 1];
	struct client client;  /* accept = yes; fd -1 once the program has it */
	struct socket *socket; /* accept = yes; else NULL */
	unsigned char source[SOURCE_SIZE];
	bool counted; /* in superd.sources */
	char peer[80], name[CLIENT_NAME];
	char why[200];	       /* of a failed start */
	char why_unready[100]; /* how the last run of exec_ready ended */
	unsigned ready_runs;
	/* sd_notify; notify.c */
	enum { SAYS_NOTHING, RELOADS, STOPS } says;
	unsigned reloads;
	double watchdog_every;
	ev_timer watchdog;
	double watchdog_at; /* its limit is reached then */
	struct io main_io;  /* pidfd of a main process that is not superd's child */
	char status_text[NOTE_TEXT + 1];
	/* type = forking: looks for its daemon; at its end, for what is left of its group; STUCK: thaws it */
	ev_timer look;
	int64_t born; /* clock ticks since boot */
	/* pass = bind; binder.c */
	int binder_fd; /* channel to its superd-bind */
	pid_t binder;  /* its pid, in the journal: until its exec it is a copy of superd, which the next one would end */
	struct io binder_io;
	uint64_t bound_set;
	char others[400];		 /* what it has asked for in vain */
	char differs[400];		 /* and what it got another socket for */
	char advice[400];		 /* what to write, as a bind was refused */
	ev_timer quiet, settles;	 /* nothing new was bound for a while, and for a moment */
	bool told;			 /* what it has not bound */
	/* exec beside redirect; relay.c */
	struct {
		struct child child;
		int fd, error;
		struct io io;
		struct backoff failed; /* starts of it, and connections of its to the program */
		unsigned long connections, flows;
		uint64_t relayed[3]; /* connections, bytes from clients, bytes to clients */
		bool up;
	} relay;
	/* builtins that ask superd */
	int channel;
	ev_timer ready; /* the next run of exec_ready, or start of a relay that has failed; or its line has come */
	struct backoff ready_failed; /* runs of exec_ready */
	double limit_left; /* of its time limit, which rests while it is frozen; else 0 */
	pid_t candidate;   /* found as its daemon at the last look */
	pid_t pid_before;  /* what its pid file said before its start: an earlier run's */
	double settled;	   /* until then a clean end of what was found is that of a process between */
	bool reported;	   /* what a redirect has moved; once */
	struct io channel_io;
};

struct ring_line {
	double at;
	enum level level;
	const char *event; /* a constant */
	char *text;
	uint64_t serial;
	pid_t pid; /* of the program that has printed it */
	bool is_output;
};

/* The last lines: the n-th is at n % room, which grows up to RING, or four times that for superd's own. output.c */
struct ring {
	struct ring_line *lines;
	unsigned next, room;
};

enum { RING = 64, EXTENDED_MOST = 10 /* times the length of a time limit */ };

struct failure {
	double at, lasted;
	pid_t pid;
	int status;
	enum result result;
	char peer[80], why[160];
	const char *hint; /* NULL: none */
};

enum { FAILURES = 5 };

/* The pipe to which the instances of a service print. output.c */
struct output {
	struct list link, unsent; /* unsent: superd-output is to be told of it */
	struct svc *svc;	  /* NULL: it is passed on for good */
	char *service;		  /* its name */
	int read_end, write_end;  /* both are in the journal; superd reads and writes neither */
	uint32_t number;	  /* in the page that superd-output has, too */
	bool is_ready;		  /* the line that tells so has come */
	bool hangs;		  /* nobody reads it, as that does not return */
	unsigned hung;		  /* how often that was so */
	struct child killed;	  /* the superd-output that did not return from it */
};

/* Who is connected to a service. clients.c */
struct clients {
	bool known;	    /* false: the kernel does not tell */
	unsigned connected; /* all, but probes */
	unsigned waiting;   /* of them in a queue, or in a handshake */
	unsigned quiet;	    /* of them at which nothing has moved for so long: clients_count_quiet */
	/* One that waits and may still send, of TCP or else of a unix socket: that of run->stuck, if it still does; 0: none. */
	uint64_t waiter;
	char peers[200];    /* addresses of some */
};

/* Where its program listens itself, as it was seen last; the log has these addresses. others.c */
enum { OTHERS_MOST = 64, OTHER_TEXT = 128 };

struct others {
	unsigned count, clients; /* connected there */
	bool is_blind;		 /* superd cannot see where */
	struct other {
		char text[OTHER_TEXT]; /* "tcp:[::]:6379" */
		struct socket_address address;
		uint16_t port;	/* of TCP; else 0 */
		bool is_chosen; /* by the kernel, as it seems: such ports are the program's own business */
		bool is_target; /* redirect leads there */
	} list[OTHERS_MOST];
};

/* Since when nobody uses a service that has idle_timeout, and what comes of it. idle.c */
struct idle {
	struct svc *svc; /* NULL: it was never of use */
	enum {
		IDLE_OFF,     /* it does not run; or it is frozen */
		IDLE_WAITS,   /* for the timer, or for the end of a connection */
		IDLE_ASKS,    /* a helper: idle_unless, or for quiet connections */
		IDLE_FREEZES, /* its processes do not stand still yet */
	} step;
	ev_timer timer;
	pid_t instance;
	double used;	 /* nobody has been seen since */
	/* Connected at the last count since this instance runs; also NOBODY once an end is reported after that, until
	 * the next count. */
	enum { UNCOUNTED, NOBODY, SOMEBODY } seen;
	bool listens;	 /* the ends of its TCP connections are wanted: clients.c passes them to idle_note_close */
	bool polls;	 /* not all ends are reported (unix sockets, datagrams, no reports): it looks at parts of the time */
	unsigned closes; /* reported ends in quick succession; after CLOSES_MOST of them it listens no more for a time */
	struct clients clients;
	uint64_t stamps;      /* of its datagrams, at the last look */
	struct helper helper; /* quiet connections, freeze_reclaim */
	struct commands unless;
	char busy[160];	      /* why it goes on without clients */
	double begun;	      /* to freeze */
	bool unwatched;	      /* its quiet connections cannot be */
	const char *told;     /* the last trouble that the log has; NULL: none */
	struct list watched;  /* what wakes it beside its sockets */
};

/* Lines of the log that any client can cause, each limited for itself: svc_line_is_due. */
enum line { LINE_STARTED, LINE_READY, LINE_ENDED, LINE_RECORD, LINE_FAIL, LINE_REFUSED, LINES = LINE_REFUSED + REFUSALS };

/* What a service has beside that once it runs, fails or waits: service.c, where no other file is named. It is all zero
 * before that, which takes no memory (struct zone). */
struct run {
	struct svc *svc;     /* set by svc_run */
	struct list changed; /* journal.c */
	/* Its instances are stopped once nobody is connected, and nothing is started until then: by order, or as it is
	 * removed; 0: they are not. */
	double drains_since;
	bool lacks;	  /* what its last start or its sockets needed; it is told */
	bool awaited;	  /* its next start: by a client, or by who has asked for it */
	bool starts_slowly; /* its last start was slow, or failed */
	bool looks;	  /* at what it needs, which may need it in turn */
	ev_timer timer;	  /* end of a pause or of a socket's rest, or the next try */
	double start_due; /* loop time of a start without a client; 0: none */
	char start_by[80];
	struct backoff backoff, restart_backoff;
	struct others *others; /* NULL: none are known */
	/* A client that has waited since then while nobody was connected, as far as somebody looked; 0: none. facts.c */
	struct stuck {
		uint64_t waiter;
		double since;
		pid_t serves; /* the instance has had a client */
	} stuck;
	int64_t oom_kills;     /* that its control group has counted */
	unsigned no_progress, queued; /* ends in a row that left the queue as long; its length at the last start */
	double suspect_since;	      /* these are too many: a client whose connection ends clears it; 0: no */
	uint64_t mark;		      /* who waited first then, as far as that is known: clients_mark */
	struct list listening;	      /* clients.c */
	struct helper closers[CLOSERS], limits; /* instance_change_limits */
	char reason[320];     /* of the pause */
	uint64_t told;	      /* hash of the reason why a socket cannot be opened, as the log has it */
	uint64_t told_owner;  /* of who has its port, */
	double told_at;	      /* since then; 0: not */
	enum pause pause;     /* the last one, until it has started well */
	double slept;	      /* it listened for so long before it left that state */
	struct list instances;
	unsigned count;		  /* those that count against `instances` */
	struct instance *current; /* accept = no: the one that has the sockets */
	struct plan *plan;	  /* NULL: to be made */
	char *cgroup;		  /* that the last instance has left empty, for the next; NULL: none */
	struct output *output;	  /* NULL: not open */
	uint32_t starts;	  /* of its instance: what was printed before does not count */
	char last_line[160];	  /* as far as superd-output was asked for it */
	int notify;		  /* this and `received`: 0 or -1: not open */
	char *notify_variable;
	struct io notify_io;
	struct receiver *receivers, *receiver; /* of messages with descriptors, NULL: none yet; whose turn it is */
	int received;			       /* its answer comes here */
	struct io received_io;
	struct list stored;
	unsigned stored_count;
	struct parked {
		struct client client;
		struct socket *socket;
		bool judged; /* it was let in, and answers about it have come */
	} * parked;	     /* accepted, and cannot be started now */
	size_t parked_count;
	struct list queue; /* link in superd.queue: it waits for a place, or for its turn; or among the fresh starts */
	struct rate_limit rate, trigger; /* cps, trigger_limit */
	double failed_at;		 /* the last start that failed */
	double skipped_at;		 /* the last one that a condition has left out */
	double opens_since;		 /* of the tries to open its sockets; 0: none is due */
	struct idle idle;
	struct helper turner; /* takes probes away, or looks at the conditions of sockets; nothing is watched meanwhile */
	unsigned asked_of;    /* the socket about whose conditions it is asked */
	bool asks_again;      /* they may have changed since */
	struct commands socket_commands; /* of a phase around the sockets */
	uint64_t socket_private; /* its /tmp */
	char *socket_group;	 /* its control group, for what its row sets of one; NULL: none */
	bool socket_dropped;	 /* its service closes: what it does is for nothing */
	/* Its program is asked to read its configuration again. orders.c */
	struct {
		enum { NEVER_ASKED, REFRESH_FAILED, REFRESHED, REFRESHES } state;
		struct commands commands; /* exec_reload */
		ev_timer limit;		  /* for READY=1 */
		pid_t pid; /* of the instance that was asked */
		unsigned reloads;
		char text[400]; /* how it ended */
	} refresh;
	struct past *past;	 /* NULL: it has done nothing but listen */
	struct ring ring;
	/* counters */
	uint64_t activations, accepted, failures, idle_stops, freezes, wakes, probes, refused[REFUSALS], kills, names;
	uint64_t relayed[3]; /* as its relays have said */
	double last_start, last_wait, last_latency, last_end, last_duration, cpu, asked;
	char last_peer[80];
	int last_status;
	enum result last_result;
	struct failure *last_failures; /* FAILURES of them; NULL: none */
	unsigned failure_count, failed_in_row;
	struct log_rate_limit crash_limit, note_limit, line_limits[LINES];
	struct rate_limit echoes; /* lines that its programs have caused; svc_echo */
	unsigned long echoes_dropped;
	unsigned char banners_told;
};

/* A service as superd runs it: what each of thousands has that only listen. */
struct svc {
	struct list link; /* in superd.services, in the order of the table, or superd.leaving */
	struct svc *same_hash;
	const struct service *row;
	struct table *table; /* of the row; held */
	struct run *run;
	struct socket *sockets; /* `own`, until a reload brings others */
	double since;
	unsigned socket_count;
	enum state state : 8;
	bool noted : 1; /* it has a line in the journal */
	bool removed : 1;
	bool bound : 1;	     /* the commands around the opening of its sockets have run */
	bool seen : 1;	     /* in a reload */
	bool was_wanted : 1; /* and perhaps is not any more: needs.c, in a reload */
	struct socket own[];
};

/* What rpcbind is told of a socket. rpc.c */
struct registration {
	struct list link;
	char *service;
	int fd;		/* of its socket; -1: that is closed, and this is to be withdrawn */
	enum { IS_NEW, IS_TRIED, WAS_TOLD, IS_SET } known; /* to rpcbind: by the superd before; it has confirmed it */
	double due;	/* of the next try */
	struct backoff backoff;
	char program[40], transports[16], port[8]; /* "100002/2-3", "tcp,tcp6" */
};

/* What a reload has done to a service. WRONG: its entry has errors, or there was no memory. */
enum outcome { UNCHANGED, CHANGED, ADDED, REMOVED, WRONG, OUTCOMES };
extern const char *const outcome_words[OUTCOMES];

/* What a reload has done. Sessions that report it hold it. reload.c */
struct changes {
	size_t users, count, room;
	size_t counts[OUTCOMES];
	struct service_change {
		enum outcome outcome;
		char *name, *text;
	} * list;
};

struct own_program;

/* How far superd is. */
enum life {
	SUPERD_SERVES,
	SUPERD_OPENS,  /* the first sockets: nothing starts by itself yet */
	SUPERD_DELAYS, /* a stop was asked for: stop_delay, or what is under way */
	SUPERD_STOPS,
	SUPERD_KILLS, /* what has not ended in time */
	SUPERD_IS_OVER
};

struct superd {
	struct ev_loop *loop;
	enum life life;
	struct log *log;
	struct options *options;
	struct table *table;
	struct process_defaults defaults;
	struct listen_fds inherited;
	struct list services, leaving, queue; /* service.c */
	struct list sessions;		      /* control.c */
	struct list registrations;	      /* rpc.c */
	struct svc *by_name[4096];
	struct child *children[256];
	struct cgroups cgroups;
	int64_t oom_kills; /* that were counted last where superd's own memory is limited; oom.c */
	size_t waiting;					    /* services that are QUEUED */
	size_t instances, starting, most_starting, delayed; /* delayed: starts that have waited for others */
	uint64_t last_number; /* of an instance */
	size_t awake, asking; /* services with an instance; clients that are asked about */
	struct source_counts sources;
	int null_in, null_out;
	bool reading;
	bool reads_files; /* rows of the superd before are former ones, it was upgraded, or could not save its rows */
	bool has_terminal;	   /* whose end is that of superd */
	int exit_status;
	double started, loaded;
	char refused_reload[300];
	struct changes *changes; /* by the last reload; NULL: none */
	uint64_t serial;	 /* of log lines */
	struct {
		struct child child;
		int fd; /* channel; -1: there is none */
	} output;	/* superd-output */
	struct ring ring;
	struct child main_command;
	bool command_begun; /* it was started once */
	char *program;	    /* its path, for upgrades */
	char upgraded_from[80];
	struct pid_file pid_file;
};

extern struct superd superd;

static inline bool superd_is_stopping(void)
{
	return superd.life >= SUPERD_STOPS;
}

#define EACH_SOCKET(each, svc) \
	for (struct socket *each = (svc)->sockets; each < (svc)->sockets + (svc)->socket_count; each++)

/* Its run, from which there is a way back to it. */
static inline struct run *svc_run(struct svc *svc)
{
	svc->run->svc = svc;
	return svc->run;
}

/* Of a run: what is zero is not written, as that would take memory. */
#define CLEAR(field) ((field) ? (void)((field) = 0) : (void)0)

/* loop.c */
typedef void timer_callback(struct ev_loop *loop, ev_timer *timer, int events);
typedef void io_callback(struct io *io);
void timer_begin(ev_timer *timer, double seconds); /* once, from now on */
void timer_call(ev_timer *timer, double seconds, timer_callback *callback, void *data);
void timer_limit(ev_timer *timer, int64_t microseconds, /* 0, SCAN_INFINITY: none */
		 timer_callback *callback, void *data);
void io_init(struct io *io, int fd, io_callback *ready, void *data);
void io_call(struct io *io, int fd, io_callback *ready, void *data); /* when it is readable */
void io_watch(struct io *io, int events);			       /* EV_READ, EV_WRITE; 0: neither */
void io_stop(struct io *io);
void child_watch(struct child *child, pid_t pid);
bool child_is_watched(pid_t pid);
void child_forget(struct child *child);
void child_signal(const struct child *child, int signal); /* with its group, once it leads one */
/* 0: this is the helper, which has these descriptors and the standard ones alone: while it hangs, a copy would keep a port
 * open, or a client who is turned away waiting. */
pid_t helper_begin(struct helper *helper, double seconds, void (*done)(struct helper *helper, int status),
		   const int *kept, int count);
struct own_share { /* of processors, as a service has */
	const struct plan *plan; /* its nice value and its scheduling */
	const char *group;	 /* the control group that it joins; NULL: superd's */
};
pid_t own_program_begin(const struct own_program *program, int channel, uint64_t rights,
			const struct own_share *share); /* NULL: superd's */
void helper_limit(struct helper *helper, double seconds,
		  void (*done)(struct helper *helper, int status)); /* its child runs */
void helper_drop(struct helper *helper);			    /* it is killed, and its end is of no interest */
void child_ended(pid_t pid, int status, const struct rusage *used); /* also by the guard, which reaps for superd */
void loop_rest(int error);					    /* of a call of a socket */
void superd_fail(int status);					    /* ends in an orderly way, with this status */
void superd_stop(int signal);
void superd_check_end(void); /* a process has ended: superd may end */
void superd_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));
void superd_notify_ready(void); /* and how many services there are */
bool superd_reopen(struct buf *why); /* the logs; why: may be NULL */

/* service.c */
struct svc *svc_new(struct table *table, const struct service *row);
bool services_begin(void); /* false and errno */
bool svc_replace_sockets(struct svc *svc, const struct service *row);
void svc_drop_socket(struct socket *socket);
struct socket *svc_add_socket(struct svc *svc); /* for binder.c; NULL: out of memory */
void svc_forget_plan(struct svc *svc);
void svc_set_timer(struct svc *svc, double seconds);
void svc_look_again(struct svc *svc);
bool socket_watch(struct socket *socket, bool on);
struct svc *svc_find(const char *name);
struct svc *svc_next(const struct svc *svc); /* NULL: the first; those that leave come last */
const char *state_name(enum state state);
void svc_set(struct svc *svc, enum state state);
bool svc_line_is_due(struct svc *svc, unsigned line, double now, char more[LOG_RATE_LIMIT_MORE]);
void svc_say(struct svc *svc, enum level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A line that its programs cause as often as they like: as many as they may print. */
void svc_echo(struct svc *svc, enum level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void svc_open(struct svc *svc);		  /* opens what is closed, then goes on */
void svc_ask_conditions(struct svc *svc); /* and opens what they kept closed */
void svc_settle(struct svc *svc);	  /* finds the state that follows when nothing is under way */
void svc_go_on(struct svc *svc);	  /* the same, but a pause goes on */
bool svc_asks_conditions(const struct svc *svc);
bool svc_is_opening(const struct svc *svc); /* asks conditions, or runs commands around its sockets */
bool svc_close_sockets(struct svc *svc);
void socket_close(struct socket *socket);
void svc_resume(struct svc *svc); /* goes on with what the superd before had */
enum bar svc_bar(const struct svc *svc);
void svc_watch(struct svc *svc); /* its sockets, as its state is */
void svc_unwatch(struct svc *svc);
void svc_set_reason(struct svc *svc, const char *format, ...) /* of the pause that follows */
	__attribute__((format(printf, 2, 3)));
bool svc_is_failing(const struct svc *svc);
void svc_pause(struct svc *svc, double seconds);   /* no failure: a limit, or a condition does not hold */
void svc_start(struct svc *svc, const char *by);   /* without a client */
bool svc_overlap(struct svc *svc, const char *by); /* starts the next instance beside the one that runs */
void svc_stop(struct svc *svc, bool again);	   /* stops its instances; it goes on listening */
void svc_shut(struct svc *svc, bool spares);	   /* closes its sockets, and stops its instances or spares them */
void svc_stop_instances(struct svc *svc);
void svc_activate(struct svc *svc);
void svc_note_ready(struct svc *svc, struct instance *instance);
/* An instance is over: whether it has failed, the pause that follows, and the next start. */
void svc_conclude_instance(struct svc *svc, struct instance *instance);
void svc_changed(struct svc *svc); /* orders that wait look again */
bool svc_waits_for_order(const struct svc *svc);
void svc_count_trigger(struct socket *socket);
bool svc_pause_at_trigger(struct socket *socket);      /* its service pauses now */
bool socket_is_readable(const struct socket *socket);   /* or has an error */
void svc_open_early(struct svc *svc);
void svc_note_progress(struct svc *svc); /* its program takes clients */
bool svc_is_full(const struct svc *svc);
bool svc_queues(const struct svc *svc); /* it is full, and who comes waits */
bool svc_is_empty(const struct svc *svc);
bool user_runs(uid_t uid); /* of any service */
bool svc_shows_superd(const struct svc *svc);
unsigned svc_waiting(struct svc *svc); /* clients in its queues */
bool svc_readable(struct svc *svc);
double jitter(void);

/* rpc.c: with rpcbind */
void rpc_announce(struct socket *socket, bool again);
void rpc_withdraw(int fd);
bool rpc_owes(void);
void rpc_go_on(void);
void rpc_leave(const char *why);

/* needs.c */
bool needs_come_first(const struct svc *svc); /* its next instance is the first, and may have to wait */
/* Starts what it, or its sockets before they are opened, need. true: they have to wait; *why: what is required fails. */
bool needs_start(struct svc *svc, bool sockets, struct buf *why);

void needs_mark(const struct service *row); /* a reload takes that away; behind all of it: */
void needs_reloaded(void);
void needs_let_go(struct svc *svc); /* its last instance has ended: what only it needed ends, too */
/* superd ends: stops the instances of each service that no other one needs in order which still runs, or of all. Others
 * follow them (needs_let_go). Whether that has stopped any. */
bool needs_stop(bool all);
void needs_tell(struct svc *svc);   /* it has changed: who waits for it looks again */
void needs_show(struct svc *svc, struct buf *out);

/* limits.c */
void limits_begin(void);
size_t limits_places(void);			/* instances that there may be at once */
bool limits_allow(const struct svc *svc);	/* whether one of it may start now */
bool limits_allow_start(const struct svc *svc); /* also by max_starting, which a service with accept = no counts for */
void limits_wait(struct svc *svc);		/* in line */
bool limits_are_meant(int error);		/* the kernel has too little for everybody */
void limits_lack(struct svc *svc, const char *what, int error);
bool limits_take_socket(struct svc *svc); /* one is opened for it now; false: none may be */
void limits_note_end(void);
void limits_note_start(struct svc *svc);
void limits_note_start_end(struct svc *svc, bool good);
void limits_reserve(int *fds, size_t count, bool holds);
void limits_offer(void);

/* close.c: what may hang */
void close_apart(struct svc *svc, int *fd);
bool close_is_slow(const struct svc *svc); /* much of it is not closed yet */
void close_forget(struct svc *svc);
void close_ready(void);
void close_leave(void);

/* accept.c */
void accept_clients(struct svc *svc, struct socket *socket);
void accept_park(struct svc *svc, struct socket *socket, struct client *client, bool judged);
void accept_start_parked(struct svc *svc);
bool accept_pause_at_cps(struct svc *svc, const struct client *client);
void accept_drop_parked(struct svc *svc, enum refusal refusal);
void accept_judge_again(struct svc *svc);
void accept_move(struct svc *svc, const struct service *row, struct socket *sockets);
void accept_forget(struct svc *svc);
void accept_leave(void);
bool accept_judge_datagrams(struct svc *svc); /* true: a program may start for one */
uint64_t accept_first_datagram(const struct socket *socket);
void accept_describe_sender(const struct svc *svc, char *text, size_t size);
int64_t load_average(void);
void accept_park_again(struct instance *instance); /* its client, as its start has failed */
bool channel_read(struct instance *instance);
void channel_begin(struct instance *instance);

/* launch.c */
/* svc: its sockets are among those that are passed; NULL: none is. Returns the pid; *report: a pipe that yields a fault, or
 * its end once the program runs; -1: it runs already. -1: request->fault says why. */
pid_t launch(struct spawn_request *request, struct svc *svc, int *report);
/* The same for one of superd's own programs, which gets one end of a channel at this place; *channel is superd's. */
pid_t launch_own(struct spawn_request *request, struct svc *svc, int *wanted, int place, int *channel);
/* The same in three steps: launch_together runs several at once, and returns when all have been run. */
struct launch;
struct launch *launch_prepare(struct spawn_request *request, struct svc *svc); /* NULL: out of memory */
void launch_together(struct launch **list, size_t count);
pid_t launch_finish(struct launch *launch, struct spawn_request *request, struct svc *svc, int *report);

/* result.c */
enum result result_of_end(const struct service *row, enum phase phase, bool is_command, bool ignored, int status);
bool result_is_failure(const struct service *row, enum ends ends, enum result result, int status, double lasted);
bool result_starts_again(const struct service *row, enum ends ends, enum result result, int status);

void event_add_end(struct event *event, int status);

/* lent.c */
/* It has another row; before NULL: it is not known which options it has, which must not be listen_filters_lent. */
void lent_change(struct svc *svc, struct socket *socket, const struct listen *before);
void lent_keep_old(struct svc *svc, struct socket *socket, const char *why);
bool lent_is_changing(const struct svc *svc);
/* Closes what svc_settle is to open anew: what a program has shut down, what has not its options, or whose node is gone.
 * again: a program has done so a second time in a minute. */
bool lent_close(struct svc *svc, bool *again);
void lent_watch(struct svc *svc); /* it is stopping: opens at once what its program shuts down */

/* instance.c */
void instance_look(struct instance *instance);
struct instance *instance_new(struct svc *svc);
void instance_start(struct instance *instance); /* frees it if that fails at once */
void instances_gather(void);			/* clients' processes are started together, by: */
size_t instances_gathered(void);		/* they have no process yet */
void instances_start_gathered(void);
void instance_be_ready(struct instance *instance);
void instance_stop(struct instance *instance);
void instance_signal(struct instance *instance, int signal);
void instance_check_group(struct instance *instance);
bool instance_has_escaped(const struct instance *instance, pid_t pid);
void instance_limit(struct instance *instance, int64_t microseconds);
void timer_extend(ev_timer *timer, double most, int64_t microseconds); /* an active one, up to a time */
void instance_describe_awaited(const struct instance *instance, struct buf *out);
void instance_free(struct instance *instance);
void instance_fail(struct instance *instance, enum result result);
uid_t user_of(const struct service *row);
/* Whether this may be a daemon that its start has left: superd, or this parent (0: nobody else), has inherited it. */
bool instance_may_follow(const struct instance *instance, pid_t pid, pid_t parent);
void instance_follow(struct instance *instance, pid_t pid);
void instance_resume(struct instance *instance);
void instance_go_on(struct instance *instance);
double instance_limit_left(struct instance *instance);
uint16_t *find_loop_ports(const struct service *row, struct plan_sockets *sockets);
struct plan *plan_of(struct svc *svc, const struct service *row, const char *name, struct buf *why);
void describe_fault(const struct service *row, const struct fault *fault, struct buf *out);
/* For commands.c: starts one. RESULT_SUCCESS, or why it could not be started; what one around the sockets has left. */
enum result command_run(struct commands *commands, unsigned number, struct buf *why);
void command_leave(struct commands *commands);
void describe_command_fault(const struct service *row, enum command_phase phase, const struct fault *fault,
			    struct buf *out);
bool instance_checks_conditions(const struct instance *instance, enum command_phase phase, unsigned number);
struct fault instance_take_fault(struct instance *instance);

/* commands.c */
void commands_begin(struct commands *commands, struct svc *svc, struct instance *of, enum command_phase phase,
		    double seconds, commands_callback *done);
void commands_set(struct commands *commands, struct svc *svc, struct instance *of, enum command_phase phase,
		  double seconds, commands_callback *done);
void commands_resume(struct commands *commands, pid_t pid);
void commands_late(struct commands *commands);
void commands_end(struct commands *commands, int64_t microseconds);
void commands_drop(struct commands *commands);
void child_give_up(struct svc *svc, struct child *child, pid_t pid);

/* notify.c */
bool notify_open(struct svc *svc, struct buf *why);
void notify_resume(struct svc *svc);
void notify_close(struct svc *svc);
void notify_forget(struct svc *svc);
void notify_read(struct svc *svc);
void notify_watchdog(struct instance *instance);
void notify_resume_main(struct instance *instance);
/* What a program stores by FDSTORE=1, for its next start; store.c is superd's own store, at the service manager. */
void stored_add(struct svc *svc, int fd, const char *name, bool polled, uid_t user);
void stored_check(struct svc *svc);
void stored_clear(struct svc *svc);

/* output.c: what programs print */
void output_init(void);
void output_begin(pid_t pid, int channel);
void output_end(void);
int output_open(struct svc *svc);
void output_resume(struct svc *svc, int read_end, int write_end);
void output_release(struct svc *svc);
void output_tell(struct svc *svc);
void output_changed(struct svc *svc);
void output_forget(struct svc *svc);
void output_drain(struct svc *svc, bool last, bool has_failed);
bool output_fetch(struct svc *svc, uint32_t *question);
bool output_has_answered(uint32_t question);
bool output_is_ready(const struct svc *svc);
void output_log_changed(void);
bool output_describe_log(struct buf *out); /* true: it takes no lines now, and why */
unsigned long output_lost(void);
void ring_begin(enum level level, bool is_followed);

/* record.c */
/* due: superd's own line about the same is; a file of log_type has all. */
void record_start(struct svc *svc, pid_t pid, const char *peer, bool due);
void record_end(struct svc *svc, struct instance *instance, double lasted, bool due);
void record_refusal(struct svc *svc, const char *peer, const char *word, bool due);
void record_user(struct svc *svc, const char *peer, bool success, bool known, const char *text);
void record_traffic(struct svc *svc, uint64_t in, uint64_t out);
void record_sensor(struct svc *svc, const char *peer, long long minutes);
void record_wrapped(struct svc *svc, bool let_in, const char *peer);
void records_reopen(void);
void records_close(void);

/* clients.c */
pid_t *instance_processes(struct instance *instance);
void instance_take_row(struct instance *instance); /* its service has another one */
void instance_change_limits(struct svc *svc, const struct service *row); /* to those of its next row */
bool instance_cgroup_lives(struct instance *instance); /* false also without a control group */
void clients_forget(struct socket *socket);
void clients_remember_name(struct socket *socket, uint16_t port);
const struct socket_address *clients_name(struct socket *socket);
unsigned clients_port(struct socket *socket); /* 0: it is not open, or has none */
void clients_count(struct svc *svc, struct clients *clients);
uint64_t clients_mark(const struct svc *svc);
void clients_count_quiet(struct svc *svc, struct clients *clients, uint32_t quiet_after);
bool clients_watch(struct svc *svc, io_callback *wake);
void clients_unwatch(struct svc *svc);
bool clients_listen(struct svc *svc);
void clients_read_reports(void);

/* oom.c */
void oom_begin(void);
bool oom_has_killed(struct instance *instance); /* which SIGKILL has ended; also says so in the log */

/* others.c */
unsigned others_look(struct svc *svc);		      /* asks the kernel; the number of clients there */
const char *others_keep_awake(const struct svc *svc); /* a port at which nothing would wake it frozen; NULL: none */
void others_show(const struct svc *svc, struct buf *out);
void others_forget(struct svc *svc);

/* idle.c */
void idle_follow(struct svc *svc);
void idle_free(struct svc *svc);
void idle_note_close(struct svc *svc);
void idle_note_client(struct svc *svc);
bool instance_freeze(struct instance *instance, enum stand stand); /* MOVES: it is thawed */
bool instance_is_frozen(const struct instance *instance);
void idle_freeze(struct svc *svc); /* by order */
void idle_sleep_on(struct svc *svc);
void idle_thaw(struct svc *svc, const char *by); /* all that calls it: the begin of idle.c */
bool idle_remove_probes(struct svc *svc);
double idle_last_used(const struct svc *svc); /* of one that runs */
void idle_show(struct svc *svc, bool hides, struct buf *out);

/* reload.c */
struct session;
unsigned reload_begin(void);
unsigned reload_compare(void);
bool reload_first(struct table *table); /* false: memory has run out, and nothing before it goes on */
void reload_describe(const struct table *after, struct session *session);
void changes_release(struct changes *changes);

/* control.c: the control socket */
enum right { RIGHT_OVERVIEW, RIGHT_READ, RIGHT_ACT }; /* the first: no configuration, commands, reasons, nothing logged */

enum action {
	START,
	STOP,
	RESTART,
	HOLD,
	RELEASE,
	DRAIN,
	FREEZE,
	THAW,
	SLEEP,
	WAKE,
	ENABLE,
	DISABLE,
	SIGNAL,
	REFRESH,
	WAIT_READY, /* what follows changes nothing */
	WAIT_AWAKE,
	WAIT_ASLEEP,
};

enum {
	REQUEST_MOST = 8192, /* bytes of a request, with its newline */
	WORDS_MOST = 1024,
	SESSION_ROOM = 32768, /* bytes not sent from which on nothing is added */
};

#define SESSION_TURN .002 /* seconds that a request may use in one turn of the loop */

enum request_option {
	WITH_NO_WAIT = 1 << 0,
	WITH_CHECK = 1 << 1,
	WITH_FAILED = 1 << 2,
	WITH_FOLLOW = 1 << 3,
	WITH_ASLEEP = 1 << 4,
	WITH_AWAKE = 1 << 5,
	WITH_TIMEOUT = 1 << 6,
	WITH_SINCE = 1 << 7,
	WITH_LINES = 1 << 8,
	WITH_LEVEL = 1 << 9,
	WITH_SIGNAL = 1 << 10,
};

struct request {
	const char *names[WORDS_MOST]; /* of services, or patterns */
	size_t count;
	unsigned options; /* enum request_option: those that it has */
	int64_t timeout, since; /* microseconds */
	int64_t lines, signal;
	unsigned level; /* enum level */
	struct buf words; /* to which the texts above point */
};

struct session {
	struct list link;
	struct io io;
	ev_timer timeout; /* of --timeout */
	enum right right;
	uid_t uid;
	char *service;	/* of a program of superd's own; NULL: an operator */
	char hello[17]; /* what its first line has to repeat; "": it has done so */
	enum { AWAITS_REQUEST, ANSWERS, FOLLOWS_LOG, LEAVES } does; /* LEAVES: it ends when all is sent */
	bool at_end;
	char input[REQUEST_MOST];
	size_t filled;
	struct buf out, line; /* what is not sent, from `sent` on; members of the line that is being composed */
	size_t sent;
	double turn; /* begin of this turn */
	struct request request;
	void (*go_on)(struct session *session);	  /* called while there is room; NULL: it waits for something */
	void (*changed)(struct session *session); /* once something has changed, while it waits */
	double looked;				  /* that was called then */
	void (*late)(struct session *session);	  /* --timeout is over */
	struct buf names;			  /* of the services that the request means, from `next` on to come */
	size_t next;
	unsigned reading;	 /* the number of the one that it waits for; 0: none */
	struct changes *changes; /* that it reports, from `next` on; NULL: none */
	const char *verb;
	enum answer { ANSWER_ROW, ANSWER_STATUS, ANSWER_LIST, ANSWER_HEALTH, ANSWER_TIMELINE, ANSWER_ORDER } answer;
	enum action action;
	struct order *orders; /* under way */
	size_t order_count;
	unsigned begun, failed;	  /* services */
	uint32_t question; /* the last one to superd-output for it */
	uint64_t dropped, serial; /* serial: with `at`, of the last line of the log that was sent */
	double at;
};

void control_begin(bool fresh); /* fresh: this superd follows no other */
void control_open(void);
bool control_rest(const struct session *but);
void control_serve(void);
int control_fd(void);
void control_adopt(int fd);
void control_close(void);
void control_wake(void); /* something has changed */
void control_wake_in(double seconds);
void control_reloaded(void);						  /* the table was read again */
int control_reader(const char *service, bool in_detail, struct buf *why); /* for a program of superd's own */
void session_send(struct session *session);				  /* its line, to which it adds the braces */
void session_done(struct session *session);
void session_fail(struct session *session, const char *code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void session_wake(struct session *session);
size_t session_unsent(const struct session *session);
bool session_may_go_on(const struct session *session); /* there is room, and the turn is not over */

/* requests.c */
const struct service *row_find(const char *name, struct svc **svc); /* svc: NULL if there is none; may be NULL itself */
void request_obey(struct session *session, const char *line);
void requests_follow_log(void);
void requests_read(unsigned number, bool good, const struct table *compared, struct diags *diags);
const char *session_next_name(struct session *session);
void control_log(const char *service, enum level level, const struct event *event, const char *text, size_t length);

/* orders.c */
enum lock_kind { LOCK_HELD, LOCK_DISABLED, LOCK_KINDS };

/* What operators have ordered of a service and not undone, whether it is there or not. */
struct lock {
	char *name;
	struct lock_order {
		int64_t since; /* Unix time; 0: it is not */
		uid_t uid;
	} orders[LOCK_KINDS];
};

struct lock *lock_get(const char *name, bool makes); /* NULL: there is none, or no memory to make it */
void locks_show(const char *name, struct buf *out);
void locks_begin(const char *control, bool are_own);
void locks_own(bool late);
void locks_apply(struct svc *svc);
void locks_drop(void);
void refresh_forget(struct svc *svc);
bool refresh_is_under_way(const struct svc *svc); /* its program reads its configuration again */
bool lock_is_set(const struct svc *svc, enum lock_kind kind);
void drain_follow(struct svc *svc);
void drain_end(struct svc *svc);
void orders_begin(struct session *session);
void orders_drop(struct session *session);

/* facts.c */
enum detail { DETAIL_SHORT, DETAIL_LINE, DETAIL_WHOLE };

void facts_note(struct svc *svc, enum state next);
void facts_note_wake(struct svc *svc, bool thawed, double slept, const char *by);
void facts_note_served(struct svc *svc, bool thawed, double latency);
void facts_note_ready(struct svc *svc, double asked);
void facts_note_client(struct svc *svc, const char *peer);
void facts_forget(struct svc *svc);
void facts_name_options(const char *lines, struct buf *out); /* of service_compare */
void facts_describe_outdated(struct svc *svc, struct buf *out);
void facts_describe_removed(struct svc *svc, struct buf *out);
const char *facts_state(const struct service *row, const struct svc *svc); /* row NULL: it is gone */
bool facts_have_failed(const struct service *row, struct svc *svc);
void facts_write_health(const char *path, struct buf *out);
void facts_add_answer(const struct service *row, struct svc *svc, enum detail detail, bool hides, struct buf *out);
void facts_add_health(struct buf *out);
void facts_add_health_of(const struct service *row, struct svc *svc, struct buf *out);
void facts_add_row(const struct service *row, struct svc *svc, bool hides, struct buf *out);
void facts_add_superd(struct buf *out);
void facts_add_timeline(const struct service *row, struct svc *svc, double seconds, struct buf *out);

/* journal.c: what outlives superd. If superd is killed, its guard starts the next one (guard_begin, guard.c), which
 * - opens the journal and the configuration in it: run_superd (loop.c) calls state_read and state_table (upgrade.c);
 * - makes its services, sockets and instances again: serve (loop.c) calls journal_restore,
 *   and for each instance instance_resume;
 * - continues with each service: svc_resume (service.c), and with what has ended in between: journal_deliver_ends. */
void journal_begin(int fd);
void journal_ready(void);
void journal_print(const struct table *table); /* beside the loop */
void journal_rewrite(bool with_text);	       /* soon */
void journal_service(struct svc *svc);	       /* it has changed, which is written then, too */
void journal_instance(struct instance *instance);
void journal_socket(const struct socket *socket); /* these at once */
void journal_stored(struct stored *stored);
void journal_parked(struct svc *svc, struct parked *parked);
void journal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void journal_gone(const char *kind, uint64_t number, int status);
void journal_drop(const char *kind, int fd); /* it is about to be closed */
void journal_flush(void);
void journal_prepare(struct instance *instance, bool command); /* a process of it is about to be made */
void journal_name_report(int report);
void journal_note_child(const struct buf *note); /* in that process */
void journal_take_prepared(struct buf *note);	 /* for its start */
bool journal_whole(void);
void journal_pass_check(void);
void journal_pass(void);
char *journal_read(int fd, bool sockets, struct buf *why);
void journal_open_programs(void);
void journal_leave_sockets(struct listen_fds *to);
void journal_each_fd(void (*act)(void *context, int fd), void *context);
bool journal_names_pid(pid_t pid);
void journal_restore(char *text);
void journal_deliver_ends(void);

/* guard.c: superd's parent; more of it is in main.h */
bool guard_drops_state(void);
void guard_hear(void);
void guard_sweep(bool has_journal, bool all);
bool guard_left_fd(int fd); /* it was open before this superd opened anything */
int guard_journal_of(int page, bool *is_it);
void guard_execute(const char *program);
void guard_pass(bool passed);
void guard_upgrade_to(const char *program) __attribute__((noreturn));
void guard_tell(const char *version, size_t services, size_t instances);

/* store.c: the service manager's */
void store_begin(const char *where);
void store_give(struct socket *socket);
void store_note(struct socket *socket, const char *name);
bool store_take_out(struct socket *socket);
void store_refuse_foreign(void);
void store_drop(struct listen_fd *inherited);
#define STORE_NAME_MOST 255 /* bytes of a name (FDNAME= of sd_pid_notify_with_fds(3)) */
/* The name under which the listener of a service is stored: "superd/web/tcp,127.0.0.1,80". Printable ASCII without a
 * colon. And whether a name is this one, with or without a number that distinguishes two of one name. */
void store_name_make(const char *service, const struct endpoint *endpoint, char name[STORE_NAME_MOST + 1]);
bool store_name_is(const char *name, const char *made);

/* upgrade.c; state_*: how a superd begins that follows another, also after a death */
void upgrade_begin(bool only_check, void (*done)(void *context, bool good, const char *why), void *context);
void upgrade_forget(const void *context);
void upgrade_go_on(void); /* something has changed */

/* relay.c */
void relay_describe(const struct instance *instance, struct buf *out);
void relay_begin(struct instance *instance);
void relay_follow(struct instance *instance, pid_t pid, int fd);
void relay_stop(struct instance *instance, bool forget);

/* binder.c */
bool binder_begin(struct instance *instance, const struct plan *plan, int *filter, struct buf *why);
void binder_forget(struct svc *svc);
void binder_launched(struct instance *instance);
void binder_hear(struct instance *instance);
void binder_resume(struct instance *instance);
void binder_leave(struct instance *instance);
void binder_end(struct instance *instance);
void binder_take_row(struct socket *socket, const struct listen *listen);
struct socket *binder_socket_of(struct svc *svc, unsigned row, int family, uint64_t tries);
bool binder_follow_daemon(struct instance *instance);
bool binder_is_missing(const struct instance *instance);
void binder_hint(struct instance *instance, double lasted, struct buf *out);
void binder_describe_lost(struct instance *instance, unsigned n, struct buf *out);
void binder_describe_missing(const struct instance *instance, struct buf *out);
void binder_describe_bound(const struct instance *instance, struct buf *out);

/* Writes the queue of a log sink (lib/log_sink) as soon as the sink accepts it. One pump for each sink; no watcher
 * runs while the queue is empty. log_pump.c */
struct log_pump {
	struct log_sink *sink; /* NULL: it is not attached */
	struct io io;	/* waits until the sink is writable, while it is full */
	ev_timer timer; /* next try, for conditions that poll(2) does not report */
};

/* The caller owns pump and sink, and must not move them until log_pump_detach. */
void log_pump_attach(struct log_pump *pump, struct log_sink *sink);
void log_pump_detach(struct log_pump *pump);

/* The world of a behaviour test: a folder, one superd or more (the installed program), and the promise that
 * nothing is left of them. Each test runs in a process of its own (Criterion's), which is the subreaper of all it
 * starts, so whatever outlives superd turns up here and fails the test.
 *
 *   Behaviour(echo, answers_in_upper_case)
 *   {
 *           struct superd *superd = superd_run("service echo { listen = \"127.0.0.1:0\" exec = \"%s\" }", …);
 *           client_ask(superd_port(superd, "echo"), "hello\n");
 *   }
 *
 * A superd that runs when the story ends is stopped then. This header has all that most stories use, of libc too.
 * Everything waits for a condition, with a deadline, and fails the test when that passes. Texts that are handed
 * out live as long as the test. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* A test that waits so long hangs. No other bound on real time is in a test of the core suite. */
enum { DEADLINE_MS = 120000 };

#define Behaviour(suite, name, ...) \
	static void suite##_##name##_story(void); \
	Test(suite, name, .init = world_begin, .fini = world_end, .timeout = 600, ##__VA_ARGS__) \
	{ \
		suite##_##name##_story(); \
		superd_stop_all(); \
		world_check(); \
	} \
	static void suite##_##name##_story(void)

/* Waits until the condition holds; the test fails with its text when it doesn't in time. */
#define WAIT_UNTIL(condition) \
	for (long long until_ = now_ms() + DEADLINE_MS; !(condition); pause_a_moment()) \
		cr_assert(now_ms() < until_, "waited in vain for: %s\n%s", #condition, world_logs())

void world_begin(void);
void world_restore_umask(void);         /* in a child that becomes superd: as that of this test's parent, or set by it */
void world_end(void);                   /* kills and removes whatever is still there */
void world_check(void);                 /* fails the test for processes and files that were left */
const char *world_logs(void);           /* what every superd of this test logged, for messages */

long long now_ms(void);
void pause_a_moment(void);
bool running_sanitized(void);           /* superd is built with sanitizers, which need much and disturb limits */
bool superd_has_musl(void);             /* superd may have another libc than this test */
const char *error_text(int error);      /* as superd's libc has it, for errors that libcs have different texts for */

/* A path in the test's folder. It is declared by that: files never named so must not be left at the end. */
const char *path_in(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *text_of_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
const char *write_file(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *read_text(const char *path);        /* NULL: there is no such file */
size_t count_lines(const char *path);           /* 0: no such file */
void wait_node(const char *path);               /* until superd's node is there and open: it gets its mode last */

/* A program of a package that is installed, or unpacked among the peers (SUPERD_PEERS). NULL: it is not here. */
const char *find_program(const char *package, const char *name);

const char *own_user(void);                     /* this test's user, as a table has it: a number */
uid_t lone_user(void);                          /* who has no process: limits of processes count all that a user has */
int free_port(void);                            /* a TCP port that nobody has, outside of the kernel's own choice */
int listen_at(const char *ip, int port);        /* a listening socket of the test's, of IPv4; -1: another is there */
int listen_on(int port);                        /* a listening socket of the test's on 127.0.0.1 */

const char *backend(const char *format, ...) __attribute__((format(printf, 1, 2)));    /* the program's path, then this */
const char *report_to(const char *path);        /* a backend that reports to path and serves one client */
const char *example(const char *name);          /* a file of contrib/examples, or a program built of it */
const char *example_table(const char *name);    /* a table of conf/, with its placeholders filled in */
const char *replaced(const char *text, const char *what, const char *with);     /* the test fails when what is not in it */

/* How superd is started; all zero is plain: as this user, in this namespace, the log on stderr, no control socket. */
struct setup {
	const char *const *arguments;   /* behind "-f TABLE"; NULL: none */
	const char *const *environment; /* NAME=value, added to this test's; NULL: none */
	bool without_table;             /* no "-f": the arguments say it all */
	bool without_settings;          /* no --log-level and --control: the table's superd { } says it, or the arguments */
	const char *format;             /* what the table is, as in "-f FORMAT:"; NULL: superd finds out */
	const char *program;            /* what to start, as a link to superd of another name; NULL: superd */
	bool clock;                     /* its time is the test's to move (clock.h) */
	bool pid1;                      /* as PID 1 of a namespace of its own, with its own /proc */
	bool bare;                      /* below a root of nothing but programs and libraries: no /proc, /run, /etc; read-only */
	bool own_dev;                   /* a /dev of its own where log is path_in("dev-log") */
	uid_t uid;                      /* 0: as this test; else that user and group, without further groups */
	bool group_root;                /* with uid: group 0, as OpenShift has its users made up */
	unsigned long descriptors;      /* RLIMIT_NOFILE; 0: as this test's */
	unsigned long processes;        /* RLIMIT_NPROC, of that uid; 0: as this test's */
	int listener;                   /* passed on to superd as LISTEN_FDS; 0: none */
	int further_listener;           /* the same behind it; LISTEN_FDNAMES is the environment's to set */
	const int *listeners;           /* in place of these two, any number of them; NULL: none */
	size_t listener_count;
	int terminal;                   /* its input, and where it leads a session of its own; 0: none */
	bool leaks;                     /* superd is started with a descriptor too many, which it must pass to nobody */
	int in, out, err;               /* its streams; 0: /dev/null, the log, the log */
};

struct superd {
	pid_t pid;                      /* as this test sees it */
	const char *name;               /* as it calls itself in the log */
	const char *log;                /* path of what it wrote to stdout and stderr */
	const char *table;              /* path of its table */
	size_t mark;                    /* superd_wait_log looks from here */
	bool ended;
	int status;                     /* of waitpid, once it ended */
};

struct superd *superd_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct superd *superd_run_with(const struct setup *setup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The port that superd last said this service listens on; or the nth (from 0) that it ever said. */
int superd_port(struct superd *superd, const char *service);
int superd_nth_port(struct superd *superd, const char *service, unsigned n);

/* Waits for a text in the log behind the mark, and moves the mark behind it. */
void superd_wait_log(struct superd *superd, const char *text);
bool superd_logged(struct superd *superd, const char *text);    /* anywhere so far */
size_t superd_log_count(struct superd *superd, const char *text);
/* Waits until the log has a text that often, and fails if it is more often. A client may have its answer before superd has
 * logged the start of the backend. */
void superd_expect_count(struct superd *superd, const char *text, size_t count);

void superd_signal(struct superd *superd, int signal);
bool superd_has_ended(struct superd *superd);
int superd_wait_exit(struct superd *superd);    /* the exit status, or 128 + the signal's number */
void superd_stop(struct superd *superd);        /* TERM; it must exit with 0 and leave no process */
void superd_stop_all(void);                     /* each that still runs */
void superd_forget(struct superd *superd);      /* the last one, which has ended: for tests that run very many */

/* Writes the table anew and sends a HUP; waits until superd says what came of it. true: reloaded. */
bool superd_reload(struct superd *superd, const char *format, ...) __attribute__((format(printf, 2, 3)));

void superd_upgrade(struct superd *superd);      /* by USR2, to what is installed; waits until that has taken over */

pid_t superd_aside(struct superd *superd, const char *name);     /* one that superd made of itself, by its name; 0: none */
size_t superd_others(struct superd *superd, pid_t *out, size_t most);   /* how many are no such, and which */
size_t superd_processes(struct superd *superd);         /* below it: its backends, what they started, ends not yet noticed */
size_t superd_fd_count(struct superd *superd);  /* 0 to an ordinary user: superd lets root alone look into it */
void superd_expect_fds(struct superd *superd, size_t count);    /* before long no more than that */

/* Runs superd to its end with these arguments (NULL-terminated). One that stays, with --daemon, has no control socket
 * unless they name one. */
struct outcome {
	int status;                     /* exit status, or 128 + signal */
	const char *out, *err;
};
struct outcome superd_answer(const char *const *arguments);
#define SUPERD_ANSWER(...) superd_answer((const char *const[]){ __VA_ARGS__, NULL })
struct outcome program_answer(const char *const *arguments);    /* any program, by its path */

/* The same in two steps, where the test is to act meanwhile. clock: it has the test's (clock.h). Of two that run at a
 * time, the later one is to end first. */
struct program {
	pid_t pid;
	const char *words;
	const char *out, *err;          /* paths of what it has printed */
};
struct program program_begin(bool clock, const char *const *arguments);
struct outcome program_end(const struct program *program);

/* Whether superd can make control groups here, by which it knows a daemon that has no pid file. */
bool superd_has_groups(void);

const char *superd_path(void);
#define OWN_PROGRAMS own_programs()
int own_programs(void);                         /* descriptors that superd has open for its own, in any case */
const char *superd_build_word(void);            /* the first word that it gives to its own programs */
const char *superd_called(const char *name);    /* a link of this name to it */
void copy_program(const char *from, const char *to);    /* by paths; for one that looks for others beside itself */

#include "client.h"
#include "clock.h"
#include "namespace.h"
#include "process.h"

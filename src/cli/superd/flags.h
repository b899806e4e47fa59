/* superd's command line as data: each option once, for getopt_long, --help and the completions of the shells. */
#pragma once

#include <stdbool.h>

/* The order is that of --help. */
enum flag_id {
	FLAG_FILE, FLAG_COMPAT, FLAG_LISTEN, FLAG_ACCEPT, FLAG_DATAGRAM, FLAG_SEQPACKET, FLAG_INETD, FLAG_NOW, FLAG_FDNAME, FLAG_SETENV,
	FLAG_CHECK, FLAG_PRINT, FLAG_EXPLAIN, FLAG_NO_PREFLIGHT, FLAG_KEEP_GOING, FLAG_UNSUPPORTED,
	FLAG_DAEMON, FLAG_PID_FILE, FLAG_PROCESS_NAME, FLAG_LOG, FLAG_LOG_FORMAT, FLAG_LOG_LEVEL, FLAG_CONTROL, FLAG_CONTROL_GROUP,
	FLAG_STOP_DELAY, FLAG_STOP_TIMEOUT,
	FLAG_VERSION, FLAG_HELP,
	FLAGS
};

/* What a shell offers for the argument. */
enum takes {
	TAKES_NOTHING,
	TAKES_FILES,
	TAKES_WORDS,
	TAKES_OPTIONS,                  /* of a table */
	TAKES_SOMETHING                 /* what no shell can guess */
};

struct flag {
	const char *name;               /* without its dashes */
	char letter;                    /* its short form; 0: none */
	enum takes takes;
	bool optional;                  /* the argument, and behind "=" alone */
	bool repeats;                   /* each one counts, else the last */
	const char *argument;           /* its placeholder; NULL: takes nothing */
	const char *words;              /* of TAKES_WORDS, separated by blanks */
	const char *help;               /* a line */
};

extern const struct flag flags[FLAGS];

/* The flag that --stop-delay, stop-delay or stop_delay means; NULL: none. */
const struct flag *flag_find(const char *name);

/* The one that a word of the command line, as --stop-dealy=5s, may have meant; NULL: none is near. */
const struct flag *flag_near(const char *word);

/* What superd and superd-output tell each other: messages of a SOCK_SEQPACKET pair, of one build at both ends.
 *
 * superd tells the state of each pipe as a whole, as often as it likes: a superd-output that was started anew, and a
 * superd that follows one that has died, get on by that alone. */
#pragma once

#include <stdatomic.h>

#include "lib/lib.h"

#define OUTPUT_SILENT 1.	      /* seconds within which a call of superd-output's returns, or it hangs */
enum { OUTPUT_ANSWER_MOST = 60000 };  /* bytes of an answer */
enum { OUTPUT_QUESTIONS = 8 };	      /* that superd-output remembers; it answers no more */
enum { OUTPUT_LINE = 2048 };	      /* of a line; a longer one is cut into several */
enum { OUTPUT_RING = 64 };	      /* lines of a service that are kept */
enum { OUTPUT_KEPT = 1000 };	      /* bytes of a kept one */
enum { OUTPUT_SLOTS = 1 << 20 };      /* descriptors that superd may have; memory is used by those with a pipe */

/* What each start changes, of a pipe. superd writes it there, as a message a start would wake superd-output for it. */
struct output_slot {
	_Atomic uint32_t start; /* of an instance: the last line before is forgotten; 0: unknown */
	_Atomic int32_t pid;	/* of the only instance; 0: several, or unknown */
};

/* Memory that both have. */
struct output_page {
	_Atomic uint32_t reads;	   /* the number of the pipe that superd-output reads, or writes the lines of; 0: none */
	_Atomic uint32_t writes;   /* 1: it writes them to the log now */
	_Atomic uint32_t progress; /* grows with each read */
	_Atomic uint32_t unfinished; /* pipes of which the begin of a line was read */
	struct output_slot slots[OUTPUT_SLOTS];
};

enum output_kind {
	OUTPUT_HELLO,	/* of superd, once: with the page, and the timer by which superd sees that superd-output hangs */
	OUTPUT_LOG,	/* the log: `shape`, with its descriptor unless that is syslog */
	OUTPUT_SERVICE, /* a pipe, with its reading end */
	OUTPUT_GONE,	/* a pipe that superd has no use for; with both of its ends, as close(2) of one may hang */
	OUTPUT_ASK,	/* reads what is there, and answers with `serial` */
};

/* How the lines of a pipe are logged. */
struct output_rules {
	bool has_prefix; /* <N> at the start of a line is its level */
	uint32_t level;
	uint64_t burst; /* lines in an interval; 0: no limit */
	double interval;
};

enum output_wish {
	OUTPUT_LINES = 1, /* those that superd does not know yet */
	OUTPUT_REST = 2	  /* what is left of a line: nobody could end it any more */
};

/* superd's words. */
struct output_message {
	enum output_kind kind;
	uint32_t descriptors; /* that come with it; the kernel leaves out those for which the receiver has no room */
	uint32_t number; /* of the pipe in the page; grows and comes never again */
	char service[256];
	union {
		char build[64];
		struct {
			struct log_shape shape;
			int follows; /* lines up to this level are told without a question; -1: none */
		} log;
		struct {
			uint32_t slot;
			struct output_rules rules;
			char identifier[256]; /* the name in the log */
			char ready[1024];     /* text of the line that is waited for; "": none */
		} of;
		struct {
			uint32_t serial;
			unsigned wishes; /* of enum output_wish */
		} ask;
	};
};

/* superd-output's. superd believes nothing of it, as superd-output reads what programs print. Behind the head come
 * `count` lines, each a struct output_told and its text. */
struct output_answer {
	uint32_t serial; /* of the question; 0: it is none */
	uint32_t start;
	uint8_t is_ready; /* 0 or 1: the line that was waited for has come */
	uint32_t count;
	char service[256];
	char last_line[160];
	unsigned long lost; /* lines of the log since the begin */
	int error;		/* of the destination, and */
	double since;		/* wall clock */
};

struct output_told {
	double at;
	enum level level;
	int32_t pid;
	uint8_t is_output; /* 0 or 1 */
	uint32_t length;
};

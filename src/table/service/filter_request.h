/* The channel between superd and superd-filter, which compiles filters of system calls: a seqpacket socket (unix(7)).
 * superd sends a request, and then hears its answer. A request is a text of three lines: the calls, the families, the
 * numbers. superd starts no superd-filter of another build, which may have other numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "table/service/service.h"

#define FILTER_REQUEST_MOST 65536       /* bytes of a request */
#define FILTER_INSTRUCTIONS_MOST 4096   /* BPF_MAXINSNS of linux/bpf_common.h */
#define FILTER_UNKNOWN_MOST 1024        /* words that an answer names */
#define FILTER_NUMBERS 13

/* One filter: of a list of system calls, or of restrictions. A zeroed struct but personality = -1 asks for none. */
struct filter_request {
	words calls;                    /* system_call_filter; NULL: a filter of restrictions */
	words families;                 /* restrict_address_families */
	union {
		int64_t numbers[FILTER_NUMBERS];
		struct {
			int64_t architectures;  /* bits as system_call_architectures; 0: those of this kernel */
			int64_t error;          /* system_call_error_number */
			int64_t namespaces;     /* restrict_namespaces */
			int64_t personality;    /* the only one that it may have; -1: any */
			/* 1: denied */
			int64_t realtime, suid_sgid, executable_memory, sysctl, modules, logs, clock, raw_io, hostname;
		};
	};
};

/* The words of a request are separated by blanks, and have none. A request that fits no message is refused. */
void filter_request_write(const struct filter_request *request, struct buf *out);

/* Reads a request, whose text it changes; lists are kept in the pool. false: it is of another superd, or memory
 * lacks. */
bool filter_request_read(char *text, struct pool *pool, struct filter_request *out);

/* An answer, in front of its instructions (struct sock_filter) and the indices of words in `calls` that name no
 * call. */
struct filter_answer {
	uint32_t error;                 /* errno; 0: it was compiled */
	uint32_t instructions, unknown; /* their numbers */
};

#define FILTER_INSTRUCTION sizeof(uint64_t)     /* bytes of a struct sock_filter */
#define FILTER_ANSWER_MOST \
	(sizeof(struct filter_answer) + FILTER_INSTRUCTIONS_MOST * FILTER_INSTRUCTION + \
	 FILTER_UNKNOWN_MOST * sizeof(uint32_t))

/* What is wrong with an answer of so many bytes to a request with so many words in `calls`, for a message. NULL:
 * nothing is: its lengths are right, and its indices ascend and are below `count`. */
const char *filter_answer_flaw(const void *answer, size_t length, size_t count);

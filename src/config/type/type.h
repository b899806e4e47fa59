/* How one kind of value behaves everywhere: read, written, compared. A directive names its type; nothing else in superd
 * parses or prints an option's value. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/pool.h"

struct directive;

/* A value on its way from the text into a field. */
struct parse {
	const struct directive *directive;
	const char *const *words;       /* as they were written, without quotes */
	size_t count;
	bool append;                    /* +=: added to what the field has */
	struct pool *pool;              /* keeps texts */
	size_t bad;                     /* of a refused value the index of the word at fault; count: no word is to be shown */
};

struct type {
	const char *name;               /* as superd.conf(5) calls it: "duration", "size", "list of words", … */
	const char *complete;           /* what a shell completes: "user", "group", "file", "directory", "word", "" */
	bool is_list;                   /* takes {a, b} and += */
	bool is_tuple;                  /* takes {a, b}, but is one value: no += */
	bool judges_each;               /* of a list, each word alone: what is behind a bad one can be read by itself */
	bool empty_unsets;              /* the empty text unsets it even where the directive has no value for that */
	bool is_secret;                 /* a refusal shows no word of it */
	size_t size;                    /* of the field */
	size_t most;                    /* words of a list; 0: any number */
	const char *too_many;           /* the refusal of more */
	/* Judges a word of a list, or a text that is not empty. NULL, or why it is wrong. Without this function every
	 * word is good. */
	const char *(*refuse)(const char *word);
	/* Puts words that are good by all of the above into the field; of a tuple and of a list there may be none.
	 * Returns as type_parse does, which alone calls it. */
	const char *(*parse)(struct parse *parse, void *field);
	void (*format)(const struct directive *directive, const void *field, struct buf *out);     /* as superd.conf has it */
	void (*json)(const struct directive *directive, const void *field, struct buf *out);       /* seconds, bytes */
	bool (*equal)(const void *a, const void *b);    /* across pools */
};

/* Reads the words into a field of the directive's type. NULL, or what is wrong and would be right, as the end of a
 * sentence; parse->bad then tells the word, and the field is as it was. */
const char *type_parse(struct parse *parse, void *field);

/* The empty text unsets a text, path, name or scheduling, and a number, limit or class whose directive says what unset
 * is; format writes "" for it. A command of one word is a text to split. */
extern const struct type
	type_text,              /* const char * */
	type_path,              /* const char *, absolute or one of the directive's words ("~"); "-" in front where OPTIONAL_PATH */
	type_name,              /* const char *: a user or a group */
	type_bool,              /* bool */
	type_count,             /* int64_t, bounds of the directive; "unlimited" where max is UNLIMITED */
	type_size,              /* int64_t bytes */
	type_duration,          /* int64_t microseconds */
	type_mode,              /* mode_t, at most the directive's `most` */
	type_word,              /* unsigned, one of the directive's words */
	type_signal,            /* int */
	type_list,              /* words */
	type_paths,             /* words, absolute, "-" in front allowed where the directive says */
	type_command,           /* words: one text split by base/shell_words, or the list as it is */
	type_env,               /* words NAME=value */
	type_stream,            /* struct stream; of the directive's words where it has any */
	type_base64,            /* words, each base64 */
	type_limit,             /* struct limit: soft[:hard]; of time or of bytes, by the resource */
	type_capabilities,      /* uint64_t; "~" in front of the first: all but these, also unknown ones */
	type_tos,               /* int64_t: low-delay, throughput, reliability, low-cost or a number */
	type_scheduling,        /* const char *: idle, best-effort:0-7, realtime:0-7; kept with its level */
	type_cpus,              /* words of numbers and ranges */
	type_directories,       /* words: relative, no ".." */
	type_endpoints,         /* words: canonical texts; the builder keeps the endpoints of `listen` itself apart */
	type_builtin,           /* words: one of the directive's words and its options; one text is split */
	type_redirect,          /* words: host and port; also written "host:port", "[v6]:port" or "host port" */
	type_addresses,         /* words: addresses, networks and names (config/access/access); "none" is nobody */
	type_times,             /* words: "HH:MM-HH:MM" */
	type_load,              /* int64_t thousandths, above 0 */
	type_rate,              /* struct rate: {number, pause}; a number alone pauses 10 s; "unlimited" */
	type_log_type,          /* const struct log_target *: {SYSLOG, facility[, level]} or {FILE, path[, soft[, hard]]} */
	type_commands,          /* words: each a command with its signs (config/words/command_prefix) */
	type_statuses,          /* words: exit statuses and signals (config/words/exit_status) */
	type_conditions,        /* words (config/type/condition) */
	type_signs,             /* const char *: how exec is run, of the signs of a command */
	type_multicast,         /* words: addresses of groups, with %IFACE behind */
	type_flags,             /* unsigned: a bit for each of the directive's words, in any case */
	type_calls,             /* words: system calls and groups, each with its sign */
	type_families,          /* words: address families, each with its sign; "none" */
	type_namespaces,        /* unsigned: those denied; yes, no or words */
	type_error,             /* int64_t: errno, or ERRNO_KILL */
	type_protected_paths,   /* words: paths with - and + in front */
	type_bindings,          /* words: SOURCE[:TARGET[:norbind]] */
	type_temporary,         /* words: PATH[:OPTIONS] */
	type_memory,            /* struct amount: a size or a share; infinity */
	type_tasks,             /* struct amount: a number or a share; infinity */
	type_quota,             /* int64_t hundredths of per cent of a processor */
	type_weight,            /* int64_t: 1 to 10000; idle is 0 where the directive's `least` is */
	type_device_limits,     /* words: "PATH 10M" */
	type_device_rules,      /* words: "/dev/null rw", "char-pts" */
	type_delegation,        /* bool; controllers by name are yes */
	type_networks,          /* words: addresses and networks by number, any, localhost, link-local, multicast */
	type_handed_files,      /* words: PATH[:NAME[:OPTIONS]] (config/words/passed_fds) */
	type_loaded_credentials,        /* words: NAME[:SOURCE] */
	type_set_credentials,   /* words: NAME:VALUE */
	type_imported_credentials;      /* words: PATTERN[:NAME] */

/* The kernel's number of a capability, by its name with or without CAP_, in any case. */
bool capability_find(const char *name, unsigned *number);
const char *capability_name(unsigned number);           /* without CAP_; NULL: it has none here */

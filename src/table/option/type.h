/* One option: its names, its field in a service, and the type of its value, by which alone a value is parsed, printed and
 * compared. table/option/option_table has all options, of services and of superd itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "table/service/service.h"

struct type;

enum dialect { NATIVE, XINETD, UNIT, LAUNCHD, DIALECTS };

/* The sections of the lists of options: up to CHAPTER_UNITS in superd.conf(5), the others in superd-sandbox(5). An
 * option is in the section of its group's name, unless its row names another one. Options that only imported tables
 * need are in CHAPTER_XINETD and CHAPTER_UNITS, which have the first sentence of each. */
enum chapter {
	CHAPTER_EXEC, CHAPTER_SOCKETS, CHAPTER_IDENTITY, CHAPTER_ENVIRONMENT, CHAPTER_FILES, CHAPTER_STREAMS,
	CHAPTER_ACCESS, CHAPTER_COMMANDS, CHAPTER_LIFECYCLE, CHAPTER_RESTART, CHAPTER_NOTIFICATIONS, CHAPTER_IDLE,
	CHAPTER_SUPERD, CHAPTER_XINETD, CHAPTER_UNITS, CHAPTER_LIMITS, CHAPTER_RESOURCES, CHAPTER_HARDENING, CHAPTERS,
	CHAPTER_PATHS = CHAPTER_HARDENING, CHAPTER_SYSCALLS = CHAPTER_HARDENING,
	CHAPTER_CGROUP_FILTERS = CHAPTER_HARDENING, CHAPTER_SCHEDULING = CHAPTER_LIMITS,
	CHAPTER_DIRECTORIES = CHAPTER_FILES, CHAPTER_CREDENTIALS = CHAPTER_FILES
};

enum {
	NOT_IN_DEFAULTS = 1 << 0,       /* each service has its own */
	STRUCTURE = 1 << 1,             /* `listen`, `socket`: has no field in a service */
	ALWAYS_PRINTED = 1 << 2,        /* --print=json prints it even at its default */
	OPTIONAL_PATH = 1 << 3,         /* "-" in front of a path: may be missing */
	HOLDS_SECRETS = 1 << 4,         /* only root and superd's own user may see the value */
	TUNES = 1 << 5,                 /* a number that protects nothing: above `most` it is `most` */
	FOR_UNITS = 1 << 6,             /* says what a unit says, as all of CHAPTER_UNITS: nobody writes it by hand */
};

/* When a change of the option by a reload takes effect. */
enum change {
	CHANGE_NEXT,                    /* with the next activation */
	CHANGE_LIVE,                    /* at once */
	CHANGE_SOCKET,                  /* at once: superd sets it on the open socket */
	CHANGE_REBIND,                  /* at once: superd binds the socket again */
	CHANGE_START,                   /* with the next start of superd itself */
};

struct option_def {
	const char *name[DIALECTS];     /* NULL: that dialect has no such word; unit: "Socket.KeepAlive" */
	const char *unit_key;           /* its key in messages about a unit, where several keys set it or one that is
					   translated; NULL: name[UNIT] */
	const struct type *type;
	enum chapter chapter;
	enum option_group group;        /* the group of its field; unused for STRUCTURE */
	size_t offset;                  /* in the group's struct */
	bool in_socket;                 /* allowed in socket { } */
	unsigned flags;
	enum change change;
	const char *fallback;           /* the default as text; NULL: no, `unset`, or an empty list */
	const void *unset;              /* the field's value if the option is unset, which is not the same as if its default
					   were set; NULL: that of fallback, or all bytes zero */
	const char *argument;           /* placeholder in the manual: "user"; NULL: the words, or as the type is called */
	const char *example;            /* of a value; of `socket` its name and block. NULL: none is needed */
	const char *help;               /* a sentence or more; required */
	int64_t least, most;            /* bounds of numbers, in the type's unit; both 0: the type's own */
	const char *const *words;       /* the words of type_word and others, NULL-terminated; index: value */
	const char *nothing;            /* in a list of permissions, the word for no permission; "": the empty list. A list
					   without its unknown words permits no more than with them. NULL: no such list */
};

/* A value to be parsed into a field. */
struct parse {
	const struct option_def *option;
	const char *const *words;       /* as written, without quotes */
	size_t count;
	bool append;                    /* +=: added to the list in the field */
	struct pool *pool;              /* for the texts */
	size_t bad;                     /* index of the word that is refused; `count`: show no word */
};

/* What a field is in C, and with that how its value is printed and compared, unless the type has a function for it.
 * `show` writes the value as superd.conf has it, but without quotes, and nothing if the option is unset. */
enum field_kind {
	FIELD_WORDS,                    /* words */
	FIELD_TEXT,                     /* const char *; NULL: unset */
	FIELD_BOOL,                     /* bool */
	FIELD_SHOWN,                    /* any other; JSON has what `show` writes as a text */
	FIELD_NUMBER,                   /* begins with an int64_t, which JSON has, unless `show` writes a word or a share */
	FIELD_SET,                      /* bits, or a tuple; `show` writes words, each with a NUL behind it */
};

struct type {
	const char *name;               /* its name in superd.conf(5): "duration", "size", "list of words", … */
	enum field_kind kind;
	bool is_list;                   /* accepts {a, b} and += */
	bool is_tuple;                  /* accepts {a, b}, but not += */
	bool judges_each;               /* checks each word of a list by itself, so that each wrong word is reported */
	bool empty_unsets;              /* the empty text unsets the option even without `unset` */
	bool is_command;                /* its words are written as one text, with a shell's quotes */
	bool is_secret;                 /* a refusal shows no words */
	bool has_pointers;              /* of SHOWN and SET: equal values have equal texts, and not equal bytes */
	size_t size;                    /* bytes of the field; of FIELD_WORDS and FIELD_TEXT 0, see field_size */
	const struct number *number;    /* of count, size and the like: how to read and show it */
	/* Check a word of a list, or a text that is not empty; refuse_for by what the option allows. Return NULL, or why it
	 * is wrong. A type has one of them; both NULL: any word is good. */
	const char *(*refuse)(const char *word);
	const char *(*refuse_for)(const struct option_def *option, const char *word);
	/* Stores words that passed all checks above in the field; a tuple or a list may be empty. Returns as
	 * type_parse, its only caller. NULL: as the kind is. */
	const char *(*parse)(struct parse *parse, void *field);
	void (*show)(const struct option_def *option, const void *field, struct buf *out);
};

size_t field_size(const struct type *type);

/* Sets the field to the option's `unset`. */
void type_unset(const struct option_def *option, void *field);

/* Parses the words into a field of the option's type. Returns NULL, or the mistake and its correction, as the end of
 * a sentence; then parse->bad is the word, and the field is unchanged. */
const char *type_parse(struct parse *parse, void *field);

/* Write the value for superd.conf; and for JSON, in seconds and bytes. */
void type_format(const struct option_def *option, const void *field, struct buf *out);
void type_format_words(const struct option_def *option, const char *const *list, struct buf *out);
void type_json(const struct option_def *option, const void *field, struct buf *out);

bool type_equal(const struct option_def *option, const void *a, const void *b);         /* also of two pools */

/* The types, and the C types of their fields. A new one is a row here and its functions in type_*.c; those who treat one
 * in a way of its own compare with its type_NAME. The empty text unsets a text, path, name or scheduling, and any option
 * with `unset`; format writes "" for it. */
#define OPTION_TYPES(TYPE) \
	TYPE(text, const char *) \
	TYPE(path, const char *) /* absolute or a word ("~"); with OPTIONAL_PATH "-" in front is allowed */ \
	TYPE(name, const char *) /* a user or a group */ \
	TYPE(bool, bool) \
	TYPE(count, int64_t) /* within the option's bounds; "unlimited" if `most` is UNLIMITED */ \
	TYPE(size, int64_t) /* bytes */ \
	TYPE(duration, int64_t) /* microseconds */ \
	TYPE(mode, mode_t) /* at most the option's `most` */ \
	TYPE(word, unsigned) /* one of the option's words */ \
	TYPE(signal, int) \
	TYPE(list, words) \
	TYPE(paths, words) /* as type_path */ \
	TYPE(command, words) /* a text of superd.conf is split by lib/shell_words */ \
	TYPE(env, words) /* NAME=value */ \
	TYPE(stream, struct stream) /* one of the option's words, if it has any */ \
	TYPE(limit, struct limit) /* soft[:hard], in the unit of the resource */ \
	TYPE(capabilities, uint64_t) /* "~" in front of the first: all but these, unknown ones included */ \
	TYPE(scheduling, const char *) /* idle, best-effort:0-7, realtime:0-7; kept with its level */ \
	TYPE(directories, words) /* relative, no ".." */ \
	TYPE(endpoints, words) /* of `listen`, which the builder reads itself */ \
	TYPE(builtin, words) /* one of the option's words and its options; one text is split */ \
	TYPE(redirect, words) /* host and port, also written "host:port", "[v6]:port" or "host port"; or a path */ \
	TYPE(addresses, words) /* addresses, networks and names (table/service/access); "none" is no client */ \
	TYPE(times, words) /* "HH:MM-HH:MM" */ \
	TYPE(load, int64_t) /* thousandths, above 0 */ \
	TYPE(rate, struct rate) /* {number, pause}; a number alone pauses 10 s; "unlimited" */ \
	TYPE(log_type, const struct log_target *) /* {SYSLOG, facility[, level]} or {FILE, path[, soft[, hard]]} */ \
	TYPE(commands, words) /* each a command with its signs (table/service/command_prefix) */ \
	TYPE(statuses, words) /* exit statuses and signals (table/service/exit_status) */ \
	TYPE(conditions, words) /* table/option/condition */ \
	TYPE(signs, const char *) /* how exec is run, of the signs of a command */ \
	TYPE(multicast, words) /* addresses of groups, with %IFACE behind */ \
	TYPE(flags, unsigned) /* a bit for each of the option's words, case-insensitive */ \
	TYPE(calls, words) /* system calls and groups, each with its sign */ \
	TYPE(families, words) /* address families, each with its sign; "none" */ \
	TYPE(namespaces, unsigned) /* those denied; yes, no or words */ \
	TYPE(error, int64_t) /* errno, or ERRNO_KILL */ \
	TYPE(protected_paths, words) /* paths with - and + in front */ \
	TYPE(bindings, words) /* SOURCE[:TARGET[:norbind]] */ \
	TYPE(temporary, words) /* PATH[:OPTIONS] */ \
	TYPE(memory, struct amount) /* a size or a share; infinity */ \
	TYPE(tasks, struct amount) /* a number or a share; infinity */ \
	TYPE(quota, int64_t) /* hundredths of a percent of a processor */ \
	TYPE(weight, int64_t) /* 1 to 10000; idle: 0 */ \
	TYPE(device_rules, words) /* "/dev/null rw", "char-pts" */ \
	TYPE(delegation, bool) /* controllers by name are yes */ \
	TYPE(networks, words) /* addresses and networks by number, any, localhost, link-local, multicast */ \
	TYPE(loaded_credentials, words) /* NAME[:SOURCE] */ \
	TYPE(set_credentials, words) /* NAME:VALUE */ \
	TYPE(destination, const char *) /* stderr, syslog[:FACILITY] or file:PATH */ \
	TYPE(control, const char *) /* a path, @NAME or none */ \
	TYPE(fdstore, const char *) /* notify, none or a path */

#define TYPE_DECLARED(name, stored) extern const struct type type_##name;
OPTION_TYPES(TYPE_DECLARED)

/* Add a text in the syntax of superd.conf: in double quotes; bare if possible, else in quotes. NULL is "". */
void native_quoted(struct buf *out, const char *text);
void native_value(struct buf *out, const char *text);

/* By the numbers of syslog(3); NULL-terminated. */
extern const char *const syslog_level_words[];

/* The kernel's number of a capability, by its name with or without CAP_, case-insensitive. false: unknown. */
bool capability_find(const char *name, unsigned *number);

/* The options of services and of superd itself: their table, the kinds of values, and what a service sets. */
#pragma once

#include "table/service/service.h"

/* ---- type.c ---- */

/* One option: its names, its field in a service, and the type of its value, by which alone a value is parsed, printed and
 * compared. table/option/option_table has all options, of services and of superd itself. */

struct type;

enum dialect { NATIVE, XINETD, UNIT, LAUNCHD, DIALECTS, FORMER = DIALECTS, OPTION_NAMES };

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
	const char *name[OPTION_NAMES]; /* NULL: that dialect has no such word; unit: "Socket.KeepAlive"; FORMER: superd.conf's
					   former name, which is taken with a warning */
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
 * `show` writes the value as superd.conf has it, but without quotes; not of an option that is unset. */
enum field_kind {
	FIELD_WORDS,                    /* words */
	FIELD_TEXT,                     /* const char *; NULL: unset */
	FIELD_BOOL,                     /* bool */
	FIELD_SHOWN,                    /* any other; JSON has what `show` writes as a text */
	FIELD_NUMBER,                   /* begins with an int64_t, which JSON has, unless a word or a share stands for it */
	FIELD_SET,                      /* bits, or a tuple; `show` writes words, each with a NUL behind it */
};

struct type {
	const char *name;               /* its name in superd.conf(5): "duration", "size", "list of words", … */
	enum field_kind kind;
	bool is_list;                   /* accepts {a, b} and += */
	bool is_tuple;                  /* accepts {a, b}, but not += */
	bool judges_each;               /* checks each word of a list by itself, so that each wrong word is reported */
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
 * with `unset`; type_format writes "" for it. */
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

/* ---- condition.c ---- */

/* Conditions of a start (option `condition`): texts such as ConditionPathExists=!/etc/nologin, of the kinds in
 * systemd.unit(5). All conditions without a | must hold, and at least one of those with the same number of |. If an
 * assertion does not hold, the start fails; if a condition does not hold, superd skips it. superd-exec checks
 * them (exec/condition.c). */

enum condition_kind {
	CONDITION_CAPABILITY,
	CONDITION_DIRECTORY_NOT_EMPTY,
	CONDITION_ENVIRONMENT,
	CONDITION_FILE_IS_EXECUTABLE,
	CONDITION_FILE_NOT_EMPTY,
	CONDITION_KERNEL_COMMAND_LINE,
	CONDITION_PATH_EXISTS,
	CONDITION_PATH_EXISTS_GLOB,
	CONDITION_PATH_IS_DIRECTORY,
	CONDITION_PATH_IS_MOUNT_POINT,
	CONDITION_PATH_IS_READ_WRITE,
	CONDITION_PATH_IS_SOCKET,
	CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_USER,
	CONDITION_VIRTUALIZATION,
	CONDITION_KINDS
};

#define ALTERNATIVES_MOST 16            /* most | in front of a condition */

struct condition {
	enum condition_kind kind;
	bool is_assert;
	unsigned alternative;           /* number of |; one of the conditions with the same number suffices; 0: none */
	bool is_negated;                /* with ! in front */
	const char *parameter;          /* the rest of the text, borrowed */
};

/* Parses a condition. Returns NULL, or the mistake, as the end of a sentence. */
const char *condition_read(const char *text, struct condition *condition);

/* ---- globals.c ---- */

/* The settings of superd itself: the block superd { } of superd.conf. A table has at most one, in one of its files. The
 * command line has an option of the same name for each, which overrides it. */

enum global {
	GLOBAL_LOG, GLOBAL_LOG_FORMAT, GLOBAL_LOG_LEVEL, GLOBAL_CONTROL, GLOBAL_PID_FILE,
	GLOBAL_FDSTORE, GLOBAL_MAX_STARTING, GLOBAL_STOP_DELAY, GLOBAL_STOP_TIMEOUT, GLOBALS
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct globals {
	const char *log;                /* destination (lib/log.c); NULL: not set */
	unsigned log_format;            /* enum log_format; UINT_MAX: not set */
	unsigned log_level;             /* enum level; UINT_MAX: not set */
	const char *control;            /* path, "@NAME" or "none"; NULL: the default path, or none with -l */
	const char *pid_file;           /* NULL: none */
	const char *fdstore;            /* "none", "notify" or a path; NULL: not set */
	int64_t max_starting;           /* starts under way at once; 0: any number; -1: not set */
	int64_t stop_delay;             /* microseconds; -1: not set */
	int64_t stop_timeout;           /* microseconds, SCAN_INFINITY: no limit; -1: not set */
};

/* Their rows, in the order of enum global, are the last of the table of options. Their fields are in struct globals. */
extern const struct option_def *const global_option_defs;

const struct option_def *global_find(const char *name); /* NULL: unknown */

void globals_init(struct globals *globals);     /* sets nothing */
bool global_is_set(const struct globals *globals, enum global global);

/* The settings that result if `first` overrides `second`, and `second` overrides the defaults. Texts are
 * borrowed. second NULL: nothing is set there. */
struct globals globals_join(const struct globals *first, const struct globals *second);

static inline void *global_field(struct globals *globals, enum global global)
{
	return (char *)globals + global_option_defs[global].offset;
}

static inline const void *global_value(const struct globals *globals, enum global global)
{
	return (const char *)globals + global_option_defs[global].offset;
}

/* ---- option_table.c, option.c ---- */

/* The table of all options. It drives reading, --check, --print, --print=json, --explain, the comparison at a reload,
 * the list of options in superd.conf(5) and the shells' completions.
 *
 * To add an option, add a row and the code that acts on it (CONTRIBUTING.md). */

/* Any option's field. */
union field_value {
	const void *pointer;
	int64_t number;
	struct limit limit;
	struct stream stream;
	struct rate rate;
	struct amount amount;
};

extern const struct option_def option_defs[];          /* those of services, and behind them those of superd itself */
extern const size_t option_count;                       /* of services */

/* Finds an option by its name in a dialect, or a FORMER one, case-sensitive except for XINETD. NULL: unknown. */
const struct option_def *option_find(enum dialect dialect, const char *name);

/* Returns the option of a resource limit RLIMIT_x: "rlimit_nofile"; NULL: there is none. */
const char *limit_option(int resource);

/* Returns the option for the commands of a phase: "exec_start_pre". */
const char *command_option(enum command_phase phase);

/* Adds a hint for a name that no option has, or no setting in superd { }: superd.conf's name for another system's word,
 * or the nearest known name. Adds nothing if there is neither. */
void option_hint(const char *name, bool is_global, struct buf *out);

/* Names in messages are those of the language of the service's source: LimitNOFILE for a unit, NumberOfFiles for a
 * property list, otherwise rlimit_nofile. */
extern const char *const dialect_systems[DIALECTS];    /* "superd", "xinetd", "systemd", "launchd" */

/* The name of an option in a language, and in the service's; its name in superd.conf if that language has none. Static. */
const char *option_name_in(enum dialect dialect, const struct option_def *option);
const char *option_name_of(const struct service *service, const char *option);

/* Adds an option with a value in the service's syntax: "nice = 5", "Nice=5". */
void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out);

/* The n-th of all options, for lists by chapter; NULL: no more. */
const struct option_def *option_listed(size_t n);

static inline size_t option_index(const struct option_def *option)
{
	return (size_t)(option - option_defs);
}

/* Whether the option has a value in struct service. */
bool option_has_value(const struct option_def *option);

/* Returns the option's field in a service; NULL for STRUCTURE. For options of sockets, this is the service-wide
 * value. */
const void *option_field(const struct option_def *option, const struct service *service);

/* Fills a group's struct with the defaults. false: out of memory. */
bool option_fill_defaults(enum option_group group, void *values, struct pool *pool);

/* Whether the table's defaults can rule the option in such a row, which has superd's own default where it has no effect. */
bool option_takes_default(const struct option_def *option, const struct exec_options *exec);

/* Whether a field has the default value. The pool gets the texts of the default. */
bool option_is_default(const struct option_def *option, const void *field, struct pool *scratch);

const char *chapter_title(enum chapter chapter);        /* "What to run", … */
const char *chapter_page(enum chapter chapter);         /* the manual page with its list, of section 5 */

/* ---- service_settings.c ---- */

/* Settings: what a service's own text sets, and where. An option that only a socket { } sets counts as set, too. */

/* Returns the setting of an option, or by its name in superd.conf; the service's own before that of a socket { }. NULL:
 * the service's text does not set it. */
const struct option_setting *service_setting_of(const struct service *service, const struct option_def *option);
const struct option_setting *service_setting(const struct service *service, const char *name);

/* Settings in a row: of a text, or of what follows from one. */
struct setting_list {
	const struct option_setting *list;
	size_t count;
};

static inline struct setting_list settings_of(const struct option_settings *text)
{
	return text ? (struct setting_list){ text->list, text->count } : (struct setting_list){ 0 };
}

#define ANY_BLOCK UINT_MAX

/* The first setting of an option in the service itself (block 0), in one socket { } or in any; NULL: none, also of no
 * option. */
const struct option_setting *setting_find(struct setting_list settings, const struct option_def *option, unsigned block);

static inline const struct option_setting *settings_find(const struct option_settings *settings,
							 const struct option_def *option, unsigned block)
{
	return setting_find(settings_of(settings), option, block);
}

static inline size_t settings_count(const struct option_settings *settings)
{
	return settings ? settings->count : 0;
}

/* Keeps the settings of a row in the pool, where services that follow one pattern share them. Their lines are those of
 * the file, and become relative to the row's. false: out of memory. */
bool service_keep_settings(struct service *row, const struct option_settings *defaults,
			   const struct option_setting *list, size_t count, struct pool *pool);

/* Whether it sets a value of this group, in the service itself (block 0) or in this socket { }. */
bool setting_is_of(const struct option_setting *setting, unsigned block, enum option_group group);

/* Fills in the settings of a group; += may add to those of defaults. false: out of memory. */
bool settings_fill(struct setting_list settings, unsigned block, enum option_group group, void *values,
		   struct pool *pool);

/* The groups of options as the texts of a row and of its defaults say, without what follows from other options. false:
 * out of memory. */
bool service_text_groups(const struct service *row, const void *groups[GROUPS], struct pool *pool);

/* Whether the service sets the option to an invalid value, so that rules must not use it. */
bool service_is_unclear(const struct service *service, const char *option);

/* The place of a setting of this service. */
struct origin service_place(const struct service *service, const struct option_setting *setting);

/* The place where the service sets the option; the service's own place if it does not. */
struct origin service_origin(const struct service *service, const char *option);

/* The number of the socket { } that has the socket; 0: the service itself. */
unsigned service_listen_block(const struct service *service, const struct listen *listen);

/* The place where the option is set for this socket: in its socket { }, or in the service; the socket's own place if
 * it is not. */
struct origin service_listen_origin(const struct service *service, const struct listen *listen, const char *option);

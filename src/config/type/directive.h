/* One option: its names, the type of its value, and where a service keeps it. config/option/option_table has them all. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/service/service.h"

struct type;

enum dialect { NATIVE, XINETD, UNIT, LAUNCHD, DIALECTS };

/* The sections of the manual's option list. A group of struct service stands in the one of its name. */
enum chapter {
	CHAPTER_EXEC, CHAPTER_SOCKETS, CHAPTER_IDENTITY, CHAPTER_ENVIRONMENT, CHAPTER_STREAMS, CHAPTER_ACCESS,
	CHAPTER_COMMANDS,
	CHAPTER_LIFECYCLE, CHAPTER_LOG, CHAPTER_HARDENING, CHAPTER_RESOURCES, CHAPTERS,
	CHAPTER_LIMITS = CHAPTER_ENVIRONMENT, CHAPTER_RESTART = CHAPTER_LIFECYCLE,
	CHAPTER_PATHS = CHAPTER_HARDENING, CHAPTER_SYSCALLS = CHAPTER_HARDENING,
	CHAPTER_CGROUP_FILTERS = CHAPTER_HARDENING,
	CHAPTER_DIRECTORIES = CHAPTER_ENVIRONMENT, CHAPTER_SCHEDULING = CHAPTER_ENVIRONMENT,
	CHAPTER_PASSED_FDS = CHAPTER_ENVIRONMENT
};

enum {
	IN_DEFAULTS = 1 << 0,           /* may stand in defaults { } */
	IN_SOCKET = 1 << 1,             /* may stand in socket { } */
	STRUCTURE = 1 << 2,             /* `listen`, `socket`: kept by the builder, not in a field */
	ALWAYS_PRINTED = 1 << 3,        /* --print=json has it even at its default */
	OPTIONAL_PATH = 1 << 4,         /* "-" in front of a path: may be missing */
	NEEDS_LINUX = 1 << 5,
	HOLDS_SECRETS = 1 << 6,         /* its value is for root and superd's own user alone */
	TUNES = 1 << 7,                 /* a number that protects nobody: more than `most` is `most`, with a note */
};

/* The effect of a changed option on a running service. */
enum change {
	CHANGE_LIVE,                    /* takes effect at once, nothing is touched */
	CHANGE_NEXT,                    /* the next activation */
	CHANGE_SOCKET,                  /* set again on the open socket */
	CHANGE_REBIND,                  /* the socket is made anew */
};

struct directive {
	const char *name[DIALECTS];     /* NULL: that dialect has no such word; unit: "Socket.KeepAlive" */
	const struct type *type;
	enum chapter chapter;
	enum option_group group;        /* its struct in struct service; of STRUCTURE: meaningless */
	size_t offset;                  /* into the group's struct */
	unsigned flags;
	unsigned translated;            /* bit DIALECT: its values mean something else there, so that dialect's reader
					   translates and hands them over under the native name */
	enum change change;
	const char *fallback;           /* the default as text; NULL: unset, as in `unset`; lists: NULL is empty */
	const void *unset;              /* the field of an unset option where no text means it; NULL: all bytes zero */
	const char *argument;           /* placeholder in the manual: "user", "duration" */
	const char *help;               /* a sentence or more; required */
	int64_t least, most;            /* bounds of counts, sizes, durations in the type's unit; both 0: the type's own */
	const char *const *words;       /* for type_word and friends, NULL-terminated, by value */
	const char *nothing;            /* of a list of what a service may do: the word that allows nothing, "" is no word; without
					   a word that nobody knows it allows no more. NULL: no such list */
};

/* One option: its names, the type of its value, and its field in a service. table/option/option_table has all
 * options, of services and of superd itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* A key of another system's language, and what superd does with it: a row of a table that the language's reader,
 * --check and the manual's lists all use.
 *
 * The table of options has the option that a key becomes, by its name in the language's dialect. A row names the option
 * if the key is only a part of it, or has another name. */
#pragma once

#include "lib/scan.h"
#include "table/reading/reading.h"

enum key_status {
	KEY_DONE,                       /* superd applies it */
	KEY_HARMLESS,                   /* superd ignores it silently: it describes, orders, or tunes a feature that superd lacks */
	KEY_WARNED,                     /* superd ignores it and warns: it tunes something that superd cannot tune */
	KEY_REFUSED,                    /* an error: superd lacks it, and it restricts, protects or changes the service */
};

const char *key_status_name(enum key_status status);    /* "supported", "ignored", "ignored (warning)", "refused" */

/* A word of a key's value, and that of the option; NULL: it sets nothing. */
struct key_word {
	const char *theirs, *ours;
};

/* What its value becomes. */
enum key_form {
	FORM_OPTION,                    /* the option's value, by the columns behind it and as the option's type says */
	FORM_APART,                     /* a function of the reader translates it, mostly with other keys */
	FORM_ADDRESS,                   /* a part of where a socket listens, which is made of all of them */
	FORM_DICTIONARY,                /* launchd: a dictionary, whose keys are rows of their own */
	/* Of units: */
	FORM_WHOLE,                     /* a list: each assignment is one value, with its blanks */
	FORM_VARIABLES,                 /* a list of names of variables */
	FORM_COMMANDS,                  /* command lines, which become a list */
	FORM_CONDITION,                 /* with others of its kind, in their order */
	FORM_NETWORKS,                  /* networks that are allowed or denied, which go together */
	FORM_STREAM,                    /* a standard stream, which may follow the others */
	FORM_UNITS,                     /* names of units; with a reason superd does less than systemd: a warning of each */
};

struct key_row {
	const char *name;               /* in a table: the names of all keys that superd treats like this */
	enum key_status status;
	const char *option;             /* of KEY_DONE: the option it becomes, if no option has its name */
	const char *reason;             /* for the manual and messages: superd's action, or the reason against it */
	unsigned kinds;                 /* launchd: allowed kinds of its value, bits of enum plist_kind */
	const struct key_table *keys;   /* launchd: of FORM_DICTIONARY, the keys in it */
	int values;                     /* xinetd: how many, see read/xinetd/internal.h */
	unsigned flags;                 /* xinetd: bits ATTR_…; launchd: bits SOCKET_… */
	enum key_form form;
	bool denies;                    /* of VARIABLES and NETWORKS: a wrong word is an error, and not skipped */
	const struct key_word *words;   /* all words that it takes, up to one without a name */
	bool folds_case;                /* of words: in capitals or not */
	bool takes_bool;                /* of words: and those of yes and no */
	const char *path;               /* of words: and paths that begin with /, with this in front of them */
	const char *wrong;              /* of words: the end of the message about another word */
	const char *absent;             /* the option's value without the key: a default of the other system */
	const char *zero;               /* what 0 becomes */
	const char *idle;               /* a value that asks for nothing */
	bool stays;                     /* units: an empty value takes nothing back, though no option's type says so */
};

/* The keys of a section. */
struct key_table {
	enum dialect dialect;
	const char *section;            /* before its keys in the table of options; NULL: nothing */
	const char *title;              /* for the manual */
	const struct key_row *rows;
	size_t row_count;
};

/* A row for each key of a table, in the order of their names. */
struct key_list {
	const struct key_row *list;
	size_t count;
};

struct key_list key_list(const struct key_table *table);

/* The number of a key of a list, below KEYS_MOST. */
#define KEYS_MOST 800
size_t key_index(const struct key_row *key);

/* Finds a key, case-sensitively except for XINETD. NULL: unknown. */
const struct key_row *key_find(const struct key_table *keys, const char *name);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *key_option(const struct key_table *keys, const struct key_row *key);

/* A key as it is written, with its value. */
struct key_assignment {
	const char *name, *text;
	struct origin at;               /* of the value */
};

/* The option's text for the value, by the row's columns. NULL: it sets nothing, or it is wrong, which is added to
 * diags. */
const char *key_translate(const struct key_row *key, const struct key_assignment *assignment, struct pool *pool,
			  struct diags *diags);

/* Sets the options of the keys that are absent and mean something all the same. */
void keys_set_absent(const struct key_table *keys, struct service_builder *builder, struct origin at,
		     struct diags *diags);

/* Reports a key that superd lacks. */
void key_report_lack(const struct key_row *key, const char *name, struct origin at, struct reading *reading);

/* Looks at all keys of a table. */
void key_nearest_look(struct scan_nearest *nearest, const struct key_table *keys);

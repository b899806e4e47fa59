/* A key of another system's language, and what superd does with it: a row of a table that the language's reader,
 * --check and the manual's lists all use.
 *
 * The table of options has the option that a key becomes, by its name in the language's dialect. A row names the option
 * if the key is only a part of it, or has another name. */
#pragma once

#include "lib/scan.h"
#include "table/option/option_table.h"

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

struct key_row {
	const char *name;               /* in a table: the names of all keys that superd treats like this */
	enum key_status status;
	const char *option;             /* of KEY_DONE: the option it becomes, if no option has its name */
	const char *reason;             /* for the manual and messages: superd's action, or the reason against it */
	unsigned kinds;                 /* launchd: allowed kinds of its value, bits of enum plist_kind */
	int values;                     /* xinetd: how many, see read/xinetd/attribute.h; and bits ATTR_… */
	unsigned flags;
	/* What its value becomes. Without any of these it is the option's, as the option's type says. */
	bool is_apart;                  /* a function of the reader translates it, mostly with other keys; for the commands of
					   a socket it is refused if its values are others than the option's */
	bool names_units;               /* it names units, for which superd does less than systemd: a warning of each */
	bool is_whole;                  /* in a list of values: each assignment is one of them, with its blanks */
	const struct key_word *words;   /* all words that it takes, up to one without a name */
	bool takes_bool;                /* of words: and those of yes and no */
	const char *wrong;              /* of words: the end of the message about another word */
	const char *absent;             /* the option's value without the key: a default of the other system */
	const char *zero;               /* of a duration: what 0 becomes */
	const char *idle;               /* a value that asks for nothing */
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

/* The option's word for a word of the key. false: the key has no such word. */
bool key_word(const struct key_row *key, const char *theirs, const char **ours);

/* Looks at all keys of a table. */
void key_nearest_look(struct scan_nearest *nearest, const struct key_table *keys);

/* Splits the value of a key into words. Blanks separate words, '…' and "…" quote, backslashes escape as in C. Source:
 * systemd.syntax(7), systemd.service(5) "COMMAND LINES". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "read/systemd/unit.h"

struct unit_word {
	const char *text;               /* without quotes and escapes, specifiers replaced; in the pool */
	size_t offset;                  /* of its first byte in the value */
	bool is_quoted;                 /* a part was quoted or escaped: such a ; does not separate commands */
};

enum {
	/* An unknown escape stays as it is, as with systemd, which warns of it. A caller that warns first splits
	 * without this flag, and splits again with it if that fails. */
	UNIT_WORDS_RELAX = 1 << 0,
	UNIT_WORDS_PLAIN = 1 << 1,      /* specifiers are not replaced; names may be NULL */
	UNIT_WORDS_LITERAL = 1 << 2,    /* a byte behind a backslash means itself, as in systemd's lists of paths */
	/* Colons separate the parts of a word. A colon that is escaped or comes from a specifier is refused, because
	 * superd.conf cannot express it; with UNIT_WORDS_LITERAL also a quoted one. Without UNIT_WORDS_LITERAL a blank
	 * may be escaped. */
	UNIT_WORDS_PARTS = 1 << 3,
};

/* The values of specifiers in a unit. In a service of Accept=yes the instance is known only when a client connects. So
 * %i and %I become superd's template %{instance}, and %n and %N have it behind the prefix. Other specifiers that depend
 * on the instance are refused, and so are these in options without templates. */
struct unit_names {
	const struct unit *unit;
	const struct unit_machine *machine;             /* NULL: unknown; its specifiers are refused */
	const char *service;            /* the service's name in superd; NULL: unknown */
	bool per_connection;            /* a service of Accept=yes */
	bool for_superd;                /* the text is for an option with templates: a percent sign is doubled */
};

/* The words of a value. */
struct unit_split {
	const struct unit_word *list;   /* in the pool */
	size_t count;
	size_t wrong_at;                /* the offset of the mistake; 0: none */
};

/* Splits a value. Returns NULL, or the message about a wrong value; then list and count do not change. */
const char *unit_split(struct pool *pool, const struct unit_names *names, const char *value, unsigned flags,
		       struct unit_split *split);

/* Replaces the specifiers of a whole text. Returns NULL, or the message about a wrong specifier, which is at *at. */
const char *unit_expand(const struct unit_names *names, const char *text, struct buf *out, size_t *at);

/* The options behind the name of a builtin. superd reads them for --check, and superd-builtin reads them again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

struct builtin_options {
	bool xinetd_text;               /* daytime and chargen as xinetd says them: "20 NOV 2026 05:56:11 UTC" */
	bool reasons;                   /* health says what is wrong, too */
	/* auth, with the letters of FreeBSD's inetd(8) */
	const char *fallback;           /* -d: the user where there is none; NULL: an error */
	bool random;                    /* -g: a made-up name in place of any */
	bool real;                      /* -r: looks up whose connection it is */
	bool numeric;                   /* -i: the number of the user */
	bool fake;                      /* -f: the name in ~/.fakeid, unless it is a user's */
	bool fake_any;                  /* -F: that name whatever it is */
	bool hide;                      /* -n: nothing of a user who has ~/.noident */
	const char *system;             /* -o; NULL: the kernel's own name */
	int64_t timeout;                /* -t, microseconds */
};

/* Reads the options behind the name in builtin[0]; texts are borrowed. NULL when they are good, else what is wrong with
 * *bad, or with *bad NULL with the last, as the end of a sentence. */
const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad);

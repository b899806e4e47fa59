/* Classes of the keys of systemd's units and launchd's property lists: how superd treats them. */
#pragma once

enum key_status {
	KEY_DONE,                       /* honoured */
	KEY_HARMLESS,                   /* it describes or orders, or tunes what superd has not: taken silently */
	KEY_WARNED,                     /* a tuning superd lacks */
	KEY_REFUSED,                    /* it restricts or protects, or changes what the service does, and superd lacks it */
};

const char *key_status_name(enum key_status class);     /* "done", "harmless", "warned of", "refused" */

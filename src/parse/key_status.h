/* How superd treats a key of a systemd unit or a launchd property list. */
#pragma once

enum key_status {
	KEY_DONE,                       /* superd applies it */
	KEY_HARMLESS,                   /* superd ignores it silently: it describes, orders, or tunes a feature that superd lacks */
	KEY_WARNED,                     /* superd ignores it and warns: it tunes something that superd cannot tune */
	KEY_REFUSED,                    /* an error: superd lacks it, and it restricts, protects or changes the service */
};

const char *key_status_name(enum key_status class);     /* "supported", "ignored", "ignored (warning)", "refused" */

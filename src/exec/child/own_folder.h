/* The folders that a service has of its own (state_directory and so on), as a start makes them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* One of them. */
struct own_folder {
	const char *base;               /* the administrator's, such as /var/lib */
	char *name;                     /* path below the base; owned */
	char *link, *target;            /* a link below the base, and where it leads from its place; owned; NULL: none */
	mode_t mode;
	bool sets_mode;                 /* a folder that is there already gets the mode, too */
	bool is_owned;                  /* it becomes the user's of the start */
};

/* Whether this link in an open folder leads there. */
bool own_folder_leads_to(int at, const char *link, const char *target);

/* Settings: what a service's own text sets, and where. An option that only a socket { } sets counts as set, too. */
#pragma once

#include <stdbool.h>

#include "lib/pool.h"
#include "table/option/option_table.h"

/* Returns the setting of an option, by its name in superd.conf; the service's own before that of a socket { }. NULL: the
 * service's text does not set it. */
const struct option_setting *service_setting(const struct service *service, const char *option);

/* Settings in a row: of a text, or of what follows from one. */
struct setting_list {
	const struct option_setting *list;
	size_t count;
};

static inline struct setting_list settings_of(const struct option_settings *text)
{
	return text ? (struct setting_list){ text->list, text->count } : (struct setting_list){ 0 };
}

/* The first setting of an option in the service itself (block 0) or in one socket { }; NULL: none. */
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

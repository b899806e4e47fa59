/* Turns a builder into a row of the table: the service's settings override the defaults of its file, which override
 * superd's own.
 *
 * Ten thousand services must not cost ten thousand copies of every option. The table has one set of groups for services
 * that set nothing; a builder copies only the groups that it changes, and the pool gives equal groups one address. */
#include "table/services/service_builder.h"

#include <string.h>

#include "table/option/service_settings.h"
#include "table/services/builder_internal.h"

/* The groups with the defaults of a file, and which defaults these are. */
struct bases {
	struct bases *next;             /* of services without these */
	const struct option_settings *defaults;        /* NULL: none */
	const void *group[GROUPS];
};

const void *const *table_bases(const struct table *table, const struct option_settings *defaults)
{
	const struct bases *bases = table->bases;

	while (bases && bases->defaults != defaults)
		bases = bases->next;
	return bases ? bases->group : NULL;
}

static bool is_of(const struct option_setting *setting, unsigned block, enum option_group group)
{
	const struct option_def *option = &option_defs[setting->option];

	return setting->block == block && option->group == group && !setting->refused && !(option->flags & STRUCTURE);
}

/* The groups that the settings of the service itself, or of a socket { }, change: bit 1 << enum option_group. */
static uint32_t find_groups(const struct option_settings *settings, unsigned block)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < settings->count; i++) {
		enum option_group group = option_defs[settings->list[i].option].group;

		if (is_of(&settings->list[i], block, group))
			groups |= 1u << group;
	}
	return groups;
}

/* Applies settings to the values of one group. += may add to a default that stood later in the file or in another
 * one. */
static bool apply(const struct option_settings *settings, unsigned block, enum option_group group, void *values,
		  struct pool *pool)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct option_setting *setting = &settings->list[i];
		const struct option_def *option = &option_defs[setting->option];
		struct parse parse = {
			.option = option, .words = setting->words, .count = words_count(setting->words),
			.append = setting->append, .pool = pool,
		};

		if (is_of(setting, block, group) && type_parse(&parse, (char *)values + option->offset))
			return false;
	}
	return true;
}

/* Applies settings to a copy of a group in the pool; returns the new group, in the pool. NULL: out of memory. */
static const void *override_group(const void *base, const struct option_settings *settings, unsigned block,
				  enum option_group group, struct pool *pool)
{
	union group_values values;

	memcpy(&values, base, group_sizes[group]);
	if (!apply(settings, block, group, &values, pool))
		return NULL;
	return pool_keep(pool, &values, group_sizes[group]);
}

const void *const *table_make_bases(struct table *table, const struct option_settings *defaults)
{
	const void *const *known = table_bases(table, defaults);
	struct pool *pool = table->pool;
	struct bases *bases = known ? NULL : pool_alloc(pool, sizeof(*bases));
	union group_values values;

	if (!bases)
		return known;
	for (enum option_group group = 0; group < GROUPS; group++) {
		if (!option_fill_defaults(group, &values, pool))
			return NULL;
		if (defaults && !apply(defaults, 0, group, &values, pool))
			return NULL;
		bases->group[group] = pool_keep(pool, &values, group_sizes[group]);
		if (!bases->group[group])
			return NULL;
	}
	bases->defaults = defaults;
	bases->next = table->bases;
	table->bases = bases;
	return bases->group;
}

static bool sets(const struct service *row, const char *option)
{
	return settings_find(row->settings, option_find(NATIVE, option), 0);
}

/* Whether it or its defaults set the option. */
static bool is_set(const struct service *row, const char *option)
{
	return sets(row, option) || settings_find(row->settings->defaults, option_find(NATIVE, option), 0);
}

/* Replaces an option's value in a copy of its group: by that of other groups, or by a text's. false: out of memory. */
static bool imply(const void *groups[GROUPS], const char *name, const void *const *from, const char *text,
		  struct pool *pool)
{
	const struct option_def *option = option_find(NATIVE, name);
	enum option_group group = option->group;
	struct parse parse = { .option = option, .words = &text, .count = 1, .pool = pool };
	union group_values values;
	char *field = (char *)&values + option->offset;
	const void *kept;

	memcpy(&values, groups[group], group_sizes[group]);
	if (from)
		memcpy(field, (const char *)from[group] + option->offset, field_size(option->type));
	else if (type_parse(&parse, field))
		return false;
	kept = pool_keep(pool, &values, group_sizes[group]);
	groups[group] = kept ? kept : groups[group];
	return kept;
}

/* Values that follow from other options of the row. plain: superd's own defaults. */
static bool imply_values(const void *groups[GROUPS], const struct service *row, const void *const *plain,
			 struct pool *pool)
{
	/* What limits connections that superd takes has no meaning where it takes none, nor have a builtin's errors. */
	static const char *const limited[] = { "instances", "overload", "error" };
	const struct exec_options *exec = groups[GROUP_EXEC];
	const struct stream_options *streams;
	bool good = true, takes_error = option_takes_default(option_find(NATIVE, "error"), exec);

	if (!is_set(row, "pass") && exec->pass != default_pass(exec))
		good &= imply(groups, "pass", NULL, exec->accept ? "inetd" : "systemd", pool);
	/* A program that binds its own address asks for the addresses of packets only when the first one waits. */
	if (exec->pass == PASS_BIND && !is_set(row, "pass_packet_info"))
		good &= imply(groups, "pass_packet_info", NULL, "yes", pool);
	for (size_t n = 0; row->settings->defaults && n < sizeof(limited) / sizeof(*limited); n++) {
		if (!option_takes_default(option_find(NATIVE, limited[n]), exec) && !sets(row, limited[n]))
			good &= imply(groups, limited[n], plain, NULL, pool);
	}
	streams = groups[GROUP_STREAMS];
	/* Errors go where output goes if that is set, but to no client. */
	if (good && !sets(row, "error") && !(takes_error && is_set(row, "error")) && is_set(row, "output") &&
	    streams->output.kind != STREAM_SOCKET) {
		struct stream_options both;

		memcpy(&both, streams, sizeof(both));
		both.error = both.output;
		streams = pool_keep(pool, &both, sizeof(both));
		groups[GROUP_STREAMS] = streams;
	}
	return good && streams;
}

/* dynamic_user sets hardening options, as DynamicUser= in systemd.exec(5): the user must not leave files to a later
 * user with its number. The service can make these options stricter, but not weaker. */
static bool imply_hardening(const void *groups[GROUPS], struct pool *pool)
{
	const struct identity_options *identity = groups[GROUP_IDENTITY];
	const struct hardening_options *hardening = groups[GROUP_HARDENING];
	const char *const values[][2] = {
		{ "no_new_privileges", "yes" }, { "remove_ipc", "yes" }, { "protect_system", "strict" },
		{ "restrict_suid_sgid", "yes" },
		{ "protect_home", hardening->protect_home == HOME_WRITABLE ? "read-only" : NULL },
		{ "private_tmp", hardening->private_tmp == TMP_SHARED ? "yes" : NULL },
	};
	bool good = true;

	for (size_t n = 0; identity->dynamic_user && n < sizeof(values) / sizeof(*values); n++) {
		if (values[n][1])
			good &= imply(groups, values[n][0], NULL, values[n][1], pool);
	}
	return good;
}

static bool fill_groups(struct service *row, struct table *table)
{
	const void *const *bases = table_make_bases(table, row->settings->defaults);
	const void *const *plain = table_make_bases(table, NULL);
	const struct service *before = table->count ? &table->services[table->count - 1] : NULL;
	uint32_t touched = find_groups(row->settings, 0);
	const void *groups[GROUPS];

	if (before && before->settings == row->settings) {
		row->exec = before->exec;
		row->groups = before->groups;
		return true;
	}
	if (!bases || !plain)
		return false;
	for (enum option_group group = 0; group < GROUPS; group++) {
		groups[group] = bases[group];
		if (touched & 1u << group)
			groups[group] = override_group(bases[group], row->settings, 0, group, table->pool);
		if (!groups[group])
			return false;
	}
	if (!imply_values(groups, row, plain, table->pool) || !imply_hardening(groups, table->pool))
		return false;
	row->exec = groups[GROUP_EXEC];
	row->groups = pool_keep(table->pool, groups, sizeof(*row->groups));
	return row->groups != NULL;
}

/* The name of the sockets whose `listen` this is. */
static const char *socket_name(const struct service *row, const struct option_setting *listen)
{
	const struct option_setting *socket =
		listen->block ? settings_find(row->settings, option_find(NATIVE, "socket"), listen->block) : NULL;

	return socket && socket->words ? socket->words[0] : row->name;
}

static bool fill_sockets(struct service *row, const struct service_builder *builder)
{
	struct pool *pool = builder->table->pool;

	row->socket_count = (unsigned)builder->word_count;
	row->sockets = row->socket_count ? pool_alloc(pool, row->socket_count * sizeof(*row->sockets)) : NULL;
	for (size_t i = 0; row->sockets && i < row->socket_count; i++) {
		const struct listen_word *word = &builder->words[i];

		row->sockets[i] = (struct listen){
			.endpoint = word->endpoint, .address = word->endpoint, .at = word->at, .setting = word->setting,
			.name = socket_name(row, &row->settings->list[word->setting]),
		};
	}
	return row->sockets || !row->socket_count;
}

/* Gives the sockets their options. A machine without IPv6 needs only the other socket. */
static bool fill_socket_options(struct service *row, struct pool *pool)
{
	for (size_t i = 0; i < row->socket_count; i++) {
		struct listen *listen = &row->sockets[i];
		unsigned block = service_listen_block(row, listen);
		struct socket_options options;

		listen->options = row->groups->socket_defaults;
		if (block && find_groups(row->settings, block) & 1u << GROUP_SOCKETS)
			listen->options = override_group(listen->options, row->settings, block, GROUP_SOCKETS, pool);
		if (listen->options && !is_set(row, "optional") && listen_is_second_family(row, listen) &&
		    !settings_find(row->settings, option_find(NATIVE, "optional"), block)) {
			memcpy(&options, listen->options, sizeof(options));
			options.optional = true;
			listen->options = pool_keep(pool, &options, sizeof(options));
		}
		if (!listen->options)
			return false;
	}
	return true;
}

bool builder_row(const struct service_builder *builder, const struct option_settings *defaults, struct service *row)
{
	*row = (struct service){ .name = builder->name, .at = builder->at, .is_foreign = builder->is_foreign,
				 .has_unknown = builder->has_unknown,
				 .is_alone = builder->is_alone, .dialect = builder->dialect & 7 };
	return !builder->exhausted &&
	       service_keep_settings(row, defaults, builder->settings, builder->setting_count, builder->table->pool) &&
	       fill_sockets(row, builder);
}

bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags)
{
	struct table *table = builder->table;
	struct service row = { 0 };
	bool good = true;

	if (defaults && !builder->is_alone) {
		good = service_keep_settings(&row, NULL, defaults->settings, defaults->setting_count, table->pool);
		table->defaults = row.settings;
	}
	if (good && builder_row(builder, row.settings, &row) && fill_groups(&row, table) &&
	    fill_socket_options(&row, table->pool) && table_add(table, &row))
		return true;
	diag_error(diags, builder->at, "%s: out of memory", builder->name);
	return false;
}

bool builder_finish_superd(struct service_builder *builder, struct diags *diags)
{
	struct table *table = builder->table;

	return (builder_row(builder, NULL, &table->superd) &&
		apply(table->superd.settings, 0, GROUP_SUPERD, &table->globals, table->pool)) ||
	       diags_out_of_memory(diags, builder->at);
}

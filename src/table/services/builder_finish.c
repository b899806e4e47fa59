/* Turns a builder into a row of the table: the service's settings override the defaults of its file, which override
 * superd's own.
 *
 * Ten thousand services must not cost ten thousand copies of every option. The table has the groups of services that
 * set nothing; a builder copies only the groups that it changes, and the pool gives equal groups one address. */
#include "table/services/service_builder.h"

#include <string.h>

#include "table/option/service_settings.h"
#include "table/services/builder_internal.h"

/* The group with the settings of the service itself (block 0) or of a socket { }, in the pool. NULL: out of memory. */
static const void *override_group(const void *base, struct setting_list settings, unsigned block,
				  enum option_group group, struct pool *pool)
{
	union group_values values;

	memcpy(&values, base, group_sizes[group]);
	if (!settings_fill(settings, block, group, &values, pool))
		return NULL;
	return pool_keep(pool, &values, group_sizes[group]);
}

static bool sets(const struct service *row, const char *option)
{
	return settings_find(row->settings, option_find(NATIVE, option), 0);
}

/* Where it or its defaults set the option; NULL: nowhere. */
static const struct option_setting *find_set(const struct service *row, const char *name)
{
	const struct option_def *option = option_find(NATIVE, name);
	const struct option_setting *own = settings_find(row->settings, option, 0);

	return own ? own : settings_find(row->settings->defaults, option, 0);
}

/* Settings that a row does not have, and that follow from others. */
struct implied {
	struct option_setting list[16];
	const char *texts[16][2];       /* the words of each */
	size_t count;
};

static void imply(struct implied *implied, const char *option, const char *text)
{
	const char **list = implied->texts[implied->count];

	list[0] = text;
	list[1] = NULL;
	implied->list[implied->count++] = (struct option_setting){
		.option = option_index(option_find(NATIVE, option)) & SETTING_OPTION, .words = list,
	};
}

static void find_implied(struct implied *implied, const struct service *row, const void *const *groups)
{
	/* What limits connections that superd takes has no meaning where it takes none, nor have a builtin's errors. */
	static const char *const limited[] = { "instances", "overload", "error" };
	static const char *const clients[] = { "input", "output" };
	const struct exec_options *exec = groups[GROUP_EXEC];
	const struct stream_options *streams = groups[GROUP_STREAMS];
	const struct hardening_options *hardening = groups[GROUP_HARDENING];
	const struct option_setting *output = find_set(row, "output");

	implied->count = 0;
	if (exec->accept && !find_set(row, "pass"))
		imply(implied, "pass", "inetd");
	/* Its client is there, unless its own text says otherwise. Beside redirect the relay has the client. */
	for (size_t n = 0; n < sizeof(clients) / sizeof(*clients); n++) {
		if ((exec->pass == PASS_INETD || implied->count) && !(exec->exec && exec->redirect) &&
		    !sets(row, clients[n]))
			imply(implied, clients[n], "socket");
	}
	/* A program that binds its own address asks for the addresses of packets only when the first one waits. */
	if (exec->pass == PASS_BIND && !find_set(row, "pass_packet_info"))
		imply(implied, "pass_packet_info", "yes");
	/* A program with a set-user-id bit would inherit the filter of bind(2) (superd/start/plan.c). */
	if (exec->pass == PASS_BIND && !sets(row, "no_new_privileges"))
		imply(implied, "no_new_privileges", "yes");
	for (size_t n = 0; row->settings->defaults && n < sizeof(limited) / sizeof(*limited); n++) {
		const struct option_def *option = option_find(NATIVE, limited[n]);

		if (find_set(row, limited[n]) && !sets(row, limited[n]) && !option_takes_default(option, exec))
			imply(implied, limited[n], option->fallback);
	}
	/* Errors go where output goes if that is set, but to no client. */
	if (output && output->words && streams->output.kind != STREAM_SOCKET && !sets(row, "error") &&
	    !(find_set(row, "error") && option_takes_default(option_find(NATIVE, "error"), exec)))
		imply(implied, "error", output->words[0]);
	if (!((const struct identity_options *)groups[GROUP_IDENTITY])->dynamic_user)
		return;
	/* As DynamicUser= in systemd.exec(5): the user must not leave files to a later user with its number. The
	 * service can make these options stricter, but not weaker. */
	imply(implied, "no_new_privileges", "yes");
	imply(implied, "remove_ipc", "yes");
	imply(implied, "protect_system", "strict");
	imply(implied, "restrict_suid_sgid", "yes");
	if (hardening->protect_home == HOME_WRITABLE)
		imply(implied, "protect_home", "read-only");
	if (hardening->private_tmp == TMP_SHARED)
		imply(implied, "private_tmp", "yes");
}

/* Overrides the groups that the settings change. false: out of memory. */
static bool override_groups(const void *groups[GROUPS], struct setting_list settings, struct pool *pool)
{
	uint32_t touched = 0;
	bool good = true;

	for (size_t i = 0; i < settings.count; i++) {
		enum option_group group = option_defs[settings.list[i].option].group;

		touched |= setting_is_of(&settings.list[i], 0, group) ? 1u << group : 0;
	}
	for (enum option_group group = 0; good && group < GROUPS; group++) {
		if (touched & 1u << group)
			groups[group] = override_group(groups[group], settings, 0, group, pool);
		good = groups[group];
	}
	return good;
}

static bool fill_groups(struct service *row, struct table *table)
{
	const struct service *before = table->count ? &table->services[table->count - 1] : NULL;
	const void *groups[GROUPS];
	struct implied implied;

	if (before && before->settings == row->settings) {
		row->exec = before->exec;
		row->groups = before->groups;
		return true;
	}
	memcpy(groups, table_bases(table, row), sizeof(groups));
	if (!override_groups(groups, settings_of(row->settings), table->pool))
		return false;
	find_implied(&implied, row, groups);
	if (!override_groups(groups, (struct setting_list){ implied.list, implied.count }, table->pool))
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
		struct implied implied = { .count = 0 };

		listen->options = row->groups->socket_defaults;
		if (block)
			listen->options = override_group(listen->options, settings_of(row->settings), block,
							 GROUP_SOCKETS, pool);
		if (listen->options && !find_set(row, "optional") && listen_is_second_family(row, listen) &&
		    !settings_find(row->settings, option_find(NATIVE, "optional"), block)) {
			imply(&implied, "optional", "yes");
			listen->options = override_group(listen->options, (struct setting_list){ implied.list, 1 }, 0,
							 GROUP_SOCKETS, pool);
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

/* Keeps what defaults { } say, for the first service. */
static bool keep_defaults(struct table *table, const struct service_builder *defaults)
{
	struct service row = { 0 };

	if (!service_keep_settings(&row, NULL, defaults->settings, defaults->setting_count, table->pool) ||
	    !service_text_groups(&row, table->bases[true], table->pool))
		return false;
	table->defaults = row.settings;
	return true;
}

bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags)
{
	struct table *table = builder->table;
	struct service row;

	if ((!defaults || table->defaults || keep_defaults(table, defaults)) &&
	    builder_row(builder, defaults && !builder->is_alone ? table->defaults : NULL, &row) &&
	    fill_groups(&row, table) && fill_socket_options(&row, table->pool) && table_add(table, &row))
		return true;
	diag_error(diags, builder->at, "%s: out of memory", builder->name);
	return false;
}

bool builder_finish_superd(struct service_builder *builder, struct diags *diags)
{
	struct table *table = builder->table;

	return (builder_row(builder, NULL, &table->superd) &&
		settings_fill(settings_of(table->superd.settings), 0, GROUP_SUPERD, &table->globals, table->pool)) ||
	       diags_out_of_memory(diags, builder->at);
}

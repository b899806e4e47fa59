/* Turns a builder into a row of the table: the service's settings override the defaults of its file, which override
 * superd's own.
 *
 * Ten thousand services must not cost ten thousand copies of every option. The table has one set of groups for services
 * that set nothing; a builder copies only the groups that it changes, and the pool gives equal groups one address. */
#include "table/services/service_builder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "table/option/service_mark.h"
#include "table/services/builder_internal.h"
#include "table/services/derived.h"

/* The groups with the defaults of a file, and which defaults these are. */
struct bases {
	struct bases *next;             /* of services without these */
	unsigned number;                /* of the defaults' builder; 0: no defaults */
	size_t settings;                /* number of its settings */
	const void *group[GROUPS];
};

static const struct bases *bases_find(const struct table *table, const struct service_builder *defaults)
{
	const struct bases *bases = table->bases;

	while (bases && (bases->number != (defaults ? defaults->number : 0) ||
			 bases->settings != (defaults ? defaults->settings.count : 0)))
		bases = bases->next;
	return bases;
}

const void *const *table_defaults(const struct table *table)
{
	const struct bases *bases = table->bases;

	while (bases && !bases->number)
		bases = bases->next;
	return bases ? bases->group : NULL;
}

static const struct bases *bases_make(struct table *table, const struct service_builder *defaults)
{
	struct pool *pool = table->pool;
	struct bases *bases = pool_alloc(pool, sizeof(*bases));
	union group_values values;

	if (!bases)
		return NULL;
	for (enum option_group group = 0; group < GROUPS; group++) {
		if (!directive_fill_defaults(group, &values, pool))
			return NULL;
		if (defaults && !option_settings_apply(&defaults->settings, group, &values, pool))
			return NULL;
		bases->group[group] = pool_keep(pool, &values, group_sizes[group]);
		if (!bases->group[group])
			return NULL;
	}
	bases->number = defaults ? defaults->number : 0;
	bases->settings = defaults ? defaults->settings.count : 0;
	bases->next = table->bases;
	table->bases = bases;
	return bases;
}

/* Applies settings to a copy of a group in the pool; returns the new group, in the pool. NULL: out of memory. */
static const void *override_group(const void *base, enum option_group group, const struct option_settings *settings,
			    struct pool *pool)
{
	union group_values values;

	memcpy(&values, base, group_sizes[group]);
	if (!option_settings_apply(settings, group, &values, pool))
		return NULL;
	return pool_keep(pool, &values, group_sizes[group]);
}

static bool is_set(const struct service_builder *builder, const struct service_builder *defaults, const char *name)
{
	return option_settings_named(&builder->settings, name) ||
		(defaults && option_settings_named(&defaults->settings, name));
}

static bool derive_pass(struct service *row, const struct service_builder *builder,
			const struct service_builder *defaults, struct pool *pool)
{
	struct exec_options options;

	if (is_set(builder, defaults, "pass") || row->exec->pass == derived_pass(row->exec))
		return true;
	memcpy(&options, row->exec, sizeof(options));
	options.pass = derived_pass(row->exec);
	row->exec = pool_keep(pool, &options, sizeof(options));
	return row->exec != NULL;
}

static bool derive_packet_info(struct option_groups *shared, const struct service *row,
			       const struct service_builder *builder, const struct service_builder *defaults,
			       struct pool *pool)
{
	struct socket_options options;

	if (!derived_packet_info(row->exec) || is_set(builder, defaults, "pass_packet_info"))
		return true;
	memcpy(&options, shared->socket_defaults, sizeof(options));
	options.pass_packet_info = true;
	shared->socket_defaults = pool_keep(pool, &options, sizeof(options));
	return shared->socket_defaults != NULL;
}

static bool derive_error(struct option_groups *shared, const struct service *row,
			 const struct service_builder *builder, const struct service_builder *defaults,
			 const void *const *plain, struct pool *pool)
{
	const struct directive *error = directive_find(NATIVE, "error");
	const struct stream_options *before = shared->streams;
	bool takes = derived_takes_default(row->exec, error);
	const struct stream *value = &((const struct stream_options *)plain[GROUP_STREAMS])->error;
	struct stream_options streams;

	if (option_settings_named(&builder->settings, "error"))
		return true;
	if (takes)
		value = &before->error;
	value = derived_error(&before->output, is_set(builder, defaults, "output"),
			      takes && is_set(builder, defaults, "error"), value);
	if (type_equal(error->type, value, &before->error))
		return true;
	memcpy(&streams, before, sizeof(streams));
	memcpy(&streams.error, value, sizeof(streams.error));
	shared->streams = pool_keep(pool, &streams, sizeof(streams));
	return shared->streams != NULL;
}

/* What limits connections that superd takes means nothing where it takes none. */
static bool derive_limits(struct option_groups *shared, const struct service *row,
			  const struct service_builder *builder, const struct service_builder *defaults,
			  const void *const *plain, struct pool *pool)
{
	static const char *const names[] = { "instances", "overload" };
	struct access_options access;

	if (!defaults || row->exec->accept)
		return true;
	memcpy(&access, shared->access, sizeof(access));
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		const struct directive *directive = directive_find(NATIVE, names[n]);

		if (!derived_takes_default(row->exec, directive) &&
		    !option_settings_named(&builder->settings, names[n]))
			memcpy((char *)&access + directive->offset,
			       (const char *)plain[GROUP_ACCESS] + directive->offset, field_size(directive->type));
	}
	shared->access = pool_keep(pool, &access, sizeof(access));
	return shared->access != NULL;
}

/* dynamic_user sets hardening options, as DynamicUser= in systemd.exec(5): the user must not leave files to a later
 * user with its number. The service can make these options stricter, but not weaker. */
static bool derive_dynamic_user(struct option_groups *shared, struct pool *pool)
{
	struct hardening_options hardening;
	struct identity_options identity;

	if (!shared->identity->dynamic_user)
		return true;
	memcpy(&identity, shared->identity, sizeof(identity));
	memcpy(&hardening, shared->hardening, sizeof(hardening));
	identity.no_new_privileges = identity.remove_ipc = true;
	hardening.protect_system = SYSTEM_STRICT;
	if (hardening.protect_home == HOME_WRITABLE)
		hardening.protect_home = HOME_READ_ONLY;
	if (hardening.private_tmp == TMP_SHARED)
		hardening.private_tmp = TMP_PRIVATE;
	hardening.restrict_suid_sgid = true;
	shared->identity = pool_keep(pool, &identity, sizeof(identity));
	shared->hardening = pool_keep(pool, &hardening, sizeof(hardening));
	return shared->identity && shared->hardening;
}

static bool fill_groups(struct service *row, const struct service_builder *builder,
			const struct service_builder *defaults)
{
	const struct bases *bases = bases_find(builder->table, defaults), *plain = bases_find(builder->table, NULL);
	struct pool *pool = builder->table->pool;
	uint32_t touched = option_settings_groups(&builder->settings);
	const void *groups[GROUPS];
	struct option_groups shared;

	if (!bases)
		bases = bases_make(builder->table, defaults);
	if (!plain)
		plain = defaults ? bases_make(builder->table, NULL) : bases;
	if (!bases || !plain)
		return false;
	for (enum option_group group = 0; group < GROUPS; group++) {
		groups[group] = bases->group[group];
		if (touched & 1u << group)
			groups[group] = override_group(groups[group], group, &builder->settings, pool);
		if (!groups[group])
			return false;
	}
	memcpy(shared.group, groups, sizeof(shared.group));
	row->exec = groups[GROUP_EXEC];
	if (!derive_pass(row, builder, defaults, pool) || !derive_packet_info(&shared, row, builder, defaults, pool) ||
	    !derive_error(&shared, row, builder, defaults, plain->group, pool) ||
	    !derive_limits(&shared, row, builder, defaults, plain->group, pool) ||
	    !derive_dynamic_user(&shared, pool))
		return false;
	row->groups = pool_keep(pool, &shared, sizeof(shared));
	return row->groups != NULL;
}

/* Makes sockets optional that are so by default. */
static bool derive_optional(struct service *row, const struct service_builder *builder,
			    const struct service_builder *defaults, struct pool *pool)
{
	struct socket_options options;

	for (size_t i = 0; i < row->socket_count && !is_set(builder, defaults, "optional"); i++) {
		const struct listen *listen = &row->sockets[i];
		size_t block = builder->words[i].block;

		if (!derived_optional(row, listen) ||
		    (block && option_settings_named(&builder->blocks[block - 1].settings, "optional")))
			continue;
		memcpy(&options, listen->options, sizeof(options));
		options.optional = true;
		row->sockets[i].options = pool_keep(pool, &options, sizeof(options));
		if (!listen->options)
			return false;
	}
	return true;
}

static bool fill_sockets(struct service *row, const struct service_builder *builder,
			 const struct service_builder *defaults)
{
	struct pool *pool = builder->table->pool;

	if (!builder->word_count)
		return true;
	row->sockets = pool_alloc(pool, builder->word_count * sizeof(*row->sockets));
	if (!row->sockets)
		return false;
	row->socket_count = (unsigned)builder->word_count;
	for (size_t i = 0; i < builder->word_count; i++) {
		const struct listen_word *word = &builder->words[i];
		const struct socket_block *block = word->block ? &builder->blocks[word->block - 1] : NULL;
		const struct socket_options *options = row->groups->socket_defaults;

		if (block && option_settings_groups(&block->settings) & 1u << GROUP_SOCKETS)
			options = override_group(options, GROUP_SOCKETS, &block->settings, pool);
		if (!options)
			return false;
		row->sockets[i] = (struct listen){
			.endpoint = word->endpoint, .address = word->endpoint, .at = word->at,
			.name = block ? block->name : builder->name, .options = options,
			.block = (unsigned char)mark_block(word->block),
		};
	}
	return derive_optional(row, builder, defaults, pool);
}

static size_t copy_marks(struct mark *to, const struct option_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		to[i] = settings->list[i].mark;
	return settings->count;
}

/* An option with a misspelt name counts as set to an invalid value. */
static bool mark_guesses(struct service_builder *builder)
{
	for (size_t i = 0; i < builder->guess_count; i++) {
		const struct guess *guess = &builder->guesses[i];
		struct option_setting *setting;

		if (option_settings_find(&builder->settings, guess->directive))
			continue;
		setting = option_settings_add(&builder->settings);
		if (!setting)
			return false;
		setting->mark = (struct mark){
			.file = guess->at.file,
			.line = guess->at.line & MARK_LINE,
			.column = guess->at.column < MARK_COLUMN ? guess->at.column : MARK_COLUMN,
			.directive = directive_index(guess->directive) & MARK_DIRECTIVE,
			.refused = true,
		};
	}
	return true;
}

static void write_marks(struct mark *marks, const struct service_builder *builder)
{
	marks += copy_marks(marks, &builder->settings);
	for (size_t i = 0; i < builder->block_count; i++) {
		const struct socket_block *block = &builder->blocks[i];

		*marks++ = (struct mark){
			.file = block->at.file, .line = block->at.line & MARK_LINE, .block = mark_block(i + 1),
			.column = block->at.column < MARK_COLUMN ? block->at.column : MARK_COLUMN,
			.directive = directive_index(directive_find(NATIVE, "socket")) & MARK_DIRECTIVE,
		};
		marks += copy_marks(marks, &block->settings);
	}
}

static bool fill_marks(struct service *row, const struct service_builder *builder)
{
	size_t count = builder->settings.count + builder->block_count;
	struct mark *marks;
	bool good;

	for (size_t i = 0; i < builder->block_count; i++)
		count += builder->blocks[i].settings.count;
	marks = calloc(count + 1, sizeof(*marks));
	if (!marks)
		return false;
	write_marks(marks, builder);
	good = service_keep_marks(row, marks, count, builder->table->pool);
	free(marks);
	return good;
}

bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags)
{
	struct service row = { .name = builder->name, .at = builder->at, .is_foreign = builder->is_foreign,
			       .dialect = builder->dialect & 7 };

	if (builder->is_alone)
		defaults = NULL;
	if (!builder->exhausted && fill_groups(&row, builder, defaults) && fill_sockets(&row, builder, defaults) &&
	    mark_guesses(builder) && fill_marks(&row, builder) && table_add(builder->table, &row))
		return true;
	diag_error(diags, builder->at, "%s: out of memory", builder->name);
	return false;
}

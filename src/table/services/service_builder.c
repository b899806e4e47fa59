/* Service builders and their socket { } blocks. builder_set.c sets the options.
 *
 * A reader never has to stop: it reads a misplaced block, or one without memory, to its end. builder_close_socket
 * reports misplaced blocks; builder_set and builder_finish report that memory ran out. */
#include "table/services/service_builder.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/memory.h"
#include "table/services/builder_internal.h"

#define SOCKETS_MOST UINT16_MAX         /* blocks of a service */

bool origin_keep(struct service_builder *builder, struct origin *at)
{
	if (!at->file)
		return true;
	if (builder->at.file && (builder->at.file == at->file || !strcmp(builder->at.file, at->file))) {
		at->file = builder->at.file;
		return true;
	}
	at->file = pool_text(builder->table->pool, at->file);
	return at->file != NULL;
}

struct service_builder *builder_new(struct table *table, const char *name, struct origin at)
{
	struct service_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return memory_ran_out();
	builder->table = table;
	builder->number = ++table->builders_made;
	builder->name = pool_text(table->pool, name);
	if ((name && !builder->name) || !origin_keep(builder, &at)) {
		free(builder);
		return NULL;
	}
	builder->at = at;
	if (table->writes_builders && !builder_text_begin(builder)) {
		free(builder);
		return NULL;
	}
	return builder;
}

void builder_set_foreign(struct service_builder *builder, enum dialect dialect)
{
	builder->is_foreign = true;
	builder->dialect = dialect;
}

void builder_set_alone(struct service_builder *builder)
{
	builder->is_alone = true;
}

void builder_free(struct service_builder *builder)
{
	if (!builder)
		return;
	for (size_t i = 0; i < builder->block_count; i++)
		option_settings_free(&builder->blocks[i].settings);
	free(builder->blocks);
	free(builder->words);
	free(builder->guesses);
	option_settings_free(&builder->settings);
	builder_text_free(builder);
	free(builder);
}

struct socket_block *builder_block(struct service_builder *builder)
{
	return builder->open && builder->block_count ? &builder->blocks[builder->block_count - 1] : NULL;
}

struct option_settings *builder_level(struct service_builder *builder)
{
	struct socket_block *block = builder_block(builder);

	return block ? &block->settings : &builder->settings;
}

void builder_open_socket(struct service_builder *builder, const char *name, struct origin at)
{
	struct socket_block *blocks = array_grow(builder->blocks, &builder->block_capacity, builder->block_count,
						 sizeof(*blocks));
	struct socket_block *block;

	builder->open = true;
	builder->is_surplus = builder->block_count == SOCKETS_MOST;
	if (builder->is_surplus) {
		builder->surplus_at = at;
		return;
	}
	if (!blocks || !origin_keep(builder, &at)) {
		builder->exhausted = true;
		return;
	}
	builder->blocks = blocks;
	block = &blocks[builder->block_count++];
	*block =
		(struct socket_block){ .at = at, .name = name ? pool_text(builder->table->pool, name) : builder->name };
	if (name && !block->name)
		builder->exhausted = true;
	if (builder->text)
		builder_text_open(builder, block);
}

void report_duplicate(struct diags *diags, struct origin at, const char *what, struct origin before)
{
	struct buf place = { 0 };

	origin_describe(before, &place);
	diag_error(diags, at, "%s is already set%s", what, buf_string(&place));
	diags_hint(diags, "keep one of the two");
	buf_free(&place);
}

void builder_close_socket(struct service_builder *builder, struct diags *diags)
{
	struct socket_block *block = builder_block(builder);

	builder->open = false;
	if (builder->is_surplus) {
		if (!builder->is_crowded)
			diag_error(diags, builder->surplus_at, "a service has at most %d sockets with braces of "
				   "their own", SOCKETS_MOST);
		builder->is_crowded = true;
		builder->is_surplus = false;
		return;
	}
	if (!block)
		return;
	if (builder->text)
		builder_text_close(builder);
	if (!builder->name) {
		diag_error(diags, block->at, "socket does not belong in defaults: each service has its own");
	} else if (!option_settings_find(&block->settings, directive_find(NATIVE, "listen"))) {
		diag_error(diags, block->at, "socket %s: listen is missing", block->name ? block->name : "");
		diags_hint(diags, "set its address, as in listen = \"80\"");
	}
}

bool builder_has(const struct service_builder *builder, const char *name)
{
	const struct directive *directive = directive_find(NATIVE, name);

	if (!directive)
		return false;
	if (option_settings_find(&builder->settings, directive))
		return true;
	for (size_t i = 0; i < builder->block_count; i++) {
		if (option_settings_find(&builder->blocks[i].settings, directive))
			return true;
	}
	return builder->block_count && !strcmp(name, "socket");
}

const char *builder_name(const struct service_builder *builder)
{
	return builder->name;
}

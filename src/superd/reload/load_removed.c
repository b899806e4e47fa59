/* Loads removed services whose instances run on. Their entry is in no table any more, so superd makes a new one with
 * the options that still matter: how the instances are stopped. */
#include "superd/reload/load.h"
#include "superd/runtime/service_list.h"
#include "superd/service/runtime_event.h"
#include "table/services/service_builder.h"

static void set_option(struct service_builder *builder, const char *option, const char *text, struct diags *diags)
{
	if (text)
		builder_set_text(builder, option, text, (struct origin){ 0 }, diags);
}

/* Makes the entry. An option of another version that cannot be set keeps its default. */
static struct table *make_table(const char *name, struct state_section *section)
{
	struct table *table = table_new();
	struct origin nowhere = { 0 };
	struct service_builder *builder = table ? builder_new(table, name, nowhere) : NULL;
	struct diags diags = { 0 };
	bool good = false;

	if (builder) {
		set_option(builder, "exec", "/bin/false", &diags);
		set_option(builder, "accept", state_flag(section, "accepts") ? "yes" : "no", &diags);
		set_option(builder, "kill_signal", state_text(section, "kill_signal"), &diags);
		set_option(builder, "kill_mode", state_text(section, "kill_mode"), &diags);
		set_option(builder, "timeout_stop", state_text(section, "timeout_stop"), &diags);
		good = builder_finish(builder, NULL, &diags) && table->count;
	}
	builder_free(builder);
	diags_free(&diags);
	if (good)
		return table;
	table_free(table);
	return NULL;
}

struct service_runtime *load_removed(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;
	struct table *table = make_table(state_text(section, "name"), section);
	struct service_runtime *runtime = table ? runtime_new(engine, table, &table->services[0]) : NULL;

	if (!runtime) {
		table_free(table);
		return NULL;
	}
	if (!runtime_make_run(runtime)) {
		runtime_free(runtime);
		return NULL;
	}
	runtime->state = service_ordered(runtime->state, REMOVE);
	list_add(&engine->service_list->leaving, &runtime->run->leaving);
	return runtime;
}

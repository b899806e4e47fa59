/* Reads the table in a thread, one thread for each reading. If a second order comes during a reading, the files may
 * have changed since it began. So superd discards the result and reads again: the last result always equals that of
 * a fresh start. */
#include "engine/reload/config_loader.h"

#include "base/list.h"
#include "os/rights/own_privileges.h"

static void load_table(struct worker *worker)
{
	struct config_loader *loader = container_of(worker, struct config_loader, worker);

	loader->table = loader->load(loader->load_context, &loader->diags);
}

static void finish_load(struct config_loader *loader)
{
	struct diags diags = loader->diags;
	struct table *table = loader->table;

	loader->table = NULL;
	loader->diags = (struct diags){ 0 };
	if (loader->again) {
		loader->again = false;
		table_free(table);
		config_loader_start(loader);
	} else {
		loader->loaded(loader, table, &diags);
	}
	diags_free(&diags);
}

static void on_thread_done(struct worker *worker)
{
	finish_load(container_of(worker, struct config_loader, worker));
}

void config_loader_init(struct config_loader *loader, struct ev_loop *loop)
{
	worker_init(&loader->worker, loop, load_table, on_thread_done);
}

void config_loader_start(struct config_loader *loader)
{
	if (loader->worker.busy) {
		loader->again = true;
		return;
	}
	own_privileges_use_all();       /* until the table is in effect (engine/supervisor/supervisor_run) */
	if (worker_start(&loader->worker))
		return;
	load_table(&loader->worker);
	finish_load(loader);
}

/* Reads the table in a thread, one for each reading. If a second order comes during a reading, its files may have
 * changed since, so the result is thrown away and the table is read anew: the last result always equals a fresh
 * start's. */
#include "engine/reload/loader.h"

#include <signal.h>

#include "base/list.h"
#include "os/rights/posture.h"

static void *run(void *context)
{
	struct loader *loader = context;

	loader->table = loader->load(loader->load_context, &loader->diags);
	ev_async_send(loader->loop, &loader->done);
	return NULL;
}

static bool start_thread(struct loader *loader)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&loader->thread, NULL, run, loader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !failed;
}

static void finish(struct loader *loader)
{
	struct diags diags = loader->diags;
	struct table *table = loader->table;

	loader->table = NULL;
	loader->diags = (struct diags){ 0 };
	if (loader->again) {
		loader->again = false;
		table_free(table);
		loader_start(loader);
	} else {
		loader->loaded(loader, table, &diags);
	}
	diags_free(&diags);
}

static void on_done(struct ev_loop *loop, ev_async *done, int events)
{
	struct loader *loader = container_of(done, struct loader, done);

	(void)loop, (void)events;
	pthread_join(loader->thread, NULL);
	loader->busy = false;
	finish(loader);
}

void loader_init(struct loader *loader, struct ev_loop *loop)
{
	loader->loop = loop;
	ev_async_init(&loader->done, on_done);
	ev_async_start(loop, &loader->done);
}

void loader_start(struct loader *loader)
{
	if (loader->busy) {
		loader->again = true;
		return;
	}
	posture_use_any();              /* until the table is in force (engine/supervisor/supervisor_run) */
	loader->busy = start_thread(loader);
	if (loader->busy)
		return;
	loader->table = loader->load(loader->load_context, &loader->diags);
	finish(loader);
}

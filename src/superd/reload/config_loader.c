/* Reads the table in a thread, one thread for each reading. If a second order comes during a reading, the files may
 * have changed since it began. So superd discards the result and reads again: the last result always equals that of
 * a fresh start. */
#include "superd/reload/config_loader.h"

#include <stdlib.h>

#include "lib/duration_text.h"
#include "lib/list.h"
#include "lib/log/log.h"
#include "lib/wait_note.h"
#include "os/rights/own_privileges.h"
#include "superd/reload/reload.h"

#define LATE 3.                         /* seconds without an answer, after which the log names what does not answer */

static void load_table(struct worker *worker)
{
	struct config_loader *loader = container_of(worker, struct config_loader, worker);

	wait_note_follow(true);
	loader->table = loader->load(loader, &loader->diags);
	wait_note_follow(false);
}

static void finish_load(struct config_loader *loader)
{
	struct diags diags = loader->diags, none = { 0 };
	struct table *table = loader->table;
	enum load_task task = loader->task;
	bool again = loader->again;

	loader->waits = !again && task != LOAD_PREVIEW && table && !diags.errors &&
		!service_list_prepare(loader->service_list, table, task == LOAD_TABLE);
	if (loader->waits)
		return;
	loader->table = NULL;
	loader->diags = (struct diags){ 0 };
	loader->task = LOAD_TABLE;
	if (!again)
		loader->loaded(loader, task, table, &diags);
	else if (task != LOAD_TABLE)
		loader->loaded(loader, task, NULL, &none);
	if (again) {
		loader->again = false;
		table_free(table);
		config_loader_start(loader, loader->allows_empty);
	}
	diags_free(&diags);
}

static void on_thread_done(struct worker *worker)
{
	struct config_loader *loader = container_of(worker, struct config_loader, worker);

	ev_timer_stop(worker->loop, &loader->late);
	finish_load(loader);
}

void config_loader_go_on(struct config_loader *loader)
{
	if (loader->waits)
		finish_load(loader);
}

void config_loader_end(struct config_loader *loader)
{
	table_free(loader->table);
	diags_free(&loader->diags);
}

/* Names what does not answer, once in a reading. */
static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct config_loader *loader = timer->data;
	char what[WAIT_NOTE_MOST], span[DURATION_MOST];
	double seconds;

	(void)events;
	if (!wait_note_read(what, &seconds) || seconds < LATE)
		return;
	ev_timer_stop(loop, timer);
	log_warn(loader->log, "the %s waits for %s, which has not answered for %s; the previous configuration stays "
			      "in effect",
		 loader->task == LOAD_PREVIEW ? "diff" : "reload", what, duration_write_whole(span, seconds));
}

void config_loader_init(struct config_loader *loader, struct ev_loop *loop)
{
	worker_init(&loader->worker, loop, load_table, on_thread_done);
	ev_timer_init(&loader->late, on_late, LATE, LATE);
	loader->late.data = loader;
}

void config_loader_start(struct config_loader *loader, bool allows_empty)
{
	loader->ordered_empty |= allows_empty;
	if (config_loader_is_busy(loader)) {
		loader->again = true;
		return;
	}
	loader->allows_empty = loader->ordered_empty;
	loader->ordered_empty = false;
	own_privileges_use_all();       /* until the table is in effect (superd/supervisor/supervisor_run) */
	if (worker_start(&loader->worker)) {
		ev_timer_again(loader->worker.loop, &loader->late);
		return;
	}
	load_table(&loader->worker);
	finish_load(loader);
}

/* task: set before the thread looks. */
static bool start_thread(struct config_loader *loader, enum load_task task)
{
	own_privileges_use_all();       /* as for a reload, so that both find the same */
	loader->task = task;
	loader->allows_empty = false;
	if (worker_start(&loader->worker)) {
		ev_timer_again(loader->worker.loop, &loader->late);
		return true;
	}
	loader->task = LOAD_TABLE;
	return false;
}

bool config_loader_preview(struct config_loader *loader)
{
	return !config_loader_is_busy(loader) && start_thread(loader, LOAD_PREVIEW);
}

bool config_loader_return(struct config_loader *loader, char *answer, size_t length)
{
	if (config_loader_is_busy(loader)) {
		free(answer);
		return false;
	}
	loader->answer = answer;
	loader->answer_length = length;
	if (start_thread(loader, LOAD_RETURNED))
		return true;
	free(answer);
	return false;
}

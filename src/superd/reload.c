/* A table takes the place of another: services are matched by name, sockets by address. The table is read in a thread,
 * as a file or a name service may not answer. */
#include "superd/daemon.h"

#include <sys/eventfd.h>

#define LATE 3. /* seconds without an answer, after which the log names what does not answer */

const char *const outcome_words[OUTCOMES] = { "unchanged", "changed", "added", "removed", "failed" };

/* The one reading that is under way. */
static struct {
	enum { TO_APPLY, TO_COMPARE } what;
	unsigned number;
	bool again; /* a reload was ordered meanwhile */
	struct io done; /* eventfd(2) */
	ev_timer late;
	struct table *table;
	struct diags diags;
} reading;

/* Notes are told once, when superd starts, and by --check. */
void supervisor_log_diags(struct log *log, const struct diags *diags)
{
	static const enum level levels[] = {
		[SEVERITY_NOTE] = LEVEL_DEBUG, [SEVERITY_WARNING] = LEVEL_WARNING, [SEVERITY_ERROR] = LEVEL_ERROR
	};

	bool is_first = list_empty(&superd.services);

	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		struct buf line = { 0 };

		diag_place(diag, &line);
		buf_text(&line, diag->file ? ": " : "");
		if (diag->severity == SEVERITY_ERROR) {
			buf_text(&line, severity_name(SEVERITY_ERROR));
			buf_text(&line, ": ");
		}
		buf_text(&line, diag->message);
		buf_text(&line, diag->hint ? ": " : "");
		buf_text(&line, diag->hint ? diag->hint : "");
		log_say(log, is_first && diag->severity == SEVERITY_NOTE ? LEVEL_INFO : levels[diag->severity], "%s",
			buf_string(&line));
		buf_free(&line);
	}
}

static void *read_table_anew(void *context)
{
	struct table_load load = {
		.options = superd.options, .before = superd.table, .compares = reading.what == TO_COMPARE
	};

	(void)context;
	reading.table = load_table(&load, &reading.diags);
	eventfd_write(reading.done.fd, 1);
	return NULL;
}

/* The settings of superd itself that a reload changes. */
static void describe_settings(const struct table *after, struct buf *out)
{
	for (enum global n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];
		const void *old = global_value(&superd.table->settings, n), *new = global_value(&after->settings, n);

		if (option->change != CHANGE_START && !type_equal(option, old, new))
			diff_add_option(out, option, old, new);
	}
}

/* Whether its instances run to their own end by an entry of before. superd's own, such as echo by datagrams, never end
 * by themselves. */
static bool runs_to_its_end(const struct svc *svc)
{
	return svc->row->exec->accept || (svc->row->groups->lifecycle->on_change == ON_CHANGE_FINISH &&
					  !(svc->run->current && svc->run->current->row->exec->builtin));
}

/* Its program runs by an entry of before: on_change says what comes of that. */
static void give_way(struct svc *svc)
{
	if (runs_to_its_end(svc) || svc_overlap(svc, "a reload"))
		return;
	svc_say(svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: its configuration has changed",
		(long)svc->run->current->pid);
	svc_stop(svc, false);
	svc_start(svc, "a reload");
}

static bool reload_apply(struct table *table);

/* In xinetd's words, too, where it stands for that. */
static bool take_table(struct table *table)
{
	bool is_xinetd = superd.options->invoked_as == AS_XINETD;
	const size_t *counts;
	char summary[DIAGS_SUMMARY_MOST], wrong[40];

	supervisor_log_diags(superd.log, &reading.diags);
	if (superd_is_stopping()) {
		table_free(table);
		return false;
	}
	if (!table || reading.diags.errors || !reload_apply(table)) {
		log_error(superd.log, "not reloaded: %s: the previous configuration stays in effect",
			  reading.diags.errors ? diags_summarize(&reading.diags, summary) : "out of memory");
		if (is_xinetd)
			log_error(superd.log, "reconfiguration failed");
		table_free(table);
		return false;
	}
	counts = superd.changes->counts;
	snprintf(wrong, sizeof(wrong), ", %zu with errors", counts[WRONG]);
	log_notice(superd.log, "reloaded: %zu unchanged, %zu changed, %zu added, %zu removed%s", counts[UNCHANGED],
		   counts[CHANGED], counts[ADDED], counts[REMOVED], counts[WRONG] ? wrong : "");
	if (is_xinetd)
		log_notice(superd.log, "Reconfigured: new=%zu old=%zu dropped=%zu (services)", counts[ADDED],
			   counts[UNCHANGED] + counts[CHANGED], counts[REMOVED]);
	return true;
}

static void on_read(struct io *io)
{
	struct buf why = { 0 };
	bool good = false;

	io_stop(io);
	fd_close(&io->fd);
	ev_timer_stop(superd.loop, &reading.late);
	superd.reading = false;
	if (reading.what == TO_COMPARE) {
		requests_read(reading.number, reading.table && !reading.diags.errors, reading.table, &reading.diags);
		table_free(reading.table);
	} else {
		good = take_table(reading.table);
		*superd.refused_reload = '\0';
		if (!good && !superd_is_stopping()) { /* the first error, for the health */
			diags_describe(&reading.diags, &why);
			text_copy(superd.refused_reload, sizeof(superd.refused_reload), buf_string(&why));
			buf_free(&why);
		}
		superd_notify_ready();
		control_reloaded();
		requests_read(reading.number, good, NULL, &reading.diags);
	}
	diags_free(&reading.diags);
	control_wake();
	if (reading.again) {
		reading.again = false;
		reload_begin();
	}
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	char what[WAIT_NOTE_MOST], span[DURATION_MOST];
	double seconds;

	(void)events;
	if (!wait_note_read(what, &seconds) || seconds < LATE)
		return;
	ev_timer_stop(loop, timer);
	log_warn(superd.log,
		 "the %s waits for %s, which has not answered for %s; the previous configuration stays in effect",
		 reading.what == TO_COMPARE ? "diff" : "reload", what, duration_write_whole(span, seconds));
}

static unsigned begin(int what)
{
	int error;

	superd.reading = true;
	reading.what = what;
	reading.number++;
	reading.table = NULL;
	reading.diags = (struct diags){ 0 };
	io_init(&reading.done, fd_raise(eventfd(0, EFD_CLOEXEC), FD_HIGH), on_read, NULL);
	ev_timer_init(&reading.late, on_late, LATE, LATE);
	ev_timer_start(superd.loop, &reading.late);
	error = reading.done.fd < 0 ? errno : thread_start(NULL, 0, read_table_anew, NULL);
	if (!error) {
		io_watch(&reading.done, EV_READ);
	} else {
		diag_error(&reading.diags, (struct origin){ 0 }, "cannot begin a thread to read it: %s",
			   strerror(error));
		ev_feed_event(superd.loop, &reading.done.ev, EV_CUSTOM);
	}
	return reading.number;
}

/* The files may have changed since a reading has begun, so an order that comes meanwhile is for the next one. Returns
 * the number that requests_read gets. */
unsigned reload_begin(void)
{
	if (superd.reading) {
		reading.again = true;
		return reading.number + 1;
	}
	if (superd.options->invoked_as == AS_XINETD)
		log_notice(superd.log, "Starting reconfiguration");
	superd_notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_now() * 1e6));
	return begin(TO_APPLY);
}

/* 0: another reading is under way. */
unsigned reload_compare(void)
{
	return superd.reading ? 0 : begin(TO_COMPARE);
}

/* ---- applying it ---- */

/* Sockets that no service has for a moment. */
struct spare {
	struct socket socket;  /* as its service had it; fd -1: it has another one */
	struct socket_run run; /* its address, its name in the store, and `narrowed` */
	const struct listen *whole; /* its row's */
	struct instance *taker; /* that has it alone, for its datagrams; NULL: none */
};

static struct endpoint address_of(const struct listen *listen)
{
	return endpoint_with_options(listen->address, listen->options);
}

static bool fits(const struct spare *spare, const struct listen *from, const struct listen *listen)
{
	struct endpoint before = address_of(from), after = address_of(listen);

	return spare->socket.fd >= 0 && endpoint_equal(&before, &after) &&
		!socket_options_need_rebind(from->options, listen->options);
}

static void spare_sockets(struct svc *svc, struct spare *spares, size_t *count)
{
	bool binds = false;

	svc_unwatch(svc);
	/* It is stopped, and what superd-bind still says would be about sockets of the next row. */
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		binds |= instance->binder_fd >= 0;
		binder_end(instance);
	}
	for (unsigned n = 0; n < svc->socket_count; n++) {
		struct socket *socket = &svc->sockets[n];

		if (socket->fd >= 0) {
			struct spare *spare = &spares[(*count)++];

			socket->lent |= binds;
			*spare = (struct spare){ .socket = *socket,
						 .run = { .name = socket->run->name,
							  .stored = socket->run->stored,
							  .narrowed = socket->run->narrowed },
						 .whole = &svc->row->sockets[socket->number] };
			socket->run->narrowed = NULL;
			socket->listen = spare->whole;
			socket->family = 0;
			spare->socket.run = &spare->run;
			LIST_OF(struct instance, instance, link, &svc->run->instances) {
				if (instance->socket == socket && socket->datagram == TAKEN)
					spare->taker = instance;
			}
		}
		socket->fd = -1;
		socket->run->stored = NULL;
		socket->is_stored = false;
	}
}

/* Gives an open socket its new settings. */
static bool adjust(struct svc *svc, struct socket *socket, const struct listen *before)
{
	struct buf why = { 0 }, warnings = { 0 };
	bool good = true;

	if (socket->lent)
		lent_change(svc, socket, before);
	else
		good = bind_adjust(socket->fd, before, socket->listen, false, &why, &warnings) == 0;
	for (char *at, *line = strtok_r(warnings.data ? warnings.data : (char[]){ "" }, "\n", &at); line;
	     line = strtok_r(NULL, "\n", &at))
		svc_say(svc, LEVEL_WARNING, "warning", "%s", line);
	if (!good) {
		svc_say(svc, LEVEL_ERROR, "bind_error", "%s is closed, as it cannot have its new options: %s",
			socket->listen->name, buf_string(&why));
		socket_close(socket);
	}
	buf_free(&why);
	buf_free(&warnings);
	return good;
}

/* For its row's socket, or one of an IP version of that: binder.c. */
static void take_spare(struct svc *svc, unsigned number, struct spare *spare)
{
	struct socket *socket = &svc->sockets[number], *from = &spare->socket;

	if (from->family && fits(spare, spare->whole, socket->listen))
		socket = binder_socket_of(svc, number, from->family, 0);
	else if (!fits(spare, from->listen, socket->listen))
		return;
	if (!socket || socket->fd >= 0)
		return;
	socket->fd = from->fd;
	socket->lent = from->lent;
	if (from->run->name.length)
		socket->run->name = from->run->name;
	socket->run->stored = from->run->stored;
	socket->is_stored = from->is_stored;
	socket->is_old = from->is_old;
	from->fd = -1;
	if (spare->taker && spare->taker->svc == svc) {
		spare->taker->socket = socket;
		socket->datagram = TAKEN;
	}
	adjust(svc, socket, from->listen);
}

void changes_release(struct changes *changes)
{
	if (!changes || --changes->users)
		return;
	for (size_t n = 0; n < changes->count; n++)
		free(changes->list[n].text);
	free(changes->list);
	free(changes);
}

/* text: the options that differ; of an entry with errors, the first. */
static void note(const char *name, enum outcome outcome, const char *text)
{
	struct changes *changes = superd.changes;
	struct service_change *list = array_grow(changes->list, &changes->room, changes->count, sizeof(*list));

	changes->counts[outcome]++;
	if (!list)
		return;
	changes->list = list;
	list += changes->count;
	*list = (struct service_change){ .outcome = outcome, .text = malloc(strlen(name) + strlen(text) + 2) };
	if (!list->text)
		return;
	list->name = stpcpy(list->text, text) + 1;
	strcpy(list->name, name);
	changes->count++;
}

static void tell(struct svc *svc, enum outcome outcome, const char *options)
{
	struct event event = { .name = outcome_words[outcome], .service = svc->row->name };
	struct buf text = { 0 }, more = { 0 };

	note(svc->row->name, outcome, options);
	buf_text(&text, *options ? ": " : "");
	facts_name_options(options, &text);
	if (outcome == REMOVED)
		facts_describe_removed(svc, &more);
	else if (runs_to_its_end(svc))
		facts_describe_outdated(svc, &more);
	log_event(superd.log, LEVEL_NOTICE, &event, "%s%s%s%s", event.name, buf_string(&text), more.length ? "; " : "",
		  buf_string(&more));
	buf_free(&more);
	buf_free(&text);
}

/* The service has this row from now on, and sockets to fill in. */
static void take_row(struct svc *svc, struct table *table, const struct service *row, enum diff_kind diff)
{
	if (diff == DIFF_SOCKETS) {
		if (!svc_replace_sockets(svc, row)) {
			svc_say(svc, LEVEL_ERROR, "exhausted", "out of memory: it has no sockets; reload again");
			note(row->name, WRONG, "out of memory");
		}
	} else {
		for (unsigned n = 0; n < svc->socket_count; n++) {
			struct socket *socket = &svc->sockets[n];
			const struct listen *before = &svc->row->sockets[socket->number];

			binder_take_row(socket, &row->sockets[socket->number]);
			if (socket->fd >= 0 && diff != DIFF_SAME)
				adjust(svc, socket, before);
		}
	}
	if (row->exec->start == START_BOOT && svc->row->exec->start != START_BOOT && !row->exec->accept &&
	    !svc->run->current)
		svc->run->start_due = clock_now();
	table->users++;
	svc->row = row;
	output_changed(svc);
	table_release(svc->table);
	svc->table = table;
	svc_forget_plan(svc);
	if (service_notify_access(row) == NOTIFY_NONE && svc_is_empty(svc)) /* else what runs speaks there */
		notify_close(svc);
	stored_check(svc);
}

/* Another service has an address of this one by now. */
static bool has_heir(const struct service *row, const struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct service *other = &table->services[n];

		if (service_is_off(other) || !strcmp(other->name, row->name))
			continue;
		for (size_t i = 0; i < other->socket_count; i++) {
			for (size_t j = 0; j < row->socket_count; j++) {
				struct endpoint own = address_of(&row->sockets[j]);
				struct endpoint its = address_of(&other->sockets[i]);

				if (endpoint_clash(&own, &its))
					return true;
			}
		}
	}
	return false;
}

/* It is not in the table for an error, and goes on by its row. */
static bool keeps_row(const struct svc *svc, const struct table *table)
{
	return table_may_lack(table, svc->row) && !has_heir(svc->row, table);
}

/* on_remove: finish goes on to its end; drain until nobody is connected, or not at all where others get its address;
 * stop ends it. true: it goes on for now. */
static bool goes_on(struct svc *svc, const struct table *table)
{
	enum on_remove what = service_on_remove(svc->row);
	struct clients clients = { 0 };

	if (!svc->run->current || svc->run->current->ends)
		return svc->run->current && what == REMOVE_FINISH;
	if (what == REMOVE_DRAIN && !has_heir(svc->row, table)) {
		clients_count(svc, &clients);
		svc->run->drains_since = clients.known && clients.connected ? clock_now() : 0;
	}
	return what == REMOVE_FINISH || svc->run->drains_since > 0;
}

static void remove_service(struct svc *svc, const struct table *table, struct spare *spares, size_t *spare_count)
{
	if (!goes_on(svc, table))
		spare_sockets(svc, spares, spare_count);
	tell(svc, REMOVED, table_find(table, svc->row->name) ? "disable" : "");
	if (svc->state == FROZEN)
		idle_thaw(svc, NULL);
	svc->removed = true;
	list_remove(&svc->link);
	list_add(&superd.leaving, &svc->link);
}

/* Its row was removed, and its program has its sockets still. */
static bool runs_on(const struct svc *svc)
{
	bool open = svc->run->current && !svc->run->current->ends && svc->run->current->phase == READY;

	for (unsigned n = 0; n < svc->socket_count; n++)
		open &= svc->sockets[n].fd >= 0;
	return open;
}

/* false: out of memory; nothing has changed. */
static bool reload_apply(struct table *table)
{
	struct changes *report = calloc(1, sizeof(*report));
	struct table *before = superd.table;
	size_t spare_count = 0, most = 1;
	struct spare *spares;
	unsigned char *changes = calloc(table->count + 1, 1);
	struct diff_cache known = { 0 };
	struct buf changed = { 0 }, why = { 0 };

	for (const struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc))
		most += svc->socket_count;
	spares = calloc(most, sizeof(*spares));
	if (!report || !changes || !spares) {
		free(report);
		free(changes);
		free(spares);
		return false;
	}
	describe_settings(table, &changed);
	facts_name_options(buf_string(&changed), &why);
	if (why.length)
		log_notice(superd.log, "changed: %s", buf_string(&why));
	buf_free(&changed);
	settings_apply(superd.options, table, false, superd.log);
	output_log_changed();
	journal_print(table);
	changes_release(superd.changes);
	superd.changes = report;
	report->users = 1;
	LIST_OF(struct svc, svc, link, &superd.services)
		svc->seen = false;
	/* What changes, and the sockets that are free then. */
	for (size_t n = 0; n < table->count; n++) {
		const struct service *row = &table->services[n];
		struct svc *svc = service_is_off(row) ? NULL : svc_find(row->name);

		changes[n] = !svc ? DIFF_ADDED : (unsigned char)service_compare_next(&known, svc->row, row, NULL);
		if (svc &&
		    ((svc->removed && !runs_on(svc)) || (row->socket_count && !svc->socket_count) ||
		     (changes[n] != DIFF_SAME && svc->row->exec->accept != row->exec->accept)))
			changes[n] = DIFF_SOCKETS;
		if (svc)
			svc->seen = true;
		if (!svc || changes[n] != DIFF_SOCKETS)
			continue;
		spare_sockets(svc, spares, &spare_count);
	}
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (svc->seen)
			continue;
		if (keeps_row(svc, table)) {
			struct skipped *entry = table_find_skipped(table, svc->row);

			if (entry)
				entry->is_kept = true;
			svc->seen = true;
			svc_say(svc, LEVEL_WARNING, "warning",
				"its configuration has errors now: the previous one stays in effect");
			note(svc->row->name, WRONG, entry ? skipped_reason(entry) : "");
			report->counts[UNCHANGED]++;
			continue;
		}
		remove_service(svc, table, spares, &spare_count);
	}
	/* Each row, in the order of the table. */
	for (size_t n = 0; n < table->count; n++) {
		const struct service *row = &table->services[n];
		struct svc *svc = service_is_off(row) ? NULL : svc_find(row->name);

		if (service_is_off(row))
			continue;
		buf_clear(&why);
		if (!svc) {
			svc = svc_new(table, row);
			if (!svc) {
				log_error(superd.log, "%s: not added: out of memory; reload again", row->name);
				note(row->name, WRONG, "out of memory");
				continue;
			}
			svc->seen = true;
			locks_apply(svc);
			tell(svc, ADDED, "");
		} else {
			bool returns = svc->removed;

			if (changes[n] != DIFF_SAME)
				service_compare(svc->row, row, &why);
			if (svc->removed && changes[n] != DIFF_SOCKETS && runs_on(svc))
				svc_set(svc, RUNNING);
			if (svc->removed)
				drain_end(svc); /* it is back */
			svc->removed = false;
			svc->seen = returns || changes[n] != DIFF_SAME;
			if (svc->seen) {
				backoff_reset(&svc->run->backoff);
				CLEAR(svc->run->told_at);
				needs_mark(svc->row);
			}
			if (changes[n] != DIFF_SAME)
				instance_change_limits(svc, row);
			take_row(svc, table, row, (enum diff_kind)changes[n]);
			LIST_OF(struct instance, instance, link, &svc->run->instances) {
				if (changes[n] == DIFF_CHANGED)
					instance_take_row(instance);
				/* Its client goes along with the listener, and is served by this row. */
				if (changes[n] != DIFF_SAME && row->exec->accept && instance->phase < LAUNCHED) {
					accept_park_again(instance);
					instance_stop(instance);
				}
			}
			if (changes[n] != DIFF_SAME)
				accept_judge_again(svc);
			if (changes[n] != DIFF_SAME && svc->state == FROZEN)
				idle_thaw(svc, NULL);
			else if (changes[n] != DIFF_SAME)
				idle_follow(svc);
			if (changes[n] == DIFF_SOCKETS && svc->run->current) {
				svc_say(svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: its sockets have changed",
					(long)svc->run->current->pid);
				svc_stop(svc, false);
				if (row->exec->start == START_BOOT && !row->exec->accept)
					svc->run->start_due = clock_now();
			}
			if (svc->seen)
				tell(svc, returns ? ADDED : CHANGED, buf_string(&why));
			else
				report->counts[UNCHANGED]++;
		}
		list_remove(&svc->link); /* those that are kept, and have no row, stay in front */
		list_add(&superd.services, &svc->link);
		for (unsigned i = 0; i < svc->socket_count && !lock_is_set(svc, LOCK_DISABLED); i++) {
			for (size_t s = 0; (svc->sockets[i].fd < 0 || svc->sockets[i].family) && s < spare_count; s++)
				take_spare(svc, i, &spares[s]);
		}
	}
	for (size_t n = 0; n < table->skipped_count; n++) {
		const struct skipped *entry = &table->skipped[n];

		if (entry->row != SKIPPED_NO_ROW && !entry->is_kept)
			note(table->services[entry->row].name, WRONG, skipped_reason(entry));
	}
	superd.table = table;
	limits_begin();
	table->users++;
	for (size_t s = 0; s < spare_count; s++) {
		socket_close(&spares[s].socket);
		free(spares[s].run.narrowed);
	}
	/* Only now, as the spare sockets name them and their rows. */
	LIST_EACH(link, &superd.leaving) {
		struct svc *svc = container_of(link, struct svc, link);
		bool drains = svc->run->drains_since > 0;

		if (svc->state == CLOSING)
			continue;
		svc_shut(svc, drains || service_on_remove(svc->row) == REMOVE_FINISH);
		if (drains)
			drain_follow(svc);
	}
	/* Also those that have waited for an address that is free now. */
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (!svc->seen && (svc->state == BACKOFF || svc->state == QUEUED))
			continue;
		if (svc->state == BINDING)
			backoff_reset(&svc->run->backoff);
		svc_ask_conditions(svc);
		if (svc->seen && svc->run->current && !svc->run->current->ends &&
		    service_runs_differently(svc->run->current->row, svc->row))
			give_way(svc);
		if (svc->run->current && svc->bound && svc->state == STOPPING)
			svc_open_early(svc);
		else if (svc->state == OFF || svc->state == BINDING)
			svc_open(svc);
		else
			svc_settle(svc);
	}
	superd.loaded = clock_now();
	locks_drop();
	needs_reloaded();
	table_release(before);
	free(spares);
	free(changes);
	buf_free(&why);
	journal_rewrite(true);
	memory_give_back(); /* reading took several times of what is kept */
	control_wake();
	return true;
}

static void send_change(struct session *session, const char *kind, const char *name, enum outcome outcome,
			const char *options)
{
	json_text_field(&session->line, kind, name);
	json_text_field(&session->line, "result", outcome_words[outcome]);
	if (*options)
		json_lines_field(&session->line, "options", options);
	session_send(session);
}

/* superctl diff: what it would do. */
void reload_describe(const struct table *after, struct session *session)
{
	size_t counts[WRONG] = { 0 };
	struct buf options = { 0 };

	describe_settings(after, &options);
	if (options.length)
		send_change(session, "block", "superd", CHANGED, buf_string(&options));
	LIST_OF(const struct svc, svc, link, &superd.services) {
		const struct service *row = table_find(after, svc->row->name);
		bool goes = !row || service_is_off(row);
		enum outcome outcome = goes ? REMOVED : CHANGED;

		buf_clear(&options);
		if (goes ? keeps_row(svc, after) : service_compare(svc->row, row, &options) == DIFF_SAME)
			outcome = UNCHANGED;
		else
			send_change(session, "service", svc->row->name, outcome,
				    !goes ? buf_string(&options) : row ? "disable" : "");
		counts[outcome]++;
	}
	buf_free(&options);
	for (size_t n = 0; n < after->count; n++) {
		const struct svc *svc = svc_find(after->services[n].name);

		if (service_is_off(&after->services[n]) || (svc && !svc->removed))
			continue;
		counts[ADDED]++;
		send_change(session, "service", after->services[n].name, ADDED, "");
	}
	for (enum outcome outcome = UNCHANGED; outcome < WRONG; outcome++)
		json_count_field(&session->line, outcome_words[outcome], counts[outcome]);
	session_send(session);
}

bool reload_first(struct table *table)
{
	unsigned tries = 0;

	superd.table = table;
	limits_begin();
	table->users++;
	superd.loaded = clock_now();
	for (size_t n = 0; n < table->count; n++) {
		const struct service *row = &table->services[n];
		struct svc *svc;

		if (service_is_off(row))
			continue;
		while (!(svc = svc_new(table, row)) && guard->restarts && patience_wait(&tries))
			continue;
		if (!svc && guard->restarts)
			state_fail();
		if (!svc)
			return false;
		list_add(&superd.services, &svc->link);
	}
	return true;
}

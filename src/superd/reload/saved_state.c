/* Writes and reads the saved state. The reader trusts the file as far as it trusts the text of an upgrade: superd alone
 * has the descriptor. */
#include "superd/reload/saved_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "lib/patience.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/socket_id.h"
#include "superd/process/hold.h"
#include "superd/instance/instance.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/child_table.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"

#define SWEEP_INTERVAL .1               /* seconds between two looks at services that run, while anything happens */
#define SWEEP_MOST 200                  /* services that one look reads */
#define ROOM_LEAST (256u << 10)         /* bytes that the file may grow to in any case */
#define ROOM_FACTOR 4                   /* times the bytes of all records */

/* In the order of a stream. */
enum record_kind { RECORD_ENGINE = 1, RECORD_TABLE, RECORD_SERVICE };

/* In front of its text, which is filled up to a multiple of 8 bytes. */
struct record_head {
	uint32_t kind, length;          /* bytes of the text; 0: the service is gone */
	uint64_t number;                /* of the service */
};

struct saved_state {
	struct engine *engine;
	const struct save_source *source;
	ev_prepare turn;                /* writes what has changed in this turn */
	ev_timer sweep;                 /* active while anything happens */
	struct buf records;             /* to be written now */
	int files[2];                   /* one counts, and the next full write goes to the other; -1: not opened yet */
	int current;                    /* the one that counts */
	uint64_t end, most;             /* bytes written, and bytes at which it is written anew */
	size_t next;                    /* service that the sweep looks at next */
	uint64_t engine_hash;
	uint64_t superfluous;           /* bits of the notes that are superfluous once the records are written */
	bool rests;                     /* true: nothing but the sweep has happened in this turn */
	bool failed;                    /* true: the last write failed, which was logged */
};

static void add_record(struct saved_state *saved, enum record_kind kind, uint64_t number, const struct buf *text)
{
	static const char zeros[8];
	const struct record_head head = { kind, text ? (uint32_t)text->length : 0, number };

	buf_add(&saved->records, &head, sizeof(head));
	if (!text)
		return;
	buf_add(&saved->records, text->data, text->length);
	buf_add(&saved->records, zeros, -text->length & 7);
	saved->records.failed |= text->failed;
}

static uint64_t text_hash(const struct buf *text)
{
	return text->length ? hash_bytes(HASH_START, text->data, text->length) | 1 : 0;
}

static const char *find_line(const char *text, const char *end, const char *key, int64_t value)
{
	char line[48];

	snprintf(line, sizeof(line), "\n%s=%" PRId64 "\n", key, value);
	return memmem(text, (size_t)(end - text), line, strlen(line));
}

/* Whether the text has the process, or the client of one that serves others beside it. Behind a descriptor the same
 * line is its id: that of a client which no process has yet. */
static bool holds_start(const char *text, size_t length, const struct start_note *note)
{
	const char *end = text + length, *at = note->client.socket ? text : NULL, *before;

	if (find_line(text, end, "child", note->pid))
		return true;
	while (at && (at = find_line(at, end, "client_socket", (int64_t)note->client.socket))) {
		before = memrchr(text, '\n', (size_t)(at - text));
		if (!before || strncmp(before + 1, "client=", strlen("client=")) != 0)
			return true;
		at++;
	}
	return false;
}

/* Whether superd waits for the end of the process, or of its client. */
static bool is_awaited(const struct engine *engine, const struct start_note *note)
{
	const struct shared_process *process = shared_process_find(&engine->instances->shared, note->pid);

	return process ? shared_process_serves(process, note->client.socket)
		       : child_table_find(&engine->children, note->pid) != NULL;
}

/* Notes of starts that this text makes superfluous: it has the process, or that was reaped, or the start failed. */
static void collect_notes(struct saved_state *saved, uint64_t number, const struct buf *text)
{
	const struct start_note *notes = guard_notes();

	for (size_t n = 0; notes && n < GUARD_STARTS; n++) {
		if (notes[n].owner == number &&
		    (notes[n].pid <= 0 || holds_start(text->data, text->length, &notes[n]) ||
		     !is_awaited(saved->engine, &notes[n])))
			saved->superfluous |= UINT64_C(1) << n;
	}
}

static bool has_service(struct service_list *list, uint64_t number)
{
	for (size_t n = 0; n < list->count; n++) {
		if (list->runtimes[n] && runtime_number(list->runtimes[n]) == number)
			return true;
	}
	LIST_EACH(link, &list->leaving) {
		if (runtime_number(runtime_leaving(link)) == number)
			return true;
	}
	return false;
}

/* Notes of services that are gone, and those of the superd before, whose services had other numbers: this superd has
 * loaded what they tell. */
static void collect_ownerless(struct saved_state *saved)
{
	const struct start_note *notes = guard_notes();

	for (size_t n = 0; notes && n < GUARD_STARTS; n++) {
		if (notes[n].owner && !has_service(saved->engine->service_list, notes[n].owner))
			saved->superfluous |= UINT64_C(1) << n;
	}
}

static void clear_notes(struct saved_state *saved)
{
	for (size_t n = 0; n < GUARD_STARTS; n++) {
		if (saved->superfluous >> n & 1)
			guard_clear_note(n);
	}
	saved->superfluous = 0;
}

static void add_service(struct saved_state *saved, struct service_runtime *runtime, bool always)
{
	struct state_saver saver = { .loop = saved->engine->loop };
	uint64_t hash;

	save_service(&saver, runtime);
	hash = text_hash(&saver.text);
	if (always || !runtime->run || hash != runtime->run->saved)
		add_record(saved, RECORD_SERVICE, runtime_number(runtime), &saver.text);
	if (saver.text.length)
		collect_notes(saved, runtime_number(runtime), &saver.text);
	if (runtime->run)
		runtime->run->saved = hash;
	runtime->unsaved = false;
	save_free(&saver);
}

static void add_engine(struct saved_state *saved, bool always)
{
	struct state_saver saver = { .loop = saved->engine->loop };
	uint64_t hash;

	save_engine_state(&saver, saved->engine, saved->source);
	hash = text_hash(&saver.text);
	if (always || hash != saved->engine_hash)
		add_record(saved, RECORD_ENGINE, 0, &saver.text);
	saved->engine_hash = hash;
	save_free(&saver);
}

/* The next write tries again: it finds the file full. */
static void note_failure(struct saved_state *saved, const char *why)
{
	if (!saved->failed)
		log_error(saved->engine->log,
			  "cannot save the state for the guard: %s: a crash would lose recent changes", why);
	saved->failed = true;
	saved->most = 0;
	saved->superfluous = 0;
}

static bool write_records(struct saved_state *saved, int fd, uint64_t at)
{
	const struct buf *records = &saved->records;
	size_t done = 0;

	if (records->failed) {
		errno = ENOMEM;
		return false;
	}
	while (done < records->length) {
		ssize_t wrote = pwrite(fd, records->data + done, records->length - done, (off_t)(at + done));

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		done += (size_t)wrote;
	}
	return true;
}

/* What is left in a file takes memory, and nothing else. */
static void empty_file(int fd)
{
	if (fd >= 0 && ftruncate(fd, 0) < 0)
		return;
}

static bool open_file(int *file)
{
	if (*file < 0)
		*file = fd_raise(memory_open("superd-saved", false), FD_HIGH);
	return *file >= 0;
}

/* Writes everything to the other file, which then counts. */
static void write_all_records(struct saved_state *saved)
{
	struct service_list *list = saved->engine->service_list;
	struct state_saver saver = { .loop = saved->engine->loop };
	int *other = &saved->files[!saved->current];

	buf_clear(&saved->records);
	if (!open_file(other)) {
		note_failure(saved, strerror(errno));
		return;
	}
	add_engine(saved, true);
	saved->source->save_table(saved->source->table_context, list, &saver);
	add_record(saved, RECORD_TABLE, 0, &saver.text);
	saved->records.failed |= saver.failed;
	save_free(&saver);
	for (size_t n = 0; n < list->count; n++) {
		if (list->runtimes[n])
			add_service(saved, list->runtimes[n], true);
	}
	LIST_EACH(link, &list->leaving)
		add_service(saved, runtime_leaving(link), true);
	collect_ownerless(saved);
	if (!write_records(saved, *other, 0)) {
		note_failure(saved, strerror(errno));
		empty_file(*other);
		return;
	}
	saved->end = saved->records.length;
	saved->most = ROOM_FACTOR * saved->end > ROOM_LEAST ? ROOM_FACTOR * saved->end : ROOM_LEAST;
	guard_replace_state(*other, saved->end);
	clear_notes(saved);
	empty_file(saved->files[saved->current]);
	saved->current = !saved->current;
	saved->failed = false;
}

static void write_changes(struct saved_state *saved)
{
	if (!saved->records.length) {
		clear_notes(saved);
		return;
	}
	if (saved->end + saved->records.length > saved->most) {
		write_all_records(saved);
	} else if (write_records(saved, saved->files[saved->current], saved->end)) {
		saved->end += saved->records.length;
		guard_extend_state(saved->end);
		clear_notes(saved);
	} else {
		note_failure(saved, strerror(errno));
	}
	buf_clear(&saved->records);
}

static void save_changes(struct engine *engine)
{
	struct saved_state *saved = engine->saved_state;
	struct service_list *list = engine->service_list;

	if (engine->unsaved_all) {
		engine->unsaved_all = engine->unsaved_engine = engine->unsaved = false;
		write_all_records(saved);
		buf_clear(&saved->records);
	} else if (engine->unsaved || engine->unsaved_engine) {
		if (engine->unsaved_engine)
			add_engine(saved, false);
		engine->unsaved_engine = engine->unsaved = false;
		for (size_t n = 0; n < list->count; n++) {
			if (list->runtimes[n] && list->runtimes[n]->unsaved)
				add_service(saved, list->runtimes[n], false);
		}
		LIST_EACH(link, &list->leaving) {
			if (runtime_leaving(link)->unsaved)
				add_service(saved, runtime_leaving(link), false);
		}
		write_changes(saved);
	}
}

static void on_turn(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	struct saved_state *saved = watcher->data;

	(void)events;
	save_changes(saved->engine);
	if (!ev_is_active(&saved->sweep) && !saved->rests)
		ev_timer_again(loop, &saved->sweep);
	saved->rests = false;
}

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct saved_state *saved = timer->data;
	struct service_list *list = saved->engine->service_list;
	size_t read = 0;

	(void)events;
	ev_timer_stop(loop, timer);
	saved->rests = ev_pending_count(loop) == 0;
	add_engine(saved, false);
	for (size_t n = 0; n < list->count && read < SWEEP_MOST; n++) {
		struct service_runtime *runtime = list->runtimes[(saved->next + n) % list->count];

		if (!runtime || !runtime->run)
			continue;
		add_service(saved, runtime, false);
		read++;
	}
	saved->next += SWEEP_MOST;
	write_changes(saved);
}

/* Without it the next superd would know nothing, so this one waits a moment for memory before it serves. */
static struct saved_state *new_saved_state(const struct engine *engine)
{
	struct saved_state *saved;
	unsigned tries = 0;

	while (!(saved = calloc(1, sizeof(*saved))) && patience_wait(&tries))
		continue;
	if (!saved)
		log_error(engine->log, "cannot save the state for the guard: out of memory: a crash would lose it");
	return saved;
}

void saved_state_begin(struct engine *engine, const struct save_source *source)
{
	struct saved_state *saved = guard_pid() ? new_saved_state(engine) : NULL;
	uint64_t end;

	if (!saved)
		return;
	*saved = (struct saved_state){ .engine = engine, .source = source, .files = { guard_state(&end), -1 } };
	open_file(&saved->files[0]);
	open_file(&saved->files[1]);
	engine->saved_state = saved;
	ev_prepare_init(&saved->turn, on_turn);
	ev_set_priority(&saved->turn, EV_MINPRI);
	saved->turn.data = saved;
	ev_init(&saved->sweep, on_sweep);
	saved->sweep.repeat = SWEEP_INTERVAL;
	saved->sweep.data = saved;
	ev_prepare_start(engine->loop, &saved->turn);
	ev_unref(engine->loop);
	engine->save_changes = save_changes;
	engine->unsaved_all = true;
}

void saved_state_end(struct engine *engine)
{
	struct saved_state *saved = engine->saved_state;

	if (!saved)
		return;
	if (ev_is_active(&saved->turn))
		ev_ref(engine->loop);
	ev_prepare_stop(engine->loop, &saved->turn);
	ev_timer_stop(engine->loop, &saved->sweep);
	buf_free(&saved->records);
	guard_replace_state(-1, 0);
	fd_close(&saved->files[0]);
	fd_close(&saved->files[1]);
	free(saved);
	engine->saved_state = NULL;
	engine->save_changes = NULL;
}

/* ---- reading ---- */

struct saved_record {
	struct record_head head;
	const char *text;
};

struct saved_records {
	struct saved_record *list;
	size_t count, capacity;
};

static int compare_records(const void *a, const void *b)
{
	const struct saved_record *one = a, *other = b;

	if (one->head.kind != other->head.kind)
		return one->head.kind < other->head.kind ? -1 : 1;
	if (one->head.number != other->head.number)
		return one->head.number < other->head.number ? -1 : 1;
	return one->text < other->text ? -1 : one->text > other->text;
}

/* Puts them in the order of a stream, and keeps the last of each service. */
static void sort_records(struct saved_records *records)
{
	size_t kept = 0;

	if (records->count)
		qsort(records->list, records->count, sizeof(*records->list), compare_records);
	for (size_t n = 0; n < records->count; n++) {
		const struct record_head *head = &records->list[n].head, *next = &records->list[n + 1].head;

		if (n + 1 == records->count || head->kind != next->kind || head->number != next->number)
			records->list[kept++] = records->list[n];
	}
	records->count = kept;
}

static bool take_records(struct saved_records *records, const char *data, size_t length)
{
	for (size_t at = 0; at + sizeof(struct record_head) <= length;) {
		struct saved_record record, *grown;

		memcpy(&record.head, data + at, sizeof(record.head));
		at += sizeof(record.head);
		record.text = data + at;
		if (record.head.length > length - at) {
			errno = EBADMSG;
			return false;
		}
		at += record.head.length + (-record.head.length & 7);
		grown = array_grow(records->list, &records->capacity, records->count, sizeof(*grown));
		if (!grown) {
			errno = ENOMEM;
			return false;
		}
		records->list = grown;
		records->list[records->count++] = record;
	}
	sort_records(records);
	return true;
}

static void add_noted_fd(struct buf *out, const char *key, const struct noted_fd *noted)
{
	if (noted->fd > 0)
		state_add_number(out, key, noted->fd);
	if (noted->fd > 0 && noted->socket)
		buf_addf(out, "%s" STATE_FD_ID "=%" PRIu64 "\n", key, noted->socket);
}

/* Processes that were started after the record. */
static void add_noted_processes(const struct saved_record *record, struct buf *out)
{
	const struct start_note *notes = guard_notes();

	for (size_t n = 0; notes && n < GUARD_STARTS; n++) {
		pid_t pid = notes[n].pid;

		if (notes[n].owner != record->head.number || pid <= 0 ||
		    holds_start(record->text, record->head.length, &notes[n]))
			continue;
		state_open_section(out, "noted");
		state_add_number(out, "pid", pid);
		add_noted_fd(out, "channel", &notes[n].channel);
		add_noted_fd(out, "channel_client", &notes[n].channel_client);
		if (notes[n].client.socket)
			state_add_number(out, "client_socket", (int64_t)notes[n].client.socket);
	}
}

/* Clients that tcpmux has taken for it. */
static void add_promises(const struct saved_record *record, struct buf *out)
{
	const struct promise *promises = guard_promises();

	for (size_t n = 0; promises && n < GUARD_PROMISES; n++) {
		const struct noted_fd *client = &promises[n].client;

		if (promises[n].owner != record->head.number || !socket_has_id(client->fd, client->socket))
			continue;
		state_open_section(out, "promised");
		state_add_number(out, "number", client->fd);
		state_add_number(out, "listener", promises[n].listener);
	}
}

static bool compose_stream(const struct saved_records *records, struct buf *out)
{
	state_stream_begin(out);
	for (size_t n = 0; n < records->count; n++) {
		const struct saved_record *record = &records->list[n];

		if (!record->head.length)
			continue;
		buf_add(out, record->text, record->head.length);
		if (record->head.kind != RECORD_SERVICE)
			continue;
		add_noted_processes(record, out);
		add_promises(record, out);
	}
	state_stream_end(out);
	if (out->failed)
		errno = ENOMEM;
	return !out->failed;
}

/* NULL and errno; EBADMSG: the file ends before what the guard knows of it. */
static char *read_file(int fd, uint64_t end)
{
	size_t have = 0;
	char *data;

	errno = end ? EFBIG : ENOENT;
	if (!end || end > STATE_STREAM_MOST)
		return NULL;
	data = malloc(end);
	while (data && have < end) {
		ssize_t got = pread(fd, data + have, end - have, (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int error = got < 0 ? errno : EBADMSG;

			free(data);
			errno = error;
			return NULL;
		}
		have += (size_t)got;
	}
	return data;
}

char *saved_state_read(size_t *length)
{
	struct saved_records records = { 0 };
	struct buf text = { 0 };
	char *data, *result = NULL;
	uint64_t end = 0;
	int fd = guard_state(&end), error, channel, client;
	bool is_taken;

	guard_take_starts_back();
	/* superd died while it gave clients to programs that were started ahead, or that serve others. Giving one again
	 * does no harm: a program takes one client, and closes its channel with all that comes behind, and one that
	 * serves several knows those that it has had. A process that has ended leaves its client to others. Where the
	 * channel is another one, superd hears from the process whether it has got its client. */
	for (size_t n = 0; guard_notes() && n < GUARD_STARTS; n++) {
		channel = guard_handover(n, &client);
		if (channel < 0)
			continue;
		is_taken = guard_notes()[n].channel.fd != channel && hold_taken(channel) == HOLD_TAKEN;
		guard_settle_handover(n, is_taken || hold_give(channel, client));
	}
	errno = ENOENT;
	data = fd < 0 ? NULL : read_file(fd, end);
	if (data && take_records(&records, data, end) && compose_stream(&records, &text)) {
		*length = text.length;
		result = buf_take(&text);
	}
	error = errno;
	buf_free(&text);
	free(records.list);
	free(data);
	errno = error;
	return result;
}

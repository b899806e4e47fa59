/* Keeps the locks in a file that superd always writes as a whole. An order may set ten thousand locks, and the
 * answer to each tells whether it will survive superd. So superd writes the first lock of an order at once, which
 * shows whether the file can be written. The others get the same answer, and are written together in the next turn
 * of the loop. */
#include "superd/service/operator_locks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/size_text.h"
#include "lib/time_text.h"
#include "os/fs/private_file.h"
#include "superd/saved/state_stream.h"
#include "superd/service/runtime_event.h"

#define LOCKS_MOST (16u << 20)          /* limit of the file in bytes; enough for some hundred thousand services */
#define SECTION "lock"
#define SINCE_FORMAT 3                  /* of the state: since then SECTION has its present meaning */

static const struct {
	const char *word, *ends_by;
	const char *uid, *since;        /* keys of the section */
} lock_kinds[LOCK_KINDS] = {
	[LOCK_HELD] = { "held", "release", "held_by", "held_since" },
	[LOCK_DISABLED] = { "disabled", "enable", "disabled_by", "disabled_since" },
	[LOCK_AT_BOOT] = { "disabled at boot", "enable --boot", "boot_by", "boot_since" },
};

const char *lock_word(enum lock_kind kind)
{
	return lock_kinds[kind].word;
}

/* Returns the index of the lock with this name, or where it must be inserted. */
static size_t find_place(const struct locks *locks, const char *name)
{
	size_t low = 0, high = locks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(locks->list[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lock *find_lock(const struct locks *locks, const char *name)
{
	size_t place = find_place(locks, name);

	return place < locks->count && !strcmp(locks->list[place].name, name) ? &locks->list[place] : NULL;
}

const struct lock *locks_find(const struct locks *locks, const char *name)
{
	return find_lock(locks, name);
}

/* Returns the lock of a service, and adds it if there is none. NULL: out of memory. */
static struct lock *find_or_add(struct locks *locks, const char *name)
{
	size_t place = find_place(locks, name);
	struct lock *list = find_lock(locks, name);
	char *own;

	if (list)
		return list;
	own = strdup(name);
	list = own ? array_grow(locks->list, &locks->capacity, locks->count, sizeof(*list)) : NULL;
	if (!list) {
		free(own);
		return NULL;
	}
	locks->list = list;
	memmove(list + place + 1, list + place, (locks->count++ - place) * sizeof(*list));
	list[place] = (struct lock){ .name = own };
	return &list[place];
}

static void remove_lock(struct locks *locks, struct lock *lock)
{
	size_t behind = locks->count - (size_t)(lock - locks->list) - 1;

	free(lock->name);
	memmove(lock, lock + 1, behind * sizeof(*lock));
	locks->count--;
}

static bool has_order(const struct lock *lock)
{
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
		if (lock->orders[kind].since)
			return true;
	}
	return false;
}

static void forget(struct locks *locks, enum lock_kind first, enum lock_kind last)
{
	for (size_t n = locks->count; n-- > 0;) {
		for (enum lock_kind kind = first; kind <= last; kind++)
			locks->list[n].orders[kind].since = 0;
		if (!has_order(&locks->list[n]))
			remove_lock(locks, &locks->list[n]);
	}
}

void locks_save(const struct locks *locks, struct buf *out)
{
	for (size_t n = 0; n < locks->count; n++) {
		const struct lock *lock = &locks->list[n];

		state_open_section(out, SECTION);
		state_add(out, "name", lock->name);
		for (int kind = 0; kind < LOCK_KINDS; kind++) {
			if (!lock->orders[kind].since)
				continue;
			state_add_number(out, lock_kinds[kind].since, lock->orders[kind].since);
			if (lock->orders[kind].uid != (uid_t)-1)
				state_add_number(out, lock_kinds[kind].uid, lock->orders[kind].uid);
		}
	}
}

/* Writes the file; without locks, removes it. false with the reason in why. */
static bool write_file(const struct locks *locks, struct buf *why)
{
	struct buf text = { 0 };
	char limit[SIZE_TEXT_MOST];
	bool good = false;

	if (!locks->count) {
		if (unlink(locks->path) == 0 || errno == ENOENT || errno == ENOTDIR)
			return true;
		buf_text(why, strerror(errno));
		return false;
	}
	state_stream_begin(&text);
	locks_save(locks, &text);
	state_stream_end(&text);
	if (text.failed)
		buf_text(why, "out of memory");
	else if (text.length > LOCKS_MOST)
		buf_addf(why, "it would be larger than %s", size_write(limit, LOCKS_MOST));
	else
		good = private_file_put(locks->path, text.data, text.length, why);
	buf_free(&text);
	return good;
}

/* Writes the file. Logs a failure once, until the reason changes. */
static void save_locks(struct engine *engine)
{
	struct locks *locks = engine->locks;
	struct buf why = { 0 };

	locks->is_first = false;
	if (!locks->path)
		return;
	locks->is_stale = !write_file(locks, &why);
	if (locks->is_stale && strcmp(buf_string(&why), buf_string(&locks->flaw)) != 0)
		log_warn(engine->log,
			 "cannot write %s: %s: the next superd will not know which services are held or disabled",
			 locks->path, buf_string(&why));
	buf_free(&locks->flaw);
	locks->flaw = why;
}

static void note_change(struct engine *engine)
{
	engine->locks->is_stale = engine->unsaved_engine = true;
	if (engine->locks->is_first)
		save_locks(engine);
	else
		alarm_set(&engine->locks->later, 0);
}

static void on_later(struct alarm *alarm)
{
	locks_settle(alarm->engine);
}

void locks_init(struct locks *locks, struct engine *engine)
{
	engine->locks = locks;
	alarm_init(&locks->later, engine, on_later);
}

void locks_begin_order(struct engine *engine)
{
	engine->locks->is_first = true;
}

void locks_settle(struct engine *engine)
{
	if (engine->locks->is_stale)
		save_locks(engine);
}

void locks_set(struct engine *engine, const char *name, enum lock_kind kind, uid_t uid)
{
	struct lock *lock = find_or_add(engine->locks, name);

	if (!lock) {
		log_warn(engine->log, "%s: %s until superd ends: out of memory", name, lock_kinds[kind].word);
		return;
	}
	if (!lock->orders[kind].since)
		lock->orders[kind] = (struct lock_order){ .since = time(NULL), .uid = uid };
	note_change(engine);
}

void locks_clear(struct engine *engine, const char *name, enum lock_kind kind)
{
	struct lock *lock = find_lock(engine->locks, name);

	if (!lock)
		return;
	lock->orders[kind].since = 0;
	if (!has_order(lock))
		remove_lock(engine->locks, lock);
	note_change(engine);
}

bool locks_outlive(const struct engine *engine, struct buf *why)
{
	const struct locks *locks = engine->locks;

	if (!locks->path)
		buf_text(why, "its control socket has no directory for the file");
	else if (locks->flaw.length)
		buf_addf(why, "cannot write %s: %s", locks->path, buf_string(&locks->flaw));
	else
		return true;
	return false;
}

static void set_path(struct locks *locks, const char *control)
{
	struct buf path = { 0 };

	free(locks->path);
	locks->path = NULL;
	if (!control || *control != '/')
		return;
	buf_addf(&path, "%s.locks", control);
	locks->path = buf_take(&path);
}

void locks_keep(struct engine *engine, const char *control)
{
	set_path(engine->locks, control);
	locks_settle(engine);
}

void locks_write_again(struct engine *engine)
{
	engine->locks->is_stale = true;
	locks_settle(engine);
}

bool locks_load(struct engine *engine, struct state_section *section)
{
	const char *name = state_text(section, "name");
	struct lock_order orders[LOCK_KINDS];
	struct lock *lock;

	for (int kind = 0; kind < LOCK_KINDS; kind++) {
		orders[kind].since = state_number(section, lock_kinds[kind].since, 1, INT64_MAX, 0);
		orders[kind].uid = (uid_t)state_number(section, lock_kinds[kind].uid, 0, UINT32_MAX - 1, -1);
	}
	if (!name) {
		state_note_flaw(section, "name");
		return true;
	}
	lock = find_or_add(engine->locks, name);
	if (!lock)
		return false;
	memcpy(lock->orders, orders, sizeof(orders));
	if (!has_order(lock))
		remove_lock(engine->locks, lock);
	return true;
}

/* Reads the locks from the text of the file. false with the reason in why: the caller must use none of them. */
static bool read_locks(struct engine *engine, char *text, size_t length, struct buf *why)
{
	struct buf found = { 0 };
	struct state_stream stream;
	const char *wrong = state_stream_parse_since(&stream, SINCE_FORMAT, text, length, &found);

	for (size_t n = 0; !wrong && n < stream.count; n++) {
		if (!strcmp(stream.sections[n].kind, SECTION) && !locks_load(engine, &stream.sections[n]))
			wrong = "out of memory";
	}
	if (wrong)
		buf_text(why, wrong);
	else if (stream.flaw)
		buf_addf(why, "%s is out of bounds", stream.flaw);
	state_stream_free(&stream);
	buf_free(&found);
	return !why->length;
}

void locks_read(struct engine *engine, const char *control)
{
	struct locks *locks = engine->locks;
	struct buf why = { 0 };
	size_t length;
	char *text;

	set_path(locks, control);
	text = locks->path ? private_file_get(locks->path, LOCKS_MOST, &length, &why) : NULL;
	if (text && !read_locks(engine, text, length, &why))
		forget(locks, LOCK_HELD, LOCK_DISABLED);
	if (why.length)
		log_warn(engine->log, "%s: the list of held and disabled services is unknown: %s", locks->path,
			 buf_string(&why));
	buf_free(&why);
}

/* Adds "held by uid 0 since Sun 2026-11-22 03:11:59". */
static void describe_lock(const struct lock *lock, enum lock_kind kind, struct buf *out)
{
	const struct lock_order *order = &lock->orders[kind];
	char text[TIME_TEXT_MOST];

	buf_text(out, lock_kinds[kind].word);
	if (order->uid != (uid_t)-1)
		buf_addf(out, " by uid %lu", (unsigned long)order->uid);
	buf_addf(out, " since %s", time_write(text, order->since));
}

bool locks_hold(const struct service_runtime *runtime)
{
	const struct lock *lock = locks_find(runtime->engine->locks, runtime->service->name);

	return runtime_is_held(runtime) || (lock && lock->orders[LOCK_HELD].since);
}

bool locks_disable_at_boot(const struct service_runtime *runtime)
{
	const struct lock *lock = locks_find(runtime->engine->locks, runtime->service->name);

	return lock && lock->orders[LOCK_AT_BOOT].since;
}

void locks_restore(struct service_runtime *runtime)
{
	const struct lock *lock = locks_find(runtime->engine->locks, runtime->service->name);

	if (lock && lock->orders[LOCK_HELD].since)
		runtime->state = service_ordered(runtime->state, HOLD);
	if (lock && lock->orders[LOCK_DISABLED].since)
		runtime->state = service_ordered(runtime->state, DISABLE);
}

void locks_apply(struct service_runtime *runtime)
{
	const struct event event = { .name = "locked", .service = runtime->service->name };
	struct lock *lock = find_lock(runtime->engine->locks, runtime->service->name);

	if (!lock)
		return;
	if (lock->orders[LOCK_AT_BOOT].since)
		lock->orders[LOCK_DISABLED] = lock->orders[LOCK_AT_BOOT];
	locks_restore(runtime);
	for (int kind = 0; kind < LOCK_KINDS; kind++) {
		struct buf text = { 0 };

		if (!lock->orders[kind].since || (kind == LOCK_DISABLED && lock->orders[LOCK_AT_BOOT].since))
			continue;
		describe_lock(lock, kind, &text);
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "still %s; %s ends that", buf_string(&text),
			  lock_kinds[kind].ends_by);
		buf_free(&text);
	}
}

void locks_impose(struct service_runtime *runtime)
{
	locks_apply(runtime);
	if (runtime_is_held(runtime))
		runtime_event(runtime, HOLD);
	if (runtime_is_disabled(runtime))
		runtime_event(runtime, DISABLE);
}

void locks_note_boot(struct engine *engine, const char *name, const struct lock_order *order, unsigned line)
{
	struct lock *lock = find_or_add(engine->locks, name);

	if (!lock) {
		log_warn(engine->log, "%s: not disabled at boot: out of memory", name);
		return;
	}
	lock->orders[LOCK_AT_BOOT] = *order;
	lock->boot_line = line;
}

void locks_forget_boot(struct engine *engine)
{
	forget(engine->locks, LOCK_AT_BOOT, LOCK_AT_BOOT);
}

void locks_drop(struct engine *engine, const char *name)
{
	const struct event event = { .name = "unlocked", .service = name };
	struct lock *lock = find_lock(engine->locks, name);
	struct buf text = { 0 };
	bool at_boot = lock && lock->orders[LOCK_AT_BOOT].since;

	if (!lock)
		return;
	if (at_boot)
		lock->orders[LOCK_DISABLED].since = 0;  /* until the service comes back */
	for (int kind = 0; kind < (at_boot ? LOCK_DISABLED : LOCK_AT_BOOT); kind++) {
		if (!lock->orders[kind].since)
			continue;
		buf_text(&text, text.length ? ", and " : "");
		describe_lock(lock, kind, &text);
		lock->orders[kind].since = 0;
	}
	if (text.length) {
		log_event(engine->log, LEVEL_NOTICE, &event, "it was %s: the configuration no longer has it, so this "
							     "ends",
			  buf_string(&text));
		note_change(engine);
	}
	buf_free(&text);
	if (!at_boot)
		remove_lock(engine->locks, lock);
}

void locks_free(struct locks *locks)
{
	if (locks->later.engine)
		alarm_stop(&locks->later);
	while (locks->count)
		remove_lock(locks, &locks->list[locks->count - 1]);
	free(locks->list);
	free(locks->path);
	buf_free(&locks->flaw);
	*locks = (struct locks){ 0 };
}

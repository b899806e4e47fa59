/* From the places that options name to the list of mounts that a child works through.
 *
 * A place affects the ones below it. Everything is settled here, before the start: for each place whether it is
 * writable and executable, whether something above has replaced what lay there, and whether it needs a mount at all. */
#include "exec/sandbox/mount_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "exec/child/mount_tree.h"
#include "exec/child/sandbox_internal.h"
#include "os/foreign/foreign_path.h"
#include "os/fs/path_opener.h"

/* Without double slashes, single dots and a slash at the end. */
static void simplify(const char *path, size_t length, struct buf *out)
{
	for (size_t n = 0; n < length;) {
		size_t part = strcspn(path + n, "/");

		if (part > length - n)
			part = length - n;
		if (part && !(part == 1 && path[n] == '.')) {
			buf_char(out, '/');
			buf_add(out, path + n, part);
		}
		n += part + 1;
	}
	if (!out->length)
		buf_char(out, '/');
}

static const char *keep_simple(struct mount_list *places, const char *path, size_t length)
{
	struct buf simple = { 0 };
	const char *kept;

	simplify(path, length, &simple);
	kept = simple.failed ? NULL : pool_text(places->pool, buf_string(&simple));
	buf_free(&simple);
	return kept;
}

void mount_list_add(struct mount_list *places, const char *path, size_t length, const struct mount_place *place)
{
	struct mount_place *list = array_grow(places->list, &places->capacity, places->count, sizeof(*list));
	const char *kept = list ? keep_simple(places, path, length) : NULL;

	if (list)
		places->list = list;
	if (!kept) {
		places->failed = true;
		return;
	}
	list[places->count] = *place;
	list[places->count].mount.path = kept;
	list[places->count].number = places->count;
	places->count++;
}

/* Sorts paths so that those below a path come right behind it: a slash is less than any other character. */
static int compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare(const void *left, const void *right)
{
	const struct mount_place *a = left, *b = right;
	int order = compare_paths(a->mount.path, b->mount.path);

	if (order)
		return order;
	if (a->mount.content != b->mount.content)
		return a->mount.content < b->mount.content ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (length == 1)
		return path[1];
	return !strncmp(path, above, length) && path[length] == '/';
}

static bool is_foreign(const char *path)
{
	struct path_finding finding;

	return !path_is_trusted_for(path, PATH_OPEN_FLAWS, NULL, path_mounts_cached(), &finding);
}

/* Two names of one place are one place. What is missing now may come by the time of a start. What is put over a place
 * goes where the table says, and not where a link of somebody else leads. */
static const char *follow_links(struct mount_list *places, const struct sandbox_mount *mount)
{
	const char *path = mount->path;
	bool stays = places->root || (mount->content == CONTENT_BIND && is_foreign(path));
	char *real = stays ? NULL : foreign_real_path(path);
	const char *kept = real ? pool_text(places->pool, real) : path;

	free(real);
	return kept;
}

/* Below what is covered the machine's links lead nowhere. */
static void follow_all_links(struct mount_list *places)
{
	const struct mount_place *cover = NULL;
	const char *written = NULL;     /* its path before */

	for (size_t n = 0; n < places->count; n++) {
		struct mount_place *place = &places->list[n];
		const char *path = place->mount.path;

		place->mount.foreign = place->mount.content == CONTENT_BIND && place->mount.source &&
				       is_foreign(place->mount.source);
		if (cover && is_below(path, written))
			place->mount.path = pool_textf(places->pool, "%s%s", cover->mount.path,
						       path + (written[1] ? strlen(written) : 0));
		else if (cover && !strcmp(path, written))
			place->mount.path = cover->mount.path;
		else
			place->mount.path = follow_links(places, &place->mount);
		if (!place->mount.path) {
			places->failed = true;
			return;
		}
		if (place->mount.content == CONTENT_AS_BEFORE || (cover && is_below(path, written)))
			continue;
		cover = place;
		written = path;
	}
}

static unsigned stricter(unsigned a, unsigned b)
{
	if (a == RIGHT_TAKEN || b == RIGHT_TAKEN)
		return RIGHT_TAKEN;
	return a == RIGHT_KEPT ? a : b;
}

/* Merges places with one path: the first decides the content, the strictest the rights. */
static void merge(struct mount_list *places)
{
	size_t count = 0;

	for (size_t n = 0; n < places->count; n++) {
		const struct mount_place *place = &places->list[n];
		struct mount_place *before = count ? &places->list[count - 1] : NULL;

		if (!before || strcmp(before->mount.path, place->mount.path) != 0) {
			places->list[count++] = *place;
			continue;
		}
		before->write = stricter(before->write, place->write);
		before->execute = stricter(before->execute, place->execute);
		if (place->mount.content == before->mount.content || place->mount.content == CONTENT_AS_BEFORE)
			before->mount.optional &= place->mount.optional;
	}
	places->count = count;
}

static const struct mount_place *find_above(const struct mount_place *list, size_t count, const char *path)
{
	while (count-- > 0) {
		if (is_below(path, list[count].mount.path))
			return &list[count];
	}
	return NULL;
}

static unsigned settle_right(unsigned right, bool inherits, unsigned above, unsigned attribute)
{
	if (right == RIGHT_TAKEN)
		return attribute;
	return right == RIGHT_INHERITED && inherits ? above & attribute : 0;
}

/* Devices are none that are run; a thing in memory is closed when all is in place. */
static void settle_content(struct sandbox_mount *mount)
{
	bool can_close = mount->content == CONTENT_TEMPORARY || mount->content == CONTENT_DEVICES;

	if (mount->content == CONTENT_DEVICES) {
		mount->closes_kept = mount->attributes & MOUNT_TREE_READ_ONLY;
		mount->attributes |= MOUNT_TREE_READ_ONLY;
	}
	if (!can_close || !(mount->attributes & MOUNT_TREE_READ_ONLY))
		return;
	mount->closes = true;
	mount->attributes &= ~(unsigned)MOUNT_TREE_READ_ONLY;
}

/* What a place has from the one above. A private /dev is closed in any case, but what it keeps of the machine's is
 * not. */
static unsigned attributes_within(const struct sandbox_mount *above)
{
	bool read_only = above->closes && (above->content != CONTENT_DEVICES || above->closes_kept);

	return above->attributes | (read_only ? MOUNT_TREE_READ_ONLY : 0);
}

/* false: it says nothing, or nobody sees it. */
static bool settle(struct mount_place *place, const struct mount_place *above)
{
	struct sandbox_mount *mount = &place->mount;
	bool same = mount->content == CONTENT_AS_BEFORE;
	bool inherits = same || mount->content == CONTENT_SYS || mount->content == CONTENT_BIND;
	unsigned outer = above ? attributes_within(&above->mount) : 0;

	if (above && above->mount.content == CONTENT_INACCESSIBLE)
		return false;
	if (mount->content == CONTENT_INACCESSIBLE)
		return true;
	mount->attributes = settle_right(place->write, inherits, outer, MOUNT_TREE_READ_ONLY) |
			    settle_right(place->execute, true, outer, MOUNT_TREE_NO_EXEC);
	mount->in_new_content = above && (above->mount.in_new_content || above->mount.content != CONTENT_AS_BEFORE);
	mount->restored = outer & ~mount->attributes;
	mount->before = same && (place->write == RIGHT_KEPT || place->execute == RIGHT_KEPT);
	if (same && mount->attributes == outer)
		return false;
	settle_content(mount);
	return true;
}

static void sort(struct mount_list *places)
{
	if (places->count)
		qsort(places->list, places->count, sizeof(*places->list), compare);
}

void mount_list_finish(struct mount_list *places)
{
	size_t count = 0;

	sort(places);
	follow_all_links(places);
	if (places->failed)
		return;
	sort(places);                   /* by where they are now */
	merge(places);
	for (size_t n = 0; n < places->count; n++) {
		struct mount_place place = places->list[n];

		if (settle(&place, find_above(places->list, count, place.mount.path)))
			places->list[count++] = place;
	}
	places->count = count;
	places->overflowed = count > SANDBOX_MOUNTS_MOST;
}

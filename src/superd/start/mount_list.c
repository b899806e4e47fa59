/* From the mounts that options name to the list that the child works through.
 *
 * A mount affects those below it. Everything is decided here, before the start: for each mount whether it is writable
 * and executable, whether something above has replaced what was there, and whether it is needed at all. */
#include "superd/start/mount_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "os/foreign/foreign_path.h"

/* Appends the path without double slashes, single dots and a final slash. */
static void add_simplified(const char *path, size_t length, struct buf *out)
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

static const char *keep_simplified(struct mount_list *places, const char *path, size_t length)
{
	struct buf simple = { 0 };

	add_simplified(path, length, &simple);
	return buf_keep(&simple, places->pool);
}

void mount_list_add(struct mount_list *places, const char *path, size_t length, const struct listed_mount *place)
{
	struct listed_mount *list = array_grow(places->list, &places->capacity, places->count, sizeof(*list));
	const char *kept = list ? keep_simplified(places, path, length) : NULL;

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

/* Compares paths so that those below a path come right behind it: a slash sorts before any other character. */
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

static int compare_mounts(const void *left, const void *right)
{
	const struct listed_mount *a = left, *b = right;
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

/* Follows symlinks, so that two names of one path become one. A path that is missing now may exist when the service
 * starts. A path that another user can lead elsewhere is followed only then, with his rights (os/foreign/path_walk). */
static const char *follow_links(struct mount_list *places, const char *path)
{
	struct path_finding finding;
	char *real = places->root || path_leads_to_foreign(path, &finding) ? NULL : realpath(path, NULL);
	const char *kept = real ? pool_text(places->pool, real) : path;

	free(real);
	return kept;
}

/* Follows the symlinks of all mounts. Below a path that another mount covers, the machine's links do not apply. */
static void follow_all_links(struct mount_list *places)
{
	const struct listed_mount *cover = NULL;
	const char *written = NULL;     /* path of `cover` before links were followed */

	for (size_t n = 0; n < places->count; n++) {
		struct listed_mount *place = &places->list[n];
		const char *path = place->mount.path;

		if (cover && is_below(path, written))
			place->mount.path = pool_textf(places->pool, "%s%s", cover->mount.path,
						       path + (written[1] ? strlen(written) : 0));
		else if (cover && !strcmp(path, written))
			place->mount.path = cover->mount.path;
		else
			place->mount.path = follow_links(places, path);
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

static unsigned stricter_right(unsigned a, unsigned b)
{
	if (a == RIGHT_TAKEN || b == RIGHT_TAKEN)
		return RIGHT_TAKEN;
	return a == RIGHT_KEPT ? a : b;
}

/* Merges mounts with one path: the first decides the content, the strictest the rights. */
static void merge_mounts(struct mount_list *places)
{
	size_t count = 0;

	for (size_t n = 0; n < places->count; n++) {
		const struct listed_mount *place = &places->list[n];
		struct listed_mount *before = count ? &places->list[count - 1] : NULL;

		if (!before || strcmp(before->mount.path, place->mount.path) != 0) {
			places->list[count++] = *place;
			continue;
		}
		before->write = stricter_right(before->write, place->write);
		before->execute = stricter_right(before->execute, place->execute);
		if (place->mount.content == before->mount.content || place->mount.content == CONTENT_AS_BEFORE)
			before->mount.optional &= place->mount.optional;
	}
	places->count = count;
}

static const struct listed_mount *find_above(const struct listed_mount *list, size_t count, const char *path)
{
	while (count-- > 0) {
		if (is_below(path, list[count].mount.path))
			return &list[count];
	}
	return NULL;
}

static unsigned resolve_right(unsigned right, bool inherits, unsigned above, unsigned attribute)
{
	if (right == RIGHT_TAKEN)
		return attribute;
	return right == RIGHT_INHERITED && inherits ? above & attribute : 0;
}

/* Devices are never executed. A new file system becomes read-only only when all mounts are in place. */
static void resolve_content(struct sandbox_mount *mount)
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

/* The attributes that a mount inherits from the one above. A private /dev is read-only in any case, but what it keeps
 * of the machine's is not. */
static unsigned attributes_within(const struct sandbox_mount *above)
{
	bool read_only = above->closes && (above->content != CONTENT_DEVICES || above->closes_kept);

	return above->attributes | (read_only ? MOUNT_TREE_READ_ONLY : 0);
}

/* Resolves a mount's rights and flags. false: it has no effect, or is hidden. */
static bool resolve_mount(struct listed_mount *place, const struct listed_mount *above)
{
	struct sandbox_mount *mount = &place->mount;
	bool same = mount->content == CONTENT_AS_BEFORE;
	bool inherits = same || mount->content == CONTENT_SYS || mount->content == CONTENT_BIND;
	unsigned outer = above ? attributes_within(&above->mount) : 0;

	if (above && above->mount.content == CONTENT_INACCESSIBLE)
		return false;
	if (mount->content == CONTENT_INACCESSIBLE)
		return true;
	mount->attributes = resolve_right(place->write, inherits, outer, MOUNT_TREE_READ_ONLY) |
			    resolve_right(place->execute, true, outer, MOUNT_TREE_NO_EXEC);
	mount->in_new_content = above && (above->mount.in_new_content || above->mount.content != CONTENT_AS_BEFORE);
	mount->restored = outer & ~mount->attributes;
	mount->before = same && (place->write == RIGHT_KEPT || place->execute == RIGHT_KEPT);
	/* As in systemd, a path that keeps what it has must be there, too, unless another mount lies above it. */
	if (same && mount->attributes == outer && (above || mount->optional))
		return false;
	resolve_content(mount);
	return true;
}

static void sort_mounts(struct mount_list *places)
{
	if (places->count)
		qsort(places->list, places->count, sizeof(*places->list), compare_mounts);
}

void mount_list_finish(struct mount_list *places)
{
	size_t count = 0;

	sort_mounts(places);
	follow_all_links(places);
	if (places->failed)
		return;
	sort_mounts(places);            /* by their paths without links */
	merge_mounts(places);
	for (size_t n = 0; n < places->count; n++) {
		struct listed_mount place = places->list[n];

		if (resolve_mount(&place, find_above(places->list, count, place.mount.path)))
			places->list[count++] = place;
	}
	places->count = count;
	places->overflowed = count > SANDBOX_MOUNTS_MOST;
}

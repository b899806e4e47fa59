/* A chained hash table of children that doubles as it fills. The kernel assigns pids in sequence, so their low bits
 * spread them well. */
#include "engine/core/child_table.h"

#include <stdlib.h>

static struct child **bucket_of(const struct child_table *children, pid_t pid)
{
	return &children->buckets[(size_t)pid & (children->size - 1)];
}

static bool grow_table(struct child_table *children)
{
	struct child_table bigger = { .size = children->size ? 2 * children->size : 64 };

	bigger.buckets = calloc(bigger.size, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return children->size > 0;      /* longer chains will do */
	for (size_t n = 0; n < children->size; n++) {
		for (struct child *child = children->buckets[n], *next; child; child = next) {
			struct child **head = bucket_of(&bigger, child->pid);

			next = child->next;
			child->next = *head;
			*head = child;
		}
	}
	bigger.count = children->count;
	bigger.seen = children->seen;
	free(children->buckets);
	*children = bigger;
	return true;
}

bool child_table_add(struct child_table *children, struct child *child)
{
	struct child **head;

	if (children->count >= children->size && !grow_table(children))
		return false;
	head = bucket_of(children, child->pid);
	child->next = *head;
	*head = child;
	children->count++;
	children->seen += child->ending != NULL;
	return true;
}

void child_table_remove(struct child_table *children, struct child *child)
{
	if (!children->size || child->pid <= 0)
		return;
	for (struct child **at = bucket_of(children, child->pid); *at; at = &(*at)->next) {
		if (*at != child)
			continue;
		*at = child->next;
		child->next = NULL;
		children->count--;
		children->seen -= child->ending != NULL;
		return;
	}
}

struct child *child_table_find(const struct child_table *children, pid_t pid)
{
	if (!children->size)
		return NULL;
	for (struct child *child = *bucket_of(children, pid); child; child = child->next) {
		if (child->pid == pid)
			return child;
	}
	return NULL;
}

void child_table_see_end(struct child_table *children, struct child *child, void (*ending)(struct child *child))
{
	children->seen += !child->ending && child->pid > 0 && child_table_find(children, child->pid) == child;
	child->ending = ending;
}

void child_table_free(struct child_table *children)
{
	free(children->buckets);
	*children = (struct child_table){ 0 };
}

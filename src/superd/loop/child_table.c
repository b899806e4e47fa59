/* A chained hash table of children that doubles as it fills. The kernel assigns pids in sequence, so their low bits
 * spread them well. */
#include "superd/loop/child_table.h"

#include <stdlib.h>

#include "os/proc/process.h"

size_t child_table_chains(const struct child_table *children)
{
	return children->buckets ? children->size : CHILD_BUCKETS;
}

struct child *child_table_chain(const struct child_table *children, size_t n)
{
	return children->buckets ? children->buckets[n] : children->first[n];
}

static size_t place_of(const struct child_table *children, pid_t pid)
{
	return (size_t)pid & (child_table_chains(children) - 1);
}

static struct child **bucket_of(struct child_table *children, pid_t pid)
{
	struct child **buckets = children->buckets ? children->buckets : children->first;

	return &buckets[place_of(children, pid)];
}

/* Without memory, longer chains will do. */
static void grow_table(struct child_table *children)
{
	size_t count = child_table_chains(children);
	struct child_table bigger = { .size = 2 * count };
	struct child **buckets = children->buckets ? children->buckets : children->first;

	bigger.buckets = calloc(bigger.size, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return;
	for (size_t n = 0; n < count; n++) {
		for (struct child *child = buckets[n], *next; child; child = next) {
			struct child **head = bucket_of(&bigger, child->pid);

			next = child->next;
			child->next = *head;
			*head = child;
		}
	}
	free(children->buckets);
	children->buckets = bigger.buckets;
	children->size = bigger.size;
}

void child_table_add(struct child_table *children, struct child *child)
{
	child->born = process_now();
	child_table_resume(children, child);
}

void child_table_resume(struct child_table *children, struct child *child)
{
	struct child **head;

	if (children->count >= child_table_chains(children))
		grow_table(children);
	head = bucket_of(children, child->pid);
	child->next = *head;
	*head = child;
	children->count++;
	children->seen += child->ending != NULL;
}

void child_table_remove(struct child_table *children, struct child *child)
{
	if (child->pid <= 0)
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
	for (struct child *child = child_table_chain(children, place_of(children, pid)); child; child = child->next) {
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

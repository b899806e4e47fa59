/* An intrusive, circular, doubly linked list, as the kernel's list_head: embed struct list in the elements, and make
 * one more the head. A zeroed one is empty, as list_init leaves it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list {
	struct list *next, *previous;
};

/* The object that embeds a member. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

static inline void list_init(struct list *head)
{
	head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head)
{
	return !head->next || head->next == head;
}

static inline bool list_has_one(const struct list *head)
{
	return !list_empty(head) && head->next == head->previous;
}

/* Adds at the end. */
static inline void list_add(struct list *head, struct list *link)
{
	if (!head->next)
		list_init(head);
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

static inline void list_add_first(struct list *head, struct list *link)
{
	list_add(head->next ? head->next : head, link);
}

/* Removes link and leaves it an empty list, so removing it twice is harmless. */
static inline void list_remove(struct list *link)
{
	if (!link->next)
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

static inline struct list *list_first(const struct list *head)
{
	return head->next ? head->next : (struct list *)(uintptr_t)head;
}

/* Iterates over a list; the body may remove the current link. */
#define LIST_EACH(link, head) \
	for (struct list *link = list_first(head), *link##_next = link->next; link != (head); \
	     link = link##_next, link##_next = link->next)

/* The same over the objects that embed a member. */
#define LIST_OF(type, name, member, head) \
	for (type *name = container_of(list_first(head), type, member), \
		  *name##_next = container_of(list_first(&name->member), type, member); \
	     &name->member != (head); \
	     name = name##_next, name##_next = container_of(list_first(&name->member), type, member))

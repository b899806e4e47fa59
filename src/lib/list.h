/* An intrusive, circular, doubly linked list, as the kernel's list_head: embed struct list in the elements, and make
 * one more the head. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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
	return head->next == head;
}

static inline bool list_has_one(const struct list *head)
{
	return !list_empty(head) && head->next == head->previous;
}

/* Adds at the end. */
static inline void list_add(struct list *head, struct list *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* Removes link and leaves it an empty list, so removing it twice is harmless. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Iterates over a list; the body may remove the current link. */
#define LIST_EACH(link, head) \
	for (struct list *link = (head)->next, *link##_next = link->next; link != (head); \
	     link = link##_next, link##_next = link->next)

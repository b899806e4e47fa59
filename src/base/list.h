/* An intrusive, circular, doubly linked list: embed struct list, make one of them the head. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *previous;
};

/* The object a member is embedded in. */
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

/* Adds before the head, that is at the end. */
static inline void list_add(struct list *head, struct list *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* Takes link out and leaves it a list of its own, so removing twice is harmless. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Walks head; the current link may be removed. */
#define LIST_EACH(link, head) \
	for (struct list *link = (head)->next, *link##_next = link->next; link != (head); \
	     link = link##_next, link##_next = link->next)

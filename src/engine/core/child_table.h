/* superd's children: pid to owner, without limit and in constant time (libev's own table has sixteen buckets). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A child, embedded in its owner. */
struct child {
	pid_t pid;                      /* 0: none */
	double cpu;                     /* seconds of processor time, with those it has waited for; once it has ended */
	bool is_main;                   /* the main process of an instance */
	struct child *next;
	void (*ended)(struct child *child, int status);         /* a wait status; the child is already out of the table */
	void (*ending)(struct child *child);                    /* it has ended and is not reaped yet (child_table_see_end); NULL */
};

/* A zeroed struct is empty. */
struct child_table {
	struct child **buckets;
	size_t size, count;
	size_t seen;                    /* those with `ending` */
};

bool child_table_add(struct child_table *children, struct child *child); /* false: out of memory */
void child_table_remove(struct child_table *children, struct child *child);
struct child *child_table_find(const struct child_table *children, pid_t pid);

/* Has ending called when the child has ended, before it is reaped: until then the kernel gives its number, and that
 * of the group it leads, to nobody. It costs a system call an end, of every child meanwhile. */
void child_table_see_end(struct child_table *children, struct child *child, void (*ending)(struct child *child));
void child_table_free(struct child_table *children);

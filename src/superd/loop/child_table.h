/* Maps the pids of superd's children to their owners, without limit and in constant time (libev's own table has sixteen
 * buckets). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A child, embedded in its owner. */
struct child {
	struct {                        /* saved */
		pid_t pid;              /* process; 0: none */
		int64_t born;           /* process_now when superd learned of it: it began no later; one that did has a reused pid */
	};
	double cpu;                     /* seconds of processor time, with the processes it reaped; set at its end */
	bool is_main;                   /* true: main process of an instance */
	struct child *next;             /* in its bucket */
	void (*ended)(struct child *child, int status);         /* it was reaped, with this wait status; it has left the table */
	void (*ending)(struct child *child);                    /* it has ended, not reaped yet (child_table_see_end); NULL: not called */
};

#define CHILD_BUCKETS 64

/* A zeroed struct is empty. */
struct child_table {
	struct child *first[CHILD_BUCKETS]; /* buckets while there are few children, so that adding one never fails */
	struct child **buckets;         /* in their place; NULL: none */
	size_t size, count;             /* size: number of `buckets` */
	size_t seen;                    /* children with `ending` */
};

void child_table_add(struct child_table *children, struct child *child); /* never fails */
void child_table_resume(struct child_table *children, struct child *child);     /* of the superd before: `born` is set */
void child_table_remove(struct child_table *children, struct child *child);
struct child *child_table_find(const struct child_table *children, pid_t pid);

/* For a walk through all children: the number of chains, which grows with the table, and the first child of one; NULL: it has
 * none. */
size_t child_table_chains(const struct child_table *children);
struct child *child_table_chain(const struct child_table *children, size_t n);

/* Makes superd call ending when the child has ended, before it reaps it: until then the kernel does not reuse its
 * pid and its group. While a child has `ending`, the end of each child costs one more system call. */
void child_table_see_end(struct child_table *children, struct child *child, void (*ending)(struct child *child));
void child_table_free(struct child_table *children);

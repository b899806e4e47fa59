/* Handing the memory of frozen processes back to the kernel: what is in files is dropped, the rest goes to swap where there
 * is any. By memory.reclaim of their control group, else by process_madvise(2), mapping by mapping. As it may wait for disks,
 * a thread of its own does it, one backend after the other. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct page_out;

/* Begins; 0 ends the list of processes, group may be NULL. NULL: no memory, or no thread. */
struct page_out *page_out_begin(const pid_t *pids, const char *group);

/* They are needed again: at most what is at work just now goes on, for a moment. Gives errno of why nothing could be handed
 * back, 0 where something was, or it has not come to that. Accepts NULL. */
int page_out_end(struct page_out *page_out);

/* Whether this kernel has a way of doing it without a group. false and errno. */
bool page_out_is_possible(void);

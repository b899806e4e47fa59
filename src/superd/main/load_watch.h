/* Names the file or server that delays superd's start, and ends superd at a signal to stop meanwhile, because nothing
 * else runs yet that could. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct log;
struct options;
struct state_stream;

struct load_watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool runs, is_over;
	int order;                      /* signal to stop that was pending at the last look; 0: none */
	const struct options *options;
	struct state_stream *before;    /* of the superd before, whose backends run; NULL: none */
	struct log *log;
};

/* Between the two calls the calling thread reads a table, and no other thread logs. before: as in the struct. */
void load_watch_begin(struct load_watch *load_watch, const struct options *options, struct state_stream *before,
		      struct log *log);
void load_watch_end(struct load_watch *load_watch);

/* Threads of superd. Only the event loop receives signals; every other thread blocks them all. */
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/* Starts a thread by pthread_create(3). Returns 0 or an error number. thread NULL: detached. stack: bytes; 0:
 * default. */
int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *context), void *context);

/* Blocks all signals of the calling thread by pthread_sigmask(3), and stores the old mask in *before. */
void thread_block_signals(sigset_t *before);

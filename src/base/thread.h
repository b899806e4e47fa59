/* Threads of superd. Signals are the loop's alone, so a thread has all of them blocked. */
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/* As pthread_create(3), whose result it gives: 0, or an error. thread NULL: detached. stack 0: the default size. */
int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *context), void *context);

/* Blocks all signals of the calling thread; pthread_sigmask(3) sets them as before. */
void thread_block_signals(sigset_t *before);

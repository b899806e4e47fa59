/* A thread inherits the signal mask of its creator (pthread_sigmask(3)), so all signals are blocked while it starts. */
#include "lib/lib.h"

void thread_block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *context), void *context)
{
	pthread_attr_t attributes;
	pthread_t unused;
	sigset_t before;
	int error = pthread_attr_init(&attributes);

	if (error)
		return error;
	if (stack)
		pthread_attr_setstacksize(&attributes, stack);
	if (!thread)
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	thread_block_signals(&before);
	error = pthread_create(thread ? thread : &unused, &attributes, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

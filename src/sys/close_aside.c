/* Closing without waiting. The hard thing is to know what may wait without asking in a way that does: sockets,
 * pipes and files in memory tell by calls that go to no file system; whatever else it is, a thread closes it.
 * Threads are few, so what hangs in all of them keeps the rest waiting in a list, and nobody else. */
#include "sys/close_aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#define THREADS_MOST 8

struct waiting {
	struct waiting *next;
	int fd;
};

static struct closers {
	pthread_mutex_t lock;
	struct waiting *first, **last;
	unsigned threads;
} closers = { .lock = PTHREAD_MUTEX_INITIALIZER, .last = &closers.first };

static bool is_quick(int fd)
{
	struct linger linger;
	socklen_t size = sizeof(linger);

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0)
		return !linger.l_onoff;
#ifdef F_GETPIPE_SZ
	if (fcntl(fd, F_GETPIPE_SZ) >= 0)
		return true;
#endif
#ifdef F_GET_SEALS
	if (fcntl(fd, F_GET_SEALS) >= 0)
		return true;
#endif
	return false;
}

static struct waiting *take_next(void)
{
	struct waiting *next = closers.first;

	if (!next)
		return NULL;
	closers.first = next->next;
	if (!closers.first)
		closers.last = &closers.first;
	return next;
}

static void *close_all(void *unused)
{
	struct waiting *waiting;

	(void)unused;
	pthread_mutex_lock(&closers.lock);
	while ((waiting = take_next())) {
		pthread_mutex_unlock(&closers.lock);
		close(waiting->fd);
		free(waiting);
		pthread_mutex_lock(&closers.lock);
	}
	closers.threads--;
	pthread_mutex_unlock(&closers.lock);
	return NULL;
}

/* One thread more, with all signals blocked. The lock is held. */
static bool add_thread(void)
{
	sigset_t all, before;
	pthread_t thread;
	bool good;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = pthread_create(&thread, NULL, close_all, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!good)
		return false;
	pthread_detach(thread);
	closers.threads++;
	return true;
}

/* false: neither is there a thread nor can one be made, or no memory is left. */
static bool put_aside(int fd)
{
	struct waiting *waiting = malloc(sizeof(*waiting));
	bool good;

	if (!waiting)
		return false;
	*waiting = (struct waiting){ NULL, fd };
	pthread_mutex_lock(&closers.lock);
	good = (closers.threads < THREADS_MOST && add_thread()) || closers.threads;
	if (good) {
		*closers.last = waiting;
		closers.last = &waiting->next;
	}
	pthread_mutex_unlock(&closers.lock);
	if (!good)
		free(waiting);
	return good;
}

void close_aside(int *fd)
{
	if (*fd >= 0 && !is_quick(*fd) && put_aside(*fd))
		*fd = -1;
	else
		fd_close(fd);
}

/* The small services over datagrams: each answered from the address it was sent to, as far as its sender may be. */
#pragma once

#include "helper/builtin/builtin.h"
#include "helper/builtin/sender.h"

struct datagrams {
	const struct settings *settings;
	struct replies replies;
	unsigned refusals_said;         /* in this process: a flood of refused ones must not fill the log */
	char request[DATAGRAM_MOST], reply[DATAGRAM_MOST];
};

struct datagrams *datagrams_new(const struct settings *settings);       /* NULL: out of memory */

/* Answers what waits on a socket, at most a batch. */
void datagrams_serve(struct datagrams *datagrams, int fd);

ssize_t echo_answer(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t discard_answer(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t chargen_answer(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t daytime_answer(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t time_answer(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);

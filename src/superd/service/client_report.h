/* What a superd-builtin says of its clients over its channel, and what superd answers. superd believes it nothing
 * else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/instance/shared_process.h"
#include "superd/loop/engine.h"
#include "table/service/service.h"

#define CLIENT_REPORT_MOST 1088         /* bytes of what it says at once: the name of a service is up to 1023 of them */

/* What a superd-builtin says of a client: at its end, or what it asks before. */
struct client_report {
	const char *question;           /* borrowed from the text; NULL: it has ended */
	uint64_t in, out;               /* bytes that it has sent and got */
	uint64_t socket;                /* socket_id of its connection; 0: it is of an older program, with one client */
	bool failed;                    /* it was not served */
};

/* Parses "in=3 out=20 id=5\n", with " failed" before the end of the line for a client that was not served, or "ask
 * id=5 " and a question. false: another text. */
bool client_report_read(const char *text, struct client_report *report);

/* What the program of this service asks. */
enum builtin_question client_report_asks(const struct service *service);

/* Answers a question of the program at the other end of the channel. */
void client_report_answer(struct engine *engine, enum builtin_question asks, int channel,
			  const struct client_report *report);

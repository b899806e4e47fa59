/* Descriptors of a dead superd that its saved state does not name: those that it had opened for a moment, and clients
 * that it had accepted and not passed on yet. */
#pragma once

#include "superd/saved/state_stream.h"

struct engine;
struct listen_fds;

/* Lists the sockets among them in the stream, and closes the others. Call it before superd opens anything. */
void left_fds_note(struct state_stream *stream);

/* Takes what can be a listener out of the list, for services that are not in the saved state. stream NULL: there is no
 * state; superd takes them of all that is open, and closes the rest. */
void left_fds_offer(struct listen_fds *to, struct state_stream *stream);

/* Takes a descriptor out of the list. false: it is not there. */
bool left_fds_take(struct state_stream *stream, int fd);

/* Serves the clients among them, and closes the others. Call it when all services are loaded. */
void left_fds_settle(struct engine *engine, struct state_stream *stream);

/* Who stands in the way of a bind(2): as netstat -p or ss -p tell it, by sock_diag(7) and /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Writes who has a socket of this port into out, as "pid 4711 (nginx)", the first found and the number of others. protocol is
 * IPPROTO_TCP, of which only listeners count, or IPPROTO_UDP. false, and nothing written: it can't be told, as only root
 * sees everybody's sockets, or so much time has gone into such questions lately that the loop would suffer. */
bool socket_holder(uint8_t protocol, uint16_t port, struct buf *out);

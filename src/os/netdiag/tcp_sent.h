/* How much a TCP connection has sent. */
#pragma once

#include <stdint.h>

/* Bytes that were written to the connection (TCP_INFO, Linux 4.19); 0: none, or unknown. */
uint64_t tcp_sent(int fd);

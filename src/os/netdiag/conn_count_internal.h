/* Shared by os/netdiag/conn_count, own_ports and their tests. */
#pragma once

#include "os/netdiag/conn_count.h"

/* Counts the socket of one message of sock_diag, of any length. */
struct nlmsghdr;
void conn_counts_see_message(struct conn_count *conns, size_t count, enum conn_kind kind, struct nlmsghdr *message);

/* Reads a listener of one message (os/netdiag/own_ports). false: it is none that clients can reach. */
bool own_port_read_tcp(struct nlmsghdr *message, struct conn_count *own);
bool own_port_read_unix(struct nlmsghdr *message, struct conn_count *own);

/* Do the counts of one kind, by sock_diag or by /proc/net. false: the kernel does not answer, or only in part. */
bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind);
bool conn_counts_read_proc(struct conn_count *conns, size_t count, enum conn_kind kind);

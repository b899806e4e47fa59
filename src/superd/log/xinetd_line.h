/* Writes xinetd's log lines, to the letter. The functions only append to `out`: they read no state and log nothing.
 * Characters of a client's or server's text that are not visible are escaped, so no name or answer can end a line and
 * begin another. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/buf.h"

#define RECORD_MOST 2000                /* bytes of a line; a client's or ident server's text is cut to that */

/* flags: the service's log_on_success, or log_on_failure for a refusal; peer NULL: no address. */
void xinetd_line_start(struct buf *out, const char *service, unsigned flags, pid_t pid, const char *peer);
void xinetd_line_end(struct buf *out, const char *service, unsigned flags, pid_t pid, int status, double lasted);
void xinetd_line_refusal(struct buf *out, const char *service, unsigned flags, const char *word, const char *peer);

void xinetd_line_user(struct buf *out, const char *service, const char *text);
void xinetd_line_nobody(struct buf *out, const char *service, const char *peer, const char *why);
void xinetd_line_traffic(struct buf *out, const char *service, uint64_t in, uint64_t out_bytes);

/* xinetd's message that an address touched a sensor. minutes -1: for ever. It repeats the pid, as xinetd does. */
void xinetd_line_sensor(struct buf *out, pid_t pid, const char *peer, long long minutes);

/* The line of OpenBSD's and NetBSD's inetd for a client that libwrap has checked. */
void xinetd_line_wrapped(struct buf *out, const char *service, const char *protocol, bool let_in, const char *peer);

/* "26/1/31@23:59:59: ", the prefix of each line in a file of log_type. */
void xinetd_line_stamp(struct buf *out, const struct tm *now);

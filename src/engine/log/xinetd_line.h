/* xinetd's log lines, to the letter. Pure: facts in, text out. Texts of others are made visible, so that no name or
 * answer can end a line and begin another. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"

#define RECORD_MOST 2000                /* bytes of a line; only what a stranger says can be longer, and is cut */

/* flags: the service's log_on_success, or log_on_failure for a refusal; peer NULL: no address. */
void xinetd_line_start(struct buf *out, const char *service, unsigned flags, pid_t pid, const char *peer);
void xinetd_line_end(struct buf *out, const char *service, unsigned flags, pid_t pid, int status, double lasted);
void xinetd_line_refusal(struct buf *out, const char *service, unsigned flags, const char *word, const char *peer);

void xinetd_line_user(struct buf *out, const char *service, const char *text);
void xinetd_line_nobody(struct buf *out, const char *service, const char *peer, const char *why);
void xinetd_line_traffic(struct buf *out, const char *service, uint64_t in, uint64_t out_bytes);

/* An address touched a sensor; minutes -1: for ever. xinetd's own message, which has the pid once more. */
void xinetd_line_sensor(struct buf *out, pid_t pid, const char *peer, long long minutes);

/* The line of OpenBSD's and NetBSD's inetd. */
void xinetd_line_wrapped(struct buf *out, const char *service, const char *protocol, bool let_in, const char *peer);

/* "26/1/31@23:59:59: ", before each line of a file. */
void xinetd_line_stamp(struct buf *out, const struct tm *now);

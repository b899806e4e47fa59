/* The lines of log_type as xinetd 2.3.15 writes them, field by field in its order; each flag adds its field.
 * Programs parse these lines, so they must not change.
 *
 * The callers deviate in two points: they write an IPv4 client as IPv4 whatever socket it came by, and a program that
 * could not be started has neither START nor EXIT. */
#include "superd/values.h"

#include <string.h>
#include <sys/wait.h>

static void begin_line(struct buf *out, const char *word, const char *service)
{
	buf_addf(out, "%s: ", word);
	buf_visible(out, service, strlen(service));
}

static void add_visible(struct buf *out, const char *text)
{
	buf_visible(out, text, strlen(text));
	buf_cut(out, RECORD_MOST);
}

static void add_peer(struct buf *out, const char *peer)
{
	buf_text(out, " from=");
	add_visible(out, peer ? peer : "<no address>");
}

void xinetd_line_start(struct buf *out, const char *service, unsigned flags, pid_t pid, const char *peer)
{
	begin_line(out, "START", service);
	if (flags & SUCCESS_PID)
		buf_addf(out, " pid=%ld", (long)pid);
	if (flags & SUCCESS_HOST)
		add_peer(out, peer);
}

void xinetd_line_end(struct buf *out, const char *service, unsigned flags, pid_t pid, int status, double lasted)
{
	begin_line(out, "EXIT", service);
	if (flags & SUCCESS_EXIT && WIFSIGNALED(status))
		buf_addf(out, " signal=%d", WTERMSIG(status));
	else if (flags & SUCCESS_EXIT)
		buf_addf(out, " status=%d", WEXITSTATUS(status));
	if (flags & SUCCESS_PID)
		buf_addf(out, " pid=%ld", (long)pid);
	if (flags & SUCCESS_DURATION)
		buf_addf(out, " duration=%lld(sec)", (long long)lasted);
}

void xinetd_line_refusal(struct buf *out, const char *service, unsigned flags, const char *word, const char *peer)
{
	begin_line(out, "FAIL", service);
	buf_addf(out, " %s", word);
	if (flags & FAILURE_HOST)
		add_peer(out, peer);
}

void xinetd_line_user(struct buf *out, const char *service, const char *text)
{
	begin_line(out, "USERID", service);
	buf_char(out, ' ');
	add_visible(out, text);
}

void xinetd_line_nobody(struct buf *out, const char *service, const char *peer, const char *why)
{
	begin_line(out, "NOID", service);
	buf_char(out, ' ');
	add_visible(out, peer ? peer : "<no address>");
	buf_char(out, ' ');
	add_visible(out, why);
}

void xinetd_line_traffic(struct buf *out, const char *service, uint64_t in, uint64_t out_bytes)
{
	begin_line(out, "TRAFFIC", service);
	buf_addf(out, " in=%llu(bytes) out=%llu(bytes)", (unsigned long long)in, (unsigned long long)out_bytes);
}

void xinetd_line_sensor(struct buf *out, pid_t pid, const char *peer, long long minutes)
{
	buf_addf(out, "%ld {process_sensor} Adding %s to the global_no_access list for %lld minutes", (long)pid, peer,
		 minutes);
}

void xinetd_line_wrapped(struct buf *out, const char *service, const char *protocol, bool let_in, const char *peer)
{
	buf_addf(out, "%sconnection from %s, service ", let_in ? "" : "refused ", peer);
	add_visible(out, service);
	buf_addf(out, " (%s)", protocol);
}

/* xinetd pads neither the month nor the day. */
void xinetd_line_stamp(struct buf *out, const struct tm *now)
{
	buf_addf(out, "%02d/%d/%d@%02d:%02d:%02d: ", now->tm_year % 100, now->tm_mon + 1, now->tm_mday, now->tm_hour,
		 now->tm_min, now->tm_sec);
}

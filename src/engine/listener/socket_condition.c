/* Checks the conditions of a socket in a process of its own, which reports the verdict as its errno. */
#include "engine/listener/socket_condition.h"

#include <errno.h>
#include <string.h>

#include "exec/plan/plan.h"
#include "os/foreign/foreign_path.h"

/* In a process of its own. errno: 0, EAGAIN of a condition, EPERM of an assertion. */
static int check_conditions(const void *with, struct buf *why, struct buf *warnings)
{
	const struct listen *listen = with;
	bool is_assert;
	const char *text = plan_find_false_condition(listen->options->socket_condition, &is_assert);

	(void)warnings;
	if (text)
		buf_text(why, text);
	errno = !text ? 0 : is_assert ? EPERM : EAGAIN;
	return -1;
}

enum socket_verdict socket_condition_check(const struct listen *listen, struct buf *why)
{
	words texts = listen->options->socket_condition;
	struct buf warnings = { 0 };
	bool is_known;
	int error;

	if (!texts)
		return SOCKET_MAY_OPEN;
	foreign_fork(texts[0], check_conditions, listen, -1, why, &warnings);
	error = errno;
	buf_free(&warnings);
	is_known = why->length;
	if (!error)
		return SOCKET_MAY_OPEN;
	if (is_known)
		return error == EPERM ? SOCKET_FAILS_ASSERT : SOCKET_STAYS_CLOSED;
	buf_addf(why, "its conditions cannot be checked: %s", strerror(error));
	return SOCKET_UNKNOWN;
}

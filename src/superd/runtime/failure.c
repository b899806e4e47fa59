/* A short list of failures, allocated at the first one, so that services that never fail do not pay for it. */
#include "superd/runtime/failure.h"

#include <stdlib.h>
#include <string.h>

#include "superd/loop/exit_result.h"

void failures_keep(struct failures *failures, const struct failure *failure)
{
	if (!failures->kept)
		failures->kept = calloc(FAILURES_KEPT, sizeof(*failures->kept));
	if (!failures->kept)
		return;
	if (failures->count < FAILURES_KEPT)
		failures->count++;
	memmove(failures->kept + 1, failures->kept, (failures->count - 1) * sizeof(*failures->kept));
	failures->kept[0] = *failure;
}

void failures_add(struct failures *failures, const struct failure *failure)
{
	failures->in_row++;
	failures_keep(failures, failure);
}

void failures_free(struct failures *failures)
{
	free(failures->kept);
	*failures = (struct failures){ 0 };
}

const char *failure_hint(enum failure_hint hint)
{
	static const char *const hints[] = {
		[HINT_NONE] = "",
		[HINT_PORT_TAKEN] = (": the program tried to open the port that superd holds: set pass = bind "
				     "(with -l: --bind)"),
		[HINT_PORT_PERHAPS] = "; if it opens its port itself: pass = bind (with -l: --bind)",
	};

	return hints[hint];
}

void failure_describe(const struct failure *failure, struct buf *out)
{
	char text[48];

	if (!*failure->why)
		status_describe(failure->status, text);
	buf_addf(out, "%s%s", *failure->why ? failure->why : text, failure_hint(failure->hint));
}

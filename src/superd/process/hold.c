/* superd's part of a hold: starting superd-hold, and reading what it reports. */
#include "superd/process/hold.h"

#include <errno.h>

#include "os/host/program.h"

bool hold_is_supported(void)
{
	return program_known(PROGRAM_HOLD)->fd >= 0;
}

bool hold_start(struct worker_process *worker, uint64_t owner, int channel, struct hold_request *request)
{
	struct record record = { 0 };

	if (request->place_count == 0 || request->place_count > HOLD_PLACES) {
		errno = EINVAL;
		return false;
	}
	hold_request_record(&record, request);
	*worker = worker_process_begin(WORKER_HOLD, owner, &record, &channel, 1);
	return worker->channel >= 0;
}

bool hold_hear(struct worker_process *worker, struct hold_report *report)
{
	static const struct answer_field fields[] = {
		ANSWER_NUMBER(hold_report, obstacle, 0, HOLD_OBSTACLES - 1),
		ANSWER_ERROR(hold_report, error),
		ANSWER_NUMBER(hold_report, call, -1, INT32_MAX),
	};
	static const struct answer_form form = ANSWER_FORM("superd-hold", struct hold_report, fields);
	ssize_t got = worker_process_hear(worker, &form, report, NULL, NULL);

	errno = got < 0 ? EAGAIN : EPIPE;
	return got > 0;
}

/* What superd tells superd-read before the first source: the part of a read_request that readers use. */
#pragma once

#include <stdbool.h>

#include "read/apart/frame.h"
#include "table/reading/reading.h"

/* Writes the frame. false and errno: as frame_end. */
bool setup_send(struct frames *frames, const struct read_request *request);

/* The request as it was sent; all in the pool. */
struct received_setup {
	struct read_request request;
	struct inetd_defaults inetd;
	struct unit_machine machine;
};

/* Reads the fields. false: they are wrong. */
bool setup_read(struct frame *frame, struct pool *pool, struct received_setup *setup);

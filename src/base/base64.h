/* Bytes written as text: base64 of RFC 4648. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Adds the bytes to out (NULL: only judges); blanks and newlines in the text are passed over. false: it is none, and what
 * was added so far is to be dropped. */
bool base64_decode(const char *text, struct buf *out);

void base64_encode(struct buf *out, const void *bytes, size_t length);

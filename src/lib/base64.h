/* Base64 (RFC 4648, section 4). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Decodes text and adds the bytes to out; NULL: only validates. Ignores blanks and newlines. false: the text is no
 * base64, and the caller drops what out has got. */
bool base64_decode(const char *text, struct buf *out);

void base64_encode(struct buf *out, const void *bytes, size_t length);

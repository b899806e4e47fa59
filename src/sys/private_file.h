/* A file at a place that all may know, and that nobody else has a hand in: no link is ever followed, no file of somebody else
 * written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Puts FOLDER/NAME there, readable for its owner alone, in the place of whatever was there. It is written in
 * FOLDER/superd first, which is superd's own and made where it is missing. false with the reason in why. */
bool private_file_replace(const char *folder, const char *name, const char *text, size_t length, struct buf *why);

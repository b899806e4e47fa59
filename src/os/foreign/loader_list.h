/* The shared libraries of an ELF program, by its own loader: LOADER --list PROGRAM, which runs none of the program's
 * code (ld.so(8), and musl's). Without one of them the loader ends the program with status 127. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

/* Adds the name of a library that the loader does not find. false: there is none, or the loader cannot be asked: it
 * must be root's alone, and it reads the program as nobody if superd is root. It may take a second. */
bool loader_misses_library(const char *program, struct buf *name);

/* Mutates a table by what its language is made of (LLVMFuzzerCustomMutator), so that a fuzzer gets past the first
 * mistake: whole lines, blocks, keys of the option tables, and values that are nearly right. Each fuzzer of a table
 * says which language it reads. */
#pragma once

enum language { LANGUAGE_SUPERD, LANGUAGE_INETD, LANGUAGE_XINETD, LANGUAGE_UNIT, LANGUAGE_PLIST };

extern const enum language mutator_language;

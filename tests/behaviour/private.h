/* A network, an /etc and a /run of the test's own, for it and all that it starts from then on: nothing of the machine's
 * is touched, and fixed ports are free. Needs root. */
#pragma once

#include "harness.h"

/* Enters; the loopback interface is up, /etc has what programs need of it, /run is empty. false: not allowed here. */
bool private_enter(void);

/* The same where nobody may run what was built, or skips the test; 127.0.0.2 is client.example.org there and 127.0.0.3
 * other.example.net. */
void private_enter_with_hosts(void);

/* This file of /etc or /run has this text from now on, readable by all. */
void private_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A resolver that takes every question about a name and answers none, for the caller to read from and to close. Whoever
 * asks waits for minutes, or until the test says to what was asked so far that there is no such name. */
int private_silent_resolver(void);
void private_deny_names(int resolver);

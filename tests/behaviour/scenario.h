/* Tests written as scenarios (scenario.c). */
#pragma once

struct criterion_test_set;

/* Adds those of this program to its tests. */
void scenarios_register(struct criterion_test_set *set);

/* Runs one in a process of its own, between world_begin and world_end; it fails the test where it fails. */
void scenario_run(const char *suite, const char *test);

/* The test that runs, and the lines of its file that are being evaluated, for messages. */
const char *scenario_place(void);

/* Instances all together. */
#include "superd/instance/forking.h"
#include "superd/instance/instance.h"
#include "tests/unit/unit.h"

enum { MANY = 64, APART = 1024 };       /* as many as the table of children has room for at first */

static struct engine engine;
static struct instances all;
static struct child commands[MANY];
static size_t begun;

/* As instance_stop, where a command of its stop begins. */
static void stop(struct instance *instance)
{
	if (instance->facts.stopped)
		return;
	instance->facts.stopped = true;
	commands[begun].pid = 1 + (pid_t)begun;
	child_table_add(&engine.children, &commands[begun]);
	begun++;
}

/* All of them are in the first chain of the table, whose order turns round as it grows. */
Test(instance, of_all_is_stopped_though_the_children_become_more_by_that)
{
	static const struct service service = { .name = "a" };
	struct instance *instances[MANY];

	engine.loop = ev_loop_new(0);
	instances_init(&engine, &all);
	for (int n = 0; n < MANY; n++) {
		instances[n] = instance_new(&engine, &service);
		cr_assert(instances[n]);
		instances[n]->child.pid = (n + 1) * APART;
		child_table_add(&engine.children, &instances[n]->child);
	}
	instance_each(&engine, stop);
	for (int n = 0; n < MANY; n++)
		cr_expect(instances[n]->facts.stopped, "%d is not", n);
	cr_expect_eq(begun, (size_t)MANY, "none is told twice");
	for (int n = 0; n < MANY; n++)
		instance_free(instances[n]);
	child_table_free(&engine.children);
	ev_loop_destroy(engine.loop);
}

/* A timer that the superd before has begun comes without a repeat. */
Test(instance, of_a_daemon_that_does_not_end_by_sigkill_is_waited_for_again_by_the_next_superd)
{
	static const struct service service = { .name = "a" };
	struct forking_search search = { .chances = 0 };
	struct instance *instance;

	engine.loop = ev_loop_new(0);
	instances_init(&engine, &all);
	instance = instance_new(&engine, &service);
	cr_assert(instance);
	instance->search = &search;
	instance->state = INSTANCE_KILL;
	instance->facts.stopped = instance->facts.killed = true;
	instance_event(instance, ON_TIMEOUT);
	cr_expect(ev_is_active(&instance->limit.timer));
	cr_expect_eq(search.chances, 1);
	cr_expect_eq(instance->state, INSTANCE_KILL);
	instance->search = NULL;
	instance_free(instance);
	ev_loop_destroy(engine.loop);
}

/* Instances all together. */
#include <criterion/criterion.h>

#include "superd/instance/forking.h"
#include "superd/instance/instance.h"

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

/* Descriptors that superd keeps for a backend: for how long, how many, and which. */
#include "controlling.h"
#include "notifying.h"

static const char *const kept = "notify_access = main\n file_descriptor_store_max = 3\n backoff_max = 100ms";

Behaviour(fdstore, descriptors_are_kept_for_the_next_start)
{
	struct superd *superd = web_run("", kept);
	const char *pid = text_of("%ld", web_pid(superd));

	web_expect(superd, "env FDSTORE", "3");
	web_expect(superd, "store FDSTORE=1|FDNAME=state", "done");
	web_expect(superd, "store FDSTORE=1", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:state:stored");
	web_expect(superd, "env LISTEN_FDS", "3");
	web_expect(superd, "read state", pid);
	web_end(superd, 1);
	web_expect(superd, "read state", pid);
	web_expect(superd, "read stored", pid);
}

Behaviour(fdstore, one_descriptor_is_kept_once_and_no_more_than_the_limit)
{
	struct superd *superd = web_run("", kept);

	web_expect(superd, "twice FDSTORE=1|FDNAME=a", "done");
	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_expect(superd, "store FDSTORE=1|FDNAME=b", "done");
	web_expect(superd, "store FDSTORE=1|FDNAME=c", "done");
	superd_wait_log(superd, "file_descriptor_store_max is reached");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:a:a:b");
	web_expect(superd, "say FDSTOREREMOVE=1|FDNAME=a", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:b");
}

Behaviour(fdstore, what_has_hung_up_is_not_kept_unless_asked)
{
	struct superd *superd = web_run("", kept);

	web_expect(superd, "pipe FDSTORE=1|FDNAME=gone", "done");
	web_expect(superd, "pipe FDSTORE=1|FDNAME=held|FDPOLL=0", "done");
	web_end(superd, 0);
	WAIT_UNTIL(superd_logged(superd, "the other end of gone is closed"));
	web_expect(superd, "env LISTEN_FDNAMES", "web:held");
}

Behaviour(fdstore, without_a_limit_nothing_is_kept)
{
	struct superd *superd = web_run("", "notify_access = main");
	size_t count;

	web_expect(superd, "barrier", "passed");
	count = superd_fd_count(superd);
	for (int n = 0; n < 5; n++)
		web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_expect(superd, "barrier", "passed");
	WAIT_UNTIL(superd_fd_count(superd) <= count + 2);       /* the way to who closes has two ends */
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web");
}

Behaviour(fdstore, a_store_may_end_with_its_backend)
{
	struct superd *superd = web_run("", text_of("%s\n file_descriptor_store_preserve = no", kept));

	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web");
}

Behaviour(fdstore, a_store_may_end_with_a_failure)
{
	struct superd *superd = web_run("", text_of("%s\n file_descriptor_store_preserve = on-success", kept));

	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:a");
	web_end(superd, 1);
	web_expect(superd, "env LISTEN_FDNAMES", "web");
}

/* A reload keeps it, as the service goes on; out of the table it is closed. */
Behaviour(fdstore, a_store_outlives_a_reload_and_not_its_service)
{
	struct superd *superd = web_run("", kept);
	size_t count;

	for (int n = 0; n < 2; n++) {   /* from the second start on, a control group is kept open */
		web_expect(superd, "barrier", "passed");
		web_end(superd, 0);
	}
	count = superd_fd_count(superd);
	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	WAIT_UNTIL(superd_fd_count(superd) <= count + 1);
	cr_assert(superd_reload(superd, "%s", web_table("", text_of("%s\n umask = 077", kept))));
	web_expect(superd, "env LISTEN_FDNAMES", "web:a");
	web_end(superd, 0);
	cr_assert(
		superd_reload(superd, "service other {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n", notifier("")));
	WAIT_UNTIL(superd_fd_count(superd) <= count);
}

/* Out of service for a while, it may stay or not. */
static void disable_for_a_while(const char *preserve, const char *names)
{
	const char *options = text_of("%s\n file_descriptor_store_preserve = %s", kept, preserve);
	struct superd *superd = web_run("", options);

	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	cr_assert(superd_reload(superd, "%s", web_table("", text_of("%s\n disable = yes", options))));
	cr_assert(superd_reload(superd, "%s", web_table("", options)));
	web_expect(superd, "env LISTEN_FDNAMES", names);
	superd_stop(superd);
}

Behaviour(fdstore, a_service_that_is_disabled_loses_it)
{
	disable_for_a_while("restart", "web");
	disable_for_a_while("yes", "web");
}

Behaviour(fdstore, one_that_an_operator_disables_loses_it)
{
	struct superd *superd = controlled_run("%s", web_table("", kept));

	for (int awake = 0; awake < 2; awake++) {
		web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
		if (!awake)
			web_end(superd, 0);
		cr_expect(control_is_done(control_once("disable web")));
		cr_expect(control_is_done(control_once("enable web")));
		web_expect(superd, "env LISTEN_FDNAMES", "web");
	}
}

BehaviourOfUsers(store, another_user_of_the_service_does_not_get_it)
{
	struct superd *superd;

	if (geteuid() != 0)
		cr_skip_test("takes root, to start as another user");
	superd = web_run("", text_of("%s\n user = \"nobody\"", kept));
	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:a");
	web_end(superd, 0);
	cr_assert(superd_reload(superd, "%s", web_table("", text_of("%s\n user = \"daemon\"", kept))));
	web_expect(superd, "env LISTEN_FDNAMES", "web");
}

Behaviour(fdstore, it_is_passed_behind_a_socket_as_standard_input_too)
{
	struct superd *superd = web_run("", text_of("%s\n pass = inetd", kept));

	web_expect(superd, "env LISTEN_FDS", "unset");
	web_expect(superd, "store FDSTORE=1|FDNAME=a", "done");
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "a");
	web_expect(superd, "env LISTEN_FDS", "1");
}

Behaviour(fdstore, a_command_before_the_backend_may_fill_it)
{
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n exec_start_pre "
					   "= \"%s\"\n notify_access = exec\n"
					   " file_descriptor_store_max = 1\n}\n",
					   notifier(""), notifier("'store FDSTORE=1|FDNAME=early' 'end 0'"));

	web_expect(superd, "env LISTEN_FDNAMES", "web:early");
}

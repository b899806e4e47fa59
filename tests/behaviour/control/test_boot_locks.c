/* A service that is disabled at boot: the file below the state folder, what superd makes of its text, and what it says
 * where there can be none. The state folder is a fixed one, so only root has it. */
#include "controlling.h"
#include "superctl.h"

#define TABLE                                                                                                          \
	"service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"                                                    \
	"service other { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"

static int web, other;

static const char *folder(void)
{
	const char *state = getenv("SUPERD_LOCALSTATEDIR");

	return text_of("%s/lib/superd", state ? state : "/var");
}

/* The file of the control socket of this test. */
static const char *file(void)
{
	const char *name = "";

	for (const char *at = control_path() + 1; *at; at++)
		name = *at == '-' ? text_of("%s%%2d", name) : text_of("%s%c", name, *at == '/' ? '-' : *at);
	return text_of("%s/%s.disabled", folder(), name);
}

static void leave_nothing(void)
{
	unlink(file());
	rmdir(text_of("%s.new", file()));
	rmdir(folder());                /* a superd of this machine may have files there */
}

/* Behind each test, also when it fails. */
TestSuite(boot_locks, .fini = leave_nothing);

static struct superd *run(void)
{
	struct superd *superd = controlled_run(TABLE, web, backend("serve"), other, backend("serve"));

	superd_wait_log(superd, "web: listening on ");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	return superd;
}

/* As after a restart of the machine, which empties the runtime folder. */
static struct superd *run_after_boot(struct superd *superd)
{
	superd_stop(superd);
	unlink(text_of("%s.locks", control_path()));
	return run();
}

static void prepare(void)
{
	SKIP_WITHOUT(geteuid() == 0, "only root has the state folder");
	web = free_port();
	other = free_port();
}

static void write_boot_file(const char *text)
{
	FILE *out;

	mkdir(folder(), 0755);
	out = fopen(file(), "w");
	cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0);
	cr_assert_eq(chmod(file(), 0600), 0);
}

Behaviour(boot_locks, outlive_the_machines_restart)
{
	struct superd *superd;
	const char *answer, *by = text_of("by uid %lu since ", (unsigned long)getuid());
	struct stat status;

	prepare();
	superd = run();
	answer = SUPERCTL(control_path(), "disable", "--boot", "other").out;
	cr_expect(strstr(answer, "other: disabled: ") && strstr(answer, "; also at each start of superd\n"), "%s",
		  answer);
	superd_wait_log(superd, "other: uid 0 requested: disable --boot");
	client_wait_refused(other);
	cr_assert_eq(stat(file(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	for (int n = 0; n < 2; n++) {
		superd = run_after_boot(superd);
		WAIT_UNTIL(superd_logged(superd, text_of("other: still disabled at boot %s", by)));
		cr_expect_not(superd_logged(superd, "other: listening on "));
		cr_expect_not(client_can_connect(other));
		answer = SUPERCTL(control_path(), "list").out;
		cr_expect(strstr(answer, "disabled, also at boot"), "%s", answer);
		answer = SUPERCTL(control_path(), "status", "other").out;
		cr_expect(strstr(answer, text_of("At boot: disabled by uid %lu since ", (unsigned long)getuid())), "%s",
			  answer);
		schema_holds("status", SUPERCTL(control_path(), "--json", "status", "other").out);
		schema_holds("list", SUPERCTL(control_path(), "--json", "list").out);
		answer = SUPERCTL(control_path(), "enable", "other").out;       /* until superd ends */
		cr_expect_str_eq(answer, "other: enabled; each start of superd disables it again, until superctl "
					 "enable --boot\n");
		client_ask_pid(other);
		answer = SUPERCTL(control_path(), "list").out;
		cr_expect(strstr(answer, ", disabled at boot"), "%s", answer);
	}
	superd_upgrade(superd);
	client_ask_pid(other);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list").out, ", disabled at boot"));
	answer = SUPERCTL(control_path(), "enable", "--boot", "other").out;
	cr_expect_str_eq(answer, "other: enabled; also when superd starts\n");
	cr_expect_neq(access(file(), F_OK), 0);
	superd = run_after_boot(superd);
	superd_wait_log(superd, "other: listening on ");
	client_ask_pid(other);
}

Behaviour(boot_locks, are_read_as_the_administrator_has_written_them)
{
	struct superd *superd;

	prepare();
	write_boot_file("# by hand\n\nweb x 5\ngone 0 1764068040\nother\n");
	superd = controlled_run(TABLE, web, backend("serve"), other, backend("serve"));
	superd_wait_log(superd, text_of("%s:3: web: ", file()));
	superd_wait_log(superd, "it is disabled all the same");
	superd_wait_log(superd, text_of("%s:4: gone is disabled at boot, and the configuration has no such "
					"service", file()));
	superd_wait_log(superd, "web: still disabled at boot since ");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_expect_not(client_can_connect(web));
	cr_expect_not(client_can_connect(other));
	cr_assert_eq(SUPERCTL(control_path(), "enable", "--boot", "web", "other").status, 0);
	cr_expect(strstr(read_text(file()), "\ngone 0 1764068040\n"), "%s", read_text(file()));
	cr_expect_null(strstr(read_text(file()), "web"), "%s", read_text(file()));
	cr_assert(superd_reload(superd, "service gone { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", web,
				backend("serve")));
	superd_wait_log(superd, "gone: still disabled at boot by uid 0 since Tue 2025-11-25 ");
	cr_expect_not(client_can_connect(web));
}

static void expect_unknown(const char *why)
{
	struct superd *superd = run();

	cr_expect(superd_logged(
		superd, text_of("%s: the services that are disabled at boot are not known: %s", file(), why)));
	client_ask_pid(web);
	superd_stop(superd);
}

Behaviour(boot_locks, are_read_from_superds_own_file_alone)
{
	prepare();
	write_boot_file("web 0 5\n");
	cr_assert_eq(chmod(file(), 0620), 0);
	expect_unknown("others may write to it (mode 0620)");
	cr_assert(chmod(file(), 0600) == 0 && chown(file(), 65534, 65534) == 0);
	expect_unknown("it belongs to user 65534");
	cr_assert(chown(file(), 0, 0) == 0 && truncate(file(), (1 << 20) + 1) == 0);
	expect_unknown("it is larger than 1.0M");
}

Behaviour(boot_locks, that_cannot_be_written_are_an_error)
{
	const char *wanted;
	struct outcome outcome;
	struct superd *superd;

	prepare();
	wanted = text_of(": cannot write %s: File exists\n", file());
	superd = run();
	mkdir(folder(), 0755);
	cr_assert_eq(mkdir(text_of("%s.new", file()), 0700), 0);
	outcome = SUPERCTL(control_path(), "disable", "--boot", "web");
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "; but not when the machine restarts") && strstr(outcome.err, wanted), "%s",
		  outcome.err);
	client_wait_refused(web);
	superd_wait_log(superd, text_of("cannot write %s: File exists: ", file()));
	superd_upgrade(superd);         /* the next superd tries again */
	superd_wait_log(superd, text_of("cannot write %s: File exists: ", file()));
	cr_assert_eq(rmdir(text_of("%s.new", file())), 0);
	cr_expect_eq(SUPERCTL(control_path(), "disable", "--boot", "web").status, 0);
	cr_expect_eq(access(file(), F_OK), 0);
	outcome = SUPERCTL(control_path(), "stop", "--boot", "web");
	cr_expect(outcome.status == 2 && strstr(outcome.err, "it is for enable disable"), "%s", outcome.err);
}

/* An ordinary user's superd has no state folder, so it refuses the half that it cannot do. */
Behaviour(boot_locks, of_an_ordinary_user_are_an_error)
{
	struct superd *superd;
	struct outcome outcome;

	SKIP_WITHOUT(geteuid() != 0 && access(folder(), W_OK) < 0, "root has the state folder");
	web = free_port();
	other = free_port();
	superd = run();
	outcome = SUPERCTL(control_path(), "disable", "--boot", "web");
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "; but not when the machine restarts: cannot write "), "%s", outcome.err);
	superd_stop(superd);
}

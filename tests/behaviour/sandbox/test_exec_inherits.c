/* What superd-exec gets of superd, and what a service gets through it: a stand-in looks, tries what a superd-exec under
 * an attacker's control would, and lets the real one go on. */
#include "harness.h"
#include "reading.h"

/* What is seen by /proc is what bash was given, as long as it has no pipe of its own; its script is 255. The last two
 * words are the numbers of the start and of the pipe for the report. */
static const char stand_in[] =
	"case \"$*\" in *--probe*) printf '\\0'; exit 0;; esac\n"
	"own='%s' me=/proc/$$ start=${@: -2:1} report=${@: -1}\n"
	"ls -l $me/fd >\"$own/listed\"\n"
	"sed -n 's/.* \\([0-9]*\\) -> /\\1 /p' \"$own/listed\" >\"$own/fds\" && rm \"$own/listed\"\n"
	"tr '\\0' '\\n' <$me/environ >\"$own/environ\"\n"
	"for try in \"echo >/proc/self/fd/$start\" \": >/proc/self/fd/$start\" \"echo x >&$start\" \\\n"
	"  \"truncate -s 0 /proc/self/fd/$start\" \\\n"
	"  \"truncate -s 1000000 /proc/self/fd/$start\" \"head -c 1 <&$report\" %s; do\n"
	"  (eval \"$try\") >/dev/null 2>&1 && echo \"$try\"\n"
	"done >\"$own/could\"\n"
	"exec \"$own/real\" \"$@\"\n";

/* A superd that is not root may not be looked into by its own user's processes. */
#define LOOKS "\"ls /proc/$PPID/fd/\" \"ls -l /proc/$PPID/exe\" \"cat /proc/$PPID/environ\" \"cat /proc/$PPID/maps\""

static const char *superd_with_stand_in(void)
{
	const char *own = path_in("own"), *superd = path_in("own/superd");

	SKIP_WITHOUT(geteuid() != 0 || namespace_users(), "needs a build that every user can reach");
	cr_assert_eq(mkdir(own, 0755), 0);
	copy_program(superd_path(), superd);
	copy_program(text_of("%s/superd-exec", getenv("SUPERD_LIBEXEC")), path_in("own/real"));
	copy_program(text_of("%s/tests/security/as_script", getenv("BUILDDIR")), path_in("own/superd-exec"));
	write_file("own/superd-exec.sh", stand_in, own, geteuid() == 0 ? "" : LOOKS);
	cr_assert_eq(chmod(path_in("own/superd-exec.sh"), 0755), 0);
	return superd;
}

/* A service with a condition starts through superd-exec. */
static struct reading report_of(const char *program, const char *more)
{
	const struct setup setup = { .program = program };
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" accept = yes"
						" user = \"%s\" exec = \"%s\" %s }", own_user(), report_to("-"), more);
	int client = client_connect(superd_port(superd, "web"));
	struct reading reading = reading_of(client_rest(client));

	close(client);
	superd_stop(superd);
	return reading;
}

static const char *seen(const char *name)
{
	const char *text = read_text(path_in("own/%s", name));

	cr_assert(text, "no %s: %s", name, world_logs());
	return text;
}

/* How many descriptors above the standard streams, which are superd's until the stages replace them, lead to this. */
static unsigned count(const char *kind)
{
	unsigned found = 0;

	for (const char *line = seen("fds"); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned number = (unsigned)strtoul(line, NULL, 10);
		const char *target = strchr(line, ' ') + 1;

		found += number > 2 && number != 255 && !strncmp(target, kind, strlen(kind));
	}
	return found;
}

Behaviour(exec_inherits, superd_exec_has_its_start_and_nothing_else_of_superds)
{
	const char *program = superd_with_stand_in();

	setenv("LD_DEBUG_OUTPUT", "/nonexistent", 1);
	setenv("SUPERDS_OWN", "here", 1);
	report_of(program, "condition = \"PathExists=/\"");
	cr_expect_eq(count(""), 4, "%s", seen("fds"));
	cr_expect_eq(count("socket:"), 1, "its client: %s", seen("fds"));
	cr_expect_eq(count("/memfd:") + count("pipe:"), 3, "its start, its report, its output: %s", seen("fds"));
	cr_expect_str_eq(seen("could"), "", "it could: %s", seen("could"));
	cr_expect(strstr(seen("environ"), "SUPERDS_OWN=here\n"), "%s", seen("environ"));
	cr_expect_not(strstr(seen("environ"), "LD_"), "%s", seen("environ"));
}

static bool differs_by_nature(const char *key)
{
	static const char *const keys[] = { "pid=", "ppid=", "fd.", "env.REMOTE_PORT=", "proc.SigQ=" };

	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
		if (!strncmp(key, keys[n], strlen(keys[n])))
			return true;
	}
	return false;
}

/* Each line of one report is one of the other. */
static void expect_lines(const char *these, const char *those)
{
	for (const char *line = these; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *text = text_of("\n%.*s\n", (int)strcspn(line, "\n"), line);

		if (!differs_by_nature(text + 1))
			cr_expect(strstr(text_of("\n%s", those), text), "%s of\n%s\nis not in\n%s", text, these, those);
	}
}

/* Its environment, signals, identity, capabilities, limits, umask and folder: nothing of superd-exec's is left. */
Behaviour(exec_inherits, a_service_gets_the_same_through_superd_exec_as_without)
{
	struct reading plain = report_of(NULL, ""), through = report_of(NULL, "condition = \"PathExists=/\"");

	reading_expect(through, "fds", "0 1 2");
	expect_lines(plain.text, through.text);
	expect_lines(through.text, plain.text);
}

/* The completions of superctl, asked with a superd that runs: the words behind a verb are its services. bash's is
 * called as bash calls it; of zsh's the part that finds the services, with what stands around it in zsh replaced. */
#include "harness.h"
#include "superctl.h"

static struct superd *run(const char *control)
{
	struct superd *superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes user = \"%s\" }\n"
		"service mail { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes user = \"%s\" }\n",
		own_user(), own_user());

	superd_wait_log(superd, "mail: listening on");
	wait_node(control);
	return superd;
}

/* What bash offers for the last of these words, a line each. */
static const char *bash_offers(const char *const *words)
{
	const char *script = text_of("%s/contrib/completion/superctl.bash", getenv("SRCDIR"));
	const char *arguments[16] = { "/usr/bin/env",
				      "bash",
				      "--norc",
				      "-c",
				      "PATH=${1%/*}:$PATH; . \"$2\" || exit; shift 2\n"
				      "complete -p superctl | grep -q -e '-F _superctl ' || exit\n"
				      "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _superctl\n"
				      "printf '%s\\n' \"${COMPREPLY[@]}\" | sort",
				      "bash",
				      superctl_path(),
				      script };
	size_t count = 8;
	struct outcome outcome;

	for (; *words && count < 15; words++)
		arguments[count++] = *words;
	outcome = program_answer(arguments);
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_str_empty(outcome.err);
	return outcome.out;
}
#define OFFERS(...) bash_offers((const char *const[]){ "superctl", __VA_ARGS__, NULL })

static bool has(const char *shell)
{
	return program_answer((const char *const[]){ "/usr/bin/env", shell, "-c", "exit 0", NULL }).status == 0;
}

Behaviour(completion, of_bash_offers_the_services)
{
	const char *control = path_in("control");
	struct superd *superd;

	if (!has("bash"))
		cr_skip_test("there is no bash");
	superd = run(control);
	cr_assert_str_eq(OFFERS("--control", control, "status", ""), "mail\nweb\n");
	cr_assert_str_eq(OFFERS("--control", "=", control, "restart", "web", "m"), "mail\n");
	cr_assert_str_eq(OFFERS("--control", control, "status", "x"), "\n");
	setenv("SUPERD_CONTROL", control, 1);
	cr_assert_str_eq(OFFERS("status", ""), "mail\nweb\n");
	cr_assert_str_eq(OFFERS("sta"), "start\nstatus\n");
	cr_assert_str_eq(OFFERS("diff", ""), "\n");
	cr_assert_str_eq(OFFERS("help", "sta"), "start\nstatus\n");
	superd_stop(superd);
}

/* As units have them. What is typed is compared, and offered, as the shell reads it. */
Behaviour(completion, of_bash_quotes_names_that_a_shell_would_change)
{
	const char *control = path_in("control");
	struct superd *superd;

	if (!has("bash"))
		cr_skip_test("there is no bash");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service 'dev-a\\x2db' { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes user = \"%s\" }\n",
		own_user());
	wait_node(control);
	cr_expect_str_eq(OFFERS("--control", control, "status", ""), "dev-a\\\\x2db\n");
	cr_expect_str_eq(OFFERS("--control", control, "status", "dev-a\\\\x"), "dev-a\\\\x2db\n");
	cr_expect_str_eq(OFFERS("--control", control, "status", "'dev-a\\x"), "dev-a\\x2db\n");
	cr_expect_str_eq(OFFERS("--control", control, "status", "dev-ax"), "\n");
	superd_stop(superd);
}

Behaviour(completion, of_bash_offers_nothing_without_a_superd)
{
	if (!has("bash"))
		cr_skip_test("there is no bash");
	cr_assert_str_eq(OFFERS("--control", path_in("control"), "status", ""), "\n");
}

Behaviour(completion, of_zsh_offers_the_services)
{
	const char *control = path_in("control");
	const char *script = text_of("%s/contrib/completion/_superctl", getenv("SRCDIR"));
	struct superd *superd;
	struct outcome outcome;

	if (!has("zsh"))
		cr_skip_test("there is no zsh here (Debian: zsh)");
	superd = run(control);
	outcome = program_answer((const char *const[]){
		"/usr/bin/env", "zsh", "-f", "-c",
		"path=(${1%/*} $path); control=$3\n"
		"compadd() { print -rl -- ${(Po)2}; }\n"
		"_call_program() { shift; eval \"$*\"; }\n"
		"_arguments() { local -A opt_args; opt_args[--control]=$control; _superctl_services; }\n"
		". \"$2\"",
		"zsh", superctl_path(), script, control, NULL });
	cr_assert_str_eq(outcome.out, "mail\nweb\n", "%s", outcome.err);
	superd_stop(superd);
}

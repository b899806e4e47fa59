/* The program of a job, its user, limits, environment and standard streams.
 *
 * With both Program and ProgramArguments the arguments begin with argv[0], which may differ from the program's name.
 * Without Program the first argument is the program. */
#include <string.h>

#include "lib/scan.h"
#include "read/launchd/job.h"

/* Percent signs of arguments are escaped, because in exec they begin templates; the program's path has none. */
static void add_arguments(struct launchd_job *job, const struct plist *arguments, bool first, struct word_list *exec)
{
	const struct plist *argument = arguments ? arguments->first : NULL;

	for (bool is_program = first; argument; argument = argument->next, is_program = false) {
		if (argument->kind != PLIST_STRING)
			launchd_refuse(job, argument->at, "ProgramArguments: an argument is a string");
		else if (is_program || argument != arguments->first)
			word_list_add(exec, is_program ? argument->text : launchd_plain(job, argument->text),
				      argument->at);
	}
}

static void set_program(struct launchd_job *job)
{
	static const char *const usual[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" };       /* launchd's own PATH */
	const struct plist *program = launchd_value(job, "Program");
	const struct plist *arguments = launchd_value(job, "ProgramArguments");
	const struct plist *name = arguments ? arguments->first : NULL;
	struct word_list exec = { 0 };

	if (!program && !name) {
		if (!launchd_is_odd(job, "ProgramArguments") && !launchd_is_odd(job, "Program"))
			launchd_refuse(job, job->root->at, "%s: ProgramArguments is missing", job->label);
		return;
	}
	if (program && !*program->text) {
		launchd_refuse(job, program->at, "Program: it is empty");
		return;
	}
	exec.at = program ? program->at : arguments->at;
	if (program)
		word_list_add(&exec, program->text, program->at);
	add_arguments(job, arguments, !program, &exec);
	if (exec.count)
		launchd_set_list(job, "exec", &exec);
	if (program && name && name->kind == PLIST_STRING && strcmp(name->text, program->text) != 0)
		launchd_set(job, "argv0", launchd_plain(job, name->text), name->at);
	else if (!program && exec.count && !strchr(exec.words[0], '/'))
		builder_set(job->builder, "exec_search_path",
			    &(struct value){ .words = usual, .count = 4, .is_list = true, .at = exec.at },
			    job->reading->diags);
	word_list_free(&exec);
}

static void read_environment(struct launchd_job *job)
{
	const struct plist *variables = launchd_value(job, "EnvironmentVariables");

	if (variables)
		job->env.at = variables->at;
	for (const struct plist *one = variables ? variables->first : NULL; one; one = one->next) {
		const char *value = one->kind == PLIST_STRING ? launchd_plain(job, one->text) : NULL;

		if (strchr(one->key, '='))
			launchd_refuse(job, one->key_at,
				       "EnvironmentVariables: '%s': the name of a variable has no =", one->key);
		else if (value)
			word_list_add(&job->env, pool_textf(job->pool, "%s=%s", one->key, value), one->key_at);
		else
			launchd_refuse(job, one->at, "EnvironmentVariables: %s: a variable is a string", one->key);
	}
	if (job->env.count)
		launchd_set_list(job, "env", &job->env);
}

/* Warns of usual umasks written as if an integer were octal: as decimal numbers they mask other bits. */
static void warn_of_octal_umask(struct launchd_job *job, const struct plist *said, int64_t number)
{
	static const char slips[] = { 22, 27, 77 };

	if (!memchr(slips, (int)number, sizeof(slips)))
		return;
	launchd_warn(job, said->at, "Umask: '%s' is decimal, which is %#o in octal", said->text, (unsigned)number);
	diags_hint(job->reading->diags, "022 is written 18, 027 23, 077 63, or as a string that begins with 0");
}

/* An integer of a property list is decimal; a string is octal if it begins with 0. */
static void set_umask(struct launchd_job *job)
{
	const struct plist *said = launchd_value(job, "Umask");
	int64_t number = said ? said->number : 0;

	if (!said)
		return;
	if (said->kind == PLIST_STRING && scan_count(said->text, &number))
		number = -1;
	if (number >= 0 && number <= 0777) {
		warn_of_octal_umask(job, said, number);
		launchd_setf(job, "umask", said->at, "%04o", (unsigned)number);
		return;
	}
	launchd_refuse(job, said->at, "Umask: '%s': expected at most 511, which is 0777 in octal", said->text);
	if (said->kind == PLIST_INTEGER)
		diags_hint(job->reading->diags, "an integer is decimal: 022 is written 18, 027 23, 077 63");
}

static const struct plist *find_resource_limit(const struct launchd_job *job, const char *dictionary, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_LIMITS], launchd_value(job, dictionary), key);
}

/* The text of a limit. On macOS the largest number means no limit. */
static const char *resource_limit_text(const struct plist *limit)
{
	if (!limit)
		return "";
	return limit->number == INT64_MAX ? "infinity" : limit->text;
}

static bool check_resource_limit(struct launchd_job *job, const struct plist *soft, const struct plist *hard)
{
	const struct plist *said = soft ? soft : hard;

	if ((soft && soft->number < 0) || (hard && hard->number < 0))
		return launchd_refuse(job, said->at, "%s: a limit is not negative", said->key);
	if (soft && hard && soft->number > hard->number)
		return launchd_refuse(job, soft->at, "%s: the soft limit, %s, is above the hard one, %s", soft->key,
				      soft->text, hard->text);
	return said;
}

/* Sets resource limits. A soft or hard limit that the list does not set stays as superd's. */
static void set_resource_limits(struct launchd_job *job)
{
	const struct key_table *keys = &launchd_keys[LAUNCHD_LIMITS];
	struct key_list limits = key_list(keys);

	for (size_t n = 0; n < limits.count; n++) {
		const struct plist *soft = find_resource_limit(job, "SoftResourceLimits", limits.list[n].name);
		const struct plist *hard = find_resource_limit(job, "HardResourceLimits", limits.list[n].name);

		if (check_resource_limit(job, soft, hard))
			launchd_setf(job, limits.list[n].option, (soft ? soft : hard)->at, "%s:%s",
				     resource_limit_text(soft), resource_limit_text(hard));
	}
}

static void set_inetd_wait(struct launchd_job *job)
{
	const struct plist *inetd = launchd_value(job, "inetdCompatibility"), *said;

	if (!inetd)
		return;
	launchd_set(job, "accept", job->accepts ? "yes" : "no", inetd->at);
	launchd_set(job, "pass", "inetd", inetd->at);
	said = launchd_find(&launchd_keys[LAUNCHD_INETD], inetd, "Instances");
	if (job->accepts)
		launchd_apply_keys(job, &launchd_keys[LAUNCHD_INETD], inetd, 0);
	else if (said)
		launchd_warn(job, said->key_at,
			     "Instances has no effect: with Wait true the job accepts the connections itself");
}

/* Without a path errors go to the client, or where superd logs them. */
static void set_usual_error(struct launchd_job *job)
{
	const struct plist *output = launchd_value(job, "StandardOutPath");

	if (launchd_value(job, "StandardErrorPath"))
		return;
	if (job->is_inetd)
		launchd_set(job, "error", "socket", launchd_value(job, "inetdCompatibility")->at);
	else if (output)
		launchd_set(job, "error", "log", output->at);
}

void launchd_build_run(struct launchd_job *job)
{
	set_program(job);
	set_inetd_wait(job);
	read_environment(job);
	set_umask(job);
	set_resource_limits(job);
	set_usual_error(job);
}

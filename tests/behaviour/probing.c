/* Runs the probe under each set of options. The hard thing is that options hide the probe itself, wherever it was
 * built: so each service that has mounts of its own sees it below /mnt, which is empty for it but for that. */
#include "probing.h"

#define SEEN_AT " temporary_file_system += { \"/mnt\" }\n bind_read_only_paths += { \"%s:/mnt/probe\" }\n"

static const char *probe_folder(void)
{
	const char *folder = getenv("SUPERD_TESTDIR");

	cr_assert_not_null(folder);
	return folder;
}

/* A service that must have no mounts says so by its attempt: that needs none of its own either. */
static bool needs_mounts(const char *options)
{
	static const char *const words[] = {
		"private_", "protect_", "_paths", "temporary_", "proc_subset", "mount_",
	};

	for (size_t n = 0; n < sizeof(words) / sizeof(words[0]); n++) {
		if (strstr(options, words[n]))
			return true;
	}
	return false;
}

static const char *service(const char *name, const char *user, const char *options, const char *attempt)
{
	bool mounts = needs_mounts(options);

	return text_of(
		"service %s {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = \"%s\"\n exec = { \"%s/probe\", "
		"\"%s\" }\n error = log\n%s\n%s}\n",
		name, user, mounts ? "/mnt/probe" : probe_folder(), attempt, options,
		mounts ? text_of(SEEN_AT, probe_folder()) : "");
}

static const char *answer(struct superd *superd, const char *name, const char *attempt)
{
	const char *line = client_rest(client_connect(superd_port(superd, name)));
	size_t length = strlen(attempt);

	cr_assert(!strncmp(line, attempt, length) && line[length] == ' ', "%s: '%s'\n%s", attempt, line, world_logs());
	return text_of("%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
}

static bool is_as_said(const char *said, const char *inside, const char *outside)
{
	if (!strcmp(said, "="))
		return !strcmp(inside, outside);
	if (!strcmp(said, "~"))
		return strcmp(inside, outside) != 0;
	return *said == '!' ? strcmp(inside, said + 1) != 0 : !strcmp(inside, said);
}

static void compare(struct superd *superd, const struct probing *probing, size_t number)
{
	const char *inside = answer(superd, text_of("in%zu", number), probing->attempt);
	const char *outside = answer(superd, text_of("out%zu", number), probing->attempt);

	if (strstr(probing->attempt, ":/proc/sys/") && !strcmp(outside, "ENOENT") && !strcmp(inside, "ENOENT"))
		return;                 /* a container without it */
	if (probing->outside)
		cr_expect_str_eq(outside, probing->outside, "%s without %s: %s", probing->attempt, probing->options,
				 outside);
	cr_expect(is_as_said(probing->inside, inside, outside),
		  "%s with %s: '%s' inside, '%s' outside, said was '%s'\n%s", probing->attempt, probing->options,
		  inside, outside, probing->inside, world_logs());
}

void probe_all(const char *user, const struct probing *list, size_t count)
{
	const char *table = "";
	struct superd *superd;

	for (size_t n = 0; n < count; n++) {
		table = text_of("%s%s", table, service(text_of("in%zu", n), user, list[n].options, list[n].attempt));
		table = text_of("%s%s", table, service(text_of("out%zu", n), user, "", list[n].attempt));
	}
	superd = superd_run("%s", table);
	for (size_t n = 0; n < count; n++)
		compare(superd, &list[n], n);
	superd_stop(superd);
}

/* Reads launchd's property lists.
 *
 * A broken job must not run at all. superd reports all mistakes of its list and then leaves out the whole job. */
#include "read/launchd/launchd.h"

#include <string.h>

#include "read/launchd/job.h"

/* The value of Label; "?": it is missing or wrong (reported). */
static const char *find_label(struct reading *reading, const struct plist *root, struct origin at)
{
	const struct plist *label = plist_get(root, "Label");

	if (label && label->kind == PLIST_STRING && *label->text)
		return label->text;
	if (!label)
		diag_error(reading->diags, at, "Label is missing: it is the job's name");
	else if (label->kind == PLIST_STRING)
		diag_error(reading->diags, label->at, "Label: it is the job's name, and empty");
	return "?";
}

/* One package writes InetdCompatibility for inetdCompatibility. */
static void accept_other_spelling(struct launchd_job *job)
{
	for (struct plist *element = job->root->first; element; element = element->next) {
		if (strcmp(element->key, "InetdCompatibility") != 0 || plist_get(job->root, "inetdCompatibility"))
			continue;
		launchd_warn(job, element->key_at,
			     "InetdCompatibility is taken for inetdCompatibility, as launchd spells it");
		element->key = "inetdCompatibility";
	}
}

static void build_job(struct launchd_job *job, struct origin at)
{
	const struct plist *inetd;

	job->label = find_label(job->reading, job->root, at);
	job->builder = builder_new(job->reading->table, job->label, at);
	builder_set_foreign(job->builder, LAUNCHD);
	builder_set_alone(job->builder);
	accept_other_spelling(job);
	launchd_check_keys(job, &launchd_keys[LAUNCHD_JOB], job->root);
	launchd_apply_keys(job, &launchd_keys[LAUNCHD_JOB], job->root, 0);
	inetd = launchd_value(job, "inetdCompatibility");
	job->is_inetd = inetd;
	job->accepts = inetd && !launchd_bool(launchd_find(&launchd_keys[LAUNCHD_INETD], inetd, "Wait"), false);
	launchd_build_sockets(job);
	launchd_build_run(job);
	launchd_build_lifecycle(job);
	word_list_free(&job->env);
}

bool launchd_read_source(struct reading *reading, const struct source_file *source)
{
	struct origin at = { .file = source->file, .line = 1, .column = 1 };
	size_t errors = reading->diags->errors;
	struct launchd_job job = { .reading = reading, .pool = pool_new() };

	job.root = plist_read(job.pool, source, reading->diags);
	if (job.root && job.root->kind == PLIST_DICT)
		build_job(&job, at);
	else if (job.root)
		diag_error(reading->diags, job.root->at, "a job is a dictionary, <dict>");
	if (job.builder && reading->diags->errors == errors) {
		reading_add(reading, job.builder);
	} else {
		builder_free(job.builder);
		reading_leave_out(reading, at, job.label);
	}
	pool_free(job.pool);
	return true;
}

static bool launchd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load_bytes, launchd_read_source);
}

static bool launchd_takes(struct reading *reading, const char *path, const char *name)
{
	size_t length = strlen(name), end = strlen(".plist");

	(void)reading, (void)path;
	return length > end && !strcmp(name + length - end, ".plist");
}

const struct reader reader_launchd = {
	.recognises = plist_recognises,
	.takes = launchd_takes,
	.passes_over = true,
	.read = launchd_read,
};

/* Reads launchd's property lists.
 *
 * A broken job must not run at all. superd reports all mistakes of its list and then leaves out the whole job. */
#include "read/launchd/launchd.h"

#include <string.h>

#include "read/launchd/job.h"

static struct origin source_start(const struct source_file *source)
{
	return (struct origin){ .file = source->file, .line = 1, .column = 1 };
}

/* The value of Label; NULL: it is missing or wrong (reported). */
static const char *find_label(struct reading *reading, const struct plist *root, struct origin at)
{
	const struct plist *label = plist_get(root, "Label");

	if (label && label->kind == PLIST_STRING && *label->text)
		return label->text;
	if (!label)
		diag_error(reading->diags, at, "Label is missing: it is the job's name");
	else if (label->kind == PLIST_STRING)
		diag_error(reading->diags, label->at, "Label: it is the job's name, and empty");
	return NULL;
}

static void find_inetd(struct launchd_job *job)
{
	const struct key_table *keys = &launchd_keys[LAUNCHD_INETD];
	const struct plist *inetd = launchd_value(job, "inetdCompatibility");

	job->is_inetd = inetd;
	job->accepts = inetd && !launchd_bool(launchd_find(keys, inetd, "Wait"), false);
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

static void set_job_options(struct launchd_job *job)
{
	accept_other_spelling(job);
	launchd_check_keys(job, &launchd_keys[LAUNCHD_JOB], job->root);
	launchd_apply_keys(job, &launchd_keys[LAUNCHD_JOB], job->root, 0);
	find_inetd(job);
	launchd_build_sockets(job);
	launchd_build_run(job);
	launchd_build_lifecycle(job);
}

static void build_job(struct reading *reading, struct pool *pool, const struct plist *root, struct origin at,
		      size_t errors)
{
	struct launchd_job job = { .reading = reading, .pool = pool, .root = root };

	job.label = find_label(reading, root, at);
	if (!job.label)
		job.label = "?";
	job.builder = builder_new(reading->table, job.label, at);
	builder_set_foreign(job.builder, LAUNCHD);
	builder_set_alone(job.builder);
	set_job_options(&job);
	word_list_free(&job.env);
	if (reading->diags->errors == errors) {
		reading_add(reading, job.builder);
		return;
	}
	builder_free(job.builder);
	reading_leave_out(reading, at, job.label);
}

static void read_job(struct reading *reading, struct pool *pool, const struct source_file *source)
{
	struct origin at = source_start(source);
	size_t errors = reading->diags->errors;
	const struct plist *root = plist_read(pool, source, reading->diags);

	if (root && root->kind == PLIST_DICT) {
		build_job(reading, pool, root, at, errors);
		return;
	}
	if (root)
		diag_error(reading->diags, root->at, "a job is a dictionary, <dict>");
	reading_leave_out(reading, at, NULL);
}

bool launchd_read_source(struct reading *reading, const struct source_file *source)
{
	struct pool *pool = pool_new();

	read_job(reading, pool, source);
	pool_free(pool);
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

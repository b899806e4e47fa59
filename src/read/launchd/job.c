/* Functions for all keys of a job: diagnostics, looking up keys, setting options.
 *
 * A key whose value has a wrong kind counts as missing. launchd_check_keys reports it once, so callers of launchd_find
 * need not. */
#include "read/launchd/job.h"

static void report_unknown_key(struct launchd_job *job, const struct key_table *keys, const struct plist *element)
{
	struct scan_nearest near = scan_nearest_begin(element->key);

	launchd_warn(job, element->key_at, "%s: unknown%s%s, it is left out", element->key, keys->section ? " in " : "",
		     keys->section ? keys->section : "");
	key_nearest_look(&near, keys);
	if (near.word)
		diags_hint(job->reading->diags, "did you mean '%s'?", near.word);
}

static void report_wrong_kind(struct launchd_job *job, const struct key_row *key, const struct plist *element)
{
	struct buf takes = { 0 }, is = { 0 };

	plist_kinds_describe(key->kinds, &takes);
	plist_kinds_describe(element->kind, &is);
	launchd_refuse(job, element->at, "%s: expected %s, not %s", element->key, buf_string(&takes), buf_string(&is));
	buf_free(&takes);
	buf_free(&is);
}

bool launchd_asks_for_nothing(const struct plist *element)
{
	return (element->kind == PLIST_BOOL && !element->number) ||
		((element->kind == PLIST_DICT || element->kind == PLIST_ARRAY) && !element->first);
}

void launchd_check_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict)
{
	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(keys, element->key);

		if (!key)
			report_unknown_key(job, keys, element);
		else if (!(key->kinds & (unsigned)element->kind))
			report_wrong_kind(job, key, element);
		else if (key->form == FORM_DICTIONARY)
			launchd_check_keys(job, key->keys, element);
		else if (!launchd_asks_for_nothing(element))
			key_report_lack(key, element->key, element->key_at, job->reading);
	}
}

void launchd_apply_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict,
			unsigned unfit)
{
	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(keys, element->key);
		const char *text = element->kind != PLIST_BOOL ? element->text : element->number ? "yes" : "no";

		if (!key || key->status != KEY_DONE || key->form != FORM_OPTION || key->flags & unfit ||
		    !(key->kinds & (unsigned)element->kind))
			continue;
		if (!*text && !key->words) {
			launchd_refuse(job, element->at, "%s: it is empty", element->key);
			continue;
		}
		text = key_translate(key, &(struct key_said){ element->key, text, element->at }, job->pool,
				     job->reading->diags);
		/* LowPriorityIO and LowPriorityBackgroundIO say the same. */
		if (text && (keys->section || !builder_has(job->builder, key_option(keys, key))))
			launchd_set(job, key_option(keys, key), text, element->at);
	}
}

const struct plist *launchd_find(const struct key_table *keys, const struct plist *dict, const char *key)
{
	const struct key_row *known = launchd_key_find(keys, key);
	const struct plist *element = plist_get(dict, key);

	return element && known->kinds & (unsigned)element->kind ? element : NULL;
}

const struct plist *launchd_value(const struct launchd_job *job, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_JOB], job->root, key);
}

bool launchd_is_odd(const struct launchd_job *job, const char *key)
{
	return plist_get(job->root, key) && !launchd_value(job, key);
}

bool launchd_bool(const struct plist *said, bool fallback)
{
	return said ? said->number : fallback;
}

const char *launchd_plain(struct launchd_job *job, const char *text)
{
	struct buf plain = { 0 };

	for (; *text; text++) {
		if (*text == '%')
			buf_char(&plain, '%');
		buf_char(&plain, *text);
	}
	return buf_keep(&plain, job->pool);
}

void launchd_set_list(struct launchd_job *job, const char *option, const struct word_list *list)
{
	const struct value value = word_list_value(list);

	builder_set(job->builder, option, &value, job->reading->diags);
}

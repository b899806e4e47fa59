/* Finds diagnostics that differ only in the service.
 *
 * Most messages about a service begin with its name and a colon. Others begin with an option, so a first word counts as
 * a name only if the table has it. */
#include "superd/main/diag_groups.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define GROUP_LEAST 5                   /* diagnostics */
#define PLACES_MOST 20                  /* in a note */

/* The names of a table's services, also of those that are left out; sorted. */
struct service_names {
	const char **list;              /* owned; the names are borrowed */
	size_t count;
};

/* A diagnostic as the others are compared with it. */
struct claim {
	const char *name;               /* of the service, without an end; "": its message has none */
	size_t name_length;
	const char *text;               /* the rest of the message */
	size_t length;
	bool stands_alone;              /* it has further places, or is one: never in a group */
};

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* false: out of memory. */
static bool collect_names(struct service_names *names, const struct table *table)
{
	size_t most = table ? table->count + table->left_out_count : 0;

	names->list = calloc(most + 1, sizeof(*names->list));
	if (!names->list)
		return false;
	for (size_t n = 0; table && n < table->count; n++)
		names->list[names->count++] = table->services[n].name;
	for (size_t n = 0; table && n < table->left_out_count; n++) {
		if (table->left_out[n].name)
			names->list[names->count++] = table->left_out[n].name;
	}
	qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return true;
}

static bool has_name(const struct service_names *names, const char *text, size_t length)
{
	char *name = strndup(text, length);
	const char *wanted = name;
	bool found = name && bsearch(&wanted, names->list, names->count, sizeof(wanted), compare_names);

	free(name);
	return found;
}

static void read_claim(struct claim *claim, const struct diags *diags, size_t number, const struct service_names *names)
{
	const struct diag *diag = &diags->list[number];
	size_t length = diag->own_length ? diag->own_length : strlen(diag->message);
	const char *colon = strstr(diag->message, ": ");
	size_t word = colon ? (size_t)(colon - diag->message) : 0;

	*claim = (struct claim){ .name = "", .text = diag->message, .length = length };
	claim->stands_alone = diag->follows || (number + 1 < diags->count && diags->list[number + 1].follows);
	if (!word || word + 2 > length || !has_name(names, diag->message, word))
		return;
	claim->name = diag->message;
	claim->name_length = word;
	claim->text += word + 2;
	claim->length -= word + 2;
}

static bool same_claim(const struct diags *diags, const struct claim *claims, size_t a, size_t b)
{
	const struct claim *one = &claims[a], *other = &claims[b];

	return !one->stands_alone && !other->stands_alone &&
	       diags->list[a].severity == diags->list[b].severity &&
	       diags->list[a].was_error == diags->list[b].was_error && !one->name_length == !other->name_length &&
	       one->length == other->length && !memcmp(one->text, other->text, one->length);
}

static bool same_name(const struct claim *one, const struct claim *other)
{
	return one->name_length == other->name_length && !memcmp(one->name, other->name, one->name_length);
}

static bool same_file(const struct diag *one, const struct diag *other)
{
	return one->file && other->file ? !strcmp(one->file, other->file) : one->file == other->file;
}

/* The members of a group, by their numbers in the list. */
struct group {
	const size_t *members;
	size_t count;
};

/* Adds " (lines 12, 18, 24, …)", or " (a.conf:12, b.conf:3, …)" if there are several files. */
static void add_places(struct buf *out, const struct diags *diags, struct group group)
{
	const struct diag *first = &diags->list[group.members[0]];
	bool is_one_file = true;
	size_t shown = 0;

	for (size_t n = 1; n < group.count; n++)
		is_one_file &= same_file(first, &diags->list[group.members[n]]);
	if (is_one_file && !first->line)
		return;
	buf_text(out, is_one_file ? " (lines " : " (");
	for (size_t n = 1; n < group.count; n++) {
		const struct diag *diag = &diags->list[group.members[n]], *before = &diags->list[group.members[n - 1]];

		if (shown && diag->line == before->line && same_file(diag, before))
			continue;
		if (shown == PLACES_MOST) {
			buf_text(out, ", …");
			break;
		}
		buf_addf(out, "%s%s%s%u", shown ? ", " : "", is_one_file || !diag->file ? "" : diag->file,
			 is_one_file || !diag->file ? "" : ":", diag->line);
		shown++;
	}
	buf_char(out, ')');
}

/* Writes the note in place of the group's second member. false: out of memory. */
static bool make_note(struct diag *note, const struct diags *diags, const struct claim *claims, struct group group)
{
	const struct diag *second = &diags->list[group.members[1]];
	bool are_services = claims[group.members[0]].name_length;
	struct buf text = { 0 };

	for (size_t n = 1; n < group.count; n++)
		are_services &= !same_name(&claims[group.members[n]], &claims[group.members[n - 1]]);
	buf_addf(&text, "and the same in %zu more %s", group.count - 1, are_services ? "services" : "places");
	add_places(&text, diags, group);
	*note = (struct diag){ .line = second->line, .column = second->column, .severity = SEVERITY_NOTE };
	note->file = second->file ? strdup(second->file) : NULL;
	note->message = buf_take(&text);
	if (note->message && (note->file || !second->file))
		return true;
	free(note->file);
	free(note->message);
	return false;
}

static void free_texts(struct diag *diag)
{
	free(diag->file);
	free(diag->message);
	free(diag->hint);
}

/* Adds a diagnostic to the new list, or the first of a group and its note. members: room for all numbers. */
static void keep_one(struct diags *kept, const struct diags *diags, const struct claim *claims, size_t number,
		     bool *taken, size_t *members)
{
	struct group group = { members, 0 };

	for (size_t n = number; n < diags->count; n++) {
		if (n == number || (!taken[n] && same_claim(diags, claims, number, n)))
			members[group.count++] = n;
	}
	kept->list[kept->count++] = diags->list[number];
	if (group.count < GROUP_LEAST || !make_note(&kept->list[kept->count], diags, claims, group))
		return;
	kept->count++;
	for (size_t n = 1; n < group.count; n++)
		taken[members[n]] = true;
}

/* Borrows the texts of what it keeps; those of the others stay until all are compared. */
static void regroup(struct diags *diags, const struct claim *claims, bool *taken, size_t *members, struct diag *list)
{
	struct diags kept = { .list = list };

	for (size_t n = 0; n < diags->count; n++) {
		if (!taken[n])
			keep_one(&kept, diags, claims, n, taken, members);
	}
	for (size_t n = 0; n < diags->count; n++) {
		if (taken[n])
			free_texts(&diags->list[n]);
	}
	free(diags->list);
	diags->list = list;
	diags->capacity = diags->count + 1;
	diags->count = kept.count;
	diags->last = NULL;
}

void diag_groups_make(struct diags *diags, const struct table *table)
{
	struct service_names names = { 0 };
	struct claim *claims = calloc(diags->count + 1, sizeof(*claims));
	size_t *members = calloc(diags->count + 1, sizeof(*members));
	bool *taken = calloc(diags->count + 1, sizeof(*taken));
	struct diag *list = calloc(diags->count + 1, sizeof(*list));

	if (claims && members && taken && list && collect_names(&names, table)) {
		for (size_t n = 0; n < diags->count; n++)
			read_claim(&claims[n], diags, n, &names);
		regroup(diags, claims, taken, members, list);
	} else {
		free(list);
	}
	free(names.list);
	free(taken);
	free(members);
	free(claims);
}

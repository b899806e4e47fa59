/* Writes and reads conditions. */
#include "exec/record/condition_record.h"

#include "lib/record_members.h"

#define LISTS_MOST 65536

static void condition_record(struct record *record, struct condition *condition)
{
	NUMBER(record, condition, kind, 0, CONDITION_KINDS - 1);
	FLAG(record, condition, is_assert);
	NUMBER(record, condition, alternative, 0, ALTERNATIVES_MOST);
	FLAG(record, condition, is_negated);
	TEXT(record, condition, parameter);
}

void condition_list_record(struct record *record, struct condition_list *list)
{
	struct condition *conditions;

	ARRAY(record, list, list, count, CONDITIONS_MOST, conditions);
	for (size_t n = 0; n < list->count; n++)
		condition_record(record, &conditions[n]);
}

void condition_lists_record(struct record *record, struct condition_list **lists, size_t *count)
{
	const struct record_array array = { "sockets", sizeof(**lists), LISTS_MOST };
	struct condition_list *made = record_array(record, array, *lists, count);

	for (size_t n = 0; n < *count; n++)
		condition_list_record(record, &made[n]);
	if (record_reads(record))
		*lists = made;
}

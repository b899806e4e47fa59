/* A list of conditions: finds the one that prevents a start, or an open socket.
 *
 * Conditions are checked before assertions: if a condition is false, the service is skipped and has not failed. In a
 * set of alternatives it is enough that one holds. */
#include "exec/stages/condition.h"

static bool is_path_condition(enum condition_kind kind)
{
	switch (kind) {
	case CONDITION_DIRECTORY_NOT_EMPTY:
	case CONDITION_FILE_IS_EXECUTABLE:
	case CONDITION_FILE_NOT_EMPTY:
	case CONDITION_PATH_EXISTS:
	case CONDITION_PATH_EXISTS_GLOB:
	case CONDITION_PATH_IS_DIRECTORY:
	case CONDITION_PATH_IS_MOUNT_POINT:
	case CONDITION_PATH_IS_READ_WRITE:
	case CONDITION_PATH_IS_SOCKET:
	case CONDITION_PATH_IS_SYMBOLIC_LINK:
		return true;
	default:
		return false;
	}
}

static bool condition_holds(const struct condition *condition)
{
	bool result = is_path_condition(condition->kind) ? condition_path_holds(condition->kind, condition->parameter)
					      : condition_machine_holds(condition->kind, condition->parameter);

	return result != condition->is_negated;
}

/* The first member of a set of alternatives of which none holds; -1: one holds, or the set is empty. */
static int find_false_set(const struct condition *list, size_t count, bool asserts, unsigned alternative)
{
	int first = -1;

	for (size_t n = 0; n < count; n++) {
		if (list[n].is_assert != asserts || list[n].alternative != alternative)
			continue;
		if (condition_holds(&list[n]))
			return -1;
		if (first < 0)
			first = (int)n;
	}
	return first;
}

static int find_false_of(const struct condition *list, size_t count, bool asserts)
{
	int found = -1;

	for (size_t n = 0; n < count; n++) {
		if (list[n].is_assert == asserts && !list[n].alternative && !condition_holds(&list[n]))
			return (int)n;
	}
	for (unsigned set = 1; found < 0 && set <= ALTERNATIVES_MOST; set++)
		found = find_false_set(list, count, asserts, set);
	return found;
}

int conditions_find_false(const struct condition *list, size_t count)
{
	int found = find_false_of(list, count, false);

	return found >= 0 ? found : find_false_of(list, count, true);
}

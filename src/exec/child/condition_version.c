/* Compares versions. Source: the UAPI group's version format specification. */
#include <string.h>

#include "base/glob.h"
#include "exec/child/condition.h"
#include "exec/child/condition_internal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes a run of digits or letters from each and compares them: digits by their value, however long. */
static int compare_runs(const char **a, const char **b)
{
	bool digits = is_digit(**a) || is_digit(**b);
	size_t left = 0, right = 0, shared;
	int order;

	while (digits && **a == '0')
		++*a;
	while (digits && **b == '0')
		++*b;
	while (digits ? is_digit((*a)[left]) : is_letter((*a)[left]))
		left++;
	while (digits ? is_digit((*b)[right]) : is_letter((*b)[right]))
		right++;
	shared = left < right ? left : right;
	order = digits && left != right ? 0 : memcmp(*a, *b, shared);
	*a += left;
	*b += right;
	return order ? order : left < right ? -1 : left > right;
}

/* As systemd does it: "~" sorts below the end of the text, the end below "-", "^", "." and everything else. */
int condition_compare_versions(const char *a, const char *b)
{
	static const char marks[] = "~\0-^.";

	for (int order;;) {
		while (*a && !is_digit(*a) && !is_letter(*a) && !strchr("~-^.", *a))
			a++;
		while (*b && !is_digit(*b) && !is_letter(*b) && !strchr("~-^.", *b))
			b++;
		for (size_t n = 0; n < sizeof(marks) - 1; n++) {
			bool left = *a == marks[n], right = *b == marks[n];

			if (left && right && !marks[n])
				return 0;
			if (left != right)
				return left ? -1 : 1;
			a += left;
			b += right;
		}
		if (is_digit(*a) != is_digit(*b))
			return is_digit(*a) ? 1 : -1;
		order = compare_runs(&a, &b);
		if (order)
			return order;
	}
}

bool condition_version_holds(unsigned comparison, const char *here, const char *wanted)
{
	if (comparison & COMPARE_PATTERN)
		return glob_matches(wanted, here, 0) == !!(comparison & COMPARE_EQUAL);
	if (comparison & COMPARE_TEXT)
		return !strcmp(wanted, here) == !!(comparison & COMPARE_EQUAL);
	return condition_compares(comparison, condition_compare_versions(here, wanted));
}

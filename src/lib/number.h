/* The smaller and the greater of two numbers. fmin(3) and fmax(3) would load libm, 0.3 MB of memory in each superd. */
#pragma once

/* Where a is not a number, b. */
static inline double number_min(double a, double b)
{
	return a < b ? a : b;
}

static inline double number_max(double a, double b)
{
	return a > b ? a : b;
}

/* The log of superd-builtin. */
#include "builtin/builtin.h"

#include <stdarg.h>
#include <stdio.h>

void builtin_log(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s\n", line);
}

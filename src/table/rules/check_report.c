/* Adds the diagnostics of the rules. */
#include "table/rules/check_internal.h"
#include "table/option/service_mark.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
{
	struct origin at = option ? service_origin(service, option) : service->at;
	char message[DIAGS_MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	diag_error(diags, at, "%s: %s", service->name, message);
}

void sockets_refuse(const struct service *service, unsigned kinds, const char *says, const char *hint,
		    struct diags *diags)
{
	const char *place = strstr(says, "%s");

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		char text[ENDPOINT_TEXT];

		if (!endpoint_is(listen->endpoint, kinds))
			continue;
		diag_error(diags, listen->at, "%s: %.*s%s%s", service->name, (int)(place - says), says,
			   endpoint_text(listen->endpoint, text), place + 2);
		if (hint)
			service_hint(service, diags, hint);
	}
}

void service_hint(const struct service *service, struct diags *diags, const char *hint)
{
	if (!service->is_foreign)
		diags_hint(diags, "%s", hint);
}

bool text_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if ((at == text || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

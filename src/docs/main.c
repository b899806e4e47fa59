/* superd-docs WHAT: prints one of the texts. It is built with superd, and not installed. */
#include <stdio.h>
#include <string.h>

#include "docs/docs.h"
#include "table/print/buf_flush.h"

static const struct {
	const char *name;
	void (*print)(struct buf *out);
} texts[] = {
	{ "mdoc", print_mdoc },
	{ "mdoc-index", print_mdoc_index },
	{ "mdoc-sandbox", print_mdoc_sandbox },
	{ "mdoc-xinetd", print_mdoc_xinetd },
	{ "mdoc-units", print_mdoc_units },
	{ "mdoc-launchd", print_mdoc_launchd },
	{ "bash", print_bash },
	{ "zsh", print_zsh },
	{ "compat", print_compat },
	{ "states", print_states },
};

int main(int argc, char **argv)
{
	struct buf text = { 0 };
	bool is_printed;

	for (size_t n = 0; argc == 2 && n < sizeof(texts) / sizeof(*texts); n++) {
		if (strcmp(argv[1], texts[n].name) != 0)
			continue;
		texts[n].print(&text);
		is_printed = buf_flush(&text, stdout) && fflush(stdout) == 0;
		buf_free(&text);
		if (is_printed)
			return 0;
		perror("superd-docs");
		return 1;
	}
	fprintf(stderr, "usage: superd-docs");
	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++)
		fprintf(stderr, "%s%s", n ? "|" : " ", texts[n].name);
	fputc('\n', stderr);
	return 2;
}
